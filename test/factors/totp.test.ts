import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
import { keyUri, newSecret, stepOf } from '../../src/factors/totp.ts';
import { factorsIn } from '../support/factor-records.ts';
import { openParts, type Parts } from '../support/parts.ts';
import { base32, codeOf, wrongCode } from '../support/totp.ts';

const seen = { ip: '192.0.2.1', requestId: 'r-1' };

describe('the codes of authenticator apps', () => {
  beforeEach(() => mock.timers.enable({ apis: ['Date'], now: 1_800_000_015_000 }));
  afterEach(() => mock.timers.reset());

  it('are those of RFC 6238 appendix B', () => {
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
    for (const [time, code] of [
      [59, '287082'],
      [1_111_111_109, '081804'],
      [1_111_111_111, '050471'],
      [1_234_567_890, '005924'],
      [2_000_000_000, '279037'],
      [20_000_000_000, '353130'],
    ] as const) {
      mock.timers.setTime(time * 1000);
      assert.equal(stepOf(secret, code), Math.floor(time / 30), code);
    }
  });

  it('sec-130 of this step and the one before count, and no others', () => {
    const secret = newSecret();
    const accepted = [-2, -1, 0, 1, 2].filter((steps) => stepOf(secret, codeOf(secret, steps)) !== undefined);
    assert.deepEqual(accepted, [-1, 0]);
  });

  it('sec-129 of a step that was used, or before it, do not count again', () => {
    const secret = newSecret();
    const now = Math.floor(Date.now() / 30_000);
    const counts = (used: number) => [-1, 0].map((steps) => stepOf(secret, codeOf(secret, steps), used) !== undefined);
    assert.deepEqual([now - 2, now - 1, now, now + 1].map(counts), [
      [true, true],
      [false, true],
      [false, false],
      [false, false],
    ]);
  });

  it('sec-132 that are none are wrong codes', () => {
    const secret = newSecret();
    const code = codeOf(secret);
    const texts = ['', code.slice(1), `${code}0`, 'abcdef', '١٢٣٤٥٦', '-12345', '1e5', '12.345', `${code}\0`];
    for (const text of [...texts, '1'.repeat(1_000_000)])
      assert.equal(stepOf(secret, text), undefined, text.slice(0, 9));
    assert.notEqual(stepOf(secret, ` ${code.slice(0, 3)} ${code.slice(3)} `), undefined);
  });

  it('sec-133 rest on 160 bits, and the address for apps says how they are made', () => {
    const secret = newSecret();
    assert.equal(base32(secret).length, 20);
    assert.notEqual(secret, newSecret());
    const uri = new URL(keyUri('id.example.test', 'ana@x.test', secret));
    assert.equal(uri.protocol, 'otpauth:');
    assert.equal(uri.searchParams.get('secret'), secret);
    assert.equal(uri.searchParams.get('issuer'), 'id.example.test');
    assert.match(uri.href, /^otpauth:\/\/totp\/id\.example\.test:ana%40x\.test\?/);
  });
});

