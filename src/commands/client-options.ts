import { authMethods, grantTypes } from '../clients/members.ts';
import { given } from '../http/given.ts';
import type { OptionSpec } from './command.ts';
import { misused } from './command.ts';
import { fileJson, whole } from './reading.ts';

/** What can be said of a client, when it is added and when it is changed. */
export const clientOptions = {
  name: { value: 'NAME', about: 'Its name, as people read it when they are asked' },
  grant: { value: 'G', repeat: true, choices: grantTypes, about: 'How it gets tokens' },
  'redirect-uri': { value: 'U', repeat: true, about: 'Where people are sent back to' },
  'post-logout-redirect-uri': { value: 'U', repeat: true, about: 'Where people are sent after signing out' },
  auth: { value: 'METHOD', choices: authMethods, about: 'How it proves itself (default client_secret_basic)' },
  scope: { value: 'S', repeat: true, about: 'The only scopes that it may ask for' },
  introspect: { value: 'AUDIENCE', repeat: true, about: 'It may introspect the tokens of this API; all: of every API' },
  'first-party': { about: 'It is ours: people are not asked for their consent (the default)' },
  'third-party': { about: 'It is not ours: people are asked for their consent' },
  pkce: { value: 'P', choices: ['required', 'optional'], about: 'optional: for a confidential client that uses nonce' },
  tier: { value: 'TIER', about: 'SLA tier, as introspection tells it to gateways' },
  'cache-seconds': {
    value: 'N',
    about: 'As a gateway it is told that tokens end so many seconds from now at the latest; 0 takes it away',
  },
  'jwks-file': { value: 'FILE', about: 'Its public keys (JWK Set, RFC 7517)' },
  'jwks-uri': { value: 'URL', about: 'Where its public keys are' },
  'tls-subject-dn': { value: 'DN', about: 'Subject of its certificate (RFC 8705, as RFC 4514 writes it)' },
  'tls-san-dns': { value: 'NAME', about: 'DNS name in its certificate' },
  'tls-san-uri': { value: 'URI', about: 'URI in its certificate' },
  'application-type': { value: 'TYPE', choices: ['web', 'native'], about: 'native: an app on the device of a person' },
  'id-token-alg': { value: 'ALG', about: 'How its ID tokens are signed' },
  'introspection-alg': { value: 'ALG', about: 'How introspection answers for it are signed (RFC 9701)' },
  'backchannel-logout-uri': { value: 'URL', about: 'Where it hears that a session has ended' },
  contact: { value: 'EMAIL', repeat: true, about: 'Who is responsible for it' },
  'metadata-file': { value: 'FILE', about: 'More metadata as JSON, under the names of RFC 7591' },
} as const satisfies Record<string, OptionSpec>;

type Value<S extends OptionSpec> = S extends { value: string }
  ? S extends { repeat: true }
    ? readonly string[]
    : string | undefined
  : boolean;

/** The options as they were typed. */
export type ClientOptions = { readonly [N in keyof typeof clientOptions]: Value<(typeof clientOptions)[N]> };

/** 0 takes it away, as null does in a document. */
const cacheOf = (seconds: number | undefined): number | null | undefined => (seconds === 0 ? null : seconds);

/** What was typed as a document of RFC 7591 with our own members; what was not named is not in it. */
export function clientDocumentOf(options: ClientOptions): Record<string, unknown> {
  const many = (values: readonly string[]) => (values.length > 0 ? values : undefined);
  const file = options['metadata-file'];
  const more = file === undefined ? {} : fileJson('metadata-file', file);
  if (typeof more !== 'object' || more === null) throw misused('--metadata-file must hold a JSON object');
  if (options['first-party'] && options['third-party']) throw misused('give --first-party or --third-party, not both');
  const keys = options['jwks-file'];
  const document = {
    client_name: options.name,
    grant_types: many(options.grant),
    redirect_uris: many(options['redirect-uri']),
    post_logout_redirect_uris: many(options['post-logout-redirect-uri']),
    token_endpoint_auth_method: options.auth,
    scope: many(options.scope)?.join(' '),
    introspects: options.introspect.includes('all') ? 'all' : many(options.introspect),
    first_party: options['third-party'] ? false : options['first-party'] || undefined,
    pkce: options.pkce,
    tier: options.tier,
    introspection_cache_seconds: cacheOf(whole('cache-seconds', options['cache-seconds'])),
    jwks: keys === undefined ? undefined : fileJson('jwks-file', keys),
    jwks_uri: options['jwks-uri'],
    tls_client_auth_subject_dn: options['tls-subject-dn'],
    tls_client_auth_san_dns: options['tls-san-dns'],
    tls_client_auth_san_uri: options['tls-san-uri'],
    application_type: options['application-type'],
    id_token_signed_response_alg: options['id-token-alg'],
    introspection_signed_response_alg: options['introspection-alg'],
    backchannel_logout_uri: options['backchannel-logout-uri'],
    contacts: many(options.contact),
  };
  return { ...more, ...given(document) };
}
