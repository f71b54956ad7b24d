import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Connection, connection } from '../../src/federation/connection.ts';
import type { UpstreamIdentity } from '../../src/federation/connector.ts';
import { domainName, mapped } from '../../src/federation/mapping.ts';
import { presets } from '../../src/federation/presets.ts';

const times = { created: 1, updated: 1 };
const verified = { name: 'example.com', proof: 'p', verified: 'dns' as const, verifiedAt: 1 };

const oidc = (more: object = {}): Connection =>
  connection.parse({
    ...{
      id: 'corp',
      name: 'Corp',
      preset: 'generic-oidc',
      kind: 'oidc',
      issuer: 'https://id.example.com',
      clientId: 'c',
    },
    ...times,
    ...presets['generic-oidc'].settings,
    domains: [verified],
    ...more,
  });
const ldap = (more: object = {}): Connection =>
  connection.parse({
    ...{ id: 'dir', name: 'Dir', preset: 'generic-ldap', kind: 'ldap', servers: ['ldaps://d'], base: 'dc=d', ...times },
    ...presets['generic-ldap'].settings,
    domains: [verified],
    ...more,
  });
const identity = (claims: Record<string, unknown>, groups?: string[]): UpstreamIdentity => ({
  ...{ subject: 's', issuer: 'i', claims, groups, evidence: { amr: [], acrs: [] } },
});

describe('whether an address is verified (sec-213, sec-214, sec-215)', () => {
  const rows: [string, Connection, Record<string, unknown>, boolean][] = [
    ['flag and domain', oidc(), { email: 'a@example.com', email_verified: true }, true],
    ['a domain in capitals', oidc(), { email: 'a@EXAMPLE.com', email_verified: true }, true],
    ['no flag', oidc(), { email: 'a@example.com' }, false],
    ['the text "true"', oidc(), { email: 'a@example.com', email_verified: 'true' }, false],
    ['the number 1', oidc(), { email: 'a@example.com', email_verified: 1 }, false],
    ['a list with true in it', oidc(), { email: 'a@example.com', email_verified: [true] }, false],
    ['another domain', oidc(), { email: 'a@other.example', email_verified: true }, false],
    ['a domain below it', oidc(), { email: 'a@mail.example.com', email_verified: true }, false],
    ['a domain that ends like it', oidc(), { email: 'a@notexample.com', email_verified: true }, false],
    ['a look-alike (Cyrillic а)', oidc(), { email: 'a@ex\u0430mple.com', email_verified: true }, false],
    ['two at-signs', oidc(), { email: 'a@example.com@evil.example', email_verified: true }, false],
    [
      'a flag that no rule names',
      oidc({ mapping: { email: ['email'] } }),
      { email: 'a@example.com', email_verified: true },
      false,
    ],
    [
      'a domain that nobody verified',
      oidc({ domains: [{ name: 'example.com', proof: 'p' }] }),
      { email: 'a@example.com', email_verified: true },
      false,
    ],
    ['a directory that speaks for the domain', ldap(), { mail: ['a@example.com'] }, true],
    [
      'a directory that does not, whatever it says',
      ldap({ domains: [] }),
      { mail: ['a@example.com'], email_verified: ['true'] },
      false,
    ],
  ];
  for (const [name, settings, claims, expected] of rows) {
    it(`${expected ? 'is' : 'is not'}: ${name}`, () =>
      assert.equal(mapped(identity(claims), settings).emailVerified, expected));
  }
});

describe('a connection that belongs to whoever looks after one organisation', () => {
  it('says addresses in its verified domains, and none of anybody else (nOAuth)', () => {
    const said = (email: string, more: object = { confined: true }) =>
      mapped(identity({ email, email_verified: true }), oidc(more)).email;
    assert.deepEqual([said('a@example.com'), said('ceo@other.example')], ['a@example.com', undefined]);
    assert.deepEqual(
      [said('a@example.com', { confined: true, domains: [] }), said('ceo@other.example', {})],
      [undefined, 'ceo@other.example'],
    );
  });
});

