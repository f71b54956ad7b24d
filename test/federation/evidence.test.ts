import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EvidenceRule } from '../../src/federation/connection.ts';
import type { Evidence, UpstreamIdentity } from '../../src/federation/connector.ts';
import { levelProven, normalisedAmr } from '../../src/federation/evidence.ts';
import { presetOf } from '../../src/federation/presets.ts';

const now = 1_800_000_000;
const identity = (evidence: object, claims: Record<string, unknown> = {}): UpstreamIdentity => ({
  ...{ subject: 's', issuer: 'i', claims },
  evidence: { amr: [], acrs: [], ...evidence } as Evidence,
});
const rulesOf = (preset: string) => (presetOf(preset)?.settings.evidence ?? []) as readonly EvidenceRule[];
const methods = 'http://schemas.microsoft.com/claims/authnmethodsreferences';
const several = 'http://schemas.microsoft.com/claims/multipleauthn';
const password = 'http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password';
const transport = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';

describe('what each provider’s statement proves (T21)', () => {
  const rows: [string, string, UpstreamIdentity, '2fa' | 'phr' | undefined][] = [
    ['Entra v2 has no amr', 'entra-oidc', identity({}), undefined],
    ['Entra v1 amr, which v2 never sends', 'entra-oidc', identity({ amr: ['pwd', 'mfa'] }), undefined],
    ['Entra acrs that nobody has configured', 'entra-oidc', identity({ acrs: ['c1'] }), undefined],
    [
      'Entra SAML with the attribute',
      'entra-saml',
      identity({ authnContext: transport }, { [methods]: [password, several] }),
      '2fa',
    ],
    [
      'Entra SAML by password',
      'entra-saml',
      identity({ authnContext: transport }, { [methods]: [password] }),
      undefined,
    ],
    ['Entra SAML context alone', 'entra-saml', identity({ authnContext: several }), undefined],
    ['Okta amr', 'okta-oidc', identity({ amr: ['pwd', 'mfa', 'otp'] }), '2fa'],
    ['Okta one factor', 'okta-oidc', identity({ amr: ['pwd'], acr: 'urn:okta:loa:1fa:any' }), undefined],
    ['Okta acr', 'okta-oidc', identity({ acr: 'urn:okta:loa:2fa:any' }), '2fa'],
    [
      'Okta acr “if possible”',
      'okta-oidc',
      identity({ amr: ['pwd'], acr: 'urn:okta:loa:2fa:any:ifpossible' }),
      undefined,
    ],
    ['Okta phishing-resistant', 'okta-oidc', identity({ amr: ['mfa'], acr: 'phrh' }), 'phr'],
    [
      'Okta SAML, several values',
      'okta-saml',
      identity({ authnContext: transport }, { amr: ['pwd', 'mfa', 'swk'] }),
      '2fa',
    ],
    ['Okta SAML, one text with commas', 'okta-saml', identity({}, { amr: ['pwd, mfa,swk'] }), '2fa'],
    ['Okta SAML context alone', 'okta-saml', identity({ authnContext: transport }), undefined],
    ['PingOne policy', 'pingone-oidc', identity({ acr: 'Multi_Factor' }), '2fa'],
    ['PingOne other policy', 'pingone-oidc', identity({ acr: 'Single_Factor' }), undefined],
    ['PingOne SAML without a rule', 'pingone-saml', identity({ authnContext: 'Multi_Factor' }), undefined],
    [
      'PingFederate unspecified',
      'pingfederate-saml',
      identity({ authnContext: 'urn:oasis:names:tc:SAML:1.0:am:unspecified' }),
      undefined,
    ],
    ['REFEDS', 'generic-saml', identity({ authnContext: 'https://refeds.org/profile/mfa' }), '2fa'],
    ['Google', 'google', identity({ amr: ['mfa'] }), undefined],
  ];
  for (const [name, preset, given, expected] of rows) {
    it(`${name}: ${expected ?? 'nothing'}`, () => assert.equal(levelProven(given, rulesOf(preset), now), expected));
  }
});

describe('a rule', () => {
  const amr: EvidenceRule = { amrAnyOf: ['mfa'], level: '2fa' };
  const rows: [string, UpstreamIdentity, EvidenceRule, boolean][] = [
    ['without evidence proves nothing', identity({ authTime: now }), { maxAge: 60, level: '2fa' }, false],
    ['wants all that it names', identity({ amr: ['mfa'] }), { ...amr, acrIn: ['x'] }, false],
    ['is content when all is there', identity({ amr: ['mfa'], acr: 'x' }), { ...amr, acrIn: ['x'] }, true],
    ['takes no number', identity({ amr: [1] }), { amrAnyOf: ['1'], level: '2fa' }, false],
    ['takes no object', identity({ amr: { mfa: true } }), amr, false],
    ['takes no list for acr', identity({ acr: ['x'] }), { acrIn: ['x'], level: '2fa' }, false],
    ['does not split acr at commas', identity({ acr: 'y,x' }), { acrIn: ['x'], level: '2fa' }, false],
    [
      'cannot name what proves nothing',
      identity({ acr: 'urn:okta:loa:2fa:any:ifpossible' }),
      { acrIn: ['urn:okta:loa:2fa:any:ifpossible'], level: '2fa' },
      false,
    ],
    ['takes an authentication context', identity({ acrs: ['c1', 'c2'] }), { acrsIn: ['c2'], level: '2fa' }, true],
    ['takes a fresh proof', identity({ amr: ['mfa'], authTime: now - 60 }), { ...amr, maxAge: 60 }, true],
    ['takes no old one', identity({ amr: ['mfa'], authTime: now - 61 }), { ...amr, maxAge: 60 }, false],
    ['takes none of unknown age', identity({ amr: ['mfa'] }), { ...amr, maxAge: 60 }, false],
    ['takes none from the future', identity({ amr: ['mfa'], authTime: now + 301 }), { ...amr, maxAge: 60 }, false],
    [
      'is not fooled by members of every object',
      identity({}),
      { attribute: { name: 'constructor', anyOf: ['Object'] }, level: '2fa' },
      false,
    ],
  ];
  for (const [name, given, rule, holds] of rows) {
    it(name, () => assert.equal(levelProven(given, [rule], now) !== undefined, holds));
  }
});

describe('amr in our tokens (RFC 8176)', () => {
  const rows: [string[], string[]][] = [
    [[], ['fed']],
    [
      ['pwd', 'otp'],
      ['pwd', 'otp', 'fed'],
    ],
    [
      ['pwd', 'mfa'],
      ['pwd', 'fed'],
    ],
    [
      ['okta_verify', 'google_otp', 'duo', 'constructor'],
      ['swk', 'otp', 'fed'],
    ],
    [
      ['pwd,otp', 'pwd'],
      ['pwd', 'otp', 'fed'],
    ],
  ];
  for (const [amr, expected] of rows) {
    it(`${amr.join(' ') || 'nothing'} → ${expected.join(' ')}`, () =>
      assert.deepEqual(normalisedAmr({ amr, acrs: [] }), expected));
  }
});
