import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { run } from 'node:test';
import { importsOf } from './house-rules.ts';

/** What came of a part of the run. */
export interface Count {
  passed: number;
  failed: number;
}

const root = join(import.meta.dirname, '../..');

/** A test that says nothing for so long hangs (milliseconds). */
const patience = 180_000;

/** Whether a test file uses one of these files of test/support, directly or not. */
export function uses(file: string, ...supports: string[]): boolean {
  const wanted = new Set(supports.map((name) => join(import.meta.dirname, name)));
  const seen = new Set<string>();
  const reaches = (path: string): boolean => {
    if (wanted.has(path)) return true;
    if (seen.has(path)) return false;
    seen.add(path);
    return importsOf(readFileSync(path, 'utf8'))
      .filter(({ specifier, typeOnly }) => specifier.startsWith('.') && !typeOnly)
      .some(({ specifier }) => reaches(join(dirname(path), specifier)));
  };
  return reaches(file);
}

/** Runs test files, each in a process of its own, and prints a line for each file, and each failure at once. */
export async function runSuites(files: readonly string[]): Promise<Count> {
  const counts = new Map(files.map((file) => [file, { passed: 0, failed: 0 }]));
  const outputs = new Map<string, string>();
  const keep = ({ file = '', message }: { file?: string | undefined; message: string }) => {
    outputs.set(file, `${outputs.get(file) ?? ''}${message}`.slice(-20_000));
  };
  const count = (file: string | undefined, result: keyof Count) => {
    const one = counts.get(file ?? '');
    if (one) one[result] += 1;
  };
  const stream = run({
    files: [...files],
    isolation: 'process',
    // A test that leaves something open has told its result; it must not hold up all others.
    execArgv: ['--test-force-exit'],
    concurrency: Math.max(2, availableParallelism()),
    timeout: patience,
  });
  stream.on('test:stdout', keep);
  stream.on('test:stderr', keep);
  stream.on('test:pass', ({ file, name, details, skip, todo }) => {
    if (details.type === 'suite' || name === file) return;
    if (skip === undefined && todo === undefined) return count(file, 'passed');
    count(file, 'failed');
    print(`  ✖ ${place(file)}: ${name}\n    is not run: do it or remove it`);
  });
  stream.on('test:fail', ({ file, name, details: { error } }) => {
    // A suite fails because of a test in it, which is counted and shown for itself; or on its own, in a hook.
    if ('failureType' in error && error.failureType === 'subtestsFailed') return;
    count(file, 'failed');
    print(
      `  ✖ ${place(file)}: ${name === file ? 'it ended before its tests did' : name}\n${indented(errorText(error))}`,
    );
  });
  stream.on('test:summary', ({ file, duration_ms: duration }) => {
    const one = counts.get(file ?? '');
    if (!one) return;
    const mark = one.failed === 0 ? '✔' : '✖';
    print(`  ${mark} ${place(file)}  ${one.passed} passed, ${one.failed} failed, ${seconds(duration)}`);
  });
  for await (const _event of stream);
  const failed = [...counts].filter(([, { failed }]) => failed > 0);
  for (const [file] of failed) {
    const output = outputs.get(file);
    if (output !== undefined) print(`\n  what ${place(file)} wrote:\n${indented(output)}`);
  }
  return sum([...counts.values()]);
}

const place = (file = ''): string => relative(root, file);

/** All counts together. */
export const sum = (counts: readonly Count[]): Count => ({
  passed: counts.reduce((all, { passed }) => all + passed, 0),
  failed: counts.reduce((all, { failed }) => all + failed, 0),
});

function errorText(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.stack ?? cause.message;
}

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '    ');

/** A duration given in milliseconds, as people read it. */
export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

/** Writes a line of the run's report. */
export const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
