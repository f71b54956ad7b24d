import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Collection as MongodbDocuments, MongoServerError } from 'mongodb';
import { duplicates, type Entity, type Spec } from './port.ts';
import { lookups } from './records.ts';

/**
 * One record. `_id` is random, so a collection can be sharded by `{ _id: 'hashed' }` unless it has a unique look-up.
 * The body is text, since records carry names with dots and dollars in them.
 */
export interface Stored {
  _id: string;
  body: string;
  /** The mark of the last write, never used twice. */
  v: string;
  /** The keys of the look-ups. */
  k: Record<string, string>;
  expires?: Date;
}

const writer = randomBytes(9).toString('base64url');
let writes = 0;

/** A mark that no other write of any process has. */
export const newVersion = (): string => `${writer}.${(writes++).toString(36)}`;

/** The index that refused a duplicate, when the error is one. */
export const duplicate = (error: unknown): string | undefined =>
  error instanceof MongoServerError && error.code === 11000
    ? (/ index: (\S+)/.exec(error.message)?.[1] ?? '')
    : undefined;

/** The keys of a record by the names of its look-ups; those that it does not have are missing. */
export const keysOf = <T extends Entity, K extends string>(spec: Spec<T, K>, value: T): Record<string, string> =>
  Object.fromEntries(
    lookups(spec).flatMap(({ name, key }) => {
      const held = key(value);
      return held === undefined ? [] : [[name, held]];
    }),
  );

const indexName = (lookup: string, unique: boolean) => `k.${lookup}${unique ? '.unique' : ''}`;

/**
 * Makes the indexes that are missing; several processes may do so at once. The records that are there already get
 * their keys before the index of a new look-up is made, so that an index says that everything is in it.
 */
export async function prepare<T extends Entity, K extends string>(
  documents: MongodbDocuments<Stored>,
  spec: Spec<T, K>,
): Promise<void> {
  const standing = await indexes(documents);
  const added = lookups(spec).filter(({ name, unique }) => !standing.has(indexName(name, unique)));
  if (added.some(({ name, unique }) => !standing.has(indexName(name, !unique)))) await fill(documents, spec);
  if (!standing.has('expires'))
    await make(() => documents.createIndex({ expires: 1 }, { name: 'expires', expireAfterSeconds: 0 }));
  for (const { name, unique } of added) {
    const other = indexName(name, !unique);
    if (standing.has(other)) await make(() => documents.dropIndex(other));
    const key = `k.${name}`;
    try {
      // Sparse, so that records without the key do not collide; otherwise with the id, so that pages come in order.
      if (unique)
        await make(() => documents.createIndex({ [key]: 1 }, { name: indexName(name, true), unique, sparse: true }));
      else await make(() => documents.createIndex({ [key]: 1, _id: 1 }, { name: indexName(name, false) }));
    } catch (error) {
      throw duplicate(error) === undefined ? error : duplicates(spec.name, name);
    }
  }
}

async function indexes(documents: MongodbDocuments<Stored>): Promise<Set<string>> {
  try {
    return new Set((await documents.indexes()).map(({ name }) => String(name)));
  } catch (error) {
    // NamespaceNotFound: the collection is made with its first index.
    if (error instanceof MongoServerError && error.code === 26) return new Set();
    throw error;
  }
}

/** Servers refuse some steps while another process is in the same one; a moment later they see that it is done. */
async function make(step: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await step();
      return;
    } catch (error) {
      // IndexNotFound: another process has dropped it.
      if (error instanceof MongoServerError && error.code === 27) return;
      if (attempt === 5 || duplicate(error) !== undefined || !(error instanceof MongoServerError)) throw error;
      await pause(50 * attempt);
    }
  }
}

async function fill<T extends Entity, K extends string>(
  documents: MongodbDocuments<Stored>,
  spec: Spec<T, K>,
): Promise<void> {
  for await (const { _id } of documents.find({}, { projection: { _id: 1 } })) {
    for (let done = false; !done; ) {
      const document = await documents.findOne({ _id });
      if (!document) break;
      const k = keysOf(spec, JSON.parse(document.body));
      const { matchedCount } = await documents.updateOne({ _id, v: document.v }, { $set: { k, v: newVersion() } });
      done = matchedCount === 1;
    }
  }
}
