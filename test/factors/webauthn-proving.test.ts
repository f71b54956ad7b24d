import assert from 'node:assert/strict';
import { after, afterEach, describe, it, mock } from 'node:test';
import { Authenticator, type Manner } from '../support/authenticator.ts';
import { factorsIn } from '../support/factor-records.ts';
import { keysAt } from '../support/keys.ts';
import { openParts, issuer as origin } from '../support/parts.ts';

const parts = await openParts();
const other = await openParts(parts.url);
const { ask, askAnybody, enrol, prove, proveAnybody, refusals } = keysAt(parts);
after(() => Promise.all([parts.close(), other.close()]));
afterEach(() => mock.timers.reset());

describe('proving a security key or passkey', () => {
  it('sec-147 takes a challenge once, of eight at once, from whom it was given to, where, and within five minutes', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const key = await enrol('usr_a', new Authenticator({ origin, synced: true }));
    const theirs = await enrol('usr_b');
    const response = key.get(await ask('usr_a'));
    assert.equal((await prove('usr_a', response, parts, 'signin u2')).ok, false);
    assert.equal((await proveAnybody(response)).ok, false);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => prove('usr_a', response, index % 2 ? parts : other)),
    );
    assert.equal(answers.filter(({ ok }) => ok).length, 1);
    assert.equal((await prove('usr_a', response)).ok, false);
    assert.equal((await prove('usr_a', key.get(await ask('usr_b')))).ok, false);
    assert.equal((await prove('usr_a', theirs.get(await ask('usr_a')))).ok, false);
    const late = key.get(await ask('usr_a'));
    mock.timers.tick(300_000);
    assert.equal((await prove('usr_a', late)).ok, false);
    assert.equal((await prove('usr_a', key.get({ ...(await ask('usr_a')), challenge: 'bWFkZSB1cA' }))).ok, false);
  });

  const bad: readonly (readonly [name: string, manner: Manner])[] = [
    ['sec-148 from http', { origin: 'http://id.example.test' }],
    ['sec-148 from a sub-domain', { origin: 'https://x.id.example.test' }],
    ['sec-148 from another port', { origin: 'https://id.example.test:8443' }],
    ['sec-148 for another domain', { rpId: 'example.test' }],
    ['sec-151 inside another page', { crossOrigin: true }],
    ['sec-151 inside a page that it names', { topOrigin: 'https://evil.test' }],
    ['sec-152 with the handle of somebody else', { userHandle: Buffer.from('usr_other').toString('base64url') }],
    ['sec-153 with a bit of the signature turned', { flipped: true }],
    ['for another ceremony', { type: 'webauthn.create' }],
    ['that nobody has touched', { touched: false }],
  ];
  for (const [name, manner] of bad) {
    it(`refuses an answer ${name}, and counts it as a failure`, async () => {
      const user = `usr_${name.replaceAll(/\W/g, '')}`;
      const key = await enrol(user, new Authenticator({ origin, synced: true }));
      assert.deepEqual(await prove(user, key.get(await ask(user), manner)), { ok: false });
      assert.deepEqual(await refusals(user), ['wrong']);
      assert.equal((await factorsIn(parts.store).find({ user }))[0]?.failures, 1);
      assert.equal((await prove(user, key.get(await ask(user)))).ok, true);
      assert.equal((await factorsIn(parts.store).find({ user }))[0]?.failures, 0);
    });
  }

  it('sec-152 refuses the credential of somebody else, and one that says another id than its own', async () => {
    const key = await enrol('usr_own');
    const foreign = await enrol('usr_foreign');
    assert.equal((await prove('usr_own', foreign.get(await ask('usr_own')))).ok, false);
    assert.equal((await prove('usr_own', foreign.get(await ask('usr_own'), { id: key.id }))).ok, false);
    assert.equal((await prove('usr_own', key.get(await ask('usr_own'), { id: foreign.id }))).ok, false);
    assert.deepEqual(await refusals('usr_own'), ['wrong']);
  });

  it('sec-149 is worth less without its user verified, and alone it is worth nothing then', async () => {
    const key = await enrol('usr_uv');
    const done = await prove('usr_uv', key.get(await ask('usr_uv'), { verifies: false }));
    assert.ok(done.ok);
    assert.deepEqual([done.level, done.amr], ['2fa', ['hwk']]);
    const options = await askAnybody();
    assert.deepEqual([options.userVerification, options.allowCredentials], ['required', undefined]);
    assert.deepEqual(await proveAnybody(key.get(options, { verifies: false })), { ok: false });
    const alone = await proveAnybody(key.get(await askAnybody()));
    assert.ok(alone.ok);
    assert.deepEqual([alone.factor.user, alone.level, alone.amr], ['usr_uv', 'phr', ['hwk', 'user', 'mfa']]);
  });

  it('sec-152 has to say whose it is, where nobody has said it before', async () => {
    const key = await enrol('usr_handle');
    const answer = async (manner: Manner) => proveAnybody(key.get(await askAnybody(), manner));
    assert.equal((await answer({ userHandle: null })).ok, false);
    assert.equal((await answer({ userHandle: Buffer.from('usr_own').toString('base64url') })).ok, false);
    assert.equal((await answer({})).ok, true);
    assert.equal((await prove('usr_handle', key.get(await ask('usr_handle'), { userHandle: null }))).ok, true);
  });

  it('sec-150 finds a cloned key by its counter, and tells it; keys that do not count are none', async () => {
    const key = await enrol('usr_clone');
    const answer = async (counter: number) =>
      (await prove('usr_clone', key.get(await ask('usr_clone'), { counter }))).ok;
    assert.deepEqual(
      [await answer(10), await answer(10), await answer(9), await answer(0), await answer(11)],
      [true, false, false, false, true],
    );
    assert.deepEqual(await refusals('usr_clone'), ['cloned', 'cloned', 'cloned']);
    const responses: string[] = [];
    for (let index = 0; index < 8; index += 1) responses.push(key.get(await ask('usr_clone'), { counter: 20 }));
    const answers = await Promise.all(
      responses.map((response, index) => prove('usr_clone', response, index % 2 ? parts : other)),
    );
    assert.equal(answers.filter(({ ok }) => ok).length, 1);
    const synced = await enrol('usr_synced', new Authenticator({ origin, synced: true }));
    for (let count = 0; count < 3; count += 1) {
      const done = await prove('usr_synced', synced.get(await ask('usr_synced')));
      assert.ok(done.ok);
      assert.deepEqual(done.amr, ['swk', 'user', 'mfa']);
    }
  });

  it('sec-118 cannot be blocked by whoever sends bad signatures', async () => {
    const key = await enrol('usr_flood', new Authenticator({ origin, synced: true }));
    for (let count = 0; count < 101; count += 1) {
      await prove('usr_flood', key.get(await ask('usr_flood'), { flipped: true }));
    }
    assert.equal((await prove('usr_flood', key.get(await ask('usr_flood')))).ok, true);
  });

  it('is asked of nobody who has none', async () => {
    assert.equal(await parts.enrolments.challenge({ user: 'usr_none', binding: 'x' }), undefined);
  });

  it('becomes the stronger factor that it turns out to be', async () => {
    const key = await enrol('usr_stronger', new Authenticator({ origin, verifies: false }));
    assert.equal(await parts.enrolments.levelOf('usr_stronger'), '2fa');
    await prove('usr_stronger', key.get(await ask('usr_stronger'), { verifies: true }));
    assert.equal(await parts.enrolments.levelOf('usr_stronger'), 'phr');
  });

  it('cannot be read in the store, nor put under somebody else', async () => {
    const key = await enrol('usr_sealed');
    await enrol('usr_thief');
    const kept = factorsIn(parts.store);
    const [mine] = await kept.find({ user: 'usr_sealed' });
    const [theirs] = await kept.find({ user: 'usr_thief' });
    assert.ok(mine && theirs);
    assert.doesNotMatch(JSON.stringify(mine), new RegExp(key.id));
    await kept.take(mine.id);
    await kept.change(theirs.id, (now) => ({
      ...now,
      sealed: mine.sealed,
      ...(mine.credential === undefined ? {} : { credential: mine.credential }),
    }));
    await assert.rejects(ask('usr_thief'));
  });
});
