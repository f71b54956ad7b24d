import { processorTime, residentMemory } from './children.ts';
import type { Generator } from './generator.ts';
import type { Load } from './load.ts';
import type { Effort } from './paths.ts';
import type { Target } from './targets.ts';
import type { Work } from './work.ts';

/** What one server did on one path: medians of the rounds. Latencies in milliseconds, memory in MiB. */
export interface Row {
  path: string;
  server: string;
  rate: number;
  p50: number;
  p99: number;
  /** Processor time of the server for one unit, in microseconds: it varies less with what else the machine does. */
  cpu?: number;
  memory?: number;
  /** How its rate compares with others measured in the same round, by their names. */
  ratios: Record<string, number>;
  /** The largest part of a core that the generator took. */
  busy: number;
  failures: number;
  failure?: string;
}

interface Runner {
  target: Target;
  /** Undefined where the server does not offer the path. */
  work: () => Promise<Work | undefined>;
}

interface Sample {
  load: Load;
  cpu: number | undefined;
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Measures servers on one path in turns, so that whatever else the machine does meets all of them, after a first turn
 * for warming up. Each is compared with the others in the same round.
 */
export async function compare(
  path: string,
  runners: readonly Runner[],
  { generator, effort }: { generator: Generator; effort: Effort },
): Promise<Row[]> {
  const samples = new Map<Target, Sample[]>(runners.map(({ target }) => [target, []]));
  for (let round = 0; round <= effort.rounds; round += 1) {
    process.stderr.write(`${path}: ${round === 0 ? 'warming up' : `round ${round} of ${effort.rounds}`}\n`);
    for (const { target, work } of runners) {
      const todo = await work();
      if (!todo) continue;
      const sample = await once(target, todo, { generator, effort });
      if (round > 0) samples.get(target)?.push(sample);
    }
  }
  const measured = [...samples].filter(([, all]) => all.length > 0);
  return measured.map(([target, all]) => row(path, target, all, measured));
}

async function once(
  target: Target,
  work: Work,
  { generator, effort }: { generator: Generator; effort: Effort },
): Promise<Sample> {
  const { connections, seconds } = effort;
  const before = processorTime(target.running.pid);
  const load = await generator.run({ port: target.port, connections, work, seconds, warm: seconds / 5 });
  const after = processorTime(target.running.pid);
  return { load, cpu: before === undefined || after === undefined ? undefined : ((after - before) * 1000) / load.all };
}

const rateOf = ({ load }: Sample): number => load.units / load.seconds;

function row(path: string, target: Target, all: Sample[], others: [Target, Sample[]][]): Row {
  const ratio = (other: Sample[]): number =>
    median(all.map((sample, round) => rateOf(sample) / rateOf(other[round] ?? sample)));
  const of = (value: (load: Load) => number): number => median(all.map(({ load }) => value(load)));
  const times = all.flatMap(({ cpu }) => (cpu === undefined ? [] : [cpu]));
  const memory = residentMemory(target.running.pid);
  const failure = all.find(({ load }) => load.failure !== undefined)?.load.failure;
  return {
    path,
    server: target.name,
    rate: median(all.map(rateOf)),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    ...(times.length > 0 ? { cpu: median(times) } : {}),
    ...(memory === undefined ? {} : { memory }),
    ratios: Object.fromEntries(others.map(([other, theirs]) => [other.name, ratio(theirs)])),
    busy: Math.max(...all.map(({ load }) => load.busy)),
    failures: all.reduce((sum, { load }) => sum + load.failures, 0),
    ...(failure === undefined ? {} : { failure }),
  };
}
