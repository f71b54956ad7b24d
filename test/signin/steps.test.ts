import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Proof } from '../../src/signin/proof.ts';
import { type Facts, nextStep, nothing, type Step } from '../../src/signin/steps.ts';

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
