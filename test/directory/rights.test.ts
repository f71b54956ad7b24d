import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { administered } from '../../src/directory/protected.ts';
import { openParts, type Parts, refusal } from '../support/parts.ts';

const by = { actor: 'cli' };

describe('the last administrator, with two processes on one store (sec-271)', () => {
  let ours: Parts;
  let theirs: Parts;
  before(async () => {
    ours = await openParts();
    theirs = await openParts(ours.url);
    await ours.access.ensureBuiltIn();
  });
  after(() => Promise.all([ours.close(), theirs.close()]));

  it('stays, though each process remembers another one', async () => {
    const subject = async (email: string) => `user:${(await ours.users.add({ email }, 'cli')).id}`;
    const [ann, bob] = [await subject('ann@example.test'), await subject('bob@example.test')];
    await ours.groups.save({ id: 'office', includes: [] }, 'cli');
    await ours.groups.join(ann, 'office', 'cli');
    await ours.access.assign('group:office', 'administrator', 'cli');
    await ours.access.assign(bob, 'administrator', 'cli');
    // What this process has read just now it goes on by for up to a second.
    assert.equal((await ours.access.assignments({ role: 'administrator' }, { limit: 1000 })).length, 2);
    await theirs.rights.unassign(by, bob, 'administrator');
    await assert.rejects(ours.rights.leave(by, 'office', ann), refusal('last_administrator'));
    assert.deepEqual(await theirs.groups.of(ann), ['office']);
    assert.ok((await ours.decide.held(ann, undefined)).roles.includes('administrator'));
  });

  /** Who alone is an administrator now, both processes knowing it. */
  async function only(...holders: string[]): Promise<void> {
    for (const one of holders) await ours.access.assign(one, 'administrator', 'cli');
    for (const { id, subject } of await ours.access.assignments({ role: 'administrator' }, { limit: 1000 })) {
      if (!holders.includes(subject)) await ours.access.take(id, 'cli');
    }
    for (const { decide } of [ours, theirs]) {
      for (const one of holders) await decide.permissions(one);
    }
  }
  const person = async (email: string): Promise<string> => (await ours.users.add({ email }, 'cli')).id;
  const last = refusal('last_administrator');

  it('is not disabled, not removed, and not given an end', async () => {
    const [id, other] = [await person('carol@example.test'), await person('dan@example.test')];
    const subject = `user:${id}`;
    await only(subject);
    await assert.rejects(ours.users.disable(id, 'cli'), last);
    await assert.rejects(ours.users.remove(id, 'cli'), last);
    assert.deepEqual([(await ours.users.get(id))?.state, (await ours.users.get(id))?.signedOut], ['active', undefined]);
    // It is not even begun: a process that dies in between would leave nobody.
    const never = async () => assert.fail('the deed was begun');
    await assert.rejects(administered(ours, never, never, subject), last);
    const until = Math.floor(Date.now() / 1000) + 3600;
    await assert.rejects(ours.rights.assign(by, subject, 'administrator', { until }), last);
    const [kept] = await ours.access.assignmentsOf(subject);
    assert.deepEqual([kept?.role, kept?.until], ['administrator', undefined]);
    // Somebody who is one for an hour is not enough.
    await ours.access.assign(`user:${other}`, 'administrator', 'cli', { until });
    await assert.rejects(ours.users.disable(id, 'cli'), last);
    await ours.groups.save({ id: 'bosses', includes: [] }, 'cli');
    await ours.groups.join(subject, 'bosses', 'cli');
    await ours.access.assign('group:bosses', 'administrator', 'cli');
    await ours.rights.unassign(by, subject, 'administrator');
    await assert.rejects(ours.rights.join(by, 'bosses', subject, { until }), last);
    assert.equal((await ours.groups.memberships(subject))[0]?.until, undefined);
    await ours.access.assign(`user:${other}`, 'administrator', 'cli');
    await ours.users.disable(id, 'cli');
    await ours.users.remove(id, 'cli');
    await assert.rejects(ours.users.remove(other, 'cli'), last);
    const { length } = await ours.trail.search({ type: 'user.disabled' });
    assert.equal(length, 1);
  });

  it('stays when two processes take both away at once, and when one does twice', async () => {
    const [one, other] = [await person('erin@example.test'), await person('fay@example.test')];
    await only(`user:${one}`, `user:${other}`);
    const done = await Promise.allSettled([ours.users.disable(one, 'cli'), theirs.users.remove(other, 'cli')]);
    assert.ok(done.some(({ status }) => status === 'rejected'));
    const left = [await ours.users.acts(one, true), await ours.users.acts(other, true)];
    assert.ok(left.includes(true), left.join());
    const again = await person('gil@example.test');
    await only(`user:${again}`);
    const twice = await Promise.allSettled([1, 2].map(() => ours.users.disable(again, 'cli')));
    assert.deepEqual(
      twice.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.ok(await ours.users.acts(again, true));
  });

  it('stays when two processes take it away at the same moment, again and again', async () => {
    const id = await person('moment@example.test');
    await only(`user:${id}`);
    for (let round = 0; round < 3; round += 1) {
      const both = [ours, theirs].map(({ users }) => users.disable(id, 'cli'));
      const refused = (await Promise.allSettled(both)).map(({ status }) => status);
      assert.deepEqual([refused, await ours.users.acts(id, true)], [['rejected', 'rejected'], true]);
    }
  });

  it('has the turn for as long as a deed takes', async (t) => {
    const turns = theirs.store.collection<{ id: string; until: number }>({ name: 'administration-turns', indexes: {} });
    const until = async () => (await turns.get('administration'))?.until;
    t.mock.timers.enable({ apis: ['Date', 'setInterval'], now: Date.now() });
    const { promise, resolve } = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    const deed = ours.access.alone.run(async () => {
      began.resolve();
      await promise;
    });
    await began.promise;
    for (let round = 0; round < 5; round += 1) {
      t.mock.timers.tick(4000);
      // What it said before would have been less.
      while (((await until()) ?? 0) <= Date.now() + 6000) await new Promise((next) => setImmediate(next));
    }
    resolve();
    await deed;
    assert.equal(await until(), 0);
  });

  it('may be a client where no person is one', async () => {
    const { client } = await ours.clients.add(
      { id: 'pipeline', metadata: { grant_types: ['client_credentials'] } },
      'cli',
    );
    await only('client:pipeline');
    for (const move of ['suspend', 'revoke'] as const) {
      await assert.rejects(ours.clients.decide(client.id, move, 'cli', { reason: 'why' }), last);
    }
    let forgotten = 0;
    const forget = async () => {
      forgotten += 1;
    };
    await assert.rejects(ours.clients.remove(client.id, 'cli', forget), last);
    assert.deepEqual([forgotten, (await ours.clients.get('pipeline'))?.state], [0, 'approved']);
    assert.equal((await ours.clients.get('pipeline'))?.reason, undefined);
    await only(`user:${await person('hal@example.test')}`);
    await ours.access.assign('client:pipeline', 'administrator', 'cli');
    await ours.clients.remove(client.id, 'cli', forget);
    assert.equal(forgotten, 1);
    const [gone] = await ours.trail.search({ type: 'client.removed' });
    assert.equal(gone?.detail?.state, 'approved');
  });
});
