import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Problem, problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from './port.ts';

/** One step of the schema, forwards. A process may be killed within it, so it must be able to run again. */
export interface Migration {
  /** What it is, for ever: a store remembers the names of the steps it has had. */
  readonly name: string;
  run(store: Store): Promise<void>;
}

/** Every step since the first release, in order; only ever added to. */
export const steps: readonly Migration[] = [{ name: 'first schema', run: async () => {} }];

interface Schema extends Entity {
  readonly id: 'schema';
  readonly applied: readonly string[];
  /** Who runs a step now, and until when (milliseconds) others believe that he is alive. */
  readonly lock?: { readonly holder: string; readonly until: number };
}

const leaseMs = 15_000;

const newer = problem(
  'schema',
  500,
  () =>
    'The store was used by a newer version of Sallyport; start that version, or restore a backup made before the upgrade',
);
const foreign = problem(
  'schema',
  500,
  (name: string) =>
    `The store has had the schema step "${name}", which this version does not know; start the version that made it`,
);
const held = problem('held', 409, () => 'Another process migrates the store');

interface Parts {
  readonly steps: readonly Migration[];
  /** The clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Runs the steps that the store has not had yet, each one once and in order, however many processes start at once.
 * A step whose process was killed is run again by the next one. Throws when the store is newer than the program.
 */
export async function migrate(store: Store, { steps, now }: Parts): Promise<void> {
  const all = store.collection<Schema>({ name: 'meta', indexes: {} });
  const holder = randomBytes(9).toString('base64url');
  for (;;) {
    const { applied } = await current(all);
    check(applied, steps);
    const step = steps[applied.length];
    if (!step) return;
    const lock = () => all.change('schema', (schema) => locked(schema, { applied, holder, now: now() }));
    if ((await unlessHeld(lock)) === undefined) await pause(50);
    else await run(step, { store, all, holder, lock });
  }
}

async function current(all: Collection<Schema>): Promise<Schema> {
  const found = await all.get('schema');
  if (found) return found;
  const first: Schema = { id: 'schema', applied: [] };
  try {
    await all.insert(first);
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'taken')) throw error;
  }
  return first;
}

function check(applied: readonly string[], known: readonly Migration[]): void {
  const stranger = applied.find((name, at) => known[at] !== undefined && known[at].name !== name);
  if (stranger !== undefined) throw foreign(stranger);
  if (applied.length > known.length) throw newer();
}

function locked(schema: Schema, mine: { applied: readonly string[]; holder: string; now: number }): Schema {
  const other = schema.lock && schema.lock.holder !== mine.holder && schema.lock.until > mine.now;
  if (other || schema.applied.length !== mine.applied.length) throw held();
  return { ...schema, lock: { holder: mine.holder, until: mine.now + leaseMs } };
}

async function unlessHeld<R>(attempt: () => Promise<R>): Promise<R | undefined> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof Problem && error.code === 'held') return undefined;
    throw error;
  }
}

async function run(
  step: Migration,
  { store, all, holder, lock }: { store: Store; all: Collection<Schema>; holder: string; lock: () => Promise<unknown> },
): Promise<void> {
  const renewal = setInterval(() => void lock().catch(() => undefined), leaseMs / 3);
  const release = (applied: readonly string[]) =>
    unlessHeld(() =>
      all.change('schema', ({ lock: last, ...schema }) => {
        if (last?.holder !== holder) throw held();
        return { ...schema, applied: [...schema.applied, ...applied] };
      }),
    );
  try {
    await step.run(store);
  } catch (error) {
    await release([]);
    throw error;
  } finally {
    clearInterval(renewal);
  }
  await release([step.name]);
}
