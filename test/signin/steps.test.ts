import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Enrolled } from '../../src/factors/factor.ts';
import type { Proof } from '../../src/signin/proof.ts';
import {
  type Facts,
  methodsOf,
  nextStep,
  nothing,
  type OwnFactor,
  type Step,
  worthOf,
} from '../../src/signin/steps.ts';
import { noRules, type Rules } from '../../src/signin/worth.ts';

const upstream: Proof = {
  ...{ connection: 'corp', subject: 's', label: 'ana@corp.example', emailVerified: false, profile: {}, roles: [] },
  ...{ amr: ['fed'], level: '1fa' },
};
const strong: Proof = { ...upstream, amr: ['otp', 'mfa', 'fed'], level: '2fa' };
const user = 'usr_1';

const rows: [name: string, facts: Facts, step: Step][] = [
  ['nothing is known', nothing, { name: 'identify' }],
  ['a person said a name', { identifier: 'a@b.c', amr: [] }, { name: 'password', identifier: 'a@b.c' }],
  ['a person is proven', { user, amr: ['pwd'], authTime: 1 }, { name: 'done', user }],
  ['a proven person had said a name', { identifier: 'a@b.c', user, amr: ['pwd'], authTime: 1 }, { name: 'done', user }],
  ['methods without a person', { amr: ['pwd'] }, { name: 'identify' }],
  ['a person wants to choose', { amr: [], choosing: true }, { name: 'identify' }],
  ['a directory was chosen', { amr: [], connection: 'ldap' }, { name: 'federation', connection: 'ldap' }],
  [
    'a directory was chosen by an address of its domain',
    { amr: [], connection: 'ldap', identifier: 'ana' },
    { name: 'federation', connection: 'ldap', identifier: 'ana' },
  ],
  ['a provider proved somebody unknown', { amr: [], upstream }, { name: 'connect', upstream }],
  ['however strongly it did', { amr: [], upstream: strong }, { name: 'connect', upstream: strong }],
  [
    'who is unknown said a name here',
    { amr: [], upstream, identifier: 'a@b.c' },
    { name: 'connect', upstream, identifier: 'a@b.c' },
  ],
  ['a provider proved somebody at a directory', { amr: [], connection: 'x', upstream }, { name: 'connect', upstream }],
  ['both sides are proven', { amr: ['pwd'], upstream, user }, { name: 'link', upstream, user }],
  ['both sides are one person', { amr: ['pwd'], upstream, user, joined: true }, { name: 'done', user }],
  ['a provider proved a person', { amr: [], upstream, user, joined: true }, { name: 'done', user }],
  ['joined alone proves nothing', { amr: [], joined: true }, { name: 'identify' }],
];

describe('nextStep', () => {
  for (const [name, facts, step] of rows) {
    it(`is ${step.name} when ${name}`, () => assert.deepEqual(nextStep(facts), step));
  }
});

const factor = (kind: Enrolled['kind'], more: Partial<Enrolled> = {}): Enrolled => ({
  ...{ id: kind, user, kind, name: kind, level: '2fa', passkey: false, created: 1, blocked: false, ...more },
});
const totp = factor('totp');
const touch = factor('webauthn');
const key = factor('webauthn', { level: 'phr', passkey: true });
const codes = factor('recovery-codes', { left: 10 });
const pwd: Facts = { user, amr: ['pwd'], authTime: 1 };
const fed: Facts = { user, amr: [], authTime: 1, upstream, joined: true };
const own = (level: OwnFactor['level'], more: Partial<OwnFactor> = {}): OwnFactor => ({
  ...{ kind: level === 'phr' ? 'webauthn' : 'totp', level, amr: [], at: 2, ...more },
});
const session: Facts = { user, amr: [], before: { amr: ['pwd'], worth: '1fa', authTime: 1 } };

/** Rules in few words: what the policy says, then what else is so. */
const rules = (
  secondFactor: Rules['demand']['secondFactor'],
  factors: readonly Enrolled[] = [],
  { level = '2fa', ...more }: Partial<Rules> & { level?: '2fa' | 'phr' } = {},
): Rules => ({ ...noRules, demand: { secondFactor, level, grace: 0, remember: 0 }, factors, ...more });

const asksFor = (level: '2fa' | 'phr', ...kinds: readonly Enrolled['kind'][]) => `factor ${level} ${kinds.join()}`;
const binds = (level: '2fa' | 'phr', ...more: readonly string[]) =>
  ['enrol', level, level === 'phr' ? 'webauthn' : 'totp,webauthn', ...more].join(' ');

