import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Authenticator } from '../support/authenticator.ts';
import { factorsIn } from '../support/factor-records.ts';
import { issuer, openParts, type Parts, refusal } from '../support/parts.ts';

const seen = { ip: '192.0.2.1', requestId: 'r-1' };

describe('recovery codes', () => {
  let parts: Parts;
  let other: Parts;
  before(async () => {
    parts = await openParts();
    other = await openParts(parts.url);
  });
  after(() => Promise.all([parts.close(), other.close()]));

  const prove = (user: string, code: string, by = parts) =>
    by.enrolments.prove('recovery-codes', { user, binding: 'signin u1' }, { code }, seen);

  async function withKey(id: string): Promise<string> {
    const place = { person: { id, name: id }, binding: 'session s1' };
    const { options } = await parts.enrolments.offer('webauthn', place);
    const response = new Authenticator({ origin: issuer }).create(options);
    const done = await parts.enrolments.accept('webauthn', place, { answer: { response }, name: 'Key', seen });
    assert.ok(done.ok);
    return done.factor.id;
  }

  async function codesOf(id: string): Promise<string[]> {
    await withKey(id);
    return parts.enrolments.renewRecoveryCodes({ id }, seen);
  }
  const leftOf = async (user: string) =>
    (await parts.enrolments.of(user)).find(({ kind }) => kind === 'recovery-codes')?.left;

  it('sec-158 are ten of 76 bits that nobody can foresee, and are hashed with a salt each', async () => {
    const codes = await codesOf('usr_a');
    assert.equal(new Set(codes).size, 10);
    for (const code of codes) assert.match(code, /^(?:[bcdfghjkmnpqrstvwxz2-9]{4}-){4}[bcdfghjkmnpqrstvwxz2-9]{4}$/);
    assert.equal(new Set(codes.flatMap((code) => code.split('-').slice(1))).size, 40);
    const text = JSON.stringify(await factorsIn(parts.store).find({ user: 'usr_a' }));
    for (const code of codes) assert.doesNotMatch(text, new RegExp(`${code}|${code.replaceAll('-', '')}`));
    assert.doesNotMatch(text, /argon2/);
    assert.doesNotMatch(
      JSON.stringify(await parts.trail.search({ target: 'user:usr_a' })),
      new RegExp(codes.join('|')),
    );
  });

  it('sec-159 are good once each, typed in any case and grouping', async () => {
    const [first = '', second = ''] = await codesOf('usr_b');
    const done = await prove('usr_b', ` ${first.replaceAll('-', ' ').toUpperCase()} `);
    assert.ok(done.ok);
    assert.deepEqual([done.level, done.amr, done.factor.left], ['2fa', ['recovery'], 9]);
    assert.equal((await prove('usr_b', first)).ok, false);
    assert.equal((await prove('usr_b', second.replaceAll('-', ''))).ok, true);
    assert.equal(await leftOf('usr_b'), 8);
    const used = await parts.trail.search({ target: 'user:usr_b', type: 'recovery-code.used' });
    assert.deepEqual(
      used.map(({ detail }) => detail?.left),
      [9, 8],
    );
  });

  it('sec-159 are good for one of four at once, in all processes, and none of two is lost', async () => {
    const [one = '', two = '', three = ''] = await codesOf('usr_c');
    const same = await Promise.all([parts, other, parts, other].map((by) => prove('usr_c', one, by)));
    assert.equal(same.filter(({ ok }) => ok).length, 1);
    const both = await Promise.all([prove('usr_c', two, parts), prove('usr_c', three, other)]);
    assert.ok(both.every(({ ok }) => ok));
    assert.equal(await leftOf('usr_c'), 7);
  });

  it('belong to one person, and wrong ones are refused whatever they begin with', async () => {
    const [mine = ''] = await codesOf('usr_d');
    await codesOf('usr_e');
    assert.equal((await prove('usr_e', mine)).ok, false);
    assert.equal((await prove('usr_d', `${mine.slice(0, -1)}${mine.endsWith('b') ? 'c' : 'b'}`)).ok, false);
    for (const text of ['', 'x', '1'.repeat(1_000_000)]) assert.equal((await prove('usr_e', text)).ok, false);
    assert.equal((await prove('usr_nobody', mine)).ok, false);
    assert.equal(await leftOf('usr_d'), 10);
  });

  it('sec-159 cannot be guessed at without end', async () => {
    const [code = ''] = await codesOf('usr_f');
    const wrong = Array.from({ length: 5 }, () => prove('usr_f', 'bbbb-bbbb-bbbb-bbbb-bbbb'));
    await Promise.all(wrong);
    const answer = await prove('usr_f', code);
    assert.ok(!answer.ok && answer.waitSeconds !== undefined && answer.waitSeconds > 0);
  });

  it('are renewed all together, and the old ones are gone', async () => {
    const old = await codesOf('usr_g');
    const fresh = await parts.enrolments.renewRecoveryCodes({ id: 'usr_g' }, seen);
    assert.equal((await prove('usr_g', old[0] ?? '')).ok, false);
    assert.equal((await prove('usr_g', fresh[0] ?? '')).ok, true);
    assert.equal((await parts.enrolments.of('usr_g')).filter(({ kind }) => kind === 'recovery-codes').length, 1);
  });

  it('are made for nobody without a factor, and go with the last one', async () => {
    await assert.rejects(
      parts.enrolments.renewRecoveryCodes({ id: 'usr_none' }, seen),
      refusal('invalid', /set one up/),
    );
    const [first, second] = [await withKey('usr_h'), await withKey('usr_h')];
    await parts.enrolments.renewRecoveryCodes({ id: 'usr_h' }, seen);
    await parts.enrolments.remove(first, 'usr_h', { actor: 'user:usr_h', seen });
    assert.equal((await parts.enrolments.of('usr_h')).length, 2);
    await parts.enrolments.remove(second, 'usr_h', { actor: 'user:usr_h', seen });
    assert.deepEqual(await parts.enrolments.of('usr_h'), []);
    assert.equal(await parts.enrolments.levelOf('usr_h'), '1fa');
  });
});

