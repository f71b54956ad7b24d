import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { moment } from '../../src/audit/trail.ts';
import type { Progress } from '../../src/signals/progress.ts';
import { openStore } from '../../src/store/index.ts';
import { type Cli, cli } from '../support/cli.ts';
import { basic, type Credentials, post } from '../support/oauth.ts';
import { anyPort, startServer } from '../support/server.ts';
import { temporaryPath } from '../support/temporary.ts';

interface Demo {
  clients: Record<string, Credentials>;
}

const database = temporaryPath();
const folder = dirname(database);
const file = (name: string): string => join(folder, name);

let sallyport: Cli;
let demo: Demo;
before(async () => {
  sallyport = await cli({ ...anyPort, SALLYPORT_STORE: `sqlite:${database}` });
  demo = await sallyport.json<Demo>(['demo']);
});

const credentials = (id: string) => basic(demo.clients[id] ?? { client_id: id, client_secret: '' });
const issue = async (url: string): Promise<string> => {
  const { body } = await post(`${url}/oauth2/token`, { grant_type: 'client_credentials' }, credentials('demo-service'));
  return String(body.access_token);
};
const isActive = async (url: string, token: string): Promise<boolean> =>
  (await post(`${url}/oauth2/introspect`, { token }, credentials('demo-gateway'))).body.active;

/** Where each webhook goes on. */
async function places(): Promise<string[]> {
  const store = await openStore(`sqlite:${database}`);
  const all = await store.collection<Progress>({ name: 'webhook-progress', indexes: {} }).find();
  await store.close();
  assert.ok(all.length > 0);
  return all.map(({ cursor }) => cursor);
}

describe('sallyport backup and restore', () => {
  it('copies the store whole while a server issues tokens, and nobody else may read the copy', async () => {
    const server = await startServer(sallyport);
    try {
      let issuing = true;
      const load = Array.from({ length: 4 }, async () => {
        while (issuing) await issue(server.url);
      });
      const { status, stderr } = await sallyport.run(['backup', file('hot.db')]);
      issuing = false;
      await Promise.all(load);
      assert.deepEqual([status, stderr], [0, '']);
    } finally {
      await server.kill();
    }
    assert.equal(statSync(file('hot.db')).mode & 0o777, 0o600);
    assert.equal((await sallyport.run(['restore', file('hot.db')])).status, 0);
  });

  it('undoes what was changed since, and brings no token back that was revoked since', async () => {
    const first = await startServer(sallyport);
    const token = await issue(first.url);
    await sallyport.run(['webhook', 'add', 'https://hooks.example.test/x']);
    assert.equal((await sallyport.run(['backup', file('before.db')])).status, 0);
    const backedUp = moment(Date.now());
    await post(`${first.url}/oauth2/revoke`, { token }, credentials('demo-service'));
    await sallyport.run(['user', 'add', 'late@example.test']);
    await first.kill();

    const { status, stdout } = await sallyport.run(['restore', file('before.db')]);
    assert.equal(status, 0);
    const [, aside = ''] = /What was there is now (\S+)/.exec(stdout) ?? [];
    assert.ok(statSync(aside).size > 0);
    // Its webhooks do not send again what was sent since.
    assert.ok((await places()).every((cursor) => cursor > backedUp));
    const people = await sallyport.json<{ email: string }[]>(['user', 'list']);
    assert.ok(people.length > 0 && people.every(({ email }) => email !== 'late@example.test'));

    const second = await startServer(sallyport);
    assert.equal(await isActive(second.url, token), false);
    assert.equal(await isActive(second.url, await issue(second.url)), true);
    await second.kill();
    const events = await sallyport.json<{ type: string }[]>(['audit', 'search', '--type', 'store.restored']);
    assert.equal(events.length > 0, true);
  });

  it('keeps what was open at that time for those who say so', async () => {
    const first = await startServer(sallyport);
    const token = await issue(first.url);
    await sallyport.run(['backup', file('open.db')]);
    await first.kill();
    assert.equal((await sallyport.run(['restore', file('open.db'), '--keep-open'])).status, 0);
    const second = await startServer(sallyport);
    assert.equal(await isActive(second.url, token), true);
    await second.kill();
  });

  it('sends no mail again that waited at that time, unless that is said', async () => {
    const waiting = async () => {
      const store = await openStore(`sqlite:${database}`);
      const found = await store.collection({ name: 'outbox', indexes: {} }).find();
      await store.close();
      return found.length;
    };
    await sallyport.run(['user', 'set', 'alice@example.test', '--password-stdin'], 'one lamp beside four rivers');
    await sallyport.run(['backup', file('mail.db')]);
    assert.equal(await waiting(), 1);
    await sallyport.run(['restore', file('mail.db'), '--keep-open']);
    assert.equal(await waiting(), 1);
    await sallyport.run(['restore', file('mail.db')]);
    assert.equal(await waiting(), 0);
  });

  it('changes nothing while a server has the store open', async () => {
    await sallyport.run(['backup', file('busy.db')]);
    const server = await startServer(sallyport);
    const { status, stderr } = await sallyport.run(['restore', file('busy.db')]);
    assert.equal(status, 1);
    assert.match(stderr, /stop every server/);
    assert.equal(await isActive(server.url, await issue(server.url)), true);
    await server.kill();
  });

  it('changes nothing when the file is damaged, foreign, missing, or sealed with another master key', async () => {
    await sallyport.run(['backup', file('sound.db')]);
    const bytes = readFileSync(file('sound.db'));
    bytes.fill(7, bytes.length / 2, bytes.length / 2 + 8192);
    writeFileSync(file('damaged.db'), bytes);
    writeFileSync(file('foreign.db'), 'not a database');
    const key = readFileSync(file('master.key'));
    for (const [name, sentence] of [
      ['damaged.db', /not a whole Sallyport backup/],
      ['foreign.db', /not a whole Sallyport backup/],
      ['missing.db', /There is no file/],
    ] as const) {
      const { status, stderr } = await sallyport.run(['restore', file(name)]);
      assert.equal(status, 1, name);
      assert.match(stderr, sentence);
    }
    copyFileSync(file('master.key'), file('master.key.kept'));
    writeFileSync(file('master.key'), `${Buffer.alloc(32, 1).toString('base64')}\n`);
    assert.match((await sallyport.run(['restore', file('sound.db')])).stderr, /master key does not open/);
    writeFileSync(file('master.key'), key);
    assert.equal((await sallyport.run(['user', 'list'])).status, 0);
  });

  it('writes over no file, and brings a lost store back', async () => {
    await sallyport.run(['backup', file('whole.db')]);
    assert.match((await sallyport.run(['backup', file('whole.db')])).stderr, /is there already/);
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true });
    assert.equal((await sallyport.run(['restore', file('whole.db')])).status, 0);
    assert.ok((await sallyport.json<unknown[]>(['user', 'list'])).length > 0);
  });
});

describe('sallyport backup on another store', () => {
  it('names the tool to use instead', async () => {
    const other = await cli({ SALLYPORT_STORE: 'mongodb://127.0.0.1:1/x' });
    const { status, stderr } = await other.run(['restore', 'x']);
    assert.equal(status, 1);
    assert.match(stderr, /mongorestore/);
  });
});