/** A step in few words. */
function told(step: Step): string {
  if (step.name === 'factor') return asksFor(step.level, ...step.kinds);
  if (step.name !== 'enrol') return step.name;
  return [
    'enrol',
    step.level,
    step.kinds.join(),
    ...(step.code ? ['code'] : []),
    ...(step.until ? ['later'] : []),
  ].join(' ');
}

const graceEnds = 9;
const second: [name: string, facts: Facts, rules: Rules, step: string][] = [
  ['nobody asks', pwd, rules('off', [totp]), 'done'],
  ['who has none is let in', pwd, rules('if-enrolled'), 'done'],
  ['who has one is asked for it', pwd, rules('if-enrolled', [totp]), asksFor('2fa', 'totp')],
  [
    'the strongest comes first',
    pwd,
    rules('if-enrolled', [codes, totp, key]),
    asksFor('2fa', 'webauthn', 'totp', 'recovery-codes'),
  ],
  [
    'who may have one is asked for the best they have',
    pwd,
    rules('if-enrolled', [totp, key], { level: 'phr' }),
    asksFor('phr', 'webauthn'),
  ],
  ['and for no better one', pwd, rules('if-enrolled', [totp], { level: 'phr' }), asksFor('2fa', 'totp')],
  ['it was proven', { ...pwd, own: [own('2fa')] }, rules('if-enrolled', [totp]), 'done'],
  ['codes that are used up are none', pwd, rules('if-enrolled', [totp, { ...codes, left: 0 }]), asksFor('2fa', 'totp')],
  ['recovery codes alone are no factor', pwd, rules('if-enrolled', [codes]), 'done'],
  ['one that is switched off is not forgotten', pwd, rules('required', [{ ...totp, blocked: true }]), asksFor('2fa')],
  [
    'recovery codes help then',
    pwd,
    rules('required', [{ ...totp, blocked: true }, codes]),
    asksFor('2fa', 'recovery-codes'),
  ],
  ['sec-137 a password alone binds nothing', pwd, rules('required'), binds('2fa', 'code')],
  ['a code on another way lets it', { ...pwd, vouched: true }, rules('required'), binds('2fa')],
  ['so does a provider', fed, rules('required'), binds('2fa')],
  [
    'or its session',
    { ...session, before: { amr: ['fed'], worth: '1fa', authTime: 1, origin: { connection: 'corp', subject: 's' } } },
    rules('required'),
    binds('2fa'),
  ],
  ['a session by password does not', session, rules('required'), binds('2fa', 'code')],
  ['there is grace', pwd, rules('required', [], { graceEnds, told: true }), binds('2fa', 'code', 'later')],
  ['grace is taken', { ...pwd, postponed: true }, rules('required', [], { graceEnds, told: true }), 'done'],
  [
    'grace was taken, and is over',
    { ...pwd, postponed: true },
    rules('required', [], { told: true }),
    binds('2fa', 'code'),
  ],
  ['grace is none of who has a factor', { ...pwd, postponed: true }, rules('required', [totp]), asksFor('2fa', 'totp')],
  [
    'grace is nothing to a client that asks',
    { ...pwd, postponed: true },
    rules('required', [], { graceEnds, told: true, asked: '2fa' }),
    binds('2fa', 'code'),
  ],
  ['a device is remembered', pwd, rules('required', [totp], { recognised: true }), 'done'],
  [
    'sec-143 a client asks on a remembered device',
    pwd,
    rules('required', [totp], { recognised: true, asked: '2fa' }),
    asksFor('2fa', 'totp'),
  ],
  ['a client asks, and no policy', pwd, rules('off', [totp], { asked: '2fa' }), asksFor('2fa', 'totp')],
  ['a client asks who has none', pwd, rules('off', [], { asked: '2fa' }), binds('2fa')],
  [
    'sec-141 nothing weaker is offered',
    pwd,
    rules('off', [totp, codes, key], { asked: 'phr' }),
    asksFor('phr', 'webauthn'),
  ],
  [
    'sec-141 nothing weaker is enough',
    { ...pwd, own: [own('2fa')] },
    rules('off', [totp, key], { asked: 'phr' }),
    asksFor('phr', 'webauthn'),
  ],
  [
    'sec-141 not even where the key is switched off',
    pwd,
    rules('off', [totp, { ...key, blocked: true }], { asked: 'phr' }),
    asksFor('phr'),
  ],
  [
    'sec-138 an old one is proven before a better one',
    pwd,
    rules('off', [totp, codes], { asked: 'phr' }),
    asksFor('phr', 'totp', 'recovery-codes'),
  ],
  [
    'and then the better one is bound',
    { ...pwd, own: [own('2fa')] },
    rules('required', [totp], { level: 'phr' }),
    binds('phr'),
  ],
  [
    'sec-138 a provider stands in for no old one',
    fed,
    rules('required', [totp], { level: 'phr' }),
    asksFor('phr', 'totp'),
  ],
  [
    'a key that verified nobody may do it now',
    pwd,
    rules('off', [touch], { asked: 'phr' }),
    asksFor('phr', 'webauthn'),
  ],
  [
    'the higher of two demands counts',
    pwd,
    rules('required', [totp, key], { level: 'phr', asked: '2fa' }),
    asksFor('phr', 'webauthn'),
  ],
  [
    'a passkey says it all',
    { user, amr: [], own: [own('phr')] },
    rules('required', [key], { level: 'phr', asked: 'phr' }),
    'done',
  ],
  ['a provider shows enough', { ...fed, upstream: strong }, rules('required', [totp]), 'done'],
  [
    'a provider shows too little',
    { ...fed, upstream: strong },
    rules('required', [totp, key], { level: 'phr' }),
    asksFor('phr', 'webauthn'),
  ],
  [
    'what a provider shows of a stranger counts for nobody',
    { ...pwd, upstream: strong },
    rules('if-enrolled', [totp]),
    asksFor('2fa', 'totp'),
  ],
  ['a factor comes before a link', { ...pwd, upstream }, rules('if-enrolled', [totp]), asksFor('2fa', 'totp')],
  ['and the link after it', { ...pwd, upstream, own: [own('2fa')] }, rules('if-enrolled', [totp]), 'link'],
  ['a session is stepped up', session, rules('off', [totp], { asked: '2fa' }), asksFor('2fa', 'totp')],
  [
    'a session is strong enough',
    { ...session, before: { amr: ['pwd', 'otp'], worth: '2fa', authTime: 1 } },
    rules('required', [totp], { asked: '2fa' }),
    'done',
  ],
  [
    'new recovery codes are to be read',
    { ...pwd, own: [own('2fa', { codes: 'new' })] },
    rules('required', [totp]),
    'recovery',
  ],
  ['few are left', { ...pwd, own: [own('2fa', { codes: { left: 2 } })] }, rules('required', [totp]), 'recovery'],
  ['that was read', { ...pwd, own: [own('2fa', { codes: 'new' })], told: true }, rules('required', [totp]), 'done'],
];

