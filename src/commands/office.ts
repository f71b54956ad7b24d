import { loadConfig, serverElsewhere } from '../config/load.ts';
import { dataDirectory, developmentMasterKey } from '../config/master-key.ts';
import { nextKeys } from '../config/next-master-key.ts';
import type { Config } from '../config/schema.ts';
import { type House, openHouse } from '../house.ts';
import { randomToken } from '../kernel/crypto.ts';
import { Problem, problem } from '../kernel/errors.ts';
import { course } from '../kernel/log.ts';
import { hasKeyring, openKeyring } from '../store/keyring.ts';
import type { Store } from '../store/port.ts';
import { misused } from './command.ts';

/** What commands do, they do in this name; the audit trail tells it. */
export const actor = 'cli';

const outOfReach = problem(
  'out_of_reach',
  500,
  () =>
    'The store memory: lives inside the server and no command can reach it; use sqlite:PATH or mongodb://… (SALLYPORT_STORE)',
);

const onlyHere = (server: string) =>
  misused(`this works on the server's own machine only; sign in to ${server} there, and unset SALLYPORT_SERVER`);

/** Does a command's work on the store, beside a server or without one, and closes it. Throws what the configuration lacks. */
export async function inHouse(work: (house: House, config: Config) => Promise<void>): Promise<void> {
  const elsewhere = serverElsewhere();
  if (elsewhere !== undefined) throw onlyHere(elsewhere);
  const config = loadConfig();
  if (config.store === 'memory:') throw outOfReach();
  const house = await openHouse(config, masterKey(config));
  try {
    await house.access.ensureBuiltIn(config.console.level);
    await course.run({ requestId: randomToken(12) }, () => work(house, config));
  } finally {
    // Whoever goes on with the trail seals it too.
    await house.trail.settle().catch(() => undefined);
    await house.store.close();
  }
}

/** Puts on the trail what a command does now without an operation of the administration; when it throws, nothing was done. */
export async function asked({ trail }: Pick<House, 'trail'>, operation: string, on?: string): Promise<void> {
  await trail.record({ type: 'admin.asked', actor, detail: { operation, on } });
}

/** The configured master key, or the one that development keeps in a file and makes at the first call. */
export const masterKey =
  (config: Config) =>
  async (store: Store): Promise<Buffer> => {
    if (config.masterKey) return config.masterKey;
    const directory = dataDirectory(config.store);
    const sealed = await hasKeyring(store);
    const key = developmentMasterKey(directory, sealed);
    if (!sealed || (await opens(store, key))) return key;
    for (const next of nextKeys(directory)) {
      if (!(await opens(store, next.key))) continue;
      next.takeOver();
      return next.key;
    }
    return key;
  };

async function opens(store: Store, key: Buffer): Promise<boolean> {
  try {
    await openKeyring(store, key);
    return true;
  } catch (error) {
    if (error instanceof Problem && error.code === 'wrong_master_key') return false;
    throw error;
  }
}
