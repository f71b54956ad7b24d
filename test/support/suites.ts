import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { importsOf } from './house-rules.ts';
import type { Told } from './reporter.ts';

/** What came of a part of the run. */
export interface Count {
  passed: number;
  failed: number;
}

/** A test file on one kind of store. */
export interface Suite {
  file: string;
  store: 'sqlite' | 'mongodb';
}

const root = join(import.meta.dirname, '../..');

/** Each file and each command under test is a process that loads nearly everything; compiling it once is enough. */
const compiled = { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled') };

/** What failed so far, as it is told again at the end: whoever has only the last lines of a long report learns it too. */
export const failures: string[] = [];

/** A test may take so long (milliseconds). */
const patience = 240_000;

/** A file with no test under way ends, or begins the next one, in so long; else it has left something open (milliseconds). */
const idle = 60_000;

/** What a file of the tests imports; most are asked about many times. */
const known = new Map<string, string[]>();

function importedBy(path: string): string[] {
  let found = known.get(path);
  if (found === undefined) {
    found = importsOf(readFileSync(path, 'utf8'))
      .filter(({ specifier, typeOnly }) => specifier.startsWith('.') && !typeOnly)
      .map(({ specifier }) => join(dirname(path), specifier));
    known.set(path, found);
  }
  return found;
}

/** Whether a test file uses one of these files of test/support, directly or not. */
export function uses(file: string, ...supports: string[]): boolean {
  const wanted = new Set(supports.map((name) => join(import.meta.dirname, name)));
  const seen = new Set<string>();
  const reaches = (path: string): boolean => {
    if (wanted.has(path)) return true;
    // What is no file is no import, but a text that looks like one (a sample for the rules of the house).
    if (seen.has(path) || !existsSync(path)) return false;
    seen.add(path);
    return importedBy(path).some(reaches);
  };
  return reaches(file);
}

/** How long a file takes, roughly: a browser the longest, then what starts a process for each command. */
const weight = ({ file }: Suite): number => (uses(file, 'chromium.ts') ? 2 : uses(file, 'cli.ts') ? 1 : 0);

/** In turns, the longest first, so that no worker is alone with a long one at the end. */
const inOrder = (suites: readonly Suite[]): Suite[] =>
  suites
    .map((suite) => ({ suite, weight: weight(suite) }))
    .sort((one, other) => other.weight - one.weight)
    .map(({ suite }) => suite);

/** Tests wait for disks, answers and other programs: one more at a time than there are cores keeps the cores busy. */
const workers = Math.max(2, availableParallelism()) + 1;

/** Runs test files, each in a process of its own, and prints a line for each, with what failed in it; `first` runs beside them. */
export async function runSuites(suites: readonly Suite[], first?: () => Promise<Count>): Promise<Count> {
  const waiting = inOrder(suites).map((suite) => () => runFile(suite));
  if (first) waiting.unshift(first);
  const counts: Count[] = [];
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) counts.push(await job());
  };
  await Promise.all(Array.from({ length: workers }, work));
  return sum(counts);
}

/** Where there is a file system in memory with room, the tests keep their files there: each record of SQLite waits for the disk. */
function fastFolder(): string {
  const memory = '/dev/shm';
  const roomy = () => {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize > 2 ** 30;
  };
  const folder = mkdtempSync(join(existsSync(memory) && roomy() ? memory : tmpdir(), 'sallyport-run-'));
  // Servers of other users read below it.
  chmodSync(folder, 0o755);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

let temporary: string | undefined;

const reporter = join(import.meta.dirname, 'reporter.ts');

/** What is known of a test file while it runs. */
interface Progress {
  passed: number;
  complaints: string[];
  ended: boolean;
  output: string;
}

async function runFile({ file, store }: Suite): Promise<Count> {
  const began = Date.now();
  temporary ??= fastFolder();
  const child = fork(file, {
    execArgv: [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout', `--test-timeout=${patience}`],
    silent: true,
    env: { ...process.env, ...compiled, SALLYPORT_TEST_STORE: store, TMPDIR: temporary },
  });
  const progress = watch(child);
  const [code, signal]: unknown[] = await once(child, 'close');
  const { passed, complaints, ended, output } = progress;
  if (signal === 'SIGKILL') complaints.push(complaint('it did not end: a test left something open'));
  else if (!ended || (code !== 0 && complaints.length === 0)) {
    complaints.push(complaint(`it ended before its tests did (${code ?? signal})`));
  }
  const count = { passed, failed: complaints.length };
  const place = store === 'mongodb' ? ', on MongoDB' : '';
  print(`${line(file, count, Date.now() - began)}${place}`);
  if (count.failed > 0) {
    print([...complaints, indented(output, 4)].join('\n'));
    failures.push([`${relative(root, file)}${place}`, ...complaints].join('\n'));
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
