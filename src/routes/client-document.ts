import { z } from 'zod';
import type { Client, ClientChange, NewClient } from '../clients/clients.ts';
import { authMethods, grantTypes, type Metadata } from '../clients/members.ts';
import type { ClientUse } from '../clients/uses.ts';
import { given } from '../http/given.ts';
import { problem } from '../kernel/errors.ts';

const text = z.string();
const texts = z.array(z.string());
const flag = z.boolean();
const signing = z.enum(['RS256', 'PS256', 'ES256', 'EdDSA']);

/** Metadata of RFC 7591 §2 and OpenID Connect Registration §2; what the values may be, src/clients/members.ts says. */
const metadata = {
  application_type: z.enum(['web', 'native']),
  redirect_uris: texts,
  post_logout_redirect_uris: texts,
  grant_types: z.array(z.enum(grantTypes)),
  response_types: z.array(z.literal('code')),
  response_modes: z.array(z.enum(['query', 'fragment', 'form_post'])),
  scope: text,
  token_endpoint_auth_method: z.enum(authMethods),
  token_endpoint_auth_signing_alg: signing,
  jwks: z.object({ keys: z.array(z.looseObject({ kty: text })) }),
  jwks_uri: text,
  tls_client_auth_subject_dn: text,
  tls_client_auth_san_dns: text,
  tls_client_auth_san_uri: text,
  tls_client_auth_san_ip: text,
  tls_client_auth_san_email: text,
  tls_client_certificate_bound_access_tokens: flag,
  id_token_signed_response_alg: signing,
  userinfo_signed_response_alg: signing,
  introspection_signed_response_alg: signing,
  subject_type: z.literal('public'),
  sector_identifier_uri: text,
  default_max_age: z.int(),
  require_auth_time: flag,
  default_acr_values: texts,
  require_pushed_authorization_requests: flag,
  initiate_login_uri: text,
  backchannel_logout_uri: text,
  backchannel_logout_session_required: flag,
  client_uri: text,
  logo_uri: text,
  policy_uri: text,
  tos_uri: text,
  contacts: texts,
  software_id: text,
  software_version: text,
} satisfies Record<keyof Metadata, z.ZodType>;

/** What is ours and not the RFC's. */
const ours = {
  first_party: flag.meta({ description: 'People are not asked for their consent' }),
  introspects: z
    .union([z.literal('all'), texts])
    .meta({ description: 'The audiences whose tokens it may introspect, or all' }),
  pkce: z.enum(['required', 'optional']).meta({ description: 'optional: for a confidential client that uses nonce' }),
  tier: text.meta({ description: 'SLA tier, as introspection tells it to gateways' }),
  introspection_cache_seconds: z
    .int()
    .meta({ description: 'It is told that tokens end so many seconds from now at the latest, so that it asks again' }),
};

const states = ['pending', 'approved', 'rejected', 'suspended', 'revoked'] as const;
const time = z.int().meta({ description: 'Seconds since the epoch' });

/** Where a client stands. */
export const clientState = z.enum(states);

/** A client as the admin API and the CLI show it: nothing secret, no fingerprint. What happens to it by being used is not in it. */
export const clientReply = z.object({
  id: text.meta({ description: 'The same as client_id' }),
  client_id: text,
  client_name: text,
  state: clientState,
  reason: text.optional().meta({ description: 'Why it was rejected, suspended or revoked' }),
  ...ours,
  tier: ours.tier.optional(),
  introspection_cache_seconds: ours.introspection_cache_seconds.optional(),
  registrar: text.optional().meta({ description: 'Who registered it (RFC 7591)' }),
  ...z.object(metadata).partial().shape,
  secrets: z.array(z.object({ created: time, expires: time.optional() })),
  created: time,
  updated: time,
});

const lastUsed = time.optional().meta({ description: 'To the hour; missing where no use is known' });

