import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it, mock } from 'node:test';
import { Authenticator, type Manner } from '../support/authenticator.ts';
import { factorsIn } from '../support/factor-records.ts';
import { issuer, openParts, type Parts } from '../support/parts.ts';

const seen = { ip: '192.0.2.1', requestId: 'r-1' };
const origin = issuer;

let parts: Parts;
let other: Parts;
before(async () => {
  parts = await openParts();
  other = await openParts(parts.url);
});
after(() => Promise.all([parts.close(), other.close()]));
afterEach(() => mock.timers.reset());

const place = (id: string, binding = 'session s1') => ({ person: { id, name: `${id}@x.test` }, binding });
const offer = async (id: string, binding?: string) =>
  (await parts.enrolments.offer('webauthn', place(id, binding))).options;
const accept = (id: string, response: string, binding?: string) =>
  parts.enrolments.accept('webauthn', place(id, binding), { answer: { response }, name: '', seen });

async function enrol(id: string, key = new Authenticator({ origin })): Promise<Authenticator> {
  const done = await accept(id, key.create(await offer(id)));
  assert.equal(done.ok, true);
  return key;
}

const signin = { binding: 'signin u1' };
async function ask(user: string, binding = signin.binding) {
  const options = await parts.enrolments.challenge({ user, binding });
  assert.ok(options);
  return options;
}
const prove = (user: string, response: string, by = parts, binding = signin.binding) =>
  by.enrolments.prove('webauthn', { user, binding }, { response }, seen);
const proveAnybody = (response: string) => parts.enrolments.provePasskey(signin, { response }, seen);

/** What the trail says of refused proofs of this person. */
const refusals = async (user: string) =>
  (await parts.trail.search({ target: `user:${user}`, type: 'factor.refused' })).map(({ detail }) => detail?.reason);

