import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { explain, type Path } from '../../src/directory/explain.ts';
import { openParts, type Parts, refusal } from '../support/parts.ts';

const orders = 'https://api.example.test/orders';
const admin = 'urn:sallyport:admin';
let parts: Parts;

before(async () => {
  parts = await openParts();
  const { access } = parts;
  await access.ensureBuiltIn();
  const permissions = ['read', 'write', 'close'];
  await access.saveApi({ id: orders, permissions, tokenFormat: 'opaque', signingAlg: 'RS256', routes: [] }, 'cli');
  await access.saveRole({ id: 'reader', permissions: [`${orders}#read`], includes: [] }, 'cli');
  await access.saveRole({ id: 'editor', permissions: [`${orders}#write`], includes: ['reader'] }, 'cli');
  await access.saveRole({ id: 'closer', permissions: [`${orders}#close`], includes: [] }, 'cli');
});
after(() => parts.close());

const group = (id: string, includes: string[] = []) => parts.groups.save({ id, includes }, 'cli');
const held = (subject: string, organization?: string) => parts.decide.held(subject, orders, organization);
const seconds = () => Math.floor(Date.now() / 1000);
const shown = ({ permission, groups, roles }: Path) => [permission, ...groups, ...roles].join(' ');

describe('groups', () => {
  it('give their roles to members, to members of what they include, and of that', async () => {
    await group('inner');
    await group('middle', ['inner']);
    await group('outer', ['middle']);
    await parts.access.assign('group:outer', 'editor', 'cli');
    await parts.access.assign('group:inner', 'closer', 'cli');
    await parts.groups.join('user:ann', 'inner', 'cli');
    await parts.groups.join('client:job', 'outer', 'cli');
    assert.deepEqual(await held('user:ann'), {
      roles: ['closer', 'editor', 'reader'],
      groups: ['inner', 'middle', 'outer'],
      entitlements: ['close', 'read', 'write'],
    });
    assert.deepEqual(await held('client:job'), {
      roles: ['editor', 'reader'],
      groups: ['outer'],
      entitlements: ['read', 'write'],
    });
    assert.deepEqual((await held('group:inner')).groups, ['middle', 'outer']);
    const { paths, more } = await explain(parts, 'user:ann', orders);
    assert.equal(more, false);
    assert.deepEqual(paths.map(shown), [
      'close inner closer',
      'read inner middle outer editor reader',
      'write inner middle outer editor',
    ]);
  });

  it('refuse circles and say how they go round', async () => {
    await assert.rejects(group('inner', ['outer']), refusal('invalid', /inner → outer → middle → inner/));
    await assert.rejects(parts.groups.join('group:outer', 'inner', 'cli'), refusal('invalid', /inner → outer/));
    await assert.rejects(group('inner', ['inner']), refusal('invalid', /inner → inner/));
    await assert.rejects(group('inner', ['nobody']), refusal('invalid', /no group nobody/));
    await assert.rejects(group('two words'), refusal('invalid', /name of a group/));
    await assert.rejects(parts.groups.join('user:ann', 'nobody', 'cli'), refusal('missing'));
    assert.deepEqual((await parts.groups.get('middle'))?.includes, ['inner']);
  });

  it('count as long as each hop lasts, and explain by the first that ends', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    try {
      const now = seconds();
      await group('brief');
      await group('briefer');
      await parts.access.assign('group:briefer', 'reader', 'cli', { until: now + 300 });
      await parts.groups.join('group:brief', 'briefer', 'cli', { until: now + 100 });
      await parts.groups.join('user:guest', 'brief', 'cli', { until: now + 200 });
      const { paths } = await explain(parts, 'user:guest', orders);
      assert.deepEqual(
        paths.map(({ groups, until }) => [groups, until]),
        [[['brief', 'briefer'], now + 100]],
      );
      assert.deepEqual((await held('user:guest')).groups, ['brief', 'briefer']);
      mock.timers.tick(100_000);
      assert.deepEqual(await held('user:guest'), { roles: [], groups: ['brief'], entitlements: [] });
      assert.deepEqual((await parts.groups.get('briefer'))?.includes, []);
      mock.timers.tick(100_000);
      assert.deepEqual((await held('user:guest')).groups, []);
      await assert.rejects(
        parts.groups.join('user:guest', 'brief', 'cli', { until: now }),
        refusal('invalid', /later/),
      );
    } finally {
      mock.timers.reset();
    }
  });

  it('change at the next question, and go with all they gave', async () => {
    await group('short');
    await group('around', ['short']);
    await parts.access.assign('group:short', 'reader', 'cli');
    await parts.groups.join('user:bea', 'short', 'cli');
    assert.deepEqual((await held('user:bea')).roles, ['reader']);
    await parts.groups.leave('user:bea', 'short', 'cli');
    assert.deepEqual(await held('user:bea'), { roles: [], groups: [], entitlements: [] });
    await assert.rejects(parts.groups.leave('user:bea', 'short', 'cli'), refusal('missing'));
    await parts.groups.join('user:bea', 'short', 'cli');
    await parts.groups.remove('short', 'cli');
    assert.deepEqual((await held('user:bea')).groups, []);
    await group('short');
    assert.deepEqual((await held('user:bea')).groups, []);
    assert.deepEqual((await parts.groups.get('around'))?.includes, []);
    assert.deepEqual(await parts.access.assignments({ subject: 'group:short' }), []);
  });

  it('by a provider’s word never give the administration (sec-270), nor by a nested one', async () => {
    await group('admins');
    await group('upstream');
    await parts.groups.join('group:upstream', 'admins', 'cli');
    await parts.access.saveRole(
      { id: 'half', permissions: [`${admin}#users:write`, `${orders}#read`], includes: [] },
      'cli',
    );
    await parts.access.assign('group:admins', 'administrator', 'cli');
    await parts.access.assign('group:admins', 'half', 'cli');
    for (const to of ['admins', 'upstream']) {
      await parts.groups.sync('user:mallory', 'corp', [to], 'connection:corp');
      const { roles, groups, entitlements } = await parts.decide.held('user:mallory', admin);
      assert.deepEqual([roles, entitlements], [['half'], []]);
      assert.ok(groups.includes('admins'));
      assert.deepEqual((await explain(parts, 'user:mallory', admin)).paths, []);
      const { paths } = await explain(parts, 'user:mallory', orders);
      assert.deepEqual(
        paths.map(({ connection }) => connection),
        ['corp'],
      );
    }
    await parts.groups.join('user:mallory', 'upstream', 'cli');
    assert.ok((await parts.decide.held('user:mallory', admin)).roles.includes('administrator'));
    await assert.rejects(parts.groups.leave('user:nobody', 'upstream', 'cli'), refusal('missing'));
  });

  it('are what the provider says, beside what an administrator says', async () => {
    await group('said');
    await group('kept');
    await parts.groups.join('user:cy', 'kept', 'cli');
    await parts.groups.sync('user:cy', 'corp', ['said', 'kept', 'unknown'], 'connection:corp');
    assert.deepEqual(await parts.groups.of('user:cy'), ['kept', 'said']);
    await assert.rejects(parts.groups.leave('user:cy', 'said', 'cli'), refusal('in_use', /connection corp/));
    await parts.groups.sync('user:cy', 'corp', [], 'connection:corp');
    assert.deepEqual(await parts.groups.of('user:cy'), ['kept']);
    await parts.groups.sync('user:cy', 'corp', ['said'], 'connection:corp');
    assert.equal(await parts.groups.forgetConnection('corp', 'cli'), 2);
    assert.deepEqual(await parts.groups.of('user:cy'), ['kept']);
    assert.equal(await parts.groups.forget('user:cy', 'cli'), 1);
    const events = await parts.trail.search({ target: 'user:cy' });
    assert.deepEqual(events.map(({ type }) => type).filter((type) => type === 'group.joined').length, 4);
    assert.deepEqual(events.find(({ detail }) => detail?.connection)?.detail, { group: 'said', connection: 'corp' });
  });

  it('come in thousands, and so do assignments (sec-279)', async () => {
    const names = Array.from({ length: 1010 }, (_, at) => `many-${at}`);
    for (let at = 0; at < names.length; at += 101) {
      const some = names.slice(at, at + 101);
      await Promise.all(
        some.flatMap((id) => [group(id), parts.access.saveRole({ id, permissions: [], includes: [] }, 'cli')]),
      );
    }
    await parts.groups.sync('user:everywhere', 'big', names, 'connection:big');
    await parts.access.sync('user:everywhere', 'big', names, 'connection:big');
    const all = await held('user:everywhere');
    assert.deepEqual([all.groups.length, all.roles.length], [1010, 1010]);
    await parts.groups.sync('user:everywhere', 'big', [], 'connection:big');
    assert.deepEqual((await held('user:everywhere')).groups, []);
    assert.equal(await parts.access.forget('user:everywhere', 'cli'), 1010);
  });
});

