import { z } from 'zod';

/** Names that a provider uses for one thing; the first that is there counts. */
const names = z.array(z.string().min(1).max(300)).max(20);
const text = z.string().min(1).max(2000);
const url = z.url().max(2000);

/** One way to tell that a second factor was used; each list is a choice, and all that are given must hold. */
export const evidenceRule = z.strictObject({
  amrAnyOf: z.array(text).optional(),
  acrIn: z.array(text).optional(),
  acrsIn: z.array(text).optional(),
  authnContextIn: z.array(text).optional(),
  attribute: z.strictObject({ name: text, anyOf: z.array(text).min(1) }).optional(),
  /** The oldest that the proof may be (seconds). */
  maxAge: z.int().positive().optional(),
  /** What it is worth: a second factor, or a phishing-resistant one. */
  level: z.enum(['2fa', 'phr']).default('2fa'),
});

/** How to ask a provider for a second factor. */
const strongRequest = z.strictObject({
  acrValues: z.array(text).optional(),
  /** Entra's authentication contexts (`c1` to `c99`), asked for as an essential claim. */
  acrs: z.array(text).optional(),
  authnContext: z.array(text).optional(),
});

/** Which names of the provider fill which claim of ours. Nothing else gets into a profile. */
const mapping = z.strictObject({
  email: names.default([]),
  emailVerified: names.default([]),
  name: names.default([]),
  given_name: names.default([]),
  family_name: names.default([]),
  preferred_username: names.default([]),
  phone_number: names.default([]),
  locale: names.default([]),
  picture: names.default([]),
  zoneinfo: names.default([]),
});

/** A group or role of the provider gives a role or a group of ours: one of the two (draft.ts). */
const groupRule = z.strictObject({ upstream: text, role: text.optional(), group: text.optional() });

/** A domain whose people come from here; counts only once it is verified. Times in seconds. */
const domain = z.strictObject({
  name: z.string().regex(/^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/),
  /** What the DNS TXT record has to say. */
  proof: text,
  verified: z.enum(['dns', 'administrator']).optional(),
  verifiedAt: z.int().optional(),
});

const common = {
  id: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?$/),
  /** What the button says. */
  name: z.string().min(1).max(100),
  preset: z.string(),
  state: z.enum(['enabled', 'disabled']).default('enabled'),
  /** In the chooser of the sign-in page; a connection that is not shown is reached by hints and domains. */
  shown: z.boolean().default(true),
  /** Whether people whom nobody knows yet are taken in at their first sign-in. */
  provision: z.boolean().default(false),
  /** Its word for verified addresses counts for these domains, once they are verified. */
  domains: z.array(domain).max(100).default([]),
  mapping: mapping.prefault({}),
  groupRules: z.array(groupRule).max(1000).default([]),
  mfa: z.enum(['ignore', 'accept', 'require']).default('ignore'),
  evidence: z.array(evidenceRule).max(20).default([]),
  strongRequest: strongRequest.prefault({}),
  /** The difference of clocks that is allowed (seconds). */
  skew: z.int().min(0).max(300).default(60),
  /** Whether a sign-out here goes on to the provider. */
  logout: z.boolean().default(true),
  /** Whoever looks after one organisation gave its addresses: none of them may be inside our network. */
  confined: z.boolean().default(false),
  /** Fingerprint of what the configuration file says of it; while it is there, only that file changes it. */
  declared: z.string().optional(),
  created: z.int(),
  updated: z.int(),
};

/** OpenID Connect (Core 1.0, code flow). */
export const oidcSettings = z.strictObject({
  ...common,
  kind: z.literal('oidc'),
  /** As discovery says it; `{tenantid}` stands for any of `tenants`. */
  issuer: text,
  /** A discovery document that was given as a file, for providers that serve none. */
  discovery: z.record(z.string(), z.unknown()).optional(),
  clientId: text,
  /** Sealed. */
  clientSecret: z.string().optional(),
  auth: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']).default('client_secret_basic'),
  scope: z.string().default('openid profile email'),
  /** Tenants that may sign in, where the issuer has `{tenantid}`. */
  tenants: z.array(z.guid()).max(1000).default([]),
  /** Claims that name a person for good; joined by `|` when there are several (Entra: tid, oid). */
  subject: names.default(['sub']),
  /** The claims with groups or roles; what is in any of them counts. */
  groups: names.default([]),
  /** Signed request objects (RFC 9101): when the provider asks for them, or always. */
  signedRequests: z.enum(['when-required', 'always']).default('when-required'),
  /** Whether claims are also read from userinfo. */
  userinfo: z.boolean().default(true),
  /** How groups that did not fit into the token are asked for. */
  overage: z.enum(['refuse', 'graph']).default('refuse'),
  /** Where Graph is; a national cloud has its own. */
  graph: url.default('https://graph.microsoft.com'),
  /** Accepts global token revocation (Okta Universal Logout) for this issuer. */
  universalLogout: z.boolean().default(false),
});

