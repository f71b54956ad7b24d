import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it, mock } from 'node:test';
import { openParts, type Parts, refusal } from '../support/parts.ts';

const seen = { ip: '192.0.2.1', requestId: 'r-1' };
const day = 86_400;

describe('sec-143 a remembered device', () => {
  let parts: Parts;
  let other: Parts;
  before(async () => {
    parts = await openParts();
    other = await openParts(parts.url);
  });
  after(() => Promise.all([parts.close(), other.close()]));
  afterEach(() => mock.timers.reset());

  const remember = (user: string, browser: string, seconds = 30 * day, name = 'Firefox on Linux') =>
    parts.devices.remember(user, browser, { seconds, name, seen });

  it('is one browser of one person, known to all processes', async () => {
    await remember('usr_a', 'browser-1');
    assert.deepEqual(
      [
        await other.devices.recognises('usr_a', 'browser-1'),
        await other.devices.recognises('usr_a', 'browser-2'),
        await other.devices.recognises('usr_b', 'browser-1'),
        await other.devices.recognises('usr_a', ''),
      ],
      [true, false, false, false],
    );
  });

  it('is so for the time that was given, never for longer than thirty days, and not for none', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    await remember('usr_c', 'hour', 3600);
    await remember('usr_c', 'year', 365 * day);
    await remember('usr_c', 'none', 0);
    const known = async () =>
      Promise.all(['hour', 'year', 'none'].map((browser) => parts.devices.recognises('usr_c', browser)));
    assert.deepEqual(await known(), [true, true, false]);
    mock.timers.tick(3_600_000);
    assert.deepEqual(await known(), [false, true, false]);
    mock.timers.tick(30 * day * 1000);
    assert.deepEqual(await known(), [false, false, false]);
    assert.deepEqual(await parts.devices.list('usr_c'), []);
  });

  it('is listed with its name, its times and nothing secret, and forgotten one by one or all', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    await remember('usr_d', 'first', 30 * day, ` Safari\n${'x'.repeat(100)}`);
    mock.timers.tick(7_200_000);
    await remember('usr_d', 'second');
    await remember('usr_e', 'first');
    await parts.devices.recognises('usr_d', 'first');
    const [second, first] = await parts.devices.list('usr_d');
    assert.ok(first && second);
    assert.equal(first.name, `Safari ${'x'.repeat(53)}`);
    assert.ok(first.used > first.created);
    assert.equal(second.expires - second.created, 30 * day);
    assert.doesNotMatch(JSON.stringify([first, second]), /"first|"second/);
    await assert.rejects(parts.devices.forget(first.id, 'usr_e', 'user:usr_e'), refusal('missing'));
    await parts.devices.forget(first.id, 'usr_d', 'user:usr_d');
    assert.equal(await parts.devices.recognises('usr_d', 'first'), false);
    assert.equal(await parts.devices.recognises('usr_d', 'second'), true);
    await remember('usr_d', 'third');
    assert.equal(await parts.devices.forgetAll('usr_d', 'cli'), 2);
    assert.equal(await parts.devices.forgetAll('usr_d', 'cli'), 0);
    assert.equal(await parts.devices.recognises('usr_d', 'second'), false);
    assert.equal(await parts.devices.recognises('usr_e', 'first'), true);
    const told = await parts.trail.search({ target: 'user:usr_d', type: 'device.forgotten' });
    assert.deepEqual(
      told.map(({ actor, detail }) => [actor, detail?.count]),
      [
        ['user:usr_d', 1],
        ['cli', 2],
      ],
    );
  });

  it('is something else than a browser that was used before', async () => {
    assert.equal(await parts.devices.known('usr_f', 'browser-1'), false);
    await parts.devices.saw('usr_f', 'browser-1', 'Firefox');
    assert.deepEqual(
      [
        await other.devices.known('usr_f', 'browser-1'),
        await other.devices.known('usr_g', 'browser-1'),
        await other.devices.recognises('usr_f', 'browser-1'),
      ],
      [true, false, false],
    );
    await remember('usr_f', 'browser-1');
    await parts.devices.forgetAll('usr_f', 'cli');
    assert.equal(await parts.devices.known('usr_f', 'browser-1'), true);
    await parts.devices.forgetPerson('usr_f');
    assert.equal(await parts.devices.known('usr_f', 'browser-1'), false);
  });

  it('is in the store under a fingerprint only', async () => {
    await remember('usr_h', 'a-secret-of-a-browser');
    await parts.devices.saw('usr_h', 'a-secret-of-a-browser', 'Firefox');
    const indexes = { user: { key: ({ user }: { user: string }) => user } };
    for (const name of ['remembered-devices', 'known-browsers']) {
      const kept = parts.store.collection<{ id: string; user: string }, 'user'>({ name, indexes });
      const all = await kept.find({ user: 'usr_h' });
      assert.equal(all.length, 1);
      assert.doesNotMatch(JSON.stringify(all), /a-secret-of-a-browser/);
    }
  });
});
