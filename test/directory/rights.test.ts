import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
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
});
