import { checkPageAddress } from './addresses.ts';

/** How a client may get tokens. */
export const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
] as const;
export type GrantType = (typeof grantTypes)[number];

/** How a client may prove itself (OIDC Core §9, RFC 8705 §2); `client_secret_*` need a secret. */
export const authMethods = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
] as const;
export type AuthMethod = (typeof authMethods)[number];

type SigningAlg = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';
type ResponseMode = 'query' | 'fragment' | 'form_post';

/** A public key of a client (RFC 7517 §4). */
export type PublicKey = {
  kty: string;
  kid?: string;
  use?: string;
  key_ops?: string[];
  alg?: string;
  crv?: string;
  x?: string;
  y?: string;
  n?: string;
  e?: string;
  x5c?: string[];
  x5t?: string;
  'x5t#S256'?: string;
};

/**
 * A client as RFC 7591 §2 and OpenID Connect Registration §2 describe it, under their names; without the client's id, name
 * and secrets. Members that are not listed here are never kept.
 */
export interface Metadata {
  application_type?: 'web' | 'native';
  redirect_uris?: string[];
  post_logout_redirect_uris?: string[];
  grant_types?: GrantType[];
  response_types?: 'code'[];
  response_modes?: ResponseMode[];
  scope?: string;
  token_endpoint_auth_method?: AuthMethod;
  token_endpoint_auth_signing_alg?: SigningAlg;
  jwks?: { keys: PublicKey[] };
  jwks_uri?: string;
  tls_client_auth_subject_dn?: string;
  tls_client_auth_san_dns?: string;
  tls_client_auth_san_uri?: string;
  tls_client_auth_san_ip?: string;
  tls_client_auth_san_email?: string;
  tls_client_certificate_bound_access_tokens?: boolean;
  id_token_signed_response_alg?: SigningAlg;
  userinfo_signed_response_alg?: SigningAlg;
  introspection_signed_response_alg?: SigningAlg;
  subject_type?: 'public';
  sector_identifier_uri?: string;
  default_max_age?: number;
  require_auth_time?: boolean;
  default_acr_values?: string[];
  require_pushed_authorization_requests?: boolean;
  initiate_login_uri?: string;
  backchannel_logout_uri?: string;
  backchannel_logout_session_required?: boolean;
  client_uri?: string;
  logo_uri?: string;
  policy_uri?: string;
  tos_uri?: string;
  contacts?: string[];
  software_id?: string;
  software_version?: string;
}

/**
 * What is wrong with a value, as the end of a sentence that begins with the member's name; undefined when it is right.
 * `loopback`: programs on this machine may be named, as an administrator does for development.
 */
export type Check = (value: unknown, rules?: { loopback: boolean }) => string | undefined;

const mostItems = 20;
const mostCharacters = 2000;

/** Printable text on one line; what cannot be seen has no place in metadata. */
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && !/[\p{C}\p{Zl}\p{Zp}]/u.test(value);

const text: Check = (value) =>
  isText(value) && value.length <= mostCharacters
    ? undefined
    : `must be a text of 1 to ${mostCharacters} visible characters`;
const texts: Check = (value) =>
  Array.isArray(value) && value.length <= mostItems && value.every((one) => text(one) === undefined)
    ? undefined
    : `must be a list of at most ${mostItems} texts of at most ${mostCharacters} visible characters each`;
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const age: Check = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : 'must be a whole number of seconds';
const oneOf =
  (...choices: string[]): Check =>
  (value) =>
    typeof value === 'string' && choices.includes(value) ? undefined : `must be one of ${choices.join(', ')}`;
const page: Check = (value) => text(value) ?? checkPageAddress(String(value), { fragment: true });
const endpoint: Check = (value) => text(value) ?? checkPageAddress(String(value), { fragment: false });
const service: Check = (value, { loopback } = { loopback: false }) =>
  text(value) ?? checkPageAddress(String(value), { fragment: false, loopback });
const scopes: Check = (value) =>
  text(value) ??
  (/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(String(value))
    ? /(?:^| )role:/.test(String(value))
      ? 'must not contain role:…, by which some gateways are told roles; have the role assigned to the client'
      : undefined
    : 'must be scope values with one space between them (RFC 6749 §3.3)');
const mail: Check = (value) =>
  texts(value) ??
  (Array.isArray(value) && value.every((one) => /^[^\s@<>]+@[^\s@<>]+$/.test(String(one)))
    ? undefined
    : 'must be a list of e-mail addresses');

const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const isTime = (value: unknown): boolean => typeof value === 'number';
/** Members that are no texts: what WebCrypto exports, and times that some key servers add. */
const otherKeyMembers: Record<string, (value: unknown) => boolean> = {
  ext: (value) => typeof value === 'boolean',
  exp: isTime,
  nbf: isTime,
  iat: isTime,
  key_ops: (value) => Array.isArray(value) && value.every(isText),
  x5c: (value) => Array.isArray(value) && value.every(isText),
};
const isKey = (key: unknown): boolean =>
  typeof key === 'object' &&
  key !== null &&
  'kty' in key &&
  Object.entries(key).every(([name, value]) => (otherKeyMembers[name] ?? isText)(value));
const keys: Check = (value) => {
  const list = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined;
  if (!Array.isArray(list) || list.length === 0 || list.length > mostItems || !list.every(isKey)) {
    return `must be {"keys": […]} with 1 to ${mostItems} public keys (RFC 7517 §5)`;
  }
  return list.some((key) => secretMembers.some((member) => Object.hasOwn(key, member)))
    ? 'must hold public keys only; whatever private key was sent has to be replaced'
    : undefined;
};

const listOf =
  (...choices: string[]): Check =>
  (value) =>
    Array.isArray(value) && value.length <= mostItems && value.every((one) => choices.includes(one))
      ? undefined
      : `may only contain ${choices.join(', ')}`;
const signing = oneOf('RS256', 'PS256', 'ES256', 'EdDSA');

/** What each member of the metadata may be by itself. */
export const checks: Record<keyof Metadata, Check> = {
  application_type: oneOf('web', 'native'),
  redirect_uris: texts,
  post_logout_redirect_uris: texts,
  grant_types: listOf(...grantTypes),
  response_types: listOf('code'),
  response_modes: listOf('query', 'fragment', 'form_post'),
  scope: scopes,
  token_endpoint_auth_method: oneOf(...authMethods),
  token_endpoint_auth_signing_alg: signing,
  jwks: keys,
  jwks_uri: service,
  tls_client_auth_subject_dn: text,
  tls_client_auth_san_dns: text,
  tls_client_auth_san_uri: text,
  tls_client_auth_san_ip: text,
  tls_client_auth_san_email: text,
  tls_client_certificate_bound_access_tokens: flag,
  id_token_signed_response_alg: signing,
  userinfo_signed_response_alg: signing,
  introspection_signed_response_alg: signing,
  subject_type: oneOf('public'),
  sector_identifier_uri: endpoint,
  default_max_age: age,
  require_auth_time: flag,
  default_acr_values: texts,
  require_pushed_authorization_requests: flag,
  initiate_login_uri: endpoint,
  backchannel_logout_uri: service,
  backchannel_logout_session_required: flag,
  client_uri: page,
  logo_uri: endpoint,
  policy_uri: page,
  tos_uri: page,
  contacts: mail,
  software_id: text,
  software_version: text,
};
