import { type Filter, MongoBulkWriteError, type Collection as MongodbDocuments } from 'mongodb';
import { Changes } from './changes.ts';
import { duplicate, keysOf, newVersion, prepare, type Stored } from './mongodb-layout.ts';
import { type Collection, type Entity, type Page, type Spec, taken } from './port.ts';
import { conditions, endOf, lookups, pageOf, recordOf } from './records.ts';
import type { Remembered } from './remembered.ts';

interface Parts<T extends Entity, K extends string> {
  /** The clock, in milliseconds since the epoch. */
  now(): number;
  timeoutMs: number;
  documents: MongodbDocuments<Stored>;
  spec: Spec<T, K>;
  memory: Remembered<T[]> | undefined;
  /** Forgets what this process remembers of the collection. */
  forget(): void;
  asked<R>(run: () => Promise<R>): Promise<R>;
}

/** How often a write is tried again that met the key of an expired record, or the same write of another process. */
const mostAttempts = 5;

/** The part of a record that a reader needs. */
const shown = { body: 1, expires: 1 } as const;

/** The verbs of one collection. Every write is conditional on a single document, so nothing more is asked of the server. */
export class MongodbCollection<T extends Entity, K extends string> implements Collection<T, K> {
  readonly #parts: Parts<T, K>;
  readonly #documents: MongodbDocuments<Stored>;
  readonly #changes: Changes<T>;
  #ready: Promise<void> | undefined;

  constructor(parts: Parts<T, K>) {
    this.#parts = parts;
    this.#documents = parts.documents;
    this.#changes = new Changes<T>(
      { read: (id) => this.#read(id), write: (value, version) => this.#replace(value, version) },
      parts.timeoutMs,
    );
  }

  async get(id: string): Promise<T | undefined> {
    // By the id alone: a condition on the expiry keeps some servers from looking the id up.
    const read = async () => {
      const document = await this.#documents.findOne({ _id: id }, { projection: shown });
      return document && this.#lives(document) ? [document] : [];
    };
    return (await this.#recall(`=${id}`, read))[0];
  }

  async find(where?: { readonly [index in K]?: string }, page?: Page): Promise<T[]> {
    const { after, before, back, limit } = pageOf(page);
    const place = before === undefined ? { $gt: after } : { $gt: after, $lt: before };
    const filter = { ...this.#matching(where), ...this.#alive(), _id: place };
    const sort = { _id: back ? -1 : 1 } as const;
    const read = () => this.#documents.find(filter, { projection: shown, sort, limit }).toArray();
    return this.#recall(`?${JSON.stringify([where, page])}`, read);
  }

  async insert(value: T, ttlSeconds?: number): Promise<void> {
    const document = this.#document(value, ttlSeconds);
    await this.#write(() => this.#unlessTaken(value, () => this.#documents.insertOne(document)));
  }

  append(values: readonly T[]): Promise<number> {
    const documents = values.map((value) => this.#document(value));
    if (documents.length === 0) return Promise.resolve(0);
    return this.#write(async () => {
      try {
        return (await this.#documents.insertMany(documents, { ordered: true })).insertedCount;
      } catch (error) {
        const refused = error instanceof MongoBulkWriteError && duplicate(error) !== undefined;
        // What most of the servers do not have yet is not there.
        if (!refused || error.result.getWriteConcernError()) throw error;
        // In order, the first that is refused is the last that was tried; some servers count those behind it too.
        const [first] = [error.writeErrors].flat();
        if (!first) throw error;
        return first.index;
      }
    });
  }

  async put(value: T, ttlSeconds?: number): Promise<void> {
    const { _id, ...document } = this.#document(value, ttlSeconds);
    const replace = () => this.#documents.replaceOne({ _id }, document, { upsert: true });
    await this.#write(() => this.#unlessTaken(value, replace, true));
  }

  change(id: string, edit: (value: T) => T): Promise<T | undefined> {
    return this.#write(() => this.#changes.change(id, edit));
  }

  take(id: string): Promise<T | undefined> {
    return this.#write(async () => {
      const document = await this.#documents.findOneAndDelete({ _id: id }, { projection: { body: 1, expires: 1 } });
      return document && this.#lives(document) ? this.#value(document) : undefined;
    });
  }

