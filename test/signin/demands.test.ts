import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it, mock } from 'node:test';
import type { MfaPolicy } from '../../src/factors/policies.ts';
import { type Asking, demanded } from '../../src/signin/demands.ts';
import { openParts, type Parts, usualRules } from '../support/parts.ts';

const day = 86_400;
const wiki = { id: 'client:wiki' };
const clerk = { id: 'role:clerk' };

describe('what policies demand together', () => {
  const lax = { ...usualRules };
  const strict = { secondFactor: 'required', level: 'phr', grace: 7 * day, remember: 10 * day } as const;
  type Said = Partial<Parameters<typeof demanded>[0]>;
  const rows: [what: string, said: Said, demand: Partial<typeof lax> | Partial<typeof strict>][] = [
    ['the usual where nothing else is said', { usual: strict }, strict],
    [
      'a policy that asks for more',
      { applying: [{ ...wiki, secondFactor: 'required' }] },
      { secondFactor: 'required' },
    ],
    [
      'a policy that asks for less than the usual',
      { usual: strict, applying: [{ ...wiki, secondFactor: 'off' }] },
      { ...strict, secondFactor: 'off' },
    ],
    [
      'only what a policy names, and the usual for the rest',
      { usual: strict, applying: [{ ...wiki, level: '2fa' }] },
      { ...strict, level: '2fa' },
    ],
    [
      'the stricter of two policies, whichever comes first',
      {
        usual: strict,
        applying: [
          { ...wiki, secondFactor: 'off' },
          { ...clerk, secondFactor: 'if-enrolled' },
        ],
      },
      { ...strict, secondFactor: 'if-enrolled' },
    ],
    [
      'the stricter of two policies, the other way round',
      {
        usual: strict,
        applying: [
          { ...clerk, secondFactor: 'if-enrolled' },
          { ...wiki, secondFactor: 'off' },
        ],
      },
      { ...strict, secondFactor: 'if-enrolled' },
    ],
    [
      'phr over 2fa',
      {
        applying: [
          { ...wiki, level: 'phr' },
          { ...clerk, level: '2fa' },
        ],
      },
      { level: 'phr' },
    ],
    [
      'the shorter grace',
      {
        usual: strict,
        applying: [
          { ...wiki, grace: 20 * day },
          { ...clerk, grace: 10 * day },
        ],
      },
      { ...strict, grace: 10 * day },
    ],
    [
      'a longer grace than the usual',
      { usual: strict, applying: [{ ...wiki, grace: 20 * day }] },
      { ...strict, grace: 20 * day },
    ],
    [
      'the usual grace for a policy that requires and names none, which no other stretches',
      {
        applying: [
          { ...clerk, secondFactor: 'required' },
          { ...wiki, grace: 20 * day },
        ],
      },
      { secondFactor: 'required', grace: 0 },
    ],
    [
      'the grace of the policy that requires',
      { applying: [{ ...clerk, secondFactor: 'required', grace: 5 * day }] },
      { secondFactor: 'required', grace: 5 * day },
    ],
    [
      'the shortest time to remember a device',
      {
        applying: [
          { ...wiki, remember: 20 * day },
          { ...clerk, remember: 3 * day },
        ],
      },
      { remember: 3 * day },
    ],
    ['no device of an administrator', { mostRemembered: 0 }, { remember: 0 }],
    [
      'no device of an administrator, also where a policy allows all',
      { mostRemembered: 0, applying: [{ ...wiki, remember: 9 * day }] },
      { remember: 0 },
    ],
    [
      'the time that the policy of administrators names',
      { mostRemembered: 2 * day, applying: [{ id: 'role:administrator', remember: 2 * day }] },
      { remember: 2 * day },
    ],
    [
      'a shorter one than that, where another policy says so',
      { mostRemembered: 2 * day, applying: [{ ...wiki, remember: day }] },
      { remember: day },
    ],
    [
      'more for what is only alleged',
      { alleged: [{ id: 'group:ops', secondFactor: 'required', level: 'phr', remember: 0 }] },
      { secondFactor: 'required', level: 'phr', remember: 0 },
    ],
    [
      'sec-141 never less for what is only alleged',
      {
        usual: strict,
        alleged: [{ id: 'group:ops', secondFactor: 'off', level: '2fa', grace: 90 * day, remember: 30 * day }],
      },
      strict,
    ],
    [
      'never less than a policy for what is only alleged',
      { applying: [{ ...wiki, secondFactor: 'required' }], alleged: [{ id: 'domain:x.test', secondFactor: 'off' }] },
      { secondFactor: 'required' },
    ],
  ];
  for (const [what, { usual = lax, ...said }, demand] of rows) {
    it(what, () => {
      assert.deepEqual(demanded({ usual, applying: [], alleged: [], ...said }), { ...usual, ...demand });
    });
  }
});

