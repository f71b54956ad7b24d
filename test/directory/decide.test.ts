import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Api } from '../../src/directory/access.ts';
import { openParts, type Parts } from '../support/parts.ts';

const audience = 'https://api.example.test/orders';
const subject = 'client:reports';

describe('what a subject holds now, asked again and again', () => {
  let ours: Parts;
  let theirs: Parts;
  before(async () => {
    ours = await openParts();
    theirs = await openParts(ours.url);
    const api = {
      id: audience,
      tokenFormat: 'opaque',
      signingAlg: 'RS256',
      permissions: ['read', 'write'],
      routes: [],
    } satisfies Api;
    await ours.access.saveApi(api, 'cli');
    await ours.access.saveRole({ id: 'reader', permissions: [`${audience}#read`], includes: [] }, 'cli');
  });
  after(() => Promise.all([ours.close(), theirs.close()]));

  const rights = async () => (await ours.decide.held(subject, audience)).entitlements;

  it('shows each change of this process at once', async () => {
    assert.deepEqual(await rights(), []);
    await ours.access.assign(subject, 'reader', 'cli');
    assert.deepEqual(await rights(), ['read']);
    await ours.access.saveRole({ id: 'reader', permissions: [`${audience}#write`], includes: [] }, 'cli');
    assert.deepEqual(await rights(), ['write']);
    await ours.access.unassign(subject, 'reader', 'cli');
    assert.deepEqual(await rights(), []);
  });

  it('shows a change of another process within a second', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    try {
      assert.deepEqual(await rights(), []);
      await theirs.access.assign(subject, 'reader', 'cli');
      mock.timers.tick(1000);
      await turn();
      assert.deepEqual(await rights(), ['write']);
    } finally {
      mock.timers.reset();
    }
  });

  it('ends an assignment by the clock', async () => {
    await ours.access.assign('client:guest', 'reader', 'cli', { until: Math.floor(Date.now() / 1000) + 60 });
    assert.equal((await ours.decide.held('client:guest', audience)).entitlements.length, 1);
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_000 });
    try {
      assert.equal((await ours.decide.held('client:guest', audience)).entitlements.length, 0);
    } finally {
      mock.timers.reset();
    }
  });

  it('ends an assignment and a membership by the clock although their writes had to wait', async () => {
    const until = Math.floor(Date.now() / 1000) + 60;
    await ours.groups.save({ id: 'late', includes: [] }, 'cli');
    await ours.groups.save({ id: 'above', includes: ['late'] }, 'cli');
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    try {
      // The time to live is reckoned before the write begins, so the records live half a minute longer than they count.
      const waiting = [
        ours.access.assign('client:late', 'reader', 'cli', { until }),
        ours.groups.join('client:later', 'late', 'cli', { until }),
      ];
      mock.timers.setTime((until - 30) * 1000);
      await Promise.all(waiting);
      const held = async () => [
        (await ours.decide.held('client:late', audience)).entitlements,
        (await ours.decide.held('client:later', audience)).groups,
      ];
      assert.deepEqual(await held(), [['write'], ['above', 'late']]);
      mock.timers.setTime((until - 1) * 1000);
      assert.deepEqual(await held(), [['write'], ['above', 'late']]);
      mock.timers.setTime(until * 1000);
      assert.equal((await ours.access.assignmentsOf('client:late')).length, 1);
      assert.deepEqual(await held(), [[], []]);
      // Where the clock is set back, its word counts again.
      mock.timers.setTime((until - 1) * 1000);
      assert.deepEqual(await held(), [['write'], ['above', 'late']]);
    } finally {
      mock.timers.reset();
    }
  });

  it('tells subjects and audiences apart', async () => {
    assert.deepEqual(await rights(), ['write']);
    assert.deepEqual((await ours.decide.held('client:other', audience)).entitlements, []);
    assert.deepEqual((await ours.decide.held(subject, undefined)).entitlements, []);
  });
});