  async drop(where: { readonly [index in K]?: string }): Promise<number> {
    const match = this.#matching(where);
    if (Object.keys(where).length === 0) throw new Error(`drop of ${this.#parts.spec.name} needs a look-up`);
    return this.#write(async () => (await this.#documents.deleteMany({ ...match, ...this.#alive() })).deletedCount);
  }

  async #recall(key: string, read: () => Promise<Pick<Stored, '_id' | 'body' | 'expires'>[]>): Promise<T[]> {
    const { memory, now } = this.#parts;
    const since = now();
    const known = memory?.recall(key, since);
    if (known) return known;
    const generation = memory?.generation ?? 0;
    const documents = await this.#asked(read);
    const values: T[] = documents.map((document) => this.#value(document));
    // What is not there is not remembered: anybody can ask for names at random.
    if (!memory || values.length === 0) return values;
    const expires = Math.min(...documents.map((document) => document.expires?.getTime() ?? Number.POSITIVE_INFINITY));
    const weight = documents.reduce((sum, { body }) => sum + body.length, 0);
    return memory.keep(key, { value: values, expires, weight, since, generation });
  }

  async #read(id: string): Promise<{ value: T; version: string } | undefined> {
    // The newest there is: the write that follows is refused when it was not the last.
    const document = await this.#documents.findOne({ _id: id }, { readConcern: { level: 'local' } });
    return document && this.#lives(document) ? { value: this.#value(document), version: document.v } : undefined;
  }

  #replace(value: T, version: string): Promise<boolean> {
    const { body, k, v } = this.#document(value);
    const replace = () => this.#documents.updateOne({ _id: value.id, v: version }, { $set: { body, k, v } });
    return this.#unlessTaken(value, async () => (await replace()).matchedCount === 1);
  }

  /** An expired record has already given up its id and its keys, though the server may remove it a minute later. */
  async #unlessTaken<R>(value: T, write: () => Promise<R>, replaces = false): Promise<R> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await write();
      } catch (error) {
        const index = duplicate(error);
        if (index === undefined) throw error;
        const removed = await this.#removeExpired(value);
        // Two that replace one missing record meet once: the second finds it there.
        const again = removed > 0 || (replaces && index === '_id_');
        if (!again || attempt === mostAttempts) throw taken(`This ${index === '_id_' ? 'id' : index.split('.')[1]}`);
      }
    }
  }

  async #removeExpired(value: T): Promise<number> {
    const keys = lookups(this.#parts.spec).flatMap(({ name, key, unique }) => {
      const held = unique ? key(value) : undefined;
      return held === undefined ? [] : [{ [`k.${name}`]: held }];
    });
    const expires = { $lte: new Date(this.#parts.now()) };
    return (await this.#documents.deleteMany({ $or: [{ _id: value.id }, ...keys], expires })).deletedCount;
  }

  #write<R>(run: () => Promise<R>): Promise<R> {
    return this.#asked(() => run().finally(this.#parts.forget));
  }

  #asked<R>(run: () => Promise<R>): Promise<R> {
    return this.#parts.asked(async () => {
      this.#ready ??= prepare(this.#documents, this.#parts.spec);
      try {
        await this.#ready;
      } catch (error) {
        this.#ready = undefined;
        throw error;
      }
      return run();
    });
  }

  #document(value: T, ttlSeconds?: number): Stored {
    const k = keysOf(this.#parts.spec, value);
    const end = endOf(this.#parts.now(), ttlSeconds);
    const expires = end === null ? {} : { expires: new Date(end) };
    return { _id: value.id, body: JSON.stringify(value), v: newVersion(), k, ...expires };
  }

  #matching(where: Readonly<Record<string, string | undefined>> = {}): Filter<Stored> {
    const asked = conditions(this.#parts.spec, where);
    return Object.fromEntries(asked.map(([name, value]) => [`k.${name}`, value]));
  }

  /** The server removes expired records late, so every read compares. */
  #alive(): Filter<Stored> {
    return { expires: { $not: { $lte: new Date(this.#parts.now()) } } };
  }

  #value({ _id, body }: Pick<Stored, '_id' | 'body'>): T {
    return recordOf(this.#parts.spec.name, _id, body);
  }

  #lives({ expires }: Pick<Stored, 'expires'>): boolean {
    return expires === undefined || expires.getTime() > this.#parts.now();
  }
}