const endpoint = z.strictObject({
  binding: z.enum(['redirect', 'post']),
  location: url,
  responseLocation: url.optional(),
});

/** SAML 2.0, service provider. */
export const samlSettings = z.strictObject({
  ...common,
  kind: z.literal('saml'),
  /** Where the metadata is read again; without it the file that was given counts. */
  metadataUrl: url.optional(),
  etag: z.string().optional(),
  /** When the metadata was last read (seconds), and until when it may be used. */
  refreshed: z.int().optional(),
  validUntil: z.int().optional(),
  /** Every name that the provider may use as Issuer; the first is the one that is asked. */
  entityIds: z.array(text).min(1).max(20),
  signOn: z.array(endpoint).min(1).max(4),
  signOut: z.array(endpoint).max(4).default([]),
  /** PEM; each may have signed. */
  certificates: z.array(z.string()).min(1).max(10),
  /** Our own name; the address of our metadata unless a provider wants another. */
  entityId: text.optional(),
  signed: z.enum(['either', 'response', 'assertion', 'both']).default('either'),
  signRequests: z.boolean().default(true),
  /** Plain assertions are refused. */
  encrypted: z.boolean().default(false),
  /** The format that is asked for; undefined asks for none. Transient is never taken. */
  nameIdFormat: text.optional(),
  /** Attributes that name a person for good; NameID when empty. */
  subject: names.default([]),
  /** Attributes with groups; what is in any of them counts. */
  groups: names.default([]),
  /** RequestedAuthnContext is left out unless a second factor is asked for. */
  requestBinding: z.enum(['redirect', 'post']).default('redirect'),
  /** The hint is sent as this query parameter of the sign-on address (Entra: login_hint), or as Subject, or not at all. */
  hint: z.enum(['none', 'login_hint', 'subject']).default('none'),
  /** An answer that nobody asked for starts a sign-in at this client (its initiate_login_uri); undefined refuses it. */
  unsolicited: z.string().optional(),
});

/** An LDAP directory: search, then bind. */
export const ldapSettings = z.strictObject({
  ...common,
  kind: z.literal('ldap'),
  /** `ldaps://host:port` or, with StartTLS, `ldap://host:port`; tried in order. */
  servers: z
    .array(z.string().regex(/^ldaps?:\/\/[^\s/]+$/))
    .min(1)
    .max(10),
  startTls: z.boolean().default(true),
  /** PEM of the authority that signed the servers' certificates; the system's authorities otherwise. */
  certificateAuthority: z.string().optional(),
  bindDn: z.string().default(''),
  /** Sealed. */
  bindPassword: z.string().optional(),
  base: z.string(),
  /** `{username}` is what the person typed, escaped (RFC 4515). */
  filter: z.string().default('(&(objectClass=person)(|(uid={username})(mail={username})))'),
  /** The attribute that names a person for good. */
  subject: z.string().default('entryUUID'),
  groups: z
    .strictObject({
      /** `memberOf` of the entry, a search for groups with the person as member (nested to the depth), or Active Directory's chain. */
      mode: z.enum(['none', 'memberOf', 'search', 'chain']).default('search'),
      base: z.string().optional(),
      filter: z.string().default('(|(member={dn})(uniqueMember={dn}))'),
      /** The attribute that names a group. */
      name: z.string().default('cn'),
      depth: z.int().min(0).max(10).default(5),
    })
    .prefault({}),
  /** For one server to answer one request (milliseconds). */
  timeoutMs: z.int().min(100).max(30_000).default(5000),
});

/** The settings of any connection, by their kind. */
export const connection = z.discriminatedUnion('kind', [oidcSettings, samlSettings, ldapSettings]);

/** A connection as it is stored; the secrets in it are sealed. */
export type Connection = z.output<typeof connection>;
export type OidcConnection = z.output<typeof oidcSettings>;
export type SamlConnection = z.output<typeof samlSettings>;
export type LdapConnection = z.output<typeof ldapSettings>;
export type EvidenceRule = z.output<typeof evidenceRule>;
export type Domain = z.output<typeof domain>;

/** A key pair of ours for one connection; PEM. Times in seconds. */
export interface OwnKey {
  kid: string;
  use: 'signing' | 'encryption';
  privateKey: string;
  certificate: string;
  notAfter: number;
}

/** What a connector is opened with besides its settings, in which secrets are in clear by then. */
export interface Surroundings {
  /** Our issuer; addresses for the provider are below `${issuer}/federation/${id}/`. */
  issuer: string;
  /** Our requests to this provider, guarded: time, size, no address of our network but the provider's own host. */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
  /** Our keys for this connection, the one that signs now first; made when there are none. */
  keys(use: OwnKey['use']): Promise<OwnKey[]>;
  /** True for the first of all callers, in every process, that names this id before `until` (seconds). */
  once(id: string, until: number): Promise<boolean>;
  /** Seconds since the epoch. */
  now(): number;
}