describe('what is demanded of a sign-in', () => {
  let parts: Parts;
  let ada: Asking['user'];
  let eve: Asking['user'];
  before(async () => {
    parts = await openParts();
    await parts.access.ensureBuiltIn();
    ada = await parts.users.add({ email: 'ada@bücher.test', emailVerified: true }, 'cli');
    eve = await parts.users.add({ email: 'eve@bücher.test' }, 'cli');
  });
  after(() => parts.close());
  const policies: string[] = [];
  const policy = async (said: MfaPolicy): Promise<void> => {
    policies.push((await parts.mfaPolicies.change(said.id, said, 'cli')).id);
  };
  afterEach(async () => {
    for (const id of policies.splice(0)) await parts.mfaPolicies.remove(id, 'cli');
  });
  const of = async (more: Partial<Asking> = {}) => parts.demands.of({ user: ada, client: 'shop', ...more });

  it('is the configuration, and over it the policy default', async () => {
    assert.deepEqual(await of(), usualRules);
    await policy({ id: 'default', level: 'phr', remember: 0 });
    assert.deepEqual(await of(), { ...usualRules, level: 'phr', remember: 0 });
  });

  it('looks at the client', async () => {
    await policy({ id: 'client:shop', secondFactor: 'required' });
    assert.equal((await of()).secondFactor, 'required');
    assert.equal((await of({ client: 'wiki' })).secondFactor, 'if-enrolled');
  });

  it('looks at the connection', async () => {
    await policy({ id: 'connection:corp', secondFactor: 'off' });
    assert.equal((await of({ connection: 'corp' })).secondFactor, 'off');
    assert.equal((await of({ connection: 'other' })).secondFactor, 'if-enrolled');
    assert.equal((await of()).secondFactor, 'if-enrolled');
  });

  it('looks at the roles that are held now, included ones too', async () => {
    await parts.access.saveRole({ id: 'clerk', permissions: [], includes: [] }, 'cli');
    await parts.access.saveRole({ id: 'chief', permissions: [], includes: ['clerk'] }, 'cli');
    await policy({ id: 'role:clerk', level: 'phr' });
    await parts.access.assign(`user:${ada.id}`, 'chief', 'cli');
    assert.equal((await of()).level, 'phr');
    await parts.access.unassign(`user:${ada.id}`, 'chief', 'cli');
    assert.equal((await of()).level, '2fa');
  });

  it('looks at the groups of the provider in any case, and asks for more by them only', async () => {
    await policy({ id: 'group:Domain Admins', level: 'phr', secondFactor: 'off' });
    const { level, secondFactor } = await of({ groups: ['x', 'DOMAIN ADMINS', ''] });
    assert.deepEqual([level, secondFactor], ['phr', 'if-enrolled']);
    assert.equal((await of({ groups: ['domain'] })).level, '2fa');
  });

  it('looks at the domain of the address in every spelling, and asks for less only where it is verified', async () => {
    await policy({ id: 'domain:Bücher.TEST', secondFactor: 'off', level: 'phr' });
    const [verified, unverified] = await Promise.all([of(), of({ user: eve })]);
    assert.deepEqual([verified.secondFactor, verified.level], ['off', 'phr']);
    assert.deepEqual([unverified.secondFactor, unverified.level], ['if-enrolled', 'phr']);
    assert.equal((await of({ user: { id: 'usr_1', emailVerified: true } })).level, '2fa');
    assert.equal((await of({ user: { ...ada, email: 'ada@sub.bücher.test' } })).level, '2fa');
  });

  it('sec-143 remembers no device of whoever may administer this server, unless the policy of administrators does', async () => {
    await parts.access.saveRole(
      { id: 'helpdesk', permissions: ['urn:sallyport:admin#users:read'], includes: [] },
      'cli',
    );
    await parts.access.assign(`user:${ada.id}`, 'helpdesk', 'cli');
    await parts.access.assign(`user:${eve.id}`, 'administrator', 'cli');
    const remembered = async () => [(await of()).remember, (await of({ user: eve })).remember];
    assert.deepEqual(await remembered(), [0, 0]);
    await policy({ id: 'client:shop', remember: 9 * day });
    assert.deepEqual(await remembered(), [0, 0]);
    await policy({ id: 'role:administrator', remember: 2 * day });
    assert.deepEqual(await remembered(), [2 * day, 2 * day]);
  });
});

