import assert from 'node:assert/strict';
import { after, afterEach, describe, it, mock } from 'node:test';
import { Authenticator, type Manner } from '../support/authenticator.ts';
import { keysAt } from '../support/keys.ts';
import { openParts, issuer as origin } from '../support/parts.ts';

const parts = await openParts();
const { accept, ask, enrol, offer, prove } = keysAt(parts);
after(() => parts.close());
afterEach(() => mock.timers.reset());

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