describe('the factors of a person', () => {
  let parts: Parts;
  before(async () => {
    parts = await openParts();
  });
  after(() => parts.close());

  async function key(id: string, name: string) {
    const place = { person: { id, name: id }, binding: 'session s1' };
    const { options } = await parts.enrolments.offer('webauthn', place);
    const response = new Authenticator({ origin: issuer }).create(options);
    const done = await parts.enrolments.accept('webauthn', place, { answer: { response }, name, seen });
    assert.ok(done.ok);
    return done.factor;
  }

  it('have names, in one line and not endless', async () => {
    assert.equal((await key('usr_a', `  My\n\tkey \u202E${'x'.repeat(100)}`)).name, `My key ${'x'.repeat(53)}`);
    const { id } = await key('usr_a', '   ');
    await parts.enrolments.rename(id, 'usr_a', 'At work', seen);
    assert.deepEqual(
      (await parts.enrolments.of('usr_a')).map(({ name }) => name).filter((name) => !name.startsWith('My')),
      ['At work'],
    );
  });

  it('are nobody else’s to rename or remove', async () => {
    const { id } = await key('usr_b', 'Key');
    await assert.rejects(parts.enrolments.rename(id, 'usr_a', 'Mine', seen), refusal('missing'));
    await assert.rejects(parts.enrolments.remove(id, 'usr_a', { actor: 'user:usr_a', seen }), refusal('missing'));
    await assert.rejects(parts.enrolments.remove('fac_none', 'usr_b', { actor: 'cli' }), refusal('missing'));
    assert.equal((await parts.enrolments.of('usr_b')).length, 1);
  });

  it('are told by the trail, with who did it and why', async () => {
    const { id } = await key('usr_c', 'Key');
    await parts.enrolments.renewRecoveryCodes({ id: 'usr_c' }, seen);
    await parts.enrolments.rename(id, 'usr_c', 'Work', seen);
    await parts.enrolments.remove(id, 'usr_c', { actor: 'cli', reason: 'lost' });
    await key('usr_c', 'Other');
    assert.equal(await parts.enrolments.reset('usr_c', 'cli', 'new phone'), 1);
    const told = await parts.trail.search({ target: 'user:usr_c' });
    assert.deepEqual(
      told.map(({ type, actor, detail }) => [type, actor, detail]),
      [
        ['factor.added', 'user:usr_c', { kind: 'webauthn', name: 'Key' }],
        ['recovery-codes.made', 'user:usr_c', undefined],
        ['factor.renamed', 'user:usr_c', { kind: 'webauthn' }],
        ['factor.removed', 'cli', { kind: 'webauthn', name: 'Work', reason: 'lost' }],
        ['factor.added', 'user:usr_c', { kind: 'webauthn', name: 'Other' }],
        ['factors.reset', 'cli', { reason: 'new phone', count: 1 }],
      ],
    );
    await key('usr_c', 'Last');
    await parts.enrolments.forget('usr_c');
    assert.deepEqual(await parts.enrolments.of('usr_c'), []);
  });
});
