import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { Trail } from '../../src/audit/trail.ts';
import { SetupLinks, setupState, setupTime } from '../../src/federation/setup-links.ts';
import { openStore } from '../../src/store/index.ts';
import { openKeyring } from '../../src/store/keyring.ts';
import type { Store } from '../../src/store/port.ts';
import { storeUrl } from '../support/store.ts';

const seen = { ip: '192.0.2.7', requestId: 'r1' };
const day = 86_400_000;
let store: Store;
let trail: Trail;
/** Two of them on one store, as two processes have them. */
let [one, other]: SetupLinks[] = [];
before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  store = await openStore(await storeUrl());
  const vault = await openKeyring(store, Buffer.alloc(32, 7));
  trail = new Trail(store, vault);
  [one, other] = [new SetupLinks({ store, vault, trail }), new SetupLinks({ store, vault, trail })];
});
after(async () => {
  await store.close();
  mock.timers.reset();
});

const links = (): SetupLinks => one ?? assert.fail();
const made = (more: { days?: number; note?: string } = {}) =>
  links().make({ organization: 'acme', ...more }, 'user:u1');

describe('set-up links', () => {
  it('are taken by exactly one of many browsers, in whatever process, and every other try is told of', async () => {
    const { link, key } = await made({ note: ' Pat at Acme ' });
    assert.deepEqual([link.note, setupState(link)], ['Pat at Acme', 'open']);
    const tries = Array.from({ length: 12 }, (_, at) =>
      ((at % 2 === 0 ? one : other) ?? links()).take(link.id, key, seen),
    );
    const won = (await Promise.all(tries)).filter((secret) => secret !== undefined);
    assert.equal(won.length, 1);
    const mine = await links().ofBrowser(won[0]);
    assert.deepEqual([mine?.id, mine?.organization, mine && setupState(mine)], [link.id, 'acme', 'opened']);
    for (const wrong of [undefined, '', won[0]?.slice(0, -1), `${won[0]}x`, `${link.id}.${key}`, link.id]) {
      assert.equal(await links().ofBrowser(wrong), undefined);
    }
    const events = await trail.search({ type: 'setup-link.opened', target: 'organization:acme' });
    assert.deepEqual(events.map(({ outcome }) => outcome).sort(), [...Array(11).fill('failure'), 'success'].sort());
    const [success] = events.filter(({ outcome }) => outcome === 'success');
    assert.deepEqual([success?.actor, success?.ip, success?.detail?.link], [`setup-link:${link.id}`, seen.ip, link.id]);
  });

  it('are opened by their own key alone, and looking uses nothing up', async () => {
    const [{ link, key }, another] = [await made(), await made()];
    for (const wrong of [another.key, '', `${key}x`]) {
      assert.equal(await links().look(link.id, wrong), undefined);
      assert.equal(await links().take(link.id, wrong, seen), undefined);
    }
    for (let look = 0; look < 3; look += 1) assert.equal((await links().look(link.id, key))?.id, link.id);
    assert.ok(await links().take(link.id, key, seen));
    assert.equal(await links().look('nowhere', key), undefined);
  });

  it('keep no secret where it could be read, in the store or in the trail', async () => {
    const { link, key } = await made({ note: 'somebody@acme.test' });
    const browser = (await links().take(link.id, key, seen)) ?? '';
    const raw = store.collection({ name: 'setup-links', indexes: { organization: { key: () => undefined } } });
    const text = JSON.stringify([
      await raw.get(link.id),
      await trail.search({}, { limit: 1000 }),
      await links().of('acme'),
    ]);
    assert.ok(text.includes(link.id));
    for (const secret of [key, browser, browser.split('.')[1] ?? ''])
      assert.ok(secret.length > 30 && !text.includes(secret));
    const events = JSON.stringify(await trail.search({ type: 'setup-link.made' }));
    assert.ok(!events.includes('somebody@acme.test'));
  });

  it('end with their days, with the time for setting up, and at once when somebody ends them', async () => {
    const [late, short, long, gone] = await Promise.all([made(), made({ days: 1 }), made({ days: 30 }), made()]);
    const browsers = new Map<string, string | undefined>();
    const stateOf = async (id: string) => {
      const link = await links().ofBrowser(browsers.get(id));
      return link && setupState(link);
    };
    for (const { link, key } of [long, gone]) browsers.set(link.id, await links().take(link.id, key, seen));
    await links().end('acme', gone.link.id, 'user:u2');
    assert.deepEqual([await stateOf(long.link.id), await stateOf(gone.link.id)], ['opened', 'ended']);
    mock.timers.tick(setupTime * 1000 - 1000);
    assert.equal(await stateOf(long.link.id), 'opened');
    mock.timers.tick(1000);
    assert.equal(await stateOf(long.link.id), 'expired');
    mock.timers.tick(day - setupTime * 1000 - 1000);
    // Opened at the last moment it still ends with its day.
    browsers.set(short.link.id, await links().take(short.link.id, short.key, seen));
    assert.equal(await stateOf(short.link.id), 'opened');
    mock.timers.tick(1000);
    assert.equal(await stateOf(short.link.id), 'expired');
    mock.timers.tick(6 * day);
    assert.equal(await links().take(late.link.id, late.key, seen), undefined);
    const told = await links().look(late.link.id, late.key);
    assert.equal(told && setupState(told), 'expired');
    mock.timers.tick(31 * day);
    assert.equal(await links().look(late.link.id, late.key), undefined);
  });

  it('belong to one organisation: nobody ends one of another, and they go with it', async () => {
    const { link, key } = await made();
    for (const [organization, id] of [
      ['globex', link.id],
      ['acme', 'nowhere'],
    ] as const) {
      await assert.rejects(links().end(organization, id, 'user:u3'), { code: 'missing' });
    }
    const browser = await links().take(link.id, key, seen);
    mock.timers.tick(1000);
    const newer = (await made()).link.id;
    assert.equal((await links().of('acme'))[0]?.id, newer);
    assert.deepEqual(await links().of('globex'), []);
    await links().end('acme', link.id, 'user:u2');
    await links().end('acme', link.id, 'user:u3');
    const ended = await trail.search({ type: 'setup-link.ended', target: 'organization:acme' });
    assert.deepEqual(
      ended.filter(({ detail }) => detail?.link === link.id).map(({ actor }) => actor),
      ['user:u2'],
    );
    await links().forget('acme');
    assert.deepEqual([await links().of('acme'), await links().ofBrowser(browser)], [[], undefined]);
  });

  it('take no more days and no longer note than they may', async () => {
    for (const days of [0, -1, 31, 1.5, Number.NaN]) await assert.rejects(made({ days }), { code: 'invalid' });
    for (const note of ['x'.repeat(201), 'two\nlines']) await assert.rejects(made({ note }), { code: 'invalid' });
    const { link } = await made({ note: '  ' });
    assert.deepEqual([link.note, link.expires - link.made], [undefined, 7 * 86_400]);
  });
});
