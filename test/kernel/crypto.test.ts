import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { hashPassword, hmac, needsRehash, passwordFits, randomToken, same } from '../../src/kernel/crypto.ts';
import { Problem } from '../../src/kernel/errors.ts';

describe('random tokens', () => {
  it('have 256 bits in 43 characters, and never repeat', () => {
    const tokens = Array.from({ length: 1000 }, () => randomToken());
    assert.equal(new Set(tokens).size, 1000);
    for (const token of tokens) assert.match(token, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(randomToken(16).length, 22);
  });
});

describe('the comparison of secrets', () => {
  it('says whether they are equal, whatever their lengths', () => {
    assert.equal(same('abc', 'abc'), true);
    for (const [a, b] of [
      ['abc', 'abd'],
      ['abc', 'abcd'],
      ['', 'a'],
    ] as const)
      assert.equal(same(a, b), false);
  });
});

describe('the keyed hash', () => {
  it('is HMAC-SHA-256 for keys and values of every length (RFC 2104 §2)', () => {
    for (const length of [1, 16, 32, 63, 64]) {
      const key = randomBytes(length);
      const keyed = hmac(key);
      for (const value of ['', 'a', 'ü☃', 'x'.repeat(43), 'y'.repeat(1000)])
        assert.equal(keyed(value), createHmac('sha256', key).update(value).digest('base64url'));
    }
  });
});

describe('a password hash', () => {
  it('is argon2id at 19 MiB and two passes, salted, as a PHC string', async () => {
    const [one, two] = [await hashPassword('correct horse'), await hashPassword('correct horse')];
    assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.notEqual(one, two);
    assert.equal(needsRehash(one), false);
  });
  it('fits its password and no other', async () => {
    const hash = await hashPassword('correct horse');
    assert.equal(await passwordFits(hash, 'correct horse'), true);
    assert.equal(await passwordFits(hash, 'correct horsf'), false);
    assert.equal(await passwordFits(hash, ''), false);
  });
  it('fits however a keyboard composes the letters', async () => {
    assert.equal(await passwordFits(await hashPassword('caf\u00e9 cr\u00e8me'), 'cafe\u0301 cre\u0300me'), true);
  });
  it('is read as the reference implementation writes it, and found to be of another cost', async () => {
    const reference = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    assert.equal(await passwordFits(reference, 'password'), true);
    assert.equal(await passwordFits(reference, 'passwore'), false);
    assert.equal(needsRehash(reference), true);
  });
  it('fits nothing when it cannot be read or asks for too much', async () => {
    const salted = '$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    const unreadable = [
      '',
      'x',
      '$2b$10$abc',
      `$argon2i$v=19$m=65536,t=2,p=1${salted}`,
      `$argon2id$v=19$m=99999999,t=2,p=1${salted}`,
    ];
    for (const hash of unreadable) {
      assert.equal(await passwordFits(hash, 'password'), false, hash);
      assert.equal(needsRehash(hash), true);
    }
  });
  it('makes a bounded number wait, and tells the rest to come back', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 80 }, () => hashPassword('correct horse')));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    assert.equal(refused.length, 80 - 66);
    for (const problem of refused) {
      assert.ok(problem instanceof Problem);
      assert.deepEqual([problem.code, problem.status, problem.retryAfter], ['busy', 503, 2]);
    }
    assert.equal(await passwordFits(await hashPassword('correct horse'), 'correct horse'), true);
  });
});
