import { invalid } from '../kernel/errors.ts';
import { migrate, steps } from './migrations.ts';
import type { Store } from './port.ts';
import { openSqlite } from './sqlite.ts';

interface Options {
  /** The clock, in milliseconds since the epoch. */
  now?: () => number;
  /** How long a call may wait for the store before it throws `unavailable`, in milliseconds (default 2500). */
  timeoutMs?: number;
}

/** Opens the store behind `sqlite:PATH`, `memory:` or `mongodb://…` and brings its schema up to date. */
export async function openStore(url: string, options: Options = {}): Promise<Store> {
  const { now = () => Date.now(), timeoutMs = 2500 } = options;
  const store = await open(url, { now, timeoutMs });
  try {
    await migrate(store, { steps, now });
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

async function open(url: string, options: Required<Options>): Promise<Store> {
  if (url === 'memory:') return openSqlite(':memory:', options);
  if (/^sqlite:./.test(url)) return openSqlite(url.slice('sqlite:'.length), options);
  if (/^mongodb(\+srv)?:\/\//.test(url)) {
    // Loaded only when used: the driver takes time to start and memory that the embedded store does not need.
    const { openMongodb } = await import('./mongodb.ts');
    return openMongodb(url, options);
  }
  throw invalid('The store must be sqlite:PATH, memory: or mongodb://… (SALLYPORT_STORE)');
}
