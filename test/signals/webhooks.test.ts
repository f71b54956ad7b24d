import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { restartSignalling } from '../../src/signalling.ts';
import type { Webhook } from '../../src/signals/webhooks.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { near } from '../support/logging-out.ts';
import { type Arrived, type Receiver, startReceiver } from '../support/receiver.ts';
import { storeUrl } from '../support/store.ts';

/** Which of the signatures this secret made, as a receiver computes it. */
const signedBy = (secret: string, { id, timestamp, raw, signatures }: Arrived): number => {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${raw}`).digest('base64');
  return signatures.indexOf(`v1,${expected}`);
};

const day = 24 * 60 * 60 * 1000;

describe('webhooks', { timeout: 120_000 }, () => {
  let one: TestApp;
  let two: TestApp;
  let store: string;
  const receivers: Receiver[] = [];
  const receiver = async (): Promise<Receiver> => {
    const made = await startReceiver();
    receivers.push(made);
    return made;
  };
  before(async () => {
    store = await storeUrl();
    one = await startApp({ ...near, SALLYPORT_STORE: store });
    two = await startApp({ ...near, SALLYPORT_STORE: store, SALLYPORT_ISSUER: one.issuer });
  });
  after(async () => {
    await Promise.all([one.close(), two.close()]);
    for (const each of receivers) each.close();
  });

  /** Something happens to a client that nobody has to know of; recorded by this process. */
  const happen = async (app: TestApp, jti: string, audience = 'https://orders.example.test'): Promise<void> => {
    await app.parts.trail.record({
      type: 'token.revoked',
      actor: 'client:demo-service',
      detail: { client: 'demo-service', kind: 'AccessToken', jti, audiences: audience },
    });
    // Of two processes only the clock tells which was first, and it knows milliseconds.
    for (const then = performance.now(); performance.now() < then + 1; ) await immediate();
  };
  const named = (jti: string) => (arrived: Arrived) => arrived.body.data.jti === jti;
  const names = ({ arrived }: Receiver): string[] => arrived.map(({ body }) => body.data.jti);

  it('delivers what any process records, once, in order and signed', async () => {
    const to = await receiver();
    const { webhook, secret } = await one.parts.webhooks.add({ url: to.url, types: ['token.revoked'] }, 'cli');
    // Now both processes look after it at once.
    await two.parts.webhooks.change(webhook.id, { types: ['token.revoked'] }, 'cli');
    const told = Array.from({ length: 12 }, (_, index) => `once-${String(index).padStart(2, '0')}`);
    for (const [index, jti] of told.entries()) await happen(index % 2 === 0 ? one : two, jti);
    await one.parts.clients.change('demo-gateway', (now) => ({ ...now, metadata: { ...now.metadata } }), 'cli');
    await happen(two, 'once-last');
    await to.until(named('once-last'));
    assert.deepEqual(names(to), [...told, 'once-last']);
    const [first] = to.arrived;
    assert.ok(first);
    assert.ok(to.arrived.every((arrived) => signedBy(secret, arrived) === 0));
    assert.equal(first.body.type, 'token.revoked');
    assert.equal(first.body.data.id, first.id);
    assert.equal(first.body.data.client_id, 'demo-service');
    assert.ok(Math.abs(first.timestamp - Date.now() / 1000) < 60);
    await one.parts.webhooks.remove(webhook.id, 'cli');
    assert.equal(JSON.stringify(await one.parts.webhooks.list()).includes(secret), false);
  });

  it('limited to audiences, tells what a gateway for them would hear', async () => {
    const to = await receiver();
    const { webhook } = await one.parts.webhooks.add({ url: to.url, audiences: ['https://a.example.test'] }, 'cli');
    await happen(one, 'other', 'https://b.example.test');
    await happen(one, 'own', 'https://a.example.test https://b.example.test');
    const arrived = await to.until(named('own'));
    assert.deepEqual(arrived.body.data.aud, ['https://a.example.test']);
    assert.deepEqual(names(to), ['own']);
    await one.parts.webhooks.remove(webhook.id, 'cli');
  });

  it('holds up nobody else for a slow one, which gets all when it comes', async () => {
    const [slow, quick] = [await receiver(), await receiver()];
    const { promise, resolve } = Promise.withResolvers<number>();
    slow.answer = promise;
    const types = ['token.revoked'] as const;
    const made = [
      await one.parts.webhooks.add({ url: slow.url, types }, 'cli'),
      await one.parts.webhooks.add({ url: quick.url, types }, 'cli'),
    ];
    await happen(one, 'slow-1');
    await happen(one, 'slow-2');
    await quick.until(named('slow-2'));
    await slow.until(named('slow-1'));
    assert.deepEqual(names(slow), ['slow-1']);
    resolve(200);
    await slow.until(named('slow-2'));
    assert.equal(slow.most, 1);
    for (const { webhook } of made) await one.parts.webhooks.remove(webhook.id, 'cli');
  });

  it('tries again what failed, in order, and says so', async () => {
    const to = await receiver();
    to.answer = 503;
    const { webhook } = await one.parts.webhooks.add({ url: to.url, types: ['token.revoked'] }, 'cli');
    await happen(one, 'again-1');
    await happen(two, 'again-2');
    await to.until(named('again-1'));
    let delivery = await one.parts.webhooks.delivery(webhook.id);
    for (; delivery.tries === 0; delivery = await one.parts.webhooks.delivery(webhook.id)) await happen(one, 'more');
    assert.equal(delivery.reason, 'it answered 503');
    assert.ok(delivery.due > delivery.since);
    to.answer = 200;
    await to.until(named('again-2'));
    assert.deepEqual(names(to).slice(0, 3), ['again-1', 'again-1', 'again-2']);
    assert.equal(to.arrived[0]?.id, to.arrived[1]?.id);
    await one.parts.webhooks.remove(webhook.id, 'cli');
  });

  it('goes on at another process when the one that delivers stops', async () => {
    const to = await receiver();
    const third = await startApp({ ...near, SALLYPORT_STORE: store, SALLYPORT_ISSUER: one.issuer });
    const { webhook } = await third.parts.webhooks.add({ url: to.url, types: ['token.revoked'] }, 'cli');
    await happen(third, 'before');
    await to.until(named('before'));
    await third.close();
    await happen(one, 'after');
    await to.until(named('after'));
    assert.deepEqual(names(to), ['before', 'after']);
    await one.parts.webhooks.remove(webhook.id, 'cli');
  });

  it('loses nothing of one that crashed, once its lease is over', async (t) => {
    const to = await receiver();
    const { webhook } = await one.parts.webhooks.add({ url: to.url, enabled: false }, 'cli');
    await one.parts.webhooks.progress.take(webhook.id, 'crashed');
    await one.parts.webhooks.change(webhook.id, { enabled: true, types: ['token.revoked'] }, 'cli');
    await happen(one, 'kept');
    assert.equal((await one.parts.webhooks.delivery(webhook.id)).holder, 'crashed');
    assert.deepEqual(names(to), []);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 31_000 });
    await one.parts.webhooks.change(webhook.id, { enabled: true }, 'cli');
    await to.until(named('kept'));
    await one.parts.webhooks.remove(webhook.id, 'cli');
  });

  it('after a rotation signs with both secrets until the overlap is over', async () => {
    const to = await receiver();
    const { webhook, secret } = await one.parts.webhooks.add({ url: to.url, types: ['token.revoked'] }, 'cli');
    const second = await one.parts.webhooks.rotateSecret(webhook.id, 'cli');
    await one.parts.webhooks.send(second.webhook, { id: 'both', body: '{}' });
    const both = await to.until(({ id }) => id === 'both');
    assert.deepEqual([signedBy(second.secret, both), signedBy(secret, both)], [0, 1]);
    const third = await one.parts.webhooks.rotateSecret(webhook.id, 'cli', 0);
    await one.parts.webhooks.send(third.webhook, { id: 'only', body: '{}' });
    const only = await to.until(({ id }) => id === 'only');
    assert.deepEqual([signedBy(third.secret, only), only.signatures.length], [0, 1]);
    await assert.rejects(one.parts.webhooks.rotateSecret(webhook.id, 'cli', 31 * 86_400), { code: 'invalid' });
    await one.parts.webhooks.remove(webhook.id, 'cli');
  });

  it('sends no more than eight at once', async () => {
    const some = await Promise.all([receiver(), receiver(), receiver()]);
    const { promise, resolve } = Promise.withResolvers<number>();
    const hooks = await Promise.all(
      some.map(async (to) => {
        to.answer = promise;
        return (await one.parts.webhooks.add({ url: to.url, enabled: false }, 'cli')).webhook;
      }),
    );
    let begun = 0;
    const sent = Array.from({ length: 12 }, (_, index) => {
      const webhook = hooks[index % 3];
      assert.ok(webhook);
      return one.parts.webhooks.send(webhook, { id: `many-${index}`, body: '{}' }, async () => {
        begun += 1;
        return true;
      });
    });
    await Promise.all(some.map((to) => to.until(() => true)));
    assert.equal(begun, 8);
    resolve(204);
    await Promise.all(sent);
    assert.equal(begun, 12);
    for (const { id } of hooks) await one.parts.webhooks.remove(id, 'cli');
  });

  it('lets eight that hang hold up nobody else, and keeps places for those that answer', async () => {
    const hanging = await Promise.all(Array.from({ length: 9 }, receiver));
    const { promise, resolve } = Promise.withResolvers<number>();
    const types = ['token.revoked'] as const;
    const made: Webhook[] = [];
    for (const to of hanging) {
      to.answer = promise;
      made.push((await one.parts.webhooks.add({ url: to.url, types }, 'cli')).webhook);
    }
    await happen(one, 'hang');
    // The ninth gets its turn though none of the others has answered: one had to give its place up.
    await Promise.all(hanging.map((to) => to.until(named('hang'))));
    // Its reason is written down beside that, a moment later; that it never is ends in this suite's time limit.
    const gaveUp = async () => {
      const all = await Promise.all(made.map(({ id }) => one.parts.webhooks.delivery(id)));
      return all.some(({ reason }) => /while others waited/.test(reason));
    };
    while (!(await gaveUp())) await new Promise(setImmediate);
    resolve(200);
    for (const { id } of made) await one.parts.webhooks.remove(id, 'cli');
    // However many have failed before, they take three places of eight.
    const to = await receiver();
    const stuck = Promise.withResolvers<number>();
    to.answer = stuck.promise;
    let begun = 0;
    const begin = async () => {
      begun += 1;
      return false;
    };
    const troubled = hanging.slice(0, 6).map((each) => {
      each.answer = stuck.promise;
      const letter = { url: each.url, headers: {}, body: '{"data":{"jti":"stuck"}}', troubled: true };
      return one.parts.posting.post(letter, async () => true);
    });
    await Promise.all(hanging.slice(0, 3).map((each) => each.until(named('stuck'))));
    await Promise.all(
      Array.from({ length: 20 }, () => one.parts.posting.post({ url: to.url, headers: {}, body: '' }, begin)),
    );
    assert.equal(begun, 20);
    assert.equal(hanging[3]?.arrived.some(named('stuck')), false);
    stuck.resolve(200);
    await Promise.all(troubled);
  });

  it('after a restore goes on from then, and says that everything may be another', async () => {
    const to = await receiver();
    const { webhook } = await one.parts.webhooks.add({ url: to.url, enabled: false }, 'cli');
    await happen(one, 'before the restore');
    await restartSignalling(one.parts);
    await one.parts.trail.record({ type: 'store.restored', actor: 'cli', detail: { keptOpen: true } });
    await one.parts.webhooks.change(webhook.id, { enabled: true }, 'cli');
    const first = await to.until(() => true);
    assert.equal(first.body.data.reason, 'store.restored');
    await one.parts.webhooks.remove(webhook.id, 'cli');
  });

  it('is disabled after three days without success, and goes on where it was when it is enabled again', async (t) => {
    const to = await receiver();
    to.answer = 500;
    const { webhook } = await one.parts.webhooks.add({ url: to.url, types: ['token.revoked'] }, 'cli');
    await happen(one, 'lost');
    await to.until(named('lost'));
    const failing = async () => (await one.parts.webhooks.delivery(webhook.id)).tries > 0;
    while (!(await failing())) await happen(one, 'more');
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3 * day + 60_000 });
    const failed = async () => (await two.parts.trail.search({ target: `webhook:${webhook.id}` })).at(-1);
    let event = await failed();
    for (; event?.type !== 'webhook.failed'; event = await failed()) await happen(one, 'more');
    assert.deepEqual([event.outcome, event.detail?.reason], ['failure', 'it answered 500']);
    const shown = await one.parts.webhooks.get(webhook.id);
    assert.deepEqual([shown?.enabled, shown?.failed?.reason], [false, 'it answered 500']);
    const count = to.arrived.length;
    to.answer = 200;
    const enabled = await one.parts.webhooks.change(webhook.id, { enabled: true }, 'cli');
    assert.equal(enabled.failed, undefined);
    await to.until((arrived) => named('more')(arrived));
    assert.equal(names(to)[count], 'lost');
    await one.parts.webhooks.remove(webhook.id, 'cli');
  });

  it('is disabled at once when the receiver says that it is gone', async () => {
    const to = await receiver();
    to.answer = 410;
    const { webhook } = await one.parts.webhooks.add({ url: to.url, types: ['token.revoked'] }, 'cli');
    const failed = async () => (await one.parts.trail.search({ target: `webhook:${webhook.id}` })).at(-1)?.type;
    do await happen(one, 'gone');
    while ((await failed()) !== 'webhook.failed');
    assert.equal((await one.parts.webhooks.get(webhook.id))?.enabled, false);
    await one.parts.webhooks.remove(webhook.id, 'cli');
  });

  it('takes https addresses without credentials only, unless private ones are allowed', async () => {
    const strict = await startApp();
    for (const url of [
      'http://a.example/x',
      'https://u:p@a.example/',
      'https://a.example/#x',
      'ftp://a.example',
      'x',
    ]) {
      await assert.rejects(strict.parts.webhooks.add({ url }, 'cli'), { code: 'invalid' }, url);
    }
    const { webhook } = await strict.parts.webhooks.add({ url: 'https://127.0.0.1/', enabled: false }, 'cli');
    const answered = await strict.parts.webhooks.send(webhook, { id: 'x', body: '{}' });
    assert.match(answered?.reason ?? '', /could not be fetched/);
    await strict.close();
  });
});
