import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { openParts, type Parts, refusal } from '../support/parts.ts';

describe('audit trail', () => {
  let parts: Parts;
  before(async () => {
    parts = await openParts();
  });
  after(() => parts.close());

  it('keeps events in the order in which they happened, also within one millisecond', async () => {
    mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
    try {
      for (let count = 0; count < 30; count += 1) {
        await parts.trail.record({
          type: 'role.assigned',
          actor: 'cli',
          target: 'user:order',
          detail: { until: count },
        });
        if (count % 10 === 9) mock.timers.tick(1);
      }
    } finally {
      mock.timers.reset();
    }
    const events = await parts.trail.search({ target: 'user:order' });
    assert.deepEqual(
      events.map(({ detail }) => detail?.until),
      Array.from({ length: 30 }, (_, index) => index),
    );
    assert.equal(events[0]?.at, 1_800_000_000_000);
  });

  it('finds by type, target and actor, and pages', async () => {
    for (const actor of ['user:a', 'user:b']) {
      for (const target of ['client:x', 'client:y', 'client:z']) {
        await parts.trail.record({ type: 'client.approved', actor, target });
        await parts.trail.record({ type: 'client.suspended', actor, target, outcome: 'failure' });
      }
    }
    const approved = await parts.trail.search({ type: 'client.approved' });
    assert.equal(approved.length, 6);
    assert.equal(approved[0]?.outcome, 'success');
    assert.equal((await parts.trail.search({ actor: 'user:b', target: 'client:y' })).length, 2);
    const first = await parts.trail.search({ type: 'client.approved' }, { limit: 4 });
    const rest = await parts.trail.search({ type: 'client.approved' }, { limit: 4, after: first.at(-1)?.id ?? '' });
    assert.deepEqual([...first, ...rest], approved);
  });

  it('begins where it is told to', async () => {
    mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
    try {
      await parts.trail.record({ type: 'key.rotated', actor: 'system' });
      mock.timers.tick(60_000);
      await parts.trail.record({ type: 'key.rotated', actor: 'cli' });
    } finally {
      mock.timers.reset();
    }
    const events = await parts.trail.search({ type: 'key.rotated', since: 1_700_000_060 });
    assert.deepEqual(
      events.map(({ actor }) => actor),
      ['cli'],
    );
  });

  it('names the types there are when it is asked for another', async () => {
    await assert.rejects(parts.trail.search({ type: 'client.eaten' }), refusal('invalid', /client\.approved/));
  });

  it('keeps long facts short and leaves out those that are missing', async () => {
    const detail = { code: 'x'.repeat(5000), reason: undefined };
    await parts.trail.record({ type: 'registration.refused', actor: 'registrar:long', detail });
    const [event] = await parts.trail.search({ actor: 'registrar:long' });
    assert.deepEqual(Object.keys(event?.detail ?? {}), ['code']);
    assert.equal(String(event?.detail?.code).length, 301);
  });

  it('tells its listener once the event is durable, and a listener that fails fails no deed', async (t) => {
    const heard: string[] = [];
    const complaints: unknown[] = [];
    t.after(() =>
      parts.trail.listen(
        () => undefined,
        () => {},
      ),
    );
    parts.trail.listen(
      async ({ id, target }) => {
        const [last] = await parts.trail.search({ target: target ?? '' });
        heard.push(last?.id === id ? 'it is there' : 'it is not there yet');
        throw new Error('the listener is broken');
      },
      (error) => complaints.push(error),
    );
    await parts.trail.record({ type: 'user.created', actor: 'cli', target: 'user:heard' });
    assert.deepEqual(heard, ['it is there']);
    assert.deepEqual(complaints, [new Error('the listener is broken')]);
  });
});