describe('enrolling a security key or passkey', () => {
  for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
    it(`works with ${algorithm}, and the key signs in then`, async () => {
      const user = `usr_${algorithm}`;
      const key = await enrol(user, new Authenticator({ origin, algorithm }));
      const done = await prove(user, key.get(await ask(user)));
      assert.ok(done.ok);
      assert.deepEqual([done.level, done.amr], ['phr', ['hwk', 'user', 'mfa']]);
    });
  }

  it('asks for what is wanted and names what the person has already', async () => {
    const key = await enrol('usr_asked');
    const options = await offer('usr_asked');
    assert.deepEqual(
      options.pubKeyCredParams.map(({ alg }) => alg),
      [-7, -8, -257],
    );
    assert.equal(options.rp.id, 'id.example.test');
    assert.equal(options.attestation, 'none');
    assert.deepEqual(
      options.excludeCredentials?.map(({ id }) => id),
      [key.id],
    );
    assert.equal(Buffer.from(options.user.id, 'base64url').toString(), 'usr_asked');
    assert.ok(Buffer.from(options.challenge, 'base64url').length >= 16);
  });

  it('tells a passkey from a key that only is touched', async () => {
    await enrol('usr_kinds', new Authenticator({ origin, verifies: false }));
    await enrol('usr_kinds', new Authenticator({ origin, synced: true }));
    const all = await parts.enrolments.of('usr_kinds');
    assert.deepEqual(
      all.map(({ level, passkey, name }) => [level, passkey, name]).sort(),
      [
        ['2fa', false, 'Security key'],
        ['phr', true, 'Passkey'],
      ].sort(),
    );
    assert.equal(await parts.enrolments.levelOf('usr_kinds'), 'phr');
  });

  const bad: readonly (readonly [name: string, manner: Manner])[] = [
    ['sec-148 from http', { origin: 'http://id.example.test' }],
    ['sec-148 from a sub-domain', { origin: 'https://x.id.example.test' }],
    ['sec-148 from a look-alike', { origin: 'https://id.examp1e.test' }],
    ['sec-148 from another port', { origin: 'https://id.example.test:8443' }],
    ['sec-148 for another domain', { rpId: 'example.test' }],
    ['sec-151 inside another page', { crossOrigin: true }],
    ['sec-151 inside a page that it names', { topOrigin: 'https://evil.test' }],
    ['sec-151 with a strange word for it', { crossOrigin: 'no' }],
    ['sec-152 under another id than the credential has', { id: 'AAAA' }],
    ['sec-154 for an algorithm that is not wanted', { algorithm: -65535 }],
    ['sec-154 for one that the library would take', { algorithm: -48 }],
    ['for another ceremony', { type: 'webauthn.get' }],
    ['that nobody has touched', { touched: false }],
  ];
  for (const [name, manner] of bad) {
    it(`refuses a key ${name}`, async () => {
      const key = new Authenticator({ origin });
      const done = await accept('usr_bad', key.create(await offer('usr_bad'), manner));
      assert.deepEqual(done, { ok: false, reason: 'wrong' });
      assert.deepEqual(await parts.enrolments.of('usr_bad'), []);
    });
  }

  it('sec-147 takes a challenge once, from whom it was given to, where, and within five minutes', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const key = new Authenticator({ origin });
    const refused = { ok: false, reason: 'expired' };
    const response = key.create(await offer('usr_once'));
    assert.deepEqual(await accept('usr_other', response), refused);
    assert.deepEqual(await accept('usr_once', response, 'session s2'), refused);
    const answers = await Promise.all(Array.from({ length: 8 }, () => accept('usr_once', response)));
    assert.equal(answers.filter(({ ok }) => ok).length, 1);
    assert.deepEqual(await accept('usr_once', response), refused);
    const late = new Authenticator({ origin }).create(await offer('usr_once'));
    mock.timers.tick(300_000);
    assert.deepEqual(await accept('usr_once', late), refused);
    const own = new Authenticator({ origin }).create({ ...(await offer('usr_once')), challenge: 'bWFkZSB1cA' });
    assert.deepEqual(await accept('usr_once', own), refused);
  });

  it('sec-155 takes a credential for one person only, also at the same moment', async () => {
    const key = await enrol('usr_first');
    assert.deepEqual(await accept('usr_second', key.create(await offer('usr_second'))), { ok: false, reason: 'taken' });
    const fresh = new Authenticator({ origin });
    const responses = await Promise.all(
      ['usr_p', 'usr_q'].map(async (user) => [user, fresh.create(await offer(user))] as const),
    );
    const answers = await Promise.all(responses.map(([user, response]) => accept(user, response)));
    assert.equal(answers.filter(({ ok }) => ok).length, 1);
  });

  it('sec-156 is not disturbed by what is broken, and calls nobody', async () => {
    const fetched: unknown[] = [];
    mock.method(globalThis, 'fetch', (url: unknown) => fetched.push(url));
    const key = new Authenticator({ origin });
    for (let round = 0; round < 300; round += 1) {
      const response = key.create(await offer('usr_fuzz'));
      const at = (round * 7919) % response.length;
      const letter = 'AbZ09-_"{'[round % 9] ?? '';
      await accept('usr_fuzz', `${response.slice(0, at)}${letter}${response.slice(at + 1)}`);
      const json: { response: { attestationObject: string } } = JSON.parse(key.create(await offer('usr_fuzz')));
      const bytes = Buffer.from(json.response.attestationObject, 'base64url');
      bytes[(round * 31) % bytes.length] = (round * 17) & 0xff;
      json.response.attestationObject = bytes.subarray(0, bytes.length - (round % 3)).toString('base64url');
      await accept('usr_fuzz', JSON.stringify(json));
    }
    for (const text of ['', 'null', '[]', '{}', '{"id":1}', '{"response":{}}', 'x'.repeat(1_000_000)]) {
      assert.deepEqual(await accept('usr_fuzz2', text), { ok: false, reason: 'wrong' });
      assert.deepEqual(await prove('usr_fuzz2', text), { ok: false });
    }
    assert.deepEqual(fetched, []);
    mock.restoreAll();
  });

  it('sec-156 does not read what a maker says, where nobody asks for it', async () => {
    const key = new Authenticator({ origin });
    const attest = () => ({ fmt: 'packed', attStmt: new Map<string, unknown>([['x5c', [Buffer.from('nothing')]]]) });
    assert.equal((await accept('usr_attested', key.create(await offer('usr_attested'), { attest }))).ok, true);
  });

  it('is over after twenty factors', async () => {
    for (let count = 0; count < 20; count += 1) await enrol('usr_many');
    const one = new Authenticator({ origin }).create(await offer('usr_many'));
    assert.deepEqual(await accept('usr_many', one), { ok: false, reason: 'not-allowed' });
  });
});

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
    const options = await parts.enrolments.challengeAnybody(signin);
    assert.deepEqual([options.userVerification, options.allowCredentials], ['required', undefined]);
    assert.deepEqual(await proveAnybody(key.get(options, { verifies: false })), { ok: false });
    const alone = await proveAnybody(key.get(await parts.enrolments.challengeAnybody(signin)));
    assert.ok(alone.ok);
    assert.deepEqual([alone.factor.user, alone.level, alone.amr], ['usr_uv', 'phr', ['hwk', 'user', 'mfa']]);
  });

  it('sec-152 has to say whose it is, where nobody has said it before', async () => {
    const key = await enrol('usr_handle');
    const answer = async (manner: Manner) =>
      proveAnybody(key.get(await parts.enrolments.challengeAnybody(signin), manner));
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