/** The same with when it was last used, by each secret too. */
export const clientWithUse = clientReply
  .extend({
    last_used: lastUsed,
    secrets: z.array(z.object({ created: time, expires: time.optional(), last_used: lastUsed })),
  })
  .meta({ id: 'Client', description: 'An application that gets tokens, or a gateway that asks about them' });

/** A client under the names of the wire, with its use. */
export const clientUseDocument = (client: Client, use: ClientUse | undefined): z.input<typeof clientWithUse> => ({
  ...clientDocument(client),
  ...given({ last_used: use?.used }),
  secrets: client.secrets.map((secret) => ({ ...secret, ...given({ last_used: use?.secrets[secret.created] }) })),
});

/** The same with the secret that was made just now; it is shown this once. */
export const clientWithSecret = clientReply.extend({ client_secret: text.optional() });

const settable = { client_name: text, ...ours, ...metadata };

/** A secret that was made elsewhere; long enough that nobody guesses it. */
export const ownSecret = text
  .regex(/^[\x21-\x7e]{32,200}$/)
  .meta({ description: 'Made elsewhere, instead of a fresh one: 32 to 200 printable ASCII characters' });

/** What a new client may be made of. */
export const newClientBody = z
  .strictObject({
    client_id: text,
    state: z.enum(['pending', 'approved']),
    client_secret: ownSecret,
    ...settable,
  })
  .partial();

/** A change: what is not named stays, null takes a member of the metadata or the tier away (RFC 7396). */
export const clientChangeBody = z
  .strictObject({
    ...settable,
    tier: ours.tier.nullable(),
    introspection_cache_seconds: ours.introspection_cache_seconds.nullable(),
    ...Object.fromEntries(Object.entries(metadata).map(([name, type]) => [name, type.nullable()])),
  })
  .partial();

const noCertificates = problem(
  'invalid_client_metadata',
  400,
  (method: string) =>
    `${method} needs a proxy that hands on client certificates; name its header in clientCertificateHeader (SALLYPORT_CLIENT_CERTIFICATE_HEADER)`,
);

/** Throws for a way of authentication that this installation does not have: such a client could never be used. */
export function refuseUnusable(
  document: { token_endpoint_auth_method?: unknown },
  certificateHeader: string | undefined,
): void {
  const method = String(document.token_endpoint_auth_method);
  if (certificateHeader === undefined && method.endsWith('tls_client_auth')) throw noCertificates(method);
}

/** The client under the names of the wire. */
export const clientDocument = (client: Client): z.input<typeof clientReply> => ({
  ...client.metadata,
  id: client.id,
  client_id: client.id,
  client_name: client.name,
  state: client.state,
  reason: client.reason,
  tier: client.tier,
  first_party: client.firstParty,
  introspects: client.introspects,
  introspection_cache_seconds: client.cacheSeconds,
  pkce: client.pkce,
  registrar: client.registrar,
  secrets: client.secrets,
  created: client.created,
  updated: client.updated,
});

/** What the document of a new client says. An administrator's client is first-party unless it says otherwise. */
export function newClient(document: z.output<typeof newClientBody>): NewClient {
  const { client_id: id, client_name: name, first_party: firstParty = true, client_secret: secret, ...rest } = document;
  const { state, introspects, pkce, tier, introspection_cache_seconds: cacheSeconds, ...metadata } = rest;
  return given({ id, name, firstParty, state, introspects, pkce, tier, cacheSeconds, secret, metadata });
}

/** What a change means for the client as it is now. */
export function clientChange(now: Client, change: z.output<typeof clientChangeBody>): ClientChange {
  const { client_name: name, first_party: firstParty, introspects, pkce, tier, ...rest } = change;
  const { introspection_cache_seconds: cached, ...metadata } = rest;
  return {
    ...given({ name, firstParty, introspects, pkce }),
    ...(tier === undefined ? {} : { tier: tier ?? undefined }),
    ...(cached === undefined ? {} : { cacheSeconds: cached ?? undefined }),
    metadata: { ...now.metadata, ...metadata },
  };
}
