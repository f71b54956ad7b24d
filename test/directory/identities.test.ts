import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { explain } from '../../src/directory/explain.ts';
import { startApp, type TestApp } from '../support/app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const from = { actor: 'cli', ip: '::1', requestId: 'test' };
const identity = (user: string, subject: string, connection = 'corp') => ({
  ...{ connection, subject, user, origin: false, label: subject },
});
const corp = { id: 'corp', created: 0 };

describe('an account at a provider', () => {
  it('belongs to one person, whoever else asks for it (sec-225)', async () => {
    const { identities } = app.parts;
    await identities.link(identity('usr_a', 'one'), from);
    await identities.link(identity('usr_a', 'one'), from);
    await assert.rejects(identities.link(identity('usr_b', 'one'), from), { code: 'taken' });
    await identities.link(identity('usr_b', 'one', 'other'), from);
    assert.equal((await identities.of(corp, 'one'))?.user, 'usr_a');
    assert.equal((await identities.of({ id: 'other', created: 0 }, 'one'))?.user, 'usr_b');
    assert.equal(await identities.of(corp, 'ONE'), undefined);
    assert.equal((await app.parts.trail.search({ type: 'identity.linked' })).length, 2);
  });

  it('is one of several that a person has, and each is taken away by itself', async () => {
    const { identities } = app.parts;
    for (const subject of ['x', 'y']) await identities.link(identity('usr_c', subject), from);
    const [first, second] = await identities.ofUser('usr_c');
    assert.equal(await identities.unlink(first?.id ?? '', 'cli'), true);
    assert.equal(await identities.unlink(first?.id ?? '', 'cli'), false);
    assert.deepEqual(await identities.ofUser('usr_c'), [second]);
    const [event] = await app.parts.trail.search({ type: 'identity.unlinked', target: 'user:usr_c' });
    assert.deepEqual(event?.detail, { connection: 'corp' });
  });

  it('is claimed once before its person is made, by many at the same moment', async () => {
    const { identities } = app.parts;
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        identities.reserve({ ...identity(`usr_${index}`, 'new'), origin: true }),
      ),
    );
    assert.equal(new Set(claims.map(({ user }) => user)).size, 1);
    assert.ok(claims.every(({ pending }) => pending));
    await identities.settle(claims[0]?.id ?? '');
    assert.equal((await identities.of(corp, 'new'))?.pending, undefined);
  });

  it('counts for nothing when the connection was made after it', async () => {
    const { identities } = app.parts;
    await identities.link(identity('usr_d', 'old'), from);
    const later = { id: 'corp', created: Math.floor(Date.now() / 1000) + 10 };
    assert.equal(await identities.of(later, 'old'), undefined);
    assert.equal(await identities.of(corp, 'old'), undefined);
  });

  it('goes with its person, and with its connection', async () => {
    const { identities } = app.parts;
    for (const subject of ['p', 'q']) await identities.link(identity('usr_e', subject, 'gone'), from);
    await identities.link(identity('usr_f', 'r', 'gone'), from);
    assert.deepEqual(await identities.forget({ user: 'usr_e' }, 'cli'), ['usr_e']);
    assert.deepEqual(await identities.ofUser('usr_e'), []);
    assert.deepEqual(await identities.forget({ connection: 'gone' }, 'cli'), ['usr_f']);
    assert.deepEqual(await identities.ofConnection('gone'), []);
  });
});

describe('the roles that a provider gives', () => {
  const orders = 'https://api.example.test/orders';
  const rolesOf = async (subject: string) => (await app.parts.decide.held(subject, undefined)).roles;

  it('come and go with its word, and leave alone what an administrator or another provider gave', async () => {
    const { access } = app.parts;
    await access.assign('user:u1', 'orders-reader', 'cli');
    await access.sync('user:u1', 'corp', ['orders-reader', 'orders-editor'], 'connection:corp');
    await access.sync('user:u1', 'other', ['orders-editor'], 'connection:other');
    assert.deepEqual(await rolesOf('user:u1'), ['orders-editor', 'orders-reader']);
    await access.sync('user:u1', 'corp', [], 'connection:corp');
    assert.deepEqual(await rolesOf('user:u1'), ['orders-editor', 'orders-reader']);
    await access.sync('user:u1', 'other', [], 'connection:other');
    assert.deepEqual(await rolesOf('user:u1'), ['orders-reader']);
    await access.sync('user:u1', 'corp', ['orders-reader'], 'connection:corp');
    await access.unassign('user:u1', 'orders-reader', 'cli');
    assert.deepEqual(await rolesOf('user:u1'), ['orders-reader']);
    const events = await app.parts.trail.search({ target: 'user:u1', type: 'role.unassigned' });
    assert.deepEqual(
      events.map(({ detail }) => detail?.connection),
      ['corp', 'corp', 'other', undefined],
    );
  });

  it('are written once, however often they are said', async () => {
    const { access } = app.parts;
    for (let count = 0; count < 3; count += 1)
      await access.sync('user:u2', 'corp', ['orders-reader'], 'connection:corp');
    assert.equal((await app.parts.trail.search({ target: 'user:u2' })).length, 1);
  });

  it('sec-230 are no role that is not there, and never the administrator’s, by whatever way', async () => {
    const { access, decide } = app.parts;
    const admin = 'urn:sallyport:admin';
    await access.saveRole({ id: 'sneaky', permissions: [`${admin}#users:write`], includes: ['administrator'] }, 'cli');
    await access.sync('user:u3', 'corp', ['administrator', 'nothing', 'sneaky'], 'connection:corp');
    assert.deepEqual(await decide.held('user:u3', admin), { roles: ['sneaky'], groups: [], entitlements: [] });
    await access.assign('user:u3', 'sneaky', 'cli');
    assert.ok((await decide.held('user:u3', admin)).entitlements.includes('users:write'));
  });

  it('go with their subject, with their role, and with their connection', async () => {
    const { access } = app.parts;
    await access.sync('user:u4', 'corp', ['orders-reader'], 'connection:corp');
    assert.equal(await access.forget('user:u4', 'cli'), 1);
    await access.saveRole({ id: 'passing', permissions: [], includes: [] }, 'cli');
    await access.sync('user:u4', 'corp', ['passing'], 'connection:corp');
    await access.removeRole('passing', 'cli');
    assert.deepEqual(await rolesOf('user:u4'), []);
    await access.sync('user:u4', 'leaving', ['orders-reader'], 'connection:leaving');
    await access.sync('user:u5', 'leaving', ['orders-editor'], 'connection:leaving');
    assert.equal(await access.forgetConnection('leaving', 'cli'), 2);
    assert.deepEqual([await rolesOf('user:u4'), await rolesOf('user:u5')], [[], []]);
  });

  it('are explained by the connection that gave them', async () => {
    await app.parts.access.sync('user:u6', 'corp', ['orders-editor'], 'connection:corp');
    const { paths } = await explain(app.parts, 'user:u6', orders);
    assert.ok(paths.length > 0 && paths.every(({ connection }) => connection === 'corp'));
    assert.deepEqual((await explain(app.parts, 'user:u3', 'urn:sallyport:nothing')).paths, []);
  });
});
