import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Metrics } from '../../src/http/metrics.ts';
import { Problem } from '../../src/kernel/errors.ts';
import { type App, type ServerSettings, type Serving, serve } from '../../src/server.ts';
import { ask, memoryLog } from './edge.ts';
import { load, results } from './load.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function start(settings: Partial<ServerSettings> = {}) {
  const child = fork(new URL('child.ts', import.meta.url), [JSON.stringify(settings)], { silent: true });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      output += chunk;
    });
  const exited = once(child, 'close');
  const [{ port, opsPort }] = await once(child, 'message');
  const exitCode = async () => (await exited)[0];
  return { child, port: Number(port), opsPort: Number(opsPort), exitCode, output: () => output };
}

describe('SIGTERM (sec-299)', () => {
  it('loses no request of clients that keep asking until nobody listens', async () => {
    const { child, port, exitCode } = await start();
    const { outcomes, answered, refused } = load(port, 20);
    await answered(300);
    child.kill('SIGTERM');
    await refused;
    assert.equal(await exitCode(), 0);
    assert.deepEqual(results(outcomes), ['200']);
  });

  it('keeps serving for the grace after ready became false, so that a load balancer can notice', async () => {
    const { child, port, opsPort, exitCode } = await start({ drainGraceSeconds: 3 });
    const { outcomes, answered, stop } = load(port, 10);
    await answered(100);
    child.kill('SIGTERM');
    while ((await ask(opsPort, '/health/ready')).status === 200) await wait(5);
    await answered(outcomes.length + 20);
    assert.deepEqual(new Set((await stop()).map(({ result }) => result)), new Set(['200']));
    assert.equal(await exitCode(), 0);
  });

  it('lets what is in work finish, tells it to end its connection, and closes the store last', async () => {
    const { child, port, exitCode, output } = await start();
    const slow = ask(port, '/slow');
    await ask(port, '/');
    child.kill('SIGTERM');
    const { status, headers } = await slow;
    assert.deepEqual([status, headers.connection], [200, 'close']);
    assert.equal(await exitCode(), 0);
    const messages = output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).msg);
    assert.deepEqual(messages, ['draining', 'the store is closed', 'stopped']);
  });

  it('gives up what does not finish within the limit', async () => {
    const { child, port, exitCode } = await start({ drainSeconds: 0.3 });
    const stuck = ask(port, '/stuck').catch((error: unknown) => error);
    await ask(port, '/');
    child.kill('SIGTERM');
    assert.equal(await exitCode(), 0);
    assert.ok((await stuck) instanceof Error);
  });

  it('exits at once when it is asked a second time', async () => {
    const { child, port, opsPort, exitCode } = await start();
    ask(port, '/stuck').catch(() => {});
    await ask(port, '/');
    child.kill('SIGTERM');
    while ((await ask(opsPort, '/health/ready')).status === 200) await wait(5);
    child.kill('SIGTERM');
    assert.equal(await exitCode(), 1);
  });

  it('is the same for SIGINT', async () => {
    const { child, port, exitCode } = await start();
    const slow = ask(port, '/slow');
    await ask(port, '/');
    child.kill('SIGINT');
    assert.equal((await slow).status, 200);
    assert.equal(await exitCode(), 0);
  });
});

describe('an error that nobody caught (sec-306)', () => {
  for (const path of ['/reject', '/throw']) {
    it(`is logged as fatal, and the process leaves in order with 1 (${path})`, async () => {
      const { port, exitCode, output } = await start();
      const slow = ask(port, '/slow');
      await ask(port, path);
      assert.equal((await slow).status, 200);
      assert.equal(await exitCode(), 1);
      const fatal = output()
        .split('\n')
        .filter((line) => line.includes('"fatal"'));
      assert.equal(fatal.length, 1);
      assert.match(JSON.parse(fatal[0] ?? '{}').err.stack, /planted[\s\S]*child\.ts/);
    });
  }
});

const quiet: App = {
  metrics: new Metrics(),
  async handler(request, response) {
    for await (const _ of request);
    response.end('done');
  },
  ready: async () => {},
  close: async () => {},
};
const servings: Serving[] = [];
afterEach(async () => {
  for (const { drain } of servings.splice(0)) await drain();
});

async function serveHere(settings: Partial<ServerSettings> = {}): Promise<number> {
  const serving = await serve(quiet, { ...free, ...settings }, memoryLog().log);
  servings.push(serving);
  return serving.port;
}

const free = {
  host: 'localhost',
  port: 0,
  opsHost: '127.0.0.1',
  opsPort: 0,
  drainSeconds: 25,
  limits: { requestSeconds: 30 },
};

describe('serve', () => {
  it('listens on every address of localhost', async () => {
    const port = await serveHere();
    assert.equal((await ask(port, '/')).status, 200);
    assert.equal((await ask(port, '/', { host: '::1' })).status, 200);
  });

  it('says in one sentence that a port is in use, and leaves nothing open', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { log } = memoryLog();
    for (const settings of [
      { ...free, host: '127.0.0.1', port },
      { ...free, opsPort: port },
    ]) {
      await assert.rejects(
        serve(quiet, settings, log),
        (error) => error instanceof Problem && error.message.includes(`Port ${port}`),
      );
    }
    taken.close();
  });

  it('answers 408 to a request that does not arrive, and others meanwhile (sec-010)', async () => {
    const port = await serveHere({ limits: { requestSeconds: 0.2 } });
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\na');
    assert.equal((await ask(port, '/')).status, 200);
    const [answer] = await once(socket, 'data');
    assert.match(`${answer}`, /^HTTP\/1\.1 408 /);
    socket.destroy();
  });

  it('refuses requests that two parties could read differently (sec-023)', async () => {
    const port = await serveHere();
    const heads = [
      'Content-Length: 5\r\nTransfer-Encoding: chunked',
      'Transfer-Encoding: chunked, identity',
      'Transfer-Encoding: xchunked',
      'Content-Length: 5\r\nContent-Length: 6',
      'Transfer-Encoding : chunked',
    ];
    for (const head of heads) {
      const socket = connect(port, '127.0.0.1');
      socket.write(
        `POST / HTTP/1.1\r\nHost: localhost\r\n${head}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      );
      const chunks = await socket.toArray();
      assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1\.1 400 [^\n]*\r\nConnection: close\r\n\r\n$/, head);
    }
  });
});
