import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { basic, post } from '../support/oauth.ts';
import { freePort } from '../support/ports.ts';
import { storeUrl } from '../support/store.ts';
import { load, results } from './load.ts';

const cli = join(import.meta.dirname, '../../src/cli.ts');
const masterKey = Buffer.alloc(32, 7).toString('base64');

const port = await freePort();
const issuer = `http://localhost:${port}`;
const env = {
  ...process.env,
  ...{ SALLYPORT_STORE: await storeUrl(), SALLYPORT_MASTER_KEY: masterKey, SALLYPORT_ISSUER: issuer },
  ...{ SALLYPORT_PORT: `${port}`, SALLYPORT_OPS_PORT: '0' },
};

const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** `sallyport start` in a process of its own, once it listens. */
async function start(): Promise<{ child: ChildProcess; exitCode: Promise<number | null> }> {
  const child = spawn(process.execPath, [cli, 'start'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const exitCode = once(child, 'close').then(([code]) => code);
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  createInterface(child.stdout).on('line', (line) => {
    if (line.includes('"listening"')) resolve();
  });
  await Promise.race([listening, exitCode.then((code) => assert.fail(`it ended with ${code}`))]);
  return { child, exitCode };
}

describe('SIGTERM to the whole server under load (sec-299)', () => {
  it('loses no request, and every token it gave out is there after the next start', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [cli, 'demo', '--json'], { env });
    const { clients } = JSON.parse(stdout);
    const { child, exitCode } = await start();

    const headers = { ...basic(clients['demo-service']), 'content-type': 'application/x-www-form-urlencoded' };
    const asking = load(port, 16, { path: '/oauth2/token', body: 'grant_type=client_credentials', headers });
    await asking.answered(400);
    child.kill('SIGTERM');
    await asking.refused;
    assert.equal(await exitCode, 0);
    assert.deepEqual(results(asking.outcomes), ['200']);

    const again = await start();
    const tokens = asking.outcomes.filter(({ result }) => result === '200').slice(-100);
    for (const { body } of tokens) {
      const { access_token: token } = JSON.parse(body);
      const { body: answer } = await post(`${issuer}/oauth2/introspect`, { token }, basic(clients['demo-gateway']));
      assert.equal(answer.active, true);
    }
    again.child.kill('SIGTERM');
    assert.equal(await again.exitCode, 0);
  });
});