describe('the second factor', () => {
  for (const [name, facts, known, step] of second) {
    it(`${name}: ${step}`, () => assert.equal(told(nextStep(facts, known)), step));
  }
});

describe('what a sign-in is worth', () => {
  it('is its best part, and of a provider only what is the person’s (sec-142)', () => {
    const worths: [Facts, string | undefined][] = [
      [nothing, undefined],
      [pwd, '1fa'],
      [{ ...pwd, upstream: strong }, '1fa'],
      [{ ...pwd, upstream: strong, joined: true }, '2fa'],
      [{ ...pwd, own: [own('2fa'), own('phr')] }, 'phr'],
      [{ ...session, own: [own('2fa')] }, '2fa'],
    ];
    for (const [facts, worth] of worths) assert.equal(worthOf(facts), worth);
  });

  it('names the methods once each, and mfa where a factor was added', () => {
    const otp = own('2fa', { amr: ['otp'] });
    assert.deepEqual(methodsOf({ ...pwd, own: [otp, otp] }), ['pwd', 'otp', 'mfa']);
    assert.deepEqual(methodsOf({ ...session, own: [otp] }), ['pwd', 'otp', 'mfa']);
    assert.deepEqual(methodsOf({ ...fed, own: [otp] }), ['fed', 'otp', 'mfa']);
    assert.deepEqual(methodsOf({ user, amr: [], own: [own('phr', { amr: ['hwk', 'user'] })] }), ['hwk', 'user']);
    assert.deepEqual(methodsOf({ ...pwd, upstream: strong }), ['pwd']);
  });
});