describe('organisations', () => {
  const add = (id: string, domains: string[] = [], connections: string[] = []) =>
    parts.organizations.add({ id, name: id.toUpperCase(), domains, connections }, 'cli');

  it('have roles within, for members and only where they are asked for (sec-275)', async () => {
    await add('acme');
    await add('globex');
    await group('staff');
    await parts.groups.join('user:dan', 'staff', 'cli');
    await parts.access.assign('user:dan', 'reader', 'cli');
    await parts.access.assign('user:dan', 'closer', 'cli', { organization: 'acme' });
    await parts.access.assign('group:staff', 'editor', 'cli', { organization: 'acme' });
    const none = (await held('user:dan')).entitlements;
    assert.deepEqual([none, (await held('user:dan', 'acme')).entitlements], [['read'], ['read']]);
    await parts.organizations.join('acme', 'user:dan', 'cli');
    assert.deepEqual((await held('user:dan', 'acme')).entitlements, ['close', 'read', 'write']);
    assert.deepEqual((await held('user:dan', 'globex')).entitlements, ['read']);
    assert.deepEqual((await held('user:dan')).entitlements, ['read']);
    const { paths } = await explain(parts, 'user:dan', orders, 'acme');
    assert.deepEqual(
      paths.map(({ organization, ...path }) => [organization, shown(path)]),
      [
        ['acme', 'close closer'],
        [undefined, 'read reader'],
        ['acme', 'read staff editor reader'],
        ['acme', 'write staff editor'],
      ],
    );
    await parts.organizations.leave('acme', 'user:dan', 'cli');
    assert.deepEqual((await held('user:dan', 'acme')).entitlements, ['read']);
  });

  it('end a membership by the clock, and never give the administration', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    try {
      await parts.organizations.join('acme', 'user:eve', 'cli', { until: seconds() + 60 });
      await parts.access.assign('user:eve', 'closer', 'cli', { organization: 'acme' });
      await parts.access.assign('user:eve', 'administrator', 'cli', { organization: 'acme' });
      assert.deepEqual((await held('user:eve', 'acme')).roles, ['closer']);
      assert.deepEqual((await parts.decide.held('user:eve', admin, 'acme')).entitlements, []);
      mock.timers.tick(60_000);
      assert.deepEqual(
        [await parts.organizations.isMember('acme', 'user:eve'), (await held('user:eve', 'acme')).roles],
        [false, []],
      );
    } finally {
      mock.timers.reset();
    }
  });

  it('take in whoever comes through a connection of theirs, until that goes', async () => {
    const { organizations } = parts;
    await organizations.change('acme', { connections: ['corp'] }, 'cli');
    assert.equal((await organizations.ofConnection('corp'))?.id, 'acme');
    await organizations.arrive('user:fay', 'corp', 'connection:corp');
    await organizations.arrive('user:fay', 'corp', 'connection:corp');
    await organizations.arrive('user:fay', 'other', 'connection:other');
    assert.deepEqual(await organizations.of('user:fay'), ['acme']);
    const joined = await parts.trail.search({ target: 'user:fay', type: 'organization.joined' });
    assert.deepEqual(
      joined.map(({ detail }) => detail),
      [{ organization: 'acme', connection: 'corp' }],
    );
    await organizations.depart('user:fay', 'corp', 'cli');
    assert.equal(await organizations.isMember('acme', 'user:fay'), false);
    await organizations.arrive('user:fay', 'corp', 'connection:corp');
    await organizations.change('acme', { connections: [] }, 'cli');
    assert.equal(await organizations.isMember('acme', 'user:fay'), false);
    await organizations.change('acme', { connections: ['corp'] }, 'cli');
    await organizations.join('acme', 'user:gus', 'cli', { until: seconds() + 600 });
    await organizations.arrive('user:gus', 'corp', 'connection:corp');
    assert.equal((await organizations.members('acme')).filter(({ member }) => member === 'user:gus').length, 1);
    await organizations.arrive('user:fay', 'corp', 'connection:corp');
    assert.equal(await organizations.forgetConnection('corp', 'cli'), 1);
    assert.deepEqual((await organizations.get('acme'))?.connections, []);
  });

  it('have domains and connections that no other has, and domains that count while they are verified', async () => {
    const { organizations } = parts;
    await organizations.change('globex', { domains: ['globex.test', 'other.test'], connections: ['globex'] }, 'cli');
    await assert.rejects(
      organizations.change('acme', { domains: ['globex.test'] }, 'cli'),
      refusal('taken', /globex\.test/),
    );
    await assert.rejects(add('third', [], ['globex']), refusal('taken', /connection globex/));
    await assert.rejects(add('third', ['no domain']), refusal('invalid', /no domain/));
    await assert.rejects(add('third', [], ['nowhere']), refusal('missing', /connection nowhere/));
    await assert.rejects(add('globex'), refusal('taken', /organization globex/));
    await assert.rejects(organizations.join('acme', 'group:staff', 'cli'), refusal('invalid', /people and clients/));
    // The double says that `globex` has verified `globex.*`, and `other` `other.*`.
    assert.equal((await organizations.ofDomain('globex.test'))?.id, 'globex');
    assert.equal(await organizations.ofDomain('other.test'), undefined);
    assert.equal(await organizations.ofDomain('acme.test'), undefined);
  });

  it('go with everything of theirs, and whoever is removed goes from them', async () => {
    const { organizations } = parts;
    await organizations.join('globex', 'client:job', 'cli');
    await organizations.join('acme', 'client:job', 'cli');
    await parts.access.assign('client:job', 'closer', 'cli', { organization: 'globex' });
    await organizations.remove('globex', 'cli');
    await add('globex', ['globex.test']);
    assert.deepEqual((await held('client:job', 'globex')).roles, ['editor', 'reader']);
    await organizations.join('globex', 'client:job', 'cli');
    assert.deepEqual((await held('client:job', 'globex')).roles, ['editor', 'reader']);
    assert.equal(await organizations.forget('client:job', 'cli'), 2);
  });
});
