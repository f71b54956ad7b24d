import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const project = join(import.meta.dirname, 'mongodb');
const prefix = 'sallyport_test_';

interface Running {
  url: string;
  stop(): Promise<void>;
}

let ours: Promise<Running> | undefined;

/** The URL of a server with the name of a database of the tests put in. */
export function withDatabase(server: string, name: string): string {
  const [, hosts = server, query = ''] = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?(\?.*)?$/.exec(server) ?? [];
  return `${hosts}/${prefix}${name}${query}`;
}

/**
 * The URL of a fresh, empty database on the MongoDB server of this test run: `SALLYPORT_TEST_MONGODB`, or a stand-in
 * that ends with this process.
 */
export async function mongodbUrl(): Promise<string> {
  let server = process.env.SALLYPORT_TEST_MONGODB;
  if (!server) {
    ours ??= startMongodb();
    server = (await ours).url;
  }
  return withDatabase(server, randomBytes(6).toString('hex'));
}

/**
 * Starts the stand-in for a MongoDB server, built on first use; with `SALLYPORT_TEST_MONGODB` set, answers that one.
 * Throws with a plain sentence when the machine has no Java or Maven and cannot get them.
 */
export async function startMongodb(): Promise<Running> {
  const given = process.env.SALLYPORT_TEST_MONGODB;
  if (given) return { url: given, stop: () => removeDatabases(given) };
  ensureTools();
  const home = build();
  // It keeps every database of the run in memory.
  const options = ['-Xmx1g', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const classes = [join(home, 'classes'), join(home, 'lib', '*')].join(':');
  const child = spawn('java', [...options, '-cp', classes, 'Server'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const port = await firstLine(child);
  letGo(child);
  const stop = async () => {
    if (child.exitCode !== null) return;
    child.ref();
    const ended = once(child, 'exit');
    child.stdin?.end();
    await ended;
  };
  return { url: `mongodb://127.0.0.1:${port}/`, stop };
}

const works = (command: string, version: string): boolean =>
  spawnSync(command, [version], { stdio: 'ignore' }).status === 0;

function ensureTools(): void {
  const ready = () => works('java', '-version') && works('mvn', '-v');
  if (ready()) return;
  if (process.getuid?.() === 0 && works('apt-get', '--version')) {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const run = (...args: string[]) => spawnSync('apt-get', args, { stdio: 'ignore', env: environment });
    run('update');
    run('install', '-y', '--no-install-recommends', 'maven', 'default-jdk-headless');
  }
  if (!ready()) {
    throw new Error(
      'The MongoDB stand-in needs Java 17 and Maven; install them, or set SALLYPORT_TEST_MONGODB to a server',
    );
  }
}

/** Builds beside and moves into place, so that processes that build at once do not disturb each other. */
function build(): string {
  const hash = createHash('sha256');
  for (const file of ['pom.xml', 'src/main/java/Server.java']) hash.update(readFileSync(join(project, file)));
  const home = join(project, 'target', `server-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(home)) return home;
  const out = join(project, 'target', `build-${process.pid}`);
  try {
    execFileSync('mvn', ['-q', '-B', 'package', `-Dout=${out}`], { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
    if (!existsSync(home)) renameSync(out, home);
  } catch (cause) {
    if (!existsSync(home)) throw new Error('The MongoDB stand-in could not be built with Maven', { cause });
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
  return home;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('The MongoDB stand-in has no output');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('The MongoDB stand-in ended before it listened');
}

/** The stand-in must not keep the process alive; when the process ends, so does its input, and with it the stand-in. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) if (pipe instanceof Socket) pipe.unref();
}

async function removeDatabases(url: string): Promise<void> {
  // Nearly every test file loads this one, and few need the driver.
  const { MongoClient } = await import('mongodb');
  const client = await MongoClient.connect(url);
  const { databases } = await client.db().admin().listDatabases();
  for (const { name } of databases) if (name.startsWith(prefix)) await client.db(name).dropDatabase();
  await client.close();
}
