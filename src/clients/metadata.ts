import { problem } from '../kernel/errors.ts';
import { checkRedirect, invalidRedirect, type RedirectRules } from './addresses.ts';
import { checks, type GrantType, type Metadata } from './members.ts';

export type { Metadata } from './members.ts';

/** RFC 7591 §3.2.2. */
export const invalidMetadata = problem('invalid_client_metadata', 400, (sentence: string) => sentence);

function assertMetadata(picked: object, rules: RedirectRules): asserts picked is Metadata {
  const values = new Map<string, unknown>(Object.entries(picked));
  for (const [name, check] of Object.entries(checks)) {
    const wrong = values.has(name) ? check(values.get(name), rules) : undefined;
    if (wrong === undefined) continue;
    throw (name === 'redirect_uris' ? invalidRedirect : invalidMetadata)(`${name} ${wrong}`);
  }
}

/** Whether a client of this kind proves itself by a secret. */
export const needsSecret = ({ token_endpoint_auth_method: method = 'client_secret_basic' }: Metadata): boolean =>
  method === 'client_secret_basic' || method === 'client_secret_post';

/**
 * The metadata as it is kept: known members only (null means left out, RFC 7592 §2.2), defaults explicit, and what
 * contradicts the grants left out, so that a registration for client_credentials alone stays one. Throws `invalid_client_metadata` or
 * `invalid_redirect_uri` (RFC 7591 §3.2.2).
 */
export function normalMetadata(given: object, rules: RedirectRules): Metadata {
  const known = ([name, value]: [string, unknown]) =>
    Object.hasOwn(checks, name) && value !== undefined && value !== null;
  const picked = Object.fromEntries(Object.entries(given).filter(known));
  assertMetadata(picked, rules);
  return checkTogether(withDefaults(structuredClone(picked)), rules);
}

function withDefaults(given: Metadata): Metadata {
  const grants = unique<GrantType>(given.grant_types ?? ['authorization_code']);
  const interactive = grants.includes('authorization_code');
  return {
    ...given,
    application_type: given.application_type ?? 'web',
    grant_types: grants,
    response_types: interactive ? unique(given.response_types?.length ? given.response_types : ['code']) : [],
    redirect_uris: interactive ? unique(given.redirect_uris ?? []) : [],
    token_endpoint_auth_method: given.token_endpoint_auth_method ?? 'client_secret_basic',
    ...(given.scope === undefined ? {} : { scope: unique(given.scope.split(' ')).join(' ') }),
  };
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** The rules that need more than one member. */
function checkTogether(metadata: Metadata, rules: RedirectRules): Metadata {
  const { grant_types: grants = [], redirect_uris: redirects = [], token_endpoint_auth_method: method } = metadata;
  for (const uri of redirects) checkRedirect('redirect_uris', uri, metadata.application_type, rules);
  for (const uri of metadata.post_logout_redirect_uris ?? []) {
    checkRedirect('post_logout_redirect_uris', uri, metadata.application_type, rules);
  }
  if (grants.includes('authorization_code') && redirects.length === 0) {
    throw invalidRedirect('redirect_uris must name at least one address, because grant_types has authorization_code');
  }
  if (grants.includes('client_credentials') && method === 'none') {
    throw invalidMetadata(
      'client_credentials is for clients that prove themselves; choose a token_endpoint_auth_method',
    );
  }
  if (metadata.jwks !== undefined && metadata.jwks_uri !== undefined) {
    throw invalidMetadata('jwks and jwks_uri must not be used together; leave one of them out');
  }
  const needsKeys = method === 'private_key_jwt' || method === 'self_signed_tls_client_auth';
  if (needsKeys && metadata.jwks === undefined && metadata.jwks_uri === undefined) {
    throw invalidMetadata(`${method} needs the public keys of the client, as jwks or jwks_uri`);
  }
  return metadata;
}
