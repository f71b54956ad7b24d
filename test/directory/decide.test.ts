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
    assert.deepEqual(await rights(), []);
    await theirs.access.assign(subject, 'reader', 'cli');
    const began = performance.now();
    while ((await rights()).length === 0 && performance.now() - began < 1000) await turn();
    assert.deepEqual(await rights(), ['write']);
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

  it('tells subjects and audiences apart', async () => {
    assert.deepEqual(await rights(), ['write']);
    assert.deepEqual((await ours.decide.held('client:other', audience)).entitlements, []);
    assert.deepEqual((await ours.decide.held(subject, undefined)).entitlements, []);
  });
});