describe('sec-137 a first factor is guarded', () => {
  let parts: Parts;
  let ada: Asking['user'];
  before(async () => {
    parts = await openParts();
    ada = await parts.users.add({ email: 'ada@corp.test' }, 'cli');
    for (const id of ['clerk', 'chief', 'guest']) {
      await parts.access.saveRole({ id, permissions: [], includes: id === 'chief' ? ['clerk'] : [] }, 'cli');
    }
    await parts.access.assign(`user:${ada.id}`, 'chief', 'cli');
  });
  after(() => parts.close());
  const rows: [subject: string, secondFactor: MfaPolicy['secondFactor'], guarded: boolean][] = [
    ['default', 'required', true],
    ['default', 'if-enrolled', false],
    ['client:shop', 'required', true],
    ['client:shop', 'off', false],
    ['role:clerk', 'required', true],
    ['role:guest', 'required', false],
    ['domain:corp.test', 'required', true],
    ['domain:other.test', 'required', false],
    ['group:staff', 'required', false],
    ['connection:corp', 'required', false],
  ];
  for (const [subject, secondFactor, guarded] of rows) {
    it(`${guarded ? 'where' : 'not where'} ${subject} is ${secondFactor}`, async () => {
      await parts.mfaPolicies.change(subject, { secondFactor }, 'cli');
      assert.equal(await parts.demands.guarded(ada), guarded);
      await parts.mfaPolicies.remove(subject, 'cli');
    });
  }
});

describe('the grace of somebody without a factor', () => {
  let parts: Parts;
  before(async () => {
    parts = await openParts();
  });
  after(() => parts.close());
  afterEach(() => mock.timers.reset());
  const demand = { ...usualRules, secondFactor: 'required', grace: 7 * day } as const;

  it('starts when they are first told, for all processes, and is not started again', async () => {
    const start = 1_800_000_000;
    mock.timers.enable({ apis: ['Date'], now: start * 1000 });
    assert.equal(await parts.demands.graceEnds('usr_a', demand), start + 7 * day);
    mock.timers.tick(3 * day * 1000);
    const other = await openParts(parts.url);
    assert.equal(await other.demands.graceEnds('usr_a', demand), start + 7 * day);
    assert.equal(await other.demands.graceEnds('usr_a', { ...demand, grace: day }), start + day);
    assert.equal(await other.demands.graceEnds('usr_b', demand), start + 10 * day);
    await other.close();
  });

  it('is the same for many who ask at once', async () => {
    const other = await openParts(parts.url);
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? parts : other).demands.graceEnds('usr_c', demand)),
    );
    assert.equal(new Set(all).size, 1);
    await other.close();
  });

  it('is over at once where there is none, and does not start then', async () => {
    mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
    assert.equal(await parts.demands.graceEnds('usr_d', { ...demand, grace: 0 }), 1_800_000_000);
    mock.timers.tick(5000);
    assert.equal(await parts.demands.graceEnds('usr_d', demand), 1_800_000_005 + 7 * day);
  });
});
