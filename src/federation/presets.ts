import type { EvidenceRule } from './connection.ts';

/** What a connection begins with, under the names of its settings; what is not here has the usual value. */
export interface Preset {
  readonly kind: 'oidc' | 'saml' | 'ldap';
  /** What the button says until somebody gives a name. */
  readonly name: string;
  /** What `--from` has to be, for people. */
  readonly from: string;
  /** Where the provider is, when there is only one of it. */
  readonly at?: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** RFC 8176 and vendors agree on this one word; whoever says it means two factors. */
const amrMfa: EvidenceRule = { amrAnyOf: ['mfa'], level: '2fa' };

const standardClaims = {
  email: ['email'],
  emailVerified: ['email_verified'],
  name: ['name'],
  given_name: ['given_name'],
  family_name: ['family_name'],
  preferred_username: ['preferred_username'],
  phone_number: ['phone_number'],
  locale: ['locale'],
  picture: ['picture'],
  zoneinfo: ['zoneinfo'],
};

const soap = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
const microsoft = 'http://schemas.microsoft.com/identity/claims';
const adfs = 'http://schemas.microsoft.com/ws/2008/06/identity/claims';
const persistent = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const refeds = 'https://refeds.org/profile/mfa';

/** Names as an attribute contract or statement usually has them, where the provider's administrator chooses them. */
const chosenAttributes = {
  email: ['email', 'mail', `${soap}/emailaddress`],
  name: ['name', 'displayName'],
  given_name: ['given_name', 'givenName', 'firstName'],
  family_name: ['family_name', 'sn', 'lastName'],
  preferred_username: ['preferred_username', 'username', 'uid'],
};

const person = {
  email: ['mail'],
  name: ['displayName', 'cn'],
  given_name: ['givenName'],
  family_name: ['sn'],
  phone_number: ['telephoneNumber'],
};

/** Clocks of providers may differ from ours by so much (seconds). */
const skew = 120;

const oidc = {
  'entra-oidc': {
    kind: 'oidc',
    name: 'Microsoft',
    from: 'https://login.microsoftonline.com/TENANT/v2.0',
    settings: {
      skew,
      auth: 'client_secret_post',
      // `sub` differs for every application, and addresses are lent to others (nOAuth): tenant and object id are the person.
      subject: ['tid', 'oid'],
      // There is no email_verified. xms_edov is an optional claim: the owner of the address's domain is known.
      mapping: {
        email: ['email'],
        emailVerified: ['xms_edov'],
        name: ['name'],
        given_name: ['given_name'],
        family_name: ['family_name'],
        preferred_username: ['preferred_username', 'upn'],
      },
      // Groups come as GUIDs, app roles by their names. Above 200 groups only a pointer comes (overage).
      groups: ['roles', 'groups'],
      overage: 'refuse',
      // Its userinfo is Graph's and says less than the ID token.
      userinfo: false,
      // v2.0 tokens carry neither amr nor acr. Evidence is an authentication context (acrs), whose ids each tenant chooses.
      evidence: [],
    },
  },
  'okta-oidc': {
    kind: 'oidc',
    name: 'Okta',
    from: 'https://DOMAIN.okta.com or https://DOMAIN.okta.com/oauth2/default',
    settings: {
      skew,
      scope: 'openid profile email groups',
      mapping: standardClaims,
      groups: ['groups'],
      // In the code flow ID tokens are thin: profile and groups are at userinfo.
      userinfo: true,
      // urn:okta:loa:2fa:any:ifpossible comes back whether or not there was a second factor: it is no evidence.
      evidence: [amrMfa, { acrIn: ['urn:okta:loa:2fa:any'], level: '2fa' }, { acrIn: ['phr', 'phrh'], level: 'phr' }],
      strongRequest: { acrValues: ['urn:okta:loa:2fa:any'] },
    },
  },
  'pingone-oidc': {
    kind: 'oidc',
    name: 'PingOne',
    from: 'https://auth.pingone.com/ENVIRONMENT/as (or .eu, .ca, .asia …)',
    settings: {
      skew,
      mapping: standardClaims,
      groups: ['groups'],
      // acr is the name of a sign-on policy, in free text; this is the one that every environment comes with.
      evidence: [{ acrIn: ['Multi_Factor'], level: '2fa' }],
      strongRequest: { acrValues: ['Multi_Factor'] },
    },
  },
  'pingfederate-oidc': {
    kind: 'oidc',
    name: 'PingFederate',
    from: 'https://HOST:9031',
    settings: {
      skew,
      mapping: standardClaims,
      groups: ['groups'],
      // acr and amr are there only when the attribute contract maps them, under names that nobody can know.
      evidence: [],
    },
  },
  google: {
    kind: 'oidc',
    name: 'Google',
    from: 'https://accounts.google.com',
    at: 'https://accounts.google.com',
    settings: {
      skew,
      auth: 'client_secret_post',
      mapping: standardClaims,
      groups: [],
      evidence: [],
      // It has no end_session_endpoint.
      logout: false,
    },
  },
  'generic-oidc': {
    kind: 'oidc',
    name: 'Single sign-on',
    from: 'the issuer, or a discovery document',
    settings: { skew, mapping: standardClaims, groups: ['groups'], evidence: [] },
  },
} as const satisfies Record<string, Preset>;

const saml = {
  'entra-saml': {
    kind: 'saml',
    name: 'Microsoft',
    // Without appid the metadata has the tenant's certificate, and applications sign with one of their own.
    from: 'https://login.microsoftonline.com/TENANT/FederationMetadata/2007-06/FederationMetadata.xml?appid=APPLICATION',
    settings: {
      // Assertions live for some 70 minutes, and nobody there allows for clocks.
      skew: 300,
      // Signs the assertion only, unless told otherwise.
      signed: 'either',
      subject: [`${microsoft}/tenantid`, `${microsoft}/objectidentifier`],
      mapping: {
        email: [`${soap}/emailaddress`],
        name: [`${microsoft}/displayname`, `${soap}/name`],
        given_name: [`${soap}/givenname`],
        family_name: [`${soap}/surname`],
        preferred_username: [`${soap}/name`],
      },
      groups: [`${adfs}/groups`, `${adfs}/role`],
      // AuthnContextClassRef says Password whatever happened; the attribute is what tells.
      evidence: [
        {
          attribute: {
            name: 'http://schemas.microsoft.com/claims/authnmethodsreferences',
            anyOf: ['http://schemas.microsoft.com/claims/multipleauthn'],
          },
          level: '2fa',
        },
      ],
      // RequestedAuthnContext fails for whoever came by certificate or passkey (AADSTS75011): Conditional Access asks instead.
      strongRequest: {},
      // Subject in a request is not supported, but the sign-on address takes this parameter.
      hint: 'login_hint',
    },
  },
  'okta-saml': {
    kind: 'saml',
    name: 'Okta',
    from: 'the metadata URL of the application',
    settings: {
      skew,
      signed: 'both',
      nameIdFormat: persistent,
      mapping: chosenAttributes,
      groups: ['groups'],
      // Needs an attribute statement `amr` with the expression session.amr; AuthnContextClassRef is a fixed text.
      evidence: [{ attribute: { name: 'amr', anyOf: ['mfa'] }, level: '2fa' }],
      strongRequest: {},
    },
  },
  'pingone-saml': {
    kind: 'saml',
    name: 'PingOne',
    from: 'https://auth.pingone.com/ENVIRONMENT/saml20/metadata/APPLICATION',
    settings: {
      skew,
      // Signs the assertion; the response only when told to.
      signed: 'either',
      nameIdFormat: persistent,
      mapping: chosenAttributes,
      groups: ['groups'],
      // RequestedAuthnContext is ignored unless an option of the application is on, and then any other value is an error.
      evidence: [],
      strongRequest: {},
    },
  },
  'pingfederate-saml': {
    kind: 'saml',
    name: 'PingFederate',
    from: 'https://HOST:9031/pf/federation_metadata.ping?PartnerSpId=OUR-ENTITY-ID',
    settings: {
      skew,
      // By POST it signs the response, and the assertion only when told to: the opposite of Entra.
      signed: 'either',
      nameIdFormat: persistent,
      // Virtual server ids change the Issuer; give each of them by --entity-id.
      mapping: chosenAttributes,
      groups: ['groups'],
      // `unspecified` unless SAML_AUTHN_CTX is in the attribute contract.
      evidence: [],
      strongRequest: {},
    },
  },
  'generic-saml': {
    kind: 'saml',
    name: 'Single sign-on',
    from: 'the metadata, as URL or file',
    settings: {
      skew,
      signed: 'either',
      nameIdFormat: persistent,
      mapping: {
        email: ['urn:oid:0.9.2342.19200300.100.1.3', 'mail', 'email', `${soap}/emailaddress`],
        name: ['urn:oid:2.16.840.1.113730.3.1.241', 'displayName', 'urn:oid:2.5.4.3', 'cn'],
        given_name: ['urn:oid:2.5.4.42', 'givenName', `${soap}/givenname`],
        family_name: ['urn:oid:2.5.4.4', 'sn', `${soap}/surname`],
        preferred_username: ['urn:oid:0.9.2342.19200300.100.1.1', 'uid'],
      },
      groups: ['urn:oid:1.3.6.1.4.1.5923.1.5.1.1', 'isMemberOf', 'groups'],
      evidence: [{ authnContextIn: [refeds], level: '2fa' }],
      strongRequest: { authnContext: [refeds] },
    },
  },
} as const satisfies Record<string, Preset>;

const ldap = {
  'active-directory': {
    kind: 'ldap',
    name: 'Active Directory',
    from: 'ldaps://HOST/DC=example,DC=com',
    settings: {
      filter:
        '(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={username})(userPrincipalName={username})(mail={username})))',
      subject: 'objectGUID',
      mapping: { ...person, preferred_username: ['userPrincipalName', 'sAMAccountName'] },
      // Active Directory follows nested groups itself (LDAP_MATCHING_RULE_IN_CHAIN); memberOf has the direct ones only.
      groups: { mode: 'chain' },
    },
  },
  'generic-ldap': {
    kind: 'ldap',
    name: 'Directory',
    from: 'ldaps://HOST/dc=example,dc=com',
    settings: {
      subject: 'entryUUID',
      mapping: { ...person, preferred_username: ['uid'] },
      groups: { mode: 'search' },
    },
  },
} as const satisfies Record<string, Preset>;

/** What is known of providers (gateways and their versions differ; an administrator's word wins over each of these). */
export const presets = { ...oidc, ...saml, ...ldap } as const satisfies Record<string, Preset>;

/** `entra-oidc`, `okta-saml`, … */
export type PresetName = keyof typeof presets;

/** Their names, for whoever has to choose. */
export const presetNames = Object.keys(presets) as readonly PresetName[];

/** The preset of this name, if there is one. */
export const presetOf = (name: string): Preset | undefined =>
  Object.hasOwn(presets, name) ? presets[name as PresetName] : undefined;
