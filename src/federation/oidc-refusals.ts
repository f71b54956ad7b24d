import { type Refusal, type Refused, refused } from './connector.ts';

/** Every reason for which a provider's word is refused: the check that failed, and what its administrator can do. */
const table = {
  provider_error: ['answer of the provider', 'Look the error up at the provider; it did not let this person in'],
  wrong_state: ['state', 'Start the sign-in again; if this recurs, the provider does not hand back state unchanged'],
  wrong_response_issuer: [
    'issuer of the answer',
    'The answer came from another provider; compare the issuer of this connection with the provider’s discovery document',
  ],
  no_code: ['code', 'Allow the authorization code flow (response type code) for this client at the provider'],
  token_refused: [
    'token endpoint',
    'Compare client id, secret or key, authentication method and redirect URI with the client at the provider; secrets expire',
  ],
  push_refused: [
    'pushed request',
    'Compare client id, secret or key, authentication method, scopes and redirect URI with the client at the provider',
  ],
  no_id_token: ['ID token', 'Allow the scope openid for this client at the provider'],
  encrypted_id_token: ['ID token', 'Turn off the encryption of ID tokens for this client at the provider'],
  malformed: ['form of the answer', 'The provider’s answer is not as OpenID Connect Core 1.0 wants it; see what came'],
  wrong_algorithm: [
    'signature algorithm',
    'Let the provider sign with RS256, PS256, ES256 or EdDSA, and name that algorithm in its discovery document',
  ],
  unknown_key: ['signing key', 'The provider signed with a key that its jwks_uri does not show; publish the key there'],
  weak_key: ['signing key', 'Let the provider sign with an RSA key of at least 2048 bits, or with ES256'],
  wrong_signature: [
    'signature',
    'The signature does not fit the provider’s key; check who answers at its token endpoint',
  ],
  wrong_key_issuer: ['issuer of the signing key', 'The key belongs to another tenant’s issuer; check the jwks_uri'],
  wrong_issuer: ['iss', 'Set the issuer of this connection to exactly what the provider’s tokens carry'],
  wrong_audience: ['aud', 'Set the client id of this connection to the one that the provider issues tokens for'],
  wrong_party: ['azp', 'The token is for several audiences and was issued to another client; give this client its own'],
  wrong_nonce: ['nonce', 'Start the sign-in again; if this recurs, the provider does not hand back nonce unchanged'],
  missing_claim: ['required claims', 'Let the provider issue ID tokens with iss, sub, aud, exp, iat and nonce'],
  expired: ['exp', 'Check the clocks of both sides, or allow a greater difference of clocks for this connection'],
  not_yet_valid: ['nbf', 'Check the clocks of both sides, or allow a greater difference of clocks for this connection'],
  issued_in_future: [
    'iat',
    'Check the clocks of both sides, or allow a greater difference of clocks for this connection',
  ],
  no_auth_time: [
    'auth_time',
    'Let the provider put auth_time into ID tokens (Entra: optional claim auth_time); without it a fresh sign-in is not proven',
  ],
  stale_authentication: [
    'auth_time',
    'The provider did not ask the person again; let it honour prompt=login and max_age',
  ],
  wrong_tenant: [
    'tenant',
    'Add the id of this tenant to the tenants of the connection, if its people may sign in here',
  ],
  ambiguous_subject: [
    'subject',
    'Let the subject of this connection be made of tid and oid: one name alone is not unique across tenants',
  ],
  no_subject: [
    'subject',
    'Let the provider put the claims that name a person into the ID token (Entra: oid needs the scope profile)',
  ],
  wrong_userinfo_subject: [
    'sub of userinfo',
    'Userinfo speaks of somebody else; check who answers at the userinfo endpoint',
  ],
  userinfo_failed: [
    'userinfo',
    'Let the userinfo endpoint take the access token, or turn userinfo off for this connection',
  ],
  unreadable_groups: ['groups', 'Send groups as a list of texts, or as one text with commas'],
  groups_overage: [
    'groups',
    'The person is in more groups than fit into a token: let Entra send only groups assigned to the application, use app roles, or allow asking Graph',
  ],
  graph_refused: [
    'groups from Graph',
    'Grant this application GroupMember.Read.All (and User.Read.All) in Entra with admin consent, or let Entra send only groups assigned to the application',
  ],
  unreachable: [
    'connection to the provider',
    'The provider did not answer in time; check its status and our way to it',
  ],
  answer_too_large: [
    'size of the answer',
    'The provider’s answer is larger than 256 KiB; check what its endpoints serve',
  ],
  certificate_expired: ['TLS certificate', 'Renew the TLS certificate of the provider’s server; it has expired'],
  certificate_untrusted: [
    'TLS certificate',
    'Let the provider’s server show a certificate for its own name, with the whole chain, from an authority that is trusted here',
  ],
  wrong_discovery: ['discovery document', 'Check the discovery document of the provider; see what came'],
  wrong_discovery_issuer: [
    'issuer of the discovery document',
    'Set the issuer of this connection to exactly what the discovery document says, to the last slash',
  ],
  insecure_endpoint: ['addresses of the provider', 'The provider’s addresses have to begin with https'],
  wrong_type: ['typ', 'Send the kind of token that this address is for'],
  not_a_logout: ['events', 'Send a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4)'],
  forbidden_nonce: ['nonce', 'A logout token must not have a nonce; do not send ID tokens to this address'],
  no_session_named: ['sub and sid', 'Let logout tokens carry sub, sid or both'],
  stale_token: ['iat', 'The token is too old or lives too long; check the clocks of both sides'],
  wrong_client: ['sub of the token', 'Let Okta sign for the client id of this connection'],
  unreadable_order: ['sub_id', 'Send sub_id with format iss_sub (iss, sub) or email (email)'],
  not_accepted: ['universal logout', 'Turn universal logout on for this connection first'],
} as const satisfies Record<string, readonly [check: string, advice: string]>;

/** A reason in the words of the audit trail. */
export type OidcReason = keyof typeof table;

/** The closed list of reasons. */
export const oidcReasons: readonly string[] = Object.keys(table);

/** What this connector throws; `check` and `advice` come from the table unless they are given. */
export const refusal = (reason: OidcReason, details: Partial<Omit<Refusal, 'reason'>> = {}): Refused => {
  const [check, advice] = table[reason];
  return refused({ reason, check, advice, ...details });
};

/** Text of a provider, cut and without control characters, so that it can be shown and kept. */
export const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.replace(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, 300);
};
