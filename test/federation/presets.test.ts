import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { presetNames, presetOf } from '../../src/federation/presets.ts';

/** What stands out in each, as one reads it: who a person is, where groups are, what proves a second factor. */
const document: Record<string, [kind: string, subject: string, groups: string, mfa: string, more: object]> = {
  'entra-oidc': [
    'oidc',
    'tid oid',
    'roles groups',
    '',
    { userinfo: false, overage: 'refuse', auth: 'client_secret_post' },
  ],
  'okta-oidc': ['oidc', 'sub', 'groups', 'amr acr acr', { userinfo: true, scope: 'openid profile email groups' }],
  'pingone-oidc': ['oidc', 'sub', 'groups', 'acr', { strongRequest: { acrValues: ['Multi_Factor'] } }],
  'pingfederate-oidc': ['oidc', 'sub', 'groups', '', { skew: 120 }],
  google: ['oidc', 'sub', '', '', { logout: false }],
  'generic-oidc': ['oidc', 'sub', 'groups', '', { skew: 120 }],
  'entra-saml': [
    'saml',
    'tenantid objectidentifier',
    'groups role',
    'attribute',
    { skew: 300, hint: 'login_hint', signed: 'either', strongRequest: {} },
  ],
  'okta-saml': ['saml', 'NameID', 'groups', 'attribute', { signed: 'both', strongRequest: {} }],
  'pingone-saml': ['saml', 'NameID', 'groups', '', { signed: 'either', strongRequest: {} }],
  'pingfederate-saml': ['saml', 'NameID', 'groups', '', { signed: 'either', strongRequest: {} }],
  'generic-saml': [
    'saml',
    'NameID',
    'urn:oid:1.3.6.1.4.1.5923.1.5.1.1 isMemberOf groups',
    'authnContext',
    { signed: 'either' },
  ],
  'active-directory': ['ldap', 'objectGUID', 'chain', '', {}],
  'generic-ldap': ['ldap', 'entryUUID', 'search', '', {}],
};

const last = (name: string): string => name.split('/').at(-1) ?? name;
const rule = (one: Record<string, unknown>): string =>
  Object.keys(one)
    .filter((name) => name !== 'level')
    .map((name) => name.replace(/(AnyOf|In)$/, ''))
    .join('+');

describe('the presets', () => {
  it('are the thirteen of the contract', () => assert.deepEqual([...presetNames].sort(), Object.keys(document).sort()));
  for (const [name, [kind, subject, groups, mfa, more]] of Object.entries(document)) {
    it(`${name}: ${subject}; groups in ${groups || 'nothing'}; second factor by ${mfa || 'nothing'}`, () => {
      const preset = presetOf(name);
      assert.equal(preset?.kind, kind);
      const settings: Record<string, unknown> = {
        subject: kind === 'saml' ? ['NameID'] : ['sub'],
        ...preset?.settings,
      };
      const list = (value: unknown) => (Array.isArray(value) ? value.map((one) => last(String(one))).join(' ') : value);
      assert.equal(list(settings.subject), subject);
      assert.equal(kind === 'ldap' ? Object(settings.groups).mode : list(settings.groups), groups);
      assert.equal((Array.isArray(settings.evidence) ? settings.evidence : []).map(rule).join(' '), mfa);
      for (const [setting, value] of Object.entries(more)) assert.deepEqual(settings[setting], value, setting);
    });
  }
});
