import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { importsOf } from './house-rules.ts';
import type { Told } from './reporter.ts';

/** What came of a part of the run. */
export interface Count {
  passed: number;
  failed: number;
}

const root = join(import.meta.dirname, '../..');

/** Each file and each command under test is a process that loads nearly everything; compiling it once is enough. */
const compiled = { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled') };

/** What failed so far, as it is told again at the end: whoever has only the last lines of a long report learns it too. */
export const failures: string[] = [];

/** A test may take so long (milliseconds). */
const patience = 120_000;

/** A file with no test under way ends, or begins the next one, in so long; else it has left something open (milliseconds). */
const idle = 15_000;

/** Whether a test file uses one of these files of test/support, directly or not. */
export function uses(file: string, ...supports: string[]): boolean {
  const wanted = new Set(supports.map((name) => join(import.meta.dirname, name)));
  const seen = new Set<string>();
  const reaches = (path: string): boolean => {
    if (wanted.has(path)) return true;
    // What is no file is no import, but a text that looks like one (a sample for the rules of the house).
    if (seen.has(path) || !existsSync(path)) return false;
    seen.add(path);
    return importsOf(readFileSync(path, 'utf8'))
      .filter(({ specifier, typeOnly }) => specifier.startsWith('.') && !typeOnly)
      .some(({ specifier }) => reaches(join(dirname(path), specifier)));
  };
  return reaches(file);
}

/** Runs test files, each in a process of its own, and prints a line for each, with what failed in it. */
export async function runSuites(files: readonly string[]): Promise<Count> {
  const waiting = [...files];
  const counts: Count[] = [];
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) counts.push(await runFile(file));
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work));
  return sum(counts);
}

const reporter = join(import.meta.dirname, 'reporter.ts');

/** What is known of a test file while it runs. */
interface Progress {
  passed: number;
  complaints: string[];
  ended: boolean;
  output: string;
}

async function runFile(file: string): Promise<Count> {
  const began = Date.now();
  const child = fork(file, {
    execArgv: [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout', `--test-timeout=${patience}`],
    silent: true,
    env: { ...process.env, ...compiled },
  });
  const progress = watch(child);
  const [code, signal]: unknown[] = await once(child, 'close');
  const { passed, complaints, ended, output } = progress;
  if (signal === 'SIGKILL') complaints.push(complaint('it did not end: a test left something open'));
  else if (!ended || (code !== 0 && complaints.length === 0)) {
    complaints.push(complaint(`it ended before its tests did (${code ?? signal})`));
  }
  const count = { passed, failed: complaints.length };
  print(line(file, count, Date.now() - began));
  if (count.failed > 0) {
    print([...complaints, indented(output, 4)].join('\n'));
    failures.push([relative(root, file), ...complaints].join('\n'));
  }
  return count;
}

const complaint = (name: string, why = ''): string => `    ✖ ${name}\n${indented(why, 8)}`;

/** Keeps what the process tells and writes, and ends it when it hangs. */
function watch(child: ChildProcess): Progress {
  const progress: Progress = { passed: 0, complaints: [], ended: false, output: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      progress.output = `${progress.output}${text}`.slice(-20_000);
    });
  }
  let underWay = 0;
  let hangs: NodeJS.Timeout | undefined;
  const wait = (milliseconds: number) => {
    clearTimeout(hangs);
    hangs = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  };
  wait(patience);
  child.once('exit', () => clearTimeout(hangs));
  child.on('message', (told: Told) => {
    if (told.result === 'under way') underWay += told.change;
    wait(underWay === 0 ? idle : patience * 1.2);
    if (told.result === 'ended') progress.ended = true;
    else if (told.result === 'passed') progress.passed += 1;
    else if (told.result === 'failed') progress.complaints.push(complaint(told.name, told.why));
    else if (told.result === 'left out')
      progress.complaints.push(complaint(told.name, 'is not run: do it or remove it'));
  });
  return progress;
}

const line = (file: string, { passed, failed }: Count, duration: number): string =>
  `  ${failed === 0 ? '✔' : '✖'} ${relative(root, file)}  ${passed} passed, ${failed} failed, ${seconds(duration)}`;

/** All counts together. */
export const sum = (counts: readonly Count[]): Count => ({
  passed: counts.reduce((all, { passed }) => all + passed, 0),
  failed: counts.reduce((all, { failed }) => all + failed, 0),
});

const indented = (text: string, by: number): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(by));

/** A duration given in milliseconds, as people read it. */
export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

/** Writes a line of the run's report. */
export const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
