import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { openHouse } from '../../src/house.ts';
import { caepEvents } from '../../src/signals/caep.ts';
import { type Cli, cli } from '../support/cli.ts';
import { near } from '../support/logging-out.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

const key = Buffer.alloc(32, 7);
let sallyport: Cli;
let to: Receiver;
before(async () => {
  sallyport = await cli({ ...near, SALLYPORT_MASTER_KEY: key.toString('base64') });
  to = await startReceiver();
});
after(() => to.close());

describe('sallyport webhook', () => {
  it('adds, lists, shows, sets, tests, rotates and removes', async () => {
    const add = ['webhook', 'add', to.url, '--type', 'token.revoked', '--audience', 'urn:sallyport:admin'];
    const { secret, ...made } = await sallyport.json<{ id: string; secret: string; created: number }>(add);
    assert.match(secret, /^whsec_/);
    const { id } = made;
    const usual = { types: ['token.revoked'], audiences: ['urn:sallyport:admin'], events: [], enabled: true };
    assert.deepEqual(made, { id, url: to.url, ...usual, created: made.created });
    assert.deepEqual(await sallyport.json(['webhook', 'list']), [made]);
    const shown = await sallyport.json(['webhook', 'show', id]);
    assert.deepEqual(shown, { ...made, delivery: { tries: 0 } });
    const set = ['webhook', 'set', id, '--all-types', '--all-audiences', '--disable'];
    assert.deepEqual(await sallyport.json(set), { ...made, types: [], audiences: [], enabled: false });
    const about = await sallyport.json<{ events: string[] }>(['webhook', 'set', id, '--event', 'webhook.changed']);
    assert.deepEqual(about.events, ['webhook.changed']);
    const again = await sallyport.run(['webhook', 'redeliver', id, '--since', '2026-01-01']);
    assert.match(again.stdout, /gets again what has happened since 2026-01-01/);
    const waiting = await sallyport.json<{ type: string }[]>(['webhook', 'undelivered', id]);
    assert.deepEqual(new Set(waiting.map((one) => one.type)), new Set(['webhook.changed']));
    assert.equal(waiting.length, 3);
    assert.equal((await sallyport.run(['webhook', 'set', id, '--event', '*', '--signals'])).status, 2);
    const { stdout } = await sallyport.run(['webhook', 'test', id]);
    assert.equal(stdout, `The webhook ${id} took the test\n`);
    to.answer = 500;
    const refused = await sallyport.run(['webhook', 'test', id]);
    assert.deepEqual([refused.status, /it answered 500/.test(refused.stderr)], [1, true]);
    const rotated = await sallyport.run(['webhook', 'rotate-secret', id, '--overlap', '0']);
    assert.match(rotated.stdout, /\nSecret \(shown this once\): whsec_\S+\n$/);
    const wrong = await sallyport.run(['webhook', 'set', id, '--enable', '--disable']);
    assert.equal(wrong.status, 2);
    assert.equal((await sallyport.run(['webhook', 'remove', id])).stdout, `Removed the webhook ${id}\n`);
    assert.equal((await sallyport.run(['webhook', 'show', id])).status, 1);
  });
});

describe('sallyport stream', () => {
  it('lists, shows and removes what receivers have made', async () => {
    const config = loadConfig(sallyport.environment);
    const house = await openHouse(config, async () => key);
    const url = 'https://receiver.example.test/events';
    const requested = [caepEvents[0]];
    const { id, created } = await house.streams.add('demo-service', { requested, delivery: { method: 'push', url } });
    await house.store.close();
    const made = { id, client: 'demo-service', delivery: 'push', url, events: requested, status: 'enabled', created };
    assert.deepEqual(await sallyport.json(['stream', 'list']), [made]);
    assert.deepEqual(await sallyport.json(['stream', 'show', id]), { ...made, progress: { tries: 0 } });
    assert.equal((await sallyport.run(['stream', 'remove', id])).stdout, `Removed the stream ${id}\n`);
    assert.equal((await sallyport.run(['stream', 'show', id])).status, 1);
  });
});
