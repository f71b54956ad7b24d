import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startMongodb, withDatabase } from '../support/mongodb.ts';
import { basic, startBeside, token, told } from './beside.ts';
import { table } from './report.ts';
import { installation, startSallyport } from './sallyport.ts';
import { withFolder } from './sections.ts';
import type { Target } from './targets.ts';

/** Milliseconds from the answer that something was taken away to the event at a listener. */
export interface Told {
  store: string;
  what: keyof typeof subjects;
  milliseconds: number[];
}

const subjects = {
  here: 'token revoked, listener at the same process',
  elsewhere: 'token revoked, listener at another process',
  role: 'role taken away, listener at another process',
};

/** The one of which `part` (0 to 1) are at most as large. */
export const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * part) - 1)] ?? Number.NaN;

/** The figures as a table. */
export const streamTable = (all: readonly Told[]): string =>
  table(
    ['store', 'from the answer to the event', 'times', 'p50 ms', 'p99 ms', 'most ms'],
    all.map(({ store, what, milliseconds }) => [
      store,
      subjects[what],
      String(milliseconds.length),
      ...[0.5, 0.99, 1].map((part) => quantile(milliseconds, part).toFixed(0)),
    ]),
  );

/** On SQLite and on MongoDB, two processes each: a token is revoked at one while gateways listen at both. */
export async function measureStream(times: number, note: (sentence: string) => void): Promise<Told[]> {
  const onFile = await withFolder((folder) => measureOn('SQLite', `sqlite:${join(folder, 's.db')}`, times));
  try {
    const server = await startMongodb();
    try {
      const url = withDatabase(server.url, `bench_${randomBytes(4).toString('hex')}`);
      return [...onFile, ...(await measureOn('MongoDB', url, times))];
    } finally {
      await server.stop();
    }
  } catch (error) {
    note(`stream on MongoDB could not be measured: ${error instanceof Error ? error.message : error}`);
    return onFile;
  }
}

async function measureOn(store: string, url: string, times: number): Promise<Told[]> {
  process.stderr.write(`stream: ${times} times on ${store}\n`);
  const at = await installation(url);
  const one = await startSallyport('one', at);
  const stops = [one.running.stop];
  const listeners: Listener[] = [];
  try {
    const other = await startBeside(one, at.environment);
    stops.push(other.stop);
    for (const origin of [originOf(one), other.origin]) listeners.push(await listen(origin, one));
    const [here, elsewhere] = listeners;
    if (!here || !elsewhere) throw new Error('nobody listens');
    const tokens = await revoked(one, { here, elsewhere }, times);
    const roles = await rolesTaken(one, elsewhere, Math.ceil(times / 4));
    return [
      { store, what: 'here', milliseconds: tokens.map((seen) => seen.here) },
      { store, what: 'elsewhere', milliseconds: tokens.map((seen) => seen.elsewhere) },
      { store, what: 'role', milliseconds: roles },
    ];
  } finally {
    for (const one of listeners) one.close();
    await Promise.all(stops.map((stop) => stop()));
  }
}

const originOf = ({ place }: Target): string => `http://${place.host}`;

interface Listener {
  /** When something with this text came (performance.now()). */
  heard(text: string): Promise<number>;
  close(): void;
}

async function listen(origin: string, { gateway }: Target): Promise<Listener> {
  const leaving = new AbortController();
  const answer = await fetch(`${origin}/gateway/changes`, { headers: basic(gateway), signal: leaving.signal });
  if (!answer.ok || !answer.body) throw new Error(`${answer.status} from ${answer.url}`);
  const frames: { text: string; at: number }[] = [];
  let wake = () => {};
  let over = false;
  const read = async () => {
    let rest = '';
    for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const all = (rest + part).split('\n\n');
      rest = all.pop() ?? '';
      for (const text of all) frames.push({ text, at: performance.now() });
      wake();
    }
  };
  void read()
    .catch(() => undefined)
    .finally(() => {
      over = true;
      wake();
    });
  return {
    async heard(text) {
      for (;;) {
        const found = frames.findIndex((frame) => frame.text.includes(text));
        const [frame] = found < 0 ? [] : frames.splice(found, 1);
        if (frame) return frame.at;
        if (over) throw new Error('the stream has ended');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    close: () => leaving.abort(),
  };
}

/** The other process looks twice a second: each time has to begin at another moment between two looks. */
const anyMoment = () => pause(Math.random() * 500);

async function revoked(one: Target, listeners: { here: Listener; elsewhere: Listener }, times: number) {
  const seen: { here: number; elsewhere: number }[] = [];
  for (let time = 0; time < times; time += 1) {
    const value = await token(one, one.service, {});
    const asked = { method: 'POST', body: new URLSearchParams({ token: value }) };
    const known = await fetch(`${originOf(one)}${one.place.introspection}`, { ...asked, headers: basic(one.gateway) });
    const text = `"jti":"${(await told(known)).jti}"`;
    await anyMoment();
    const answer = await fetch(`${originOf(one)}/oauth2/revoke`, { ...asked, headers: basic(one.service) });
    const at = performance.now();
    if (!answer.ok) throw new Error(`the token was not revoked: ${answer.status}`);
    const [here, elsewhere] = await Promise.all([listeners.here.heard(text), listeners.elsewhere.heard(text)]);
    seen.push({ here: Math.max(0, here - at), elsewhere: Math.max(0, elsewhere - at) });
  }
  return seen;
}

async function rolesTaken(one: Target, listener: Listener, times: number): Promise<number[]> {
  if (!one.admin) throw new Error('nobody may take roles');
  const admin = { authorization: `Bearer ${await token(one, one.admin, { resource: 'urn:sallyport:admin' })}` };
  const assignments = `${originOf(one)}/admin/api/v1/assignments`;
  const body = JSON.stringify({ subject: `client:${one.service.id}`, role: 'orders-reader' });
  const seen: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const headers = { ...admin, 'content-type': 'application/json' };
    const { id } = await told(await fetch(assignments, { method: 'POST', headers, body }));
    await anyMoment();
    const answer = await fetch(`${assignments}/${id}`, { method: 'DELETE', headers: admin });
    const at = performance.now();
    if (!answer.ok) throw new Error(`the role was not taken: ${answer.status}`);
    seen.push(Math.max(0, (await listener.heard('"reason":"role.unassigned"')) - at));
  }
  return seen;
}
