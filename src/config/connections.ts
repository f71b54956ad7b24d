import { z } from 'zod';

const text = z.string().min(1);
const texts = z.array(text);
const flag = z.boolean();
const whole = z.int().min(0);

/** Secrets are not written into the file: it says where they are. */
const secret = z
  .string()
  .regex(/^(?:env|file):.+$/, 'must say where the secret is: env:NAME or file:PATH')
  .meta({ description: '`env:NAME` or `file:PATH`' });
const orFile = (what: string) => text.meta({ description: `${what}, or \`file:PATH\`` });

const evidence = z.strictObject({
  amrAnyOf: texts.optional(),
  acrIn: texts.optional(),
  acrsIn: texts.optional(),
  authnContextIn: texts.optional(),
  attribute: z.strictObject({ name: text, anyOf: texts }).optional(),
  maxAge: whole.optional(),
  level: z.enum(['2fa', 'phr']).optional(),
});

const endpoints = z.array(
  z.strictObject({ binding: z.enum(['redirect', 'post']), location: text, responseLocation: text.optional() }),
);

const mapping = z.partialRecord(
  z.enum([
    'email',
    'emailVerified',
    'name',
    'given_name',
    'family_name',
    'preferred_username',
    'phone_number',
    'locale',
    'picture',
    'zoneinfo',
  ]),
  texts,
);

const everyKind = {
  id: text,
  preset: text.meta({ description: '`entra-oidc`, `okta-saml`, `generic-ldap` …: `sallyport connection add --help`' }),
  from: orFile('Issuer, metadata URL or `ldaps://HOST/BASE-DN`').optional(),
  metadata: orFile('The provider’s description as text').optional(),
  name: text.optional(),
  state: z.enum(['enabled', 'disabled']).optional(),
  shown: flag.optional(),
  provision: flag.optional().meta({ description: 'Whether unknown people are taken in' }),
  domains: texts.optional(),
  mapping: mapping.optional(),
  groupRules: z.array(z.strictObject({ upstream: text, role: text.optional(), group: text.optional() })).optional(),
  mfa: z.enum(['ignore', 'accept', 'require']).optional(),
  evidence: z.array(evidence).optional(),
  strongRequest: z
    .strictObject({ acrValues: texts.optional(), acrs: texts.optional(), authnContext: texts.optional() })
    .optional(),
  skew: whole.optional(),
  logout: flag.optional(),
};

const oidc = {
  issuer: text.optional(),
  discovery: z.record(z.string(), z.unknown()).optional(),
  clientId: text.optional(),
  clientSecret: secret.optional(),
  auth: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']).optional(),
  scope: text.optional(),
  tenants: texts.optional(),
  signedRequests: z.enum(['when-required', 'always']).optional(),
  userinfo: flag.optional(),
  overage: z.enum(['refuse', 'graph']).optional(),
  graph: text.optional(),
  universalLogout: flag.optional(),
};

const saml = {
  metadataUrl: text.optional(),
  entityIds: texts.optional(),
  signOn: endpoints.optional(),
  signOut: endpoints.optional(),
  certificates: texts.optional(),
  entityId: text.optional(),
  signed: z.enum(['either', 'response', 'assertion', 'both']).optional(),
  signRequests: flag.optional(),
  encrypted: flag.optional(),
  nameIdFormat: text.optional(),
  requestBinding: z.enum(['redirect', 'post']).optional(),
  hint: z.enum(['none', 'login_hint', 'subject']).optional(),
  unsolicited: text.optional(),
};

const ldap = {
  servers: texts.optional(),
  startTls: flag.optional(),
  certificateAuthority: orFile('PEM').optional(),
  bindDn: text.optional(),
  bindPassword: secret.optional(),
  base: text.optional(),
  filter: text.optional(),
  timeoutMs: whole.optional(),
};

const groups = z.strictObject({
  mode: z.enum(['none', 'memberOf', 'search', 'chain']).optional(),
  base: text.optional(),
  filter: text.optional(),
  name: text.optional(),
  depth: whole.optional(),
});

/** One connection to an identity provider; what each kind takes, and its usual values, src/federation/connection.ts says. */
export const declaredConnection = z.strictObject({
  ...everyKind,
  ...oidc,
  ...saml,
  ...ldap,
  subject: z.union([texts, text]).optional(),
  groups: z.union([texts, groups]).optional(),
});

/** Connections that the file declares: made and kept as it says at every start. */
export const declaredConnections = z
  .array(declaredConnection)
  .default([])
  .meta({ description: 'Connections to identity providers; the API and the CLI leave these alone' });
