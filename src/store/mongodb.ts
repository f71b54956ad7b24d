import { randomBytes } from 'node:crypto';
import { type Db, MongoClient, MongoError } from 'mongodb';
import { invalid, Problem, unavailable } from '../kernel/errors.ts';
import { notAtomic, proveAtomic } from './atomicity.ts';
import { MongodbCollection } from './mongodb-collection.ts';
import type { Stored } from './mongodb-layout.ts';
import type { Collection, Entity, Spec, Store } from './port.ts';
import { Declared } from './records.ts';
import { Remembered, wholeWeight } from './remembered.ts';

interface Options {
  /** The clock, in milliseconds since the epoch. */
  now: () => number;
  /** How long a call may take before it throws `unavailable`, in milliseconds. */
  timeoutMs: number;
}

/** What a socket says when the other side has left at this very moment; the driver hands it on as it is. */
const broken = new Set([
  ...['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTCONN'],
  ...['ERR_SOCKET_CLOSED', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'],
]);
const isAway = (error: unknown): boolean =>
  error instanceof MongoError || (error instanceof Error && 'code' in error && broken.has(String(error.code)));

/** Other processes' changes are seen within a second; the rest of it is for the answer. */
const believedMs = 900;

/** Opens a MongoDB database; throws a Problem that says what to change when it cannot be reached or is unfit. */
export async function openMongodb(url: string, options: Options): Promise<Store> {
  const { timeoutMs } = options;
  let client: MongoClient;
  try {
    client = new MongoClient(url, {
      appName: 'sallyport',
      readPreference: 'primary',
      readConcern: { level: 'majority' },
      writeConcern: { w: 'majority', journal: true, wtimeoutMS: timeoutMs },
      serverSelectionTimeoutMS: timeoutMs,
      connectTimeoutMS: timeoutMs,
      socketTimeoutMS: 2 * timeoutMs,
      waitQueueTimeoutMS: timeoutMs,
      maxConnecting: 8,
    });
  } catch {
    // The driver's sentence may quote the URL, and with it a password.
    throw invalid('The MongoDB URL cannot be read; write mongodb://USER:PASSWORD@HOST:PORT/DATABASE (SALLYPORT_STORE)');
  }
  const named = /^[^/]+\/\/[^/?]+\/[^?]/.test(url);
  const db = named ? client.db() : client.db('sallyport');
  try {
    await client.connect();
    await checkServer(db);
    return new MongodbStore(client, db, options);
  } catch (cause) {
    await client.close();
    if (cause instanceof Problem) throw cause;
    const sentence =
      'The MongoDB server does not answer; check that it runs, and its URL with user and password (SALLYPORT_STORE)';
    throw new Problem({ code: 'unavailable', status: 503, sentence, cause, retryAfter: 5 });
  }
}

async function checkServer(db: Db): Promise<void> {
  const build = await db.command({ buildInfo: 1 });
  if (/^v?1\./.test(String(build.ferretdb?.version ?? ''))) throw notAtomic();
  const trials = db.collection<{ _id: string; won: boolean }>('_trials');
  const _id = randomBytes(12).toString('base64url');
  await proveAtomic({
    begin: async () => void (await trials.insertOne({ _id, won: false })),
    win: async () => (await trials.updateOne({ _id, won: false }, { $set: { won: true } })).modifiedCount === 1,
    take: async () => (await trials.findOneAndDelete({ _id })) !== null,
  });
}

class MongodbStore implements Store {
  readonly #client: MongoClient;
  readonly #db: Db;
  readonly #options: Options;
  readonly #declared = new Declared();
  readonly #memories = new Map<string, (() => void)[]>();
  #closed = false;

  constructor(client: MongoClient, db: Db, options: Options) {
    this.#client = client;
    this.#db = db;
    this.#options = options;
  }

  collection<T extends Entity, K extends string = never>(spec: Spec<T, K>): Collection<T, K> {
    this.#declared.add(spec);
    const most = spec.cached === 'whole' ? wholeWeight : undefined;
    const memory = spec.cached ? new Remembered<T[]>(believedMs, most) : undefined;
    const memories = [...(this.#memories.get(spec.name) ?? []), ...(memory ? [() => memory.forget()] : [])];
    this.#memories.set(spec.name, memories);
    const forget = () => {
      for (const one of this.#memories.get(spec.name) ?? []) one();
    };
    const documents = this.#db.collection<Stored>(spec.name);
    return new MongodbCollection({
      ...this.#options,
      documents,
      spec,
      memory,
      forget,
      asked: (run) => this.#asked(run),
    });
  }

  async ping(): Promise<void> {
    await this.#asked(() => this.#db.command({ ping: 1 }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client.close();
  }

  /** Waits for the server, but not for ever; an error of the driver or its sockets means that the store is away. */
  #asked<R>(run: () => Promise<R>): Promise<R> {
    const { timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      // The driver would connect again.
      if (this.#closed) throw unavailable(new Error('the store is closed'));
      const late = () => reject(unavailable(new Error(`no answer within ${timeoutMs} ms`)));
      const timer = setTimeout(late, timeoutMs);
      run()
        .then(resolve, (error: unknown) => reject(isAway(error) ? unavailable(error) : error))
        .finally(() => clearTimeout(timer));
    });
  }
}
