import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startMongodb, withDatabase } from '../support/mongodb.ts';
import { basic, startBeside, token, told } from './beside.ts';
import { compare, median, type Row } from './measure.ts';
import { people } from './prepare-rights.ts';
import { installation, startSallyport, withPeople } from './sallyport.ts';
import { type Setting, withFolder } from './sections.ts';
import type { Target } from './targets.ts';
import { drawnToken, type Work } from './work.ts';

/** The names of its rows. */
export const rightsNames = {
  plain: 'no roles, 500 people',
  held: '50 groups, 200 permissions, 500 people',
  plainOne: 'no roles, one person',
  heldByOne: '50 groups, 200 permissions, one person',
};
const count = 500;

/** Introspection for people in 50 groups with 200 permissions, beside people without any: on one server, in turns. */
export async function measureRights(setting: Setting): Promise<Row[]> {
  return withFolder(async (folder) => {
    const at = await installation(`sqlite:${join(folder, 's.db')}`);
    const target = await startSallyport(rightsNames.plain, at, setting.nodeOptions);
    try {
      process.stderr.write(`making ${2 * count} people\n`);
      await withPeople(at, count);
      const runner = (name: string, seed: string, many: number) => ({
        target: { ...target, name },
        work: async (): Promise<Work> => ({
          kind: 'introspection',
          place: target.place,
          credentials: target.gateway,
          tokens: many === 1 ? [drawnToken(seed, 0)] : { seed, count: many },
        }),
      });
      return await compare(
        'introspection',
        [
          runner(rightsNames.plain, people.plain, count),
          runner(rightsNames.held, people.held, count),
          runner(rightsNames.plainOne, people.plain, 1),
          runner(rightsNames.heldByOne, people.held, 1),
        ],
        setting,
      );
    } finally {
      await target.running.stop();
    }
  });
}

/** Milliseconds from when a role was taken away at one process to the last answer of the other that still had it. */
export interface Changes {
  milliseconds: number[];
}

/** The figures in a sentence. */
export const changesText = ({ milliseconds }: Changes): string =>
  `Role taken away at one process to the last answer with it at another, ${milliseconds.length} times: median ${median(milliseconds).toFixed(0)} ms, at most ${Math.max(...milliseconds).toFixed(0)} ms`;

/** Two processes on one MongoDB: a role is taken at the admin API of one, while a gateway asks the other without a pause. */
export async function measureChanges(times: number): Promise<Changes> {
  const server = await startMongodb();
  const stops: (() => Promise<void>)[] = [];
  try {
    const at = await installation(withDatabase(server.url, `bench_${randomBytes(4).toString('hex')}`));
    const one = await startSallyport('one', at);
    stops.push(one.running.stop);
    const other = await startBeside(one, at.environment);
    stops.push(other.stop);
    return { milliseconds: await taken(one, other.origin, times) };
  } finally {
    await Promise.all(stops.map((stop) => stop()));
    await server.stop();
  }
}

async function taken(one: Target, other: string, times: number): Promise<number[]> {
  const origin = `http://${one.place.host}`;
  if (!one.admin) throw new Error('nobody may take roles');
  const bearer = await token(one, one.admin, { resource: 'urn:sallyport:admin' });
  const admin = { authorization: `Bearer ${bearer}` };
  const assignments = `${origin}/admin/api/v1/assignments`;
  const value = await token(one, one.service, {});
  const hasRole = async (): Promise<boolean> => {
    const { active, roles } = await told(await introspect(other, one, value));
    if (active !== true || !Array.isArray(roles)) throw new Error('the token is not active');
    return roles.includes(role);
  };
  const seen: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const body = JSON.stringify({ subject: `client:${one.service.id}`, role });
    const headers = { ...admin, 'content-type': 'application/json' };
    const { id } = await told(await fetch(assignments, { method: 'POST', headers, body }));
    while (!(await hasRole()));
    let gone = Number.POSITIVE_INFINITY;
    const ends = fetch(`${assignments}/${id}`, { method: 'DELETE', headers: admin }).then((answer) => {
      if (!answer.ok) throw new Error(`the role was not taken: ${answer.status}`);
      gone = performance.now();
    });
    let last = 0;
    // Asked all the time, so that the other process has read the role as lately as it can have.
    while ((await hasRole()) || gone === Number.POSITIVE_INFINITY) last = performance.now();
    await ends;
    seen.push(Math.max(0, last - gone));
  }
  return seen;
}

const role = 'orders-reader';
const introspect = (origin: string, { place, gateway }: Target, value: string): Promise<Response> =>
  fetch(`${origin}${place.introspection}`, {
    method: 'POST',
    headers: basic(gateway),
    body: new URLSearchParams({ token: value }),
  });
