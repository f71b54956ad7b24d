import assert from 'node:assert/strict';
import { argon2Sync, randomBytes } from 'node:crypto';
import { after, before, describe, it, mock } from 'node:test';
import { keptUsers } from '../../src/directory/user.ts';
import { openParts, type Parts, refusal } from '../support/parts.ts';

const password = 'gravel otter mosaic tundra';
const second = 'lantern quarry violet hamster';

describe('users', () => {
  let parts: Parts;
  before(async () => {
    parts = await openParts();
  });
  after(() => parts.close());

  let count = 0;
  const fresh = (more: Partial<Parameters<Parts['users']['add']>[0]> = {}): ReturnType<Parts['users']['add']> => {
    count += 1;
    return parts.users.add({ email: `person${count}@example.test`, password, ...more }, 'cli');
  };

  it('are found by their address in any spelling', async () => {
    const user = await fresh({ email: '  José@Example.TEST '.normalize('NFD') });
    assert.equal(user.email, 'josé@example.test');
    assert.equal((await parts.users.byEmail('JOSÉ@example.test'))?.id, user.id);
  });

  it('have an address that nobody else has, also when two are added at once', async () => {
    const twins = await Promise.allSettled([fresh({ email: 'one@x.test' }), fresh({ email: 'ONE@x.test' })]);
    assert.deepEqual(twins.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    await assert.rejects(fresh({ email: 'one@X.test' }), refusal('taken', /This e-mail address is already in use/));
    const other = await fresh();
    await assert.rejects(parts.users.change(other.id, { email: 'one@x.test' }, 'cli'), refusal('taken', /e-mail/));
  });

  for (const email of [
    '',
    'nobody',
    '@x.test',
    'a@',
    'a b@x.test',
    'a@b@c',
    '<a@x.test>',
    'a@.test',
    'a\u0000@x.test',
    `${'a'.repeat(65)}@x.test`,
  ]) {
    it(`refuse ${JSON.stringify(email.slice(0, 20))} as an address`, async () => {
      await assert.rejects(fresh({ email }), refusal('invalid', /name@example\.com/));
    });
  }

  it('have ids that no client can have (RFC 9700 §4.15)', async () => {
    const { id } = await fresh();
    assert.match(id, /^usr_[\w-]{22}$/);
    const adding = parts.clients.add({ id, metadata: { grant_types: ['client_credentials'] } }, 'cli');
    await assert.rejects(adding, refusal('invalid', /usr_/));
  });

  it('sign in with the right password in either Unicode form', async () => {
    const user = await fresh({ password: 'fünfzehn Zeichen öfter' });
    const signIn = (text: string) => parts.users.signIn(user.email.toUpperCase(), text);
    assert.equal((await signIn('fünfzehn Zeichen öfter'.normalize('NFD')))?.id, user.id);
    assert.equal(await signIn('funfzehn Zeichen ofter'), undefined);
    assert.equal(await signIn('fünfzehn Zeichen öfter '), undefined);
    assert.equal(await signIn(''), undefined);
  });

  it('do not sign in when unknown, disabled, without a password or removed', async () => {
    assert.equal(await parts.users.signIn('unknown@example.test', password), undefined);
    const { password: _none, ...input } = { email: 'federated@example.test', password };
    await parts.users.add(input, 'cli');
    assert.equal(await parts.users.signIn('federated@example.test', password), undefined);
    const user = await fresh();
    await parts.users.disable(user.id, 'cli');
    assert.equal(await parts.users.signIn(user.email, password), undefined);
    await parts.users.enable(user.id, 'cli');
    assert.equal((await parts.users.signIn(user.email, password))?.id, user.id);
    await parts.users.remove(user.id, 'cli');
    assert.equal(await parts.users.signIn(user.email, password), undefined);
    await assert.rejects(parts.users.disable(user.id, 'cli'), refusal('missing'));
  });

  it('do not have a text hashed that is too long for a password', async () => {
    const user = await fresh();
    assert.equal(await parts.users.signIn(user.email, password.repeat(5000)), undefined);
  });

  it('are signed out everywhere by a new password and by being disabled', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    try {
      const user = await fresh();
      assert.equal(user.signedOut, undefined);
      mock.timers.tick(5000);
      await parts.users.setPassword(user.id, second, `user:${user.id}`);
      const changed = await parts.users.get(user.id);
      assert.equal(changed?.signedOut, Math.floor(Date.now() / 1000) + 1);
      assert.equal(await parts.users.signIn(user.email, password), undefined);
      assert.equal((await parts.users.signIn(user.email, second))?.id, user.id);
      mock.timers.tick(5000);
      assert.equal((await parts.users.disable(user.id, 'cli')).signedOut, Math.floor(Date.now() / 1000) + 1);
    } finally {
      mock.timers.reset();
    }
  });

  it('refuse a weak password, new or changed', async () => {
    await assert.rejects(fresh({ password: 'short' }), refusal('weak_password', /15/));
    const user = await fresh();
    await assert.rejects(parts.users.setPassword(user.id, 'passwordpassword', 'cli'), refusal('weak_password'));
  });

  it('get a hash at the present cost when they sign in with an older one (OWASP password storage)', async () => {
    const user = await fresh();
    const nonce = randomBytes(16);
    const weak = { message: password, nonce, parallelism: 1, tagLength: 32, memory: 1024, passes: 1 };
    const [salt, tag] = [nonce, argon2Sync('argon2id', weak)].map((part) =>
      part.toString('base64').replaceAll('=', ''),
    );
    const users = parts.store.collection(keptUsers);
    await users.change(user.id, (now) => ({ ...now, password: `$argon2id$v=19$m=1024,t=1,p=1$${salt}$${tag}` }));
    assert.equal((await parts.users.signIn(user.email, password))?.id, user.id);
    assert.match((await parts.users.get(user.id))?.password ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.equal((await parts.users.signIn(user.email, password))?.id, user.id);
  });

  it('change without losing the rest; a new address is not verified', async () => {
    const user = await fresh({ name: 'Ana', profile: { locale: 'fr' }, emailVerified: true });
    const changed = await parts.users.change(user.id, { profile: { name: null, nickname: 'ani' } }, 'cli');
    assert.deepEqual(changed.profile, { locale: 'fr', nickname: 'ani' });
    assert.equal(changed.emailVerified, true);
    const moved = await parts.users.change(user.id, { email: 'moved@example.test' }, 'cli');
    assert.equal(moved.emailVerified, false);
    assert.equal((await parts.users.byEmail(user.email))?.id, undefined);
    await assert.rejects(parts.users.change(user.id, { profile: { sub: 'me' } }, 'cli'), refusal('invalid_profile'));
  });

  it('leave a trail without a secret', async () => {
    const user = await fresh();
    await parts.users.setPassword(user.id, second, 'user:admin');
    await parts.users.change(user.id, { profile: { nickname: 'ani' } }, 'cli');
    await parts.users.disable(user.id, 'cli');
    await parts.users.enable(user.id, 'cli');
    await parts.users.remove(user.id, 'cli');
    const events = await parts.trail.search({ target: `user:${user.id}` });
    assert.deepEqual(
      events.map(({ type }) => type),
      ['user.created', 'user.password-changed', 'user.changed', 'user.disabled', 'user.enabled', 'user.removed'],
    );
    assert.equal(events[2]?.detail?.changed, 'nickname');
    assert.doesNotMatch(JSON.stringify(events), /argon2|gravel|lantern/);
  });
});