describe('an authenticator app', () => {
  let parts: Parts;
  let other: Parts;
  before(async () => {
    parts = await openParts();
    other = await openParts(parts.url);
  });
  after(() => Promise.all([parts.close(), other.close()]));
  beforeEach(() => mock.timers.enable({ apis: ['Date'], now: 1_800_000_015_000 }));
  afterEach(() => mock.timers.reset());

  const place = (id: string, binding = 'session s1') => ({ person: { id, name: `${id}@x.test` }, binding });
  const accept = (id: string, code: string, binding?: string) =>
    parts.enrolments.accept('totp', place(id, binding), { answer: { code }, name: 'My phone', seen });
  const prove = (id: string, code: string, by = parts) =>
    by.enrolments.prove('totp', { user: id, binding: 'signin u1' }, { code }, seen);

  /** Enrols one, and lets its first code be over. */
  async function enrol(id: string): Promise<string> {
    const { secret } = await parts.enrolments.offer('totp', place(id));
    assert.equal((await accept(id, codeOf(secret))).ok, true);
    mock.timers.tick(60_000);
    return secret;
  }

  it('sec-136 is enrolled by one code of the secret that was offered here, within ten minutes', async () => {
    const { secret } = await parts.enrolments.offer('totp', place('usr_a'));
    const again = await other.enrolments.offer('totp', place('usr_a'));
    assert.equal(again.secret, secret);
    const elsewhere = await parts.enrolments.offer('totp', place('usr_a', 'session s2'));
    const somebody = await parts.enrolments.offer('totp', place('usr_b'));
    assert.equal(new Set([secret, elsewhere.secret, somebody.secret]).size, 3);
    assert.deepEqual(await accept('usr_a', ''), { ok: false, reason: 'wrong' });
    assert.deepEqual(await accept('usr_a', codeOf(elsewhere.secret)), { ok: false, reason: 'wrong' });
    assert.deepEqual(await accept('usr_a', codeOf(secret), 'session s3'), { ok: false, reason: 'expired' });
    assert.deepEqual(await parts.enrolments.of('usr_a'), []);
    const done = await accept('usr_a', codeOf(secret));
    assert.ok(done.ok);
    assert.deepEqual([done.level, done.amr, done.factor.name], ['2fa', ['otp'], 'My phone']);
    assert.deepEqual(await accept('usr_a', codeOf(secret)), { ok: false, reason: 'expired' });
    mock.timers.tick(601_000);
    assert.deepEqual(await accept('usr_a', codeOf(elsewhere.secret), 'session s2'), { ok: false, reason: 'expired' });
  });

  it('is enrolled once by two answers at the same moment', async () => {
    const { secret } = await parts.enrolments.offer('totp', place('usr_twice'));
    const code = codeOf(secret);
    const answers = await Promise.all(Array.from({ length: 8 }, () => accept('usr_twice', code)));
    assert.equal(answers.filter(({ ok }) => ok).length, 1);
    assert.equal((await parts.enrolments.of('usr_twice')).length, 1);
  });

  it('sec-129 counts a code once: the one it was enrolled with, of eight at once, and again later', async () => {
    const { secret } = await parts.enrolments.offer('totp', place('usr_c'));
    assert.equal((await accept('usr_c', codeOf(secret))).ok, true);
    assert.equal((await prove('usr_c', codeOf(secret))).ok, false);
    mock.timers.tick(60_000);
    const code = codeOf(secret);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => prove('usr_c', code, index % 2 ? parts : other)),
    );
    assert.equal(answers.filter(({ ok }) => ok).length, 1);
    mock.timers.tick(1_000);
    assert.equal((await prove('usr_c', code)).ok, false);
    assert.equal((await prove('usr_c', codeOf(secret, -1))).ok, false);
    mock.timers.tick(900_000);
    assert.equal((await prove('usr_c', codeOf(secret))).ok, true);
  });

  it('is not guessed at by the codes of another app of the same person', async () => {
    const secrets = [await enrol('usr_two'), await enrol('usr_two')];
    for (let count = 0; count < 120; count += 1) {
      assert.equal((await prove('usr_two', codeOf(secrets[1] ?? ''))).ok, true);
      mock.timers.tick(30_000);
    }
    assert.equal((await prove('usr_two', codeOf(secrets[0] ?? ''))).ok, true);
    assert.deepEqual(await prove('usr_two', wrongCode(secrets[0] ?? '')), { ok: false });
    const refused = await parts.trail.search({ type: 'factor.refused', target: 'user:usr_two' });
    assert.equal(refused.length, 2);
  });

  it('sec-131 sec-120 waits longer and longer after five wrong codes, in all processes, whatever else is proven', async () => {
    const secret = await enrol('usr_d');
    await parts.enrolments.renewRecoveryCodes({ id: 'usr_d' }, seen);
    for (let count = 0; count < 5; count += 1) {
      assert.deepEqual(await prove('usr_d', wrongCode(secret), count % 2 ? parts : other), { ok: false });
    }
    assert.deepEqual(await prove('usr_d', codeOf(secret), other), { ok: false, waitSeconds: 5 });
    const [code = ''] = await parts.enrolments.renewRecoveryCodes({ id: 'usr_d' }, seen);
    const recovery = await parts.enrolments.prove('recovery-codes', { user: 'usr_d', binding: 'x' }, { code }, seen);
    assert.equal(recovery.ok, true);
    assert.deepEqual(await prove('usr_d', codeOf(secret)), { ok: false, waitSeconds: 5 });
    mock.timers.tick(5_000);
    assert.deepEqual(await prove('usr_d', wrongCode(secret)), { ok: false });
    assert.deepEqual(await prove('usr_d', codeOf(secret)), { ok: false, waitSeconds: 10 });
    mock.timers.tick(10_000);
    const done = await prove('usr_d', codeOf(secret));
    assert.ok(done.ok);
    mock.timers.tick(30_000);
    assert.deepEqual(await prove('usr_d', wrongCode(secret)), { ok: false });
    assert.equal((await prove('usr_d', codeOf(secret))).ok, true);
  });

  it('sec-131 sec-119 is blocked by a hundred wrong codes in a row, and no more are looked at at once', async () => {
    const secret = await enrol('usr_e');
    const wrong = wrongCode(secret);
    for (let count = 0; count < 99; count += 1) {
      await prove('usr_e', wrong);
      mock.timers.tick(900_000);
    }
    assert.equal((await parts.enrolments.of('usr_e'))[0]?.blocked, false);
    await Promise.all(Array.from({ length: 8 }, (_, index) => prove('usr_e', wrong, index % 2 ? parts : other)));
    mock.timers.tick(3_600_000);
    assert.deepEqual(await prove('usr_e', codeOf(secret)), { ok: false, blocked: true });
    assert.equal((await parts.enrolments.of('usr_e'))[0]?.blocked, true);
    assert.equal(await parts.enrolments.levelOf('usr_e'), '2fa');
    const told = await parts.trail.search({ target: 'user:usr_e', type: 'factor.blocked' });
    assert.deepEqual(
      told.map(({ detail }) => detail),
      [{ kind: 'totp' }],
    );
  });

  it('counts a hundred wrong codes at once, and looks at no more than are due', async () => {
    const secret = await enrol('usr_f');
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => prove('usr_f', wrongCode(secret), index % 2 ? parts : other)),
    );
    assert.equal(answers.filter((one) => !one.ok && one.waitSeconds === undefined).length, 5);
  });

  it('may be one of several, and a code may be of any', async () => {
    const [first, second] = [await enrol('usr_g'), await enrol('usr_g')];
    assert.equal((await prove('usr_g', codeOf(second))).ok, true);
    assert.equal((await prove('usr_g', codeOf(first))).ok, true);
    assert.equal((await prove('usr_g', codeOf(first))).ok, false);
    assert.equal((await parts.enrolments.of('usr_g')).length, 2);
  });

  it('sec-133 sec-134 is sealed in the store, for this person and this factor', async () => {
    const { secret } = await parts.enrolments.offer('totp', place('usr_h'));
    const waiting = parts.store.collection({ name: 'factor-ceremonies', indexes: {} });
    assert.doesNotMatch(JSON.stringify(await waiting.find({}, { limit: 1000 })), new RegExp(secret));
    await accept('usr_h', codeOf(secret));
    await enrol('usr_i');
    const kept = factorsIn(parts.store);
    const all = await kept.find({}, { limit: 1000 });
    assert.doesNotMatch(JSON.stringify(all), new RegExp(`${secret}|${base32(secret).toString('base64url')}`));
    const [theirs, others] = ['usr_h', 'usr_i'].map((user) => all.find((one) => one.user === user));
    assert.ok(theirs?.sealed && others);
    const { sealed } = theirs;
    await kept.change(others.id, (now) => ({ ...now, sealed }));
    mock.timers.tick(60_000);
    await assert.rejects(prove('usr_i', codeOf(secret)));
  });
});
