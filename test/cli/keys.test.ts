import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { writeNextKey } from '../../src/config/next-master-key.ts';
import { openStore } from '../../src/store/index.ts';
import { rewrapKeyring } from '../../src/store/keyring.ts';
import { type Cli, cli } from '../support/cli.ts';

interface Key {
  kid: string;
  alg: string;
  state: string;
}

let sallyport: Cli;
let data: string;
before(async () => {
  sallyport = await cli();
  const [, path] = /^sqlite:(.*)$/.exec(sallyport.environment.SALLYPORT_STORE ?? '') ?? [];
  data = path === undefined ? join(sallyport.directory, 'data') : dirname(path);
});

const masterKey = (): Buffer => Buffer.from(readFileSync(join(data, 'master.key'), 'utf8'), 'base64');
const newKey = () => randomBytes(32).toString('base64');

describe('sallyport key', () => {
  it('publishes the successors of the signing keys before they sign', async () => {
    const states = (keys: Key[]) => keys.map(({ alg, state }) => `${alg} ${state}`).sort();
    const before = await sallyport.json<Key[]>(['key', 'list']);
    assert.deepEqual(states(before), ['ES256 signing', 'EdDSA signing', 'RS256 signing']);
    const after = await sallyport.json<Key[]>(['key', 'rotate']);
    assert.deepEqual(states(after.filter(({ state }) => state === 'next')), ['ES256 next', 'EdDSA next', 'RS256 next']);
    const leaked = await sallyport.json<Key[]>(['key', 'rotate', '--at-once']);
    assert.ok(before.every(({ kid }) => !leaked.some((key) => key.kid === kid)));
  });
});

describe('sallyport config show', () => {
  it('says what the server runs with and where it comes from, without secrets', async () => {
    const all = await sallyport.json<{ name: string; value?: unknown; set: boolean; from: string }[]>([
      'config',
      'show',
    ]);
    const { value, set, from } = all.find(({ name }) => name === 'store') ?? {};
    assert.deepEqual([value, set, from], [undefined, true, 'environment']);
    assert.equal(all.find(({ name }) => name === 'ttl.code')?.value, 60);
  });
});

describe('sallyport key rotate-master', () => {
  it('seals the store with a new key and keeps it in the file of development', async () => {
    const before = masterKey();
    const { status, stdout } = await sallyport.run(['key', 'rotate-master']);
    assert.deepEqual([status, stdout.includes(before.toString('base64'))], [0, false]);
    assert.notDeepEqual(masterKey(), before);
    assert.equal(statSync(join(data, 'master.key')).mode & 0o777, 0o600);
    assert.equal((await sallyport.run(['key', 'list'])).status, 0);
  });

  it('locks nobody out when the process dies between the store and the file', async () => {
    const [before, next] = [masterKey(), randomBytes(32)];
    const store = await openStore(sallyport.environment.SALLYPORT_STORE ?? '');
    writeNextKey(data, randomBytes(32));
    writeNextKey(data, next);
    await rewrapKeyring(store, before, next);
    await store.close();
    assert.equal((await sallyport.run(['key', 'list'])).status, 0);
    assert.deepEqual(masterKey(), next);
  });

  it('takes the new key from standard input where the key is a setting, and says where to put it', async () => {
    const next = newKey();
    const run = async (key: string, args: string[], input = '') => {
      sallyport.environment.SALLYPORT_MASTER_KEY = key;
      return sallyport.run(args, input);
    };
    const before = masterKey().toString('base64');
    const untold = await run(before, ['key', 'rotate-master']);
    const short = await run(before, ['key', 'rotate-master', '--new-key-stdin'], 'c2hvcnQ=');
    assert.deepEqual([untold.status, short.status], [2, 1]);
    const rotated = await run(before, ['key', 'rotate-master', '--new-key-stdin'], `${next}\n`);
    assert.equal(rotated.status, 0);
    assert.match(rotated.stdout, /SALLYPORT_MASTER_KEY/);
    const old = await run(before, ['user', 'list']);
    assert.deepEqual([old.status, /master key does not open this store/.test(old.stderr)], [1, true]);
    assert.equal((await run(next, ['user', 'list'])).status, 0);
  });
});

describe('sallyport on memory:', () => {
  it('says that no command can reach it', async () => {
    sallyport.environment.SALLYPORT_STORE = 'memory:';
    const { status, stderr } = await sallyport.run(['user', 'list']);
    assert.equal(status, 1);
    assert.match(stderr, /no command can reach it/);
  });
});
