import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Connection, connection } from '../../src/federation/connection.ts';
import { presets } from '../../src/federation/presets.ts';
import { type Preview, previewed, withRules } from '../../src/federation/previewing.ts';

const now = 1_800_000_000;
const times = { created: 1, updated: 1 };
const groupRules = [
  { upstream: 'staff', role: 'reader' },
  { upstream: 'dev-*', group: 'crew' },
];
const of = (more: object): Connection =>
  connection.parse({
    ...{
      id: 'corp',
      name: 'Corp',
      preset: 'generic-oidc',
      kind: 'oidc',
      issuer: 'https://id.corp.test',
      clientId: 'c',
    },
    ...{ ...times, auth: 'none', groupRules, domains: [{ name: 'corp.test', proof: 'p', verified: 'dns' }] },
    ...more,
  });
const oidc = of(presets['generic-oidc'].settings);
const okta = of(presets['okta-oidc'].settings);
const entra = of({ ...presets['entra-oidc'].settings, auth: 'none' });
const ldap = connection.parse({
  ...{ id: 'dir', name: 'Dir', preset: 'generic-ldap', kind: 'ldap', servers: ['ldaps://d'], base: 'dc=d', groupRules },
  ...{ ...times, ...presets['generic-ldap'].settings },
});
const person = { sub: 'u1', email: 'ana@corp.test', email_verified: true, name: 'Ana' };

describe('a preview', () => {
  const rows: [string, Connection, Record<string, unknown>, Partial<Preview>][] = [
    [
      'a person with an address that counts',
      oidc,
      person,
      { subject: 'u1', email: 'ana@corp.test', emailVerified: true },
    ],
    ['no groups at all', oidc, person, { groupsSaid: false, roles: [], localGroups: [], unmapped: [] }],
    ['no group in the list', oidc, { ...person, groups: [] }, { groupsSaid: true, roles: [] }],
    [
      'groups with rules and without',
      oidc,
      { ...person, groups: ['staff', 'dev-a', 'other'] },
      { roles: ['reader'], localGroups: ['crew'], unmapped: ['other'] },
    ],
    ['one group as a text', oidc, { ...person, groups: 'staff' }, { roles: ['reader'] }],
    ['what no rule looks at', oidc, { ...person, hair: 'red', iss: 'x' }, { ignored: ['hair'] }],
    ['evidence of two factors', okta, { ...person, amr: ['pwd', 'mfa'] }, { proven: '2fa', amr: ['pwd', 'fed'] }],
    ['evidence that no rule believes', oidc, { ...person, amr: ['mfa'] }, { proven: undefined }],
    ['nobody', oidc, {}, { subject: '', emailVerified: false, amr: ['fed'] }],
    ['a subject of two claims', entra, { tid: 't', oid: 'o' }, { subject: 't|o' }],
    ['an entry of a directory', ldap, { entryUUID: ['e1'], memberOf: ['staff'] }, { subject: 'e1', roles: ['reader'] }],
    [
      'names of objects',
      oidc,
      JSON.parse('{"sub":"u","__proto__":"x","constructor":"y"}'),
      { subject: 'u', profile: {} },
    ],
  ];
  for (const [name, rules, claims, expected] of rows) {
    it(`shows ${name}`, () => {
      const seen = previewed(claims, rules, now);
      assert.deepEqual({ ...seen, ...expected }, seen);
    });
  }

  it('says why an address does not count', () => {
    assert.match(previewed({ ...person, email: 'a@other.test' }, oidc, now).why, /other\.test is not verified/);
    assert.match(previewed({ sub: 'u' }, oidc, now).why, /No address/);
  });

  it('takes rules that nobody has saved, null for those of the preset, and none that could not be saved', () => {
    const seenBy = (rules: object) => previewed({ ...person, teams: ['ops'] }, withRules(oidc, { ...rules }), now);
    const rules = { groups: ['teams'], groupRules: [{ upstream: 'ops', role: 'operator' }] };
    assert.deepEqual(seenBy(rules).roles, ['operator']);
    assert.deepEqual(oidc.groupRules, groupRules);
    assert.equal(seenBy({ mapping: { email: ['none'] } }).email, undefined);
    assert.equal(seenBy({ mapping: { email: null } }).email, 'ana@corp.test');
    assert.equal(seenBy(rules).emailVerified, true, 'the domains stay');
    for (const bad of [
      { subject: ['email'] },
      { groupRules: [{ upstream: 'a' }] },
      { evidence: [{ amrAnyOf: 'mfa' }] },
    ]) {
      assert.throws(() => withRules(oidc, bad), { code: 'invalid' });
    }
  });
});
