import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { residentMemory } from './children.ts';
import type { Generator } from './generator.ts';
import { compare, median, type Row } from './measure.ts';
import { type Effort, paths } from './paths.ts';
import { filled, firstToken, installation, startSallyport } from './sallyport.ts';
import type { Target } from './targets.ts';

/** What every part of the measurement has at hand. */
export interface Setting {
  generator: Generator;
  effort: Effort;
  quick: boolean;
  /** Options of `node` for Sallyport, for a profile. */
  nodeOptions: string[];
  /** Adds what a reader must know. */
  note(sentence: string): void;
}

/** Runs a part with a folder that is gone afterwards. */
export async function withFolder<R>(run: (folder: string) => Promise<R>): Promise<R> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  try {
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every path on every server; Koa always answers the same introspection. */
export async function measurePaths(
  names: string[],
  { koa, others }: { koa: Target; others: Target[] },
  setting: Setting,
): Promise<Row[]> {
  const { generator, effort, note } = setting;
  const rows: Row[] = [];
  const floor = {
    target: koa,
    work: async () => ({
      kind: 'introspection' as const,
      place: koa.place,
      credentials: koa.gateway,
      tokens: ['x'.repeat(43)],
    }),
  };
  for (const name of names) {
    const prepare = paths[name];
    if (!prepare) continue;
    const runners = others.map((target) => ({ target, work: () => prepare(target, generator, effort) }));
    try {
      rows.push(...(await compare(name, [floor, ...runners], setting)));
    } catch (error) {
      note(`${name} could not be measured: ${error instanceof Error ? error.message : error}`);
    }
  }
  return rows;
}

const seed = 'a stored token';
export const sizes = (quick: boolean): number[] => (quick ? [1000, 100_000] : [1000, 100_000, 1_000_000]);
/** The name of a server in the rows about sizes. */
export const sizeName = (count: number): string => `${count.toLocaleString('en')} stored`;

/** The same paths on stores of different sizes, all on SQLite; an introspection asks for any of the stored tokens. */
export async function measureSizes(setting: Setting): Promise<Row[]> {
  const { generator, quick, nodeOptions } = setting;
  const servers: { target: Target; count: number }[] = [];
  return withFolder(async (folder) => {
    try {
      for (const count of sizes(quick)) {
        process.stderr.write(`filling a store with ${count.toLocaleString('en')} tokens\n`);
        const at = await installation(`sqlite:${join(folder, `${count}.db`)}`);
        const target = await startSallyport(sizeName(count), at, nodeOptions);
        servers.push({ target, count });
        const { place, service, port } = target;
        const work = { kind: 'client_credentials' as const, place, credentials: service };
        const { tokens } = await generator.run({ port, connections: 1, units: 1, work });
        await filled(at, tokens[0] ?? '', seed, count);
      }
      const introspection = servers.map(({ target, count }) => ({
        target,
        work: async () => ({
          kind: 'introspection' as const,
          place: target.place,
          credentials: target.gateway,
          tokens: { seed, count },
        }),
      }));
      const issuing = servers.map(({ target }) => ({
        target,
        work: async () => ({ kind: 'client_credentials' as const, place: target.place, credentials: target.service }),
      }));
      return [
        ...(await compare('introspection', introspection, setting)),
        ...(await compare('client_credentials', issuing, setting)),
      ];
    } finally {
      await Promise.all(servers.map(({ target }) => target.running.stop()));
    }
  });
}

/** Forward-auth beside introspection, on one server and with the same tokens. */
export async function measureForward(setting: Setting): Promise<Row[]> {
  const { generator, nodeOptions } = setting;
  return withFolder(async (folder) => {
    const at = await installation(`sqlite:${join(folder, 's.db')}`);
    const target = await startSallyport(forwardNames.introspection, at, nodeOptions);
    try {
      const { place, service, gateway, port } = target;
      const issue = { kind: 'client_credentials' as const, place, credentials: service };
      const { tokens } = await generator.run({ port, connections: 500, units: 1, work: issue });
      const asked = { place, credentials: gateway, tokens };
      return await compare(
        'gateway',
        [
          { target, work: async () => ({ kind: 'introspection' as const, ...asked }) },
          {
            target: { ...target, name: forwardNames.forward },
            work: async () => ({ kind: 'forward-auth' as const, ...asked }),
          },
        ],
        setting,
      );
    } finally {
      await target.running.stop();
    }
  });
}
/** The names of its rows. */
export const forwardNames = { introspection: 'introspection', forward: 'forward-auth' };

/** Seconds from nothing to the first token; the median of some starts. */
export async function measureStart(starts: number): Promise<number> {
  const seconds: number[] = [];
  for (let start = 0; start < starts; start += 1) {
    process.stderr.write(`start ${start + 1} of ${starts}\n`);
    seconds.push(await withFolder(async (folder) => firstToken(await installation(`sqlite:${join(folder, 's.db')}`))));
  }
  return median(seconds);
}

/** Resident memory in MiB: before, and after each fifth of so many token requests. */
export async function measureMemory(requests: number, { generator, effort }: Setting): Promise<number[]> {
  return withFolder(async (folder) => {
    const target = await startSallyport('Sallyport', await installation(`sqlite:${join(folder, 's.db')}`));
    const { place, service, port, running } = target;
    const seen = [residentMemory(running.pid) ?? Number.NaN];
    try {
      for (let part = 1; part <= 5; part += 1) {
        const work = { kind: 'client_credentials' as const, place, credentials: service };
        await generator.run({ port, connections: effort.connections, units: requests / 5, work });
        seen.push(residentMemory(running.pid) ?? Number.NaN);
        process.stderr.write(`${(part * requests) / 5} requests: ${Math.round(seen.at(-1) ?? 0)} MiB\n`);
      }
      return seen;
    } finally {
      await running.stop();
    }
  });
}
