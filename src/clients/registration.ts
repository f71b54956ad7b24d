import { displayName } from './display-name.ts';
import { grantTypes } from './members.ts';
import { invalidMetadata, type Metadata, normalMetadata } from './metadata.ts';
import type { Registrar } from './registrars.ts';

/** What a registrar's clients may be; empty lists mean no restriction. */
export type Terms = Pick<Registrar, 'approve' | 'grants' | 'scopes' | 'redirectHosts' | 'pkce' | 'limit'>;

/** A client as it may be registered. */
export interface Permitted {
  /** Not given: the client is known by its id. */
  name?: string;
  metadata: Metadata;
  pkce: 'required' | 'optional';
}

/** Scopes about the person and the sign-in (OIDC Core §5.4, §11): theirs to give, by consent. */
const identityScopes = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'roles'];

/**
 * What becomes of a registration request (RFC 7591 §2) under a registrar's terms, at registration and at every update
 * alike. `reserved` are scopes that only a registrar which names them can give: those of this server's administration.
 * Throws `invalid_client_metadata` or `invalid_redirect_uri` with what to change.
 */
export function permitted(terms: Terms, request: object, reserved: readonly string[]): Permitted {
  const grants = terms.grants.length > 0 ? terms.grants : grantTypes;
  const asked = new Map<string, unknown>(Object.entries(request));
  const usual = asked.get('grant_types') ?? (grants.includes('authorization_code') ? undefined : grants);
  const rules = { hosts: terms.redirectHosts, loopback: false };
  const responses = followingGrants(asked.get('response_types'), usual);
  const metadata = normalMetadata({ ...request, grant_types: usual, response_types: responses }, rules);
  const beyond = metadata.grant_types?.find((grant) => !grants.includes(grant));
  if (beyond !== undefined) {
    throw invalidMetadata(`grant_types must not contain ${beyond}; this registrar may give ${grants.join(', ')}`);
  }
  const scope = permittedScope(metadata, terms.scopes, reserved);
  const name = asked.get('client_name') ?? undefined;
  return {
    ...(name === undefined ? {} : { name: displayName(name) }),
    metadata: scope === undefined ? metadata : { ...metadata, scope },
    pkce: terms.pkce === 'optional' && metadata.token_endpoint_auth_method !== 'none' ? 'optional' : 'required',
  };
}

const frontChannel = /^(?:code|id_token|token)(?: (?:code|id_token|token))*$/;

/**
 * Response types belong to grants (RFC 7591 §2.1), and there is no implicit one here. Anypoint names those of it for other
 * grants too: they are left out and the answer says what there is; but a client that wants the grant itself hears that it
 * cannot have it.
 */
function followingGrants(responses: unknown, grants: unknown): unknown {
  if (Array.isArray(grants) && grants.includes('implicit')) {
    throw invalidMetadata(
      'grant_types must not contain implicit, which hands tokens to the browser (RFC 9700 §2.1.2); use authorization_code with PKCE',
    );
  }
  const known = Array.isArray(responses) && responses.every((one) => frontChannel.test(String(one)));
  return known && responses.some((one) => one !== 'code') ? undefined : responses;
}

/** The server may grant less than was asked for, and says so in its answer (RFC 7591 §2); never nothing. */
function permittedScope(metadata: Metadata, given: readonly string[], reserved: readonly string[]): string | undefined {
  const listed = given.some((scope) => identityScopes.includes(scope));
  const identity = listed ? given.filter((scope) => identityScopes.includes(scope)) : identityScopes;
  if (metadata.scope === undefined) {
    if (given.length === 0) return undefined;
    const interactive = metadata.grant_types?.includes('authorization_code');
    const own = given.filter((scope) => !identityScopes.includes(scope));
    // A program has no use for scopes about a person; but no scope at all would be no limit.
    return (interactive ? [...identity, ...own] : own.length > 0 ? own : given).join(' ');
  }
  const may = (scope: string): boolean => {
    if (identityScopes.includes(scope)) return identity.includes(scope);
    return given.length > 0 ? given.includes(scope) : !reserved.includes(scope);
  };
  const scopes = metadata.scope.split(' ').filter(may);
  if (scopes.length > 0) return scopes.join(' ');
  const advice = given.length > 0 ? `ask for some of ${given.join(' ')}, or for none` : 'ask for others, or for none';
  throw invalidMetadata(`scope contains nothing that this registrar may give; ${advice}`);
}
