import { Trail } from '../../src/audit/trail.ts';
import { Tiers } from '../../src/clients/tiers.ts';
import { Calls } from '../../src/http/calls.ts';
import { watched } from '../../src/http/watch.ts';
import { createLog } from '../../src/kernel/log.ts';
import { type Deliver, Outbox } from '../../src/notices/outbox.ts';
import { adminTiers } from '../../src/routes/admin-tiers.ts';
import { AdminWatch } from '../../src/routes/admin-watch.ts';
import { openStore } from '../../src/store/index.ts';
import { openKeyring } from '../../src/store/keyring.ts';
import { migrate } from '../../src/store/migrations.ts';
import { people } from './people-records.ts';
import { counting } from './spending.ts';

/** A second process on a store, for tests: says `ready`, begins at `go`, and says how it went. */
const [job = '', url = '', extra = ''] = process.argv.slice(2);
const say = (message: unknown) => process.send?.(message);
const told = () => new Promise<void>((resolve) => process.once('message', () => resolve()));

const store = await openStore(url, { timeoutMs: 30_000 });
const all = people(store);
const ids = Array.from({ length: 100 }, (_, index) => `p${index}`);
const count = async (attempt: (id: string) => Promise<unknown>) => {
  const outcomes = await Promise.all(
    ids.map((id) =>
      attempt(id).then(
        (answer) => answer !== undefined,
        () => false,
      ),
    ),
  );
  return outcomes.filter(Boolean).length;
};

/** Writes until it is killed, and says each record once it is promised to be there. */
async function write(lane: number): Promise<never> {
  for (let number = 0; ; number += 1) {
    const id = `${extra}-${lane}-${number}`;
    await all.insert({ id, visits: 0 });
    await all.change('counter', (person) => ({ ...person, visits: person.visits + 1 }));
    say(id);
  }
}

/** Sends what waits in the outbox. */
async function tend(deliver: Deliver): Promise<void> {
  const vault = await openKeyring(store, Buffer.alloc(32, 7));
  const outbox = new Outbox({ store, vault, trail: new Trail(store, vault) });
  await outbox.tend(deliver, createLog({ level: 'silent' }));
}

async function sentOnes(): Promise<string[]> {
  const ids: string[] = [];
  await tend(async (content, { id }) => {
    ids.push(id);
    return 'errand' in content ? undefined : content;
  });
  return ids;
}

async function spend(): Promise<number> {
  const { many, store: own } = await counting(url);
  const allowed = await many(100);
  await own.close();
  return allowed;
}

const own = async () => new Trail(store, await openKeyring(store, Buffer.alloc(32, 7)));

/** Twenty writers that record two hundred events each. */
async function audit(): Promise<number> {
  const trail = await own();
  const writer = async () => {
    for (let until = 0; until < 200; until += 1) {
      await trail.record({ type: 'role.assigned', actor: 'cli', target: 'user:eve', detail: { until } });
    }
  };
  await Promise.all(Array.from({ length: 20 }, writer));
  await trail.settle();
  return 4000;
}

/** Records until it is killed, and says each event once it is promised to be there. */
async function auditForEver(): Promise<void> {
  const trail = await own();
  const write = async (lane: number): Promise<never> => {
    for (let number = 0; ; number += 1) {
      const requestId = `${extra}-${lane}-${number}`;
      await trail.record({ type: 'user.enabled', actor: 'cli', target: 'user:eve', requestId });
      if (number % 7 === 0) await trail.settle();
      say(requestId);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, lane) => write(lane)));
}

/** Changes things as an administrator does until it is killed: of each, how often it was changed can be seen. */
async function deeds(): Promise<void> {
  const trail = await own();
  const tiers = new Tiers(store, trail, { isApi: async () => true, clientsWith: async () => [] });
  const watch = new AdminWatch({ trail, users: { byEmail: async () => undefined } });
  const calls = new Calls(watched(adminTiers({ tiers }), watch));
  const caller = { actor: 'cli', permissions: new Set(['tiers:write']) };
  const work = async (lane: number): Promise<never> => {
    const id = `${extra}-${lane}`;
    await calls.run(caller, 'addTier', { body: { id, limits: [] } });
    for (let requests = 1; ; requests += 1) {
      await calls.run(caller, 'changeTier', { params: { id }, body: { limits: [{ requests, period: 60 }] } });
      say(`${id} ${requests}`);
    }
  };
  await Promise.all([work(0), work(1), work(2)]);
}

const jobs: Record<string, () => Promise<unknown>> = {
  take: () => count((id) => all.take(id)),
  insert: () => count((id) => all.insert({ id, visits: 0 }).then(() => true)),
  change: () => count((id) => all.change(id, (person) => ({ ...person, visits: person.visits + 1 }))),
  'change one': () => count(() => all.change('p0', (person) => ({ ...person, visits: person.visits + 1 }))),
  keyring: async () => (await openKeyring(store, Buffer.alloc(32, 7))).fingerprint('test', 'value'),
  spend: () => spend(),
  outbox: () => sentOnes(),
  'outbox hang': () =>
    tend(async (_, { id }) => {
      say(id);
      await new Promise(() => setInterval(() => {}, 1000));
      return undefined;
    }),
  audit,
  'audit for ever': auditForEver,
  deeds,
  write: () => Promise.all(Array.from({ length: 8 }, (_, lane) => write(lane))),
  // Begins a migration and is never done with it.
  hang: () =>
    migrate(store, {
      now: () => Date.now(),
      steps: [
        { name: 'first schema', run: async () => {} },
        { name: 'hang', run: () => hang() },
      ],
    }),
};

async function hang(): Promise<void> {
  say('migrating');
  await new Promise(() => setInterval(() => {}, 1000));
}

say('ready');
await told();
say({ result: await jobs[job]?.() });
await store.close();
process.disconnect();
