import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { storeUrl } from './store.ts';
import { temporaryPath } from './temporary.ts';

/** What a command said, and how it ended. */
export interface Said {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** The command line on one store. */
export interface Cli {
  /** Where it runs; development keeps `data/` there. */
  directory: string;
  environment: Record<string, string>;
  /** Runs `sallyport …`; `input` is its standard input. */
  run(args: readonly string[], input?: string): Promise<Said>;
  /** Starts it; `line` is the first line on standard output or error that fits, while it goes on. */
  start(args: readonly string[], line: RegExp): { line: Promise<string>; ended: Promise<Said> };
  /** Runs it with `--json` and gives what it printed; fails when it fails. */
  json<T = Record<string, unknown>>(args: readonly string[], input?: string): Promise<T>;
}

const launcher = join(import.meta.dirname, '../../bin/sallyport.js');

/** The command line on a fresh store of the kind under test, as a process of its own for each command. */
export async function cli(settings: Record<string, string> = {}): Promise<Cli> {
  const place = temporaryPath('data');
  const directory = dirname(place);
  mkdirSync(place, { recursive: true });
  const environment: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    SALLYPORT_STORE: await storeUrl(),
    ...settings,
  };
  const begin = (args: readonly string[], input = '') => {
    const child = spawn(process.execPath, [launcher, ...args], { cwd: directory, env: environment });
    child.stdin.end(input);
    const status = new Promise<number | null>((resolve) => child.on('close', resolve));
    const said = Promise.all([text(child.stdout), text(child.stderr), status]);
    return { child, ended: said.then(([stdout, stderr, code]): Said => ({ status: code, stdout, stderr })) };
  };
  const run: Cli['run'] = (args, input) => begin(args, input).ended;
  return {
    directory,
    environment,
    run,
    start(args, wanted) {
      const { child, ended } = begin(args);
      const { promise: line, resolve, reject } = Promise.withResolvers<string>();
      let said = '';
      const listen = (chunk: Buffer) => {
        said += String(chunk);
        const found = said.split('\n').find((one) => wanted.test(one));
        if (found !== undefined) resolve(found);
      };
      child.stdout.on('data', listen);
      child.stderr.on('data', listen);
      ended.then(() => reject(new Error(`it ended before it said ${wanted}: ${said}`)), reject);
      return { line, ended };
    },
    async json(args, input) {
      const { status, stdout, stderr } = await run([...args, '--json'], input);
      if (status !== 0) throw new Error(`sallyport ${args.join(' ')} ended with ${status}: ${stderr}`);
      return JSON.parse(stdout);
    },
  };
}