describe('the profile', () => {
  it('has what a rule names, and nothing else (sec-198)', () => {
    const claims = {
      name: 'Ana',
      picture: 'https://p.example/1',
      roles: ['administrator'],
      sub: 'x',
      email: 'ana@example.com',
      phone_number_verified: true,
    };
    const { profile, roles, email } = mapped(identity(claims, ['administrator']), oidc());
    assert.deepEqual(
      { profile, roles, email },
      { profile: { name: 'Ana', picture: 'https://p.example/1' }, roles: [], email: 'ana@example.com' },
    );
  });
  it('takes the first name that is there, and the first value of several', () => {
    const settings = oidc({ mapping: { name: ['displayName', 'name'], given_name: ['givenName'] } });
    const { profile } = mapped(identity({ displayName: '', name: 'Second', givenName: ['', 'One', 'Two'] }), settings);
    assert.deepEqual(profile, { name: 'Second', given_name: 'One' });
  });
  it('finds attributes of a directory in any case (RFC 4512 §2.5)', () => {
    assert.deepEqual(mapped(identity({ GIVENNAME: ['Ana'] }), ldap()).profile, { given_name: 'Ana' });
  });
  it('leaves out what does not fit, and cuts what is too long', () => {
    const claims = {
      picture: 'javascript:alert(1)',
      locale: '<b>',
      zoneinfo: '../../etc',
      name: `a\u0000b${'é'.repeat(600)}`,
      given_name: { a: 1 },
    };
    const { profile } = mapped(identity(claims), oidc());
    assert.deepEqual(Object.keys(profile), ['name']);
    assert.equal(String(profile.name).length, 500);
    assert.ok(!/\p{Cc}/u.test(String(profile.name)));
  });

  it('shows no name as another one by turning the direction of its text', () => {
    const claims = { name: 'Ana \u202egro.live\u202c', given_name: '\u2067Ana' };
    const { profile } = mapped(identity(claims), oidc());
    assert.deepEqual([profile.name, profile.given_name], ['Ana gro.live', 'Ana']);
  });
  it('is not fooled by members of every object', () => {
    const settings = oidc({ mapping: { name: ['constructor', 'toString', '__proto__'] } });
    assert.deepEqual(mapped(identity({}), settings).profile, {});
    assert.deepEqual(mapped(identity(Object.create({ name: 'inherited' })), oidc()).profile, {});
  });
});

describe('roles from groups (sec-230)', () => {
  const guid = '6f1d6c52-0d3f-4f56-9f0e-1f2a3b4c5d6e';
  const settings = oidc({
    groupRules: [
      { upstream: 'staff', role: 'reader' },
      { upstream: 'app-*', role: 'app' },
      { upstream: guid, role: 'guid' },
      { upstream: 'cn=ops,ou=groups,dc=example', role: 'ops' },
      { upstream: 'crew-*', group: 'crew' },
    ],
  });
  const rows: [string[] | undefined, string[], string[]][] = [
    [['staff'], ['reader'], []],
    [['Staff', 'staff2', ' staff'], [], ['Staff', 'staff2', ' staff']],
    [['app-one', 'app-two', 'xapp-'], ['app'], ['xapp-']],
    [[guid.toUpperCase()], ['guid'], []],
    [['cn=ops,ou=groups,dc=example', 'staff'], ['ops', 'reader'], []],
    [['administrator'], [], ['administrator']],
    [undefined, [], []],
  ];
  it('and groups of ours from groups, beside them', () => {
    const result = mapped(identity({}, ['crew-b', 'crew-a', 'staff', 'else']), settings);
    assert.deepEqual([result.localGroups, result.roles, result.unmapped], [['crew'], ['reader'], ['else']]);
  });
  for (const [groups, roles, unmapped] of rows) {
    it(`${groups?.join(' ') ?? 'nothing said'} → ${roles.join(' ') || 'none'}`, () => {
      const result = mapped(identity({}, groups), settings);
      assert.deepEqual([result.roles, result.unmapped], [roles, unmapped]);
    });
  }
});

describe('the name of a domain', () => {
  const rows: [string, string | undefined][] = [
    ['Example.COM', 'example.com'],
    ['bücher.example.', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['localhost', undefined],
    ['127.0.0.1', undefined],
    ['exa mple.com', undefined],
    ['', undefined],
    [`${'a'.repeat(64)}.com`, undefined],
  ];
  for (const [text, name] of rows) it(`${text || '(empty)'} → ${name}`, () => assert.equal(domainName(text), name));
});
