import { invalid } from '../kernel/errors.ts';
import type { Entity } from '../store/port.ts';
import { readRoute, shapeOf } from './route-template.ts';

/** Something that tokens are for: its id is the audience, its permissions are the scopes that clients ask for. */
export interface Api extends Entity {
  permissions: string[];
  tokenFormat: 'opaque' | 'jwt';
  signingAlg: 'RS256' | 'ES256' | 'EdDSA';
  /** Life of its access tokens in seconds, where it differs from the configured one. */
  tokenTtl?: number;
  /** `GET /orders/** = orders:read` (route-template.ts). */
  routes: string[];
  host?: string;
  /** People get tokens for it only by a sign-in that is worth at least this. Machines sign in with no factors at all. */
  acr?: AcrLevel;
  /** At the authorization endpoint the sign-in of a person is no older (seconds). */
  maxAge?: number;
  /** How introspection and JWTs name what the subject may do; `standard` where it is not said. */
  profile?: ClaimProfile;
}

/** In which names a gateway of an API reads what a token may do; `standard` are those of RFC 9068 §2.2.3.1. */
export const claimProfiles = ['standard', 'mulesoft', 'keycloak', 'cognito', 'entra', 'minimal'] as const;
/** One of `claimProfiles`. */
export type ClaimProfile = (typeof claimProfiles)[number];

/** What a sign-in can be worth, weakest first. */
export const acrLevels = ['1fa', '2fa', 'phr'] as const;
/** One of `acrLevels`. */
export type AcrLevel = (typeof acrLevels)[number];

/** Whether a sign-in of this level is good enough where that one is wanted. */
export const meets = (acr: string | undefined, wanted: AcrLevel): boolean =>
  acrLevels.slice(acrLevels.indexOf(wanted)).some((level) => level === acr);

/** A name for permissions, each as `AUDIENCE#PERMISSION`: its own and those of the roles it includes. */
export interface Role extends Entity {
  permissions: string[];
  includes: string[];
}

/** A subject (`user:ID`, `client:ID` or `group:NAME`) has a role, perhaps until a time (seconds). */
export interface Assignment extends Entity {
  subject: string;
  role: string;
  until?: number;
  /** The connection whose provider says so; given by an administrator otherwise. One role can be given by both. */
  connection?: string;
  /** Counts only in tokens for this organisation, and only while the subject is a member of it. */
  organization?: string;
}

/** Scopes about the person and the sign-in (OIDC Core §5.4, §11); no API may give them another meaning. */
const identityScopes = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'roles'];

/** A scope value (RFC 6749 §3.3), without the `#` and `|` that we join names with. */
const permissionForm = /^[\x21\x24-\x5b\x5d-\x7b\x7d\x7e]{1,100}$/;
const nameForm = /^[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,98}[A-Za-z0-9])?$/;
const longest = 200;
/** As long as a session can last (seconds). */
const longestAge = 400 * 86_400;

/** Reads `AUDIENCE#PERMISSION`; neither half has a `#` of its own. Throws `invalid`. */
export function parsePermission(text: string): { audience: string; permission: string } {
  const mark = text.indexOf('#');
  if (mark < 1 || mark === text.length - 1) {
    throw invalid(`"${text}" must be AUDIENCE#PERMISSION, such as https://api.example.com/orders#orders:read`);
  }
  return { audience: text.slice(0, mark), permission: text.slice(mark + 1) };
}

/** The name of a role or group, or the id of an organisation, as it may appear in tokens and headers, where spaces part names. Throws `invalid`. */
export function checkedName(kind: 'role' | 'group' | 'organization', name: string): string {
  if (nameForm.test(name)) return name;
  throw invalid(
    `The ${kind === 'organization' ? 'id of an organization' : `name of a ${kind}`} has 1 to 100 letters, digits and . _ : - between them, not "${name.slice(0, 110)}"`,
  );
}

/** Throws `invalid` for what is not `user:ID`, `client:ID` or `group:NAME`. */
export function checkedSubject(subject: string): string {
  const [, kind, id = ''] = /^(user|client|group):(.+)$/s.exec(subject) ?? [];
  if (kind === undefined || id.length > longest || /[|\s]/.test(id)) {
    throw invalid('A subject is user:ID, client:ID or group:NAME');
  }
  if (kind === 'group') checkedName('group', id);
  return subject;
}

/** The API as it is kept. Throws `invalid` for an identifier, permission, route or lifetime that cannot work. */
export function checkedApi(api: Api): Api {
  const { id, tokenTtl, host } = api;
  if (!URL.canParse(id) || /[#|\s]/.test(id) || id.length > longest) {
    throw invalid(
      'The identifier of an API is an absolute URI without a fragment, such as https://api.example.com/orders (RFC 8707 §2)',
    );
  }
  const permissions = [...new Set(api.permissions)];
  for (const name of permissions) {
    if (!permissionForm.test(name))
      throw invalid(`The permission "${name.slice(0, 110)}" must be a scope value (RFC 6749 §3.3) without # and |`);
    if (name.startsWith('role:'))
      throw invalid(
        `The permission ${name} would pass for a role, which some gateways read in scopes; choose another name`,
      );
    if (identityScopes.includes(name))
      throw invalid(`The permission ${name} has a meaning of its own in OpenID Connect; choose another name`);
  }
  if (tokenTtl !== undefined && !(Number.isSafeInteger(tokenTtl) && tokenTtl >= 10 && tokenTtl <= 86_400)) {
    throw invalid('Tokens of an API live for 10 to 86400 whole seconds');
  }
  checkDemands(api);
  if (host !== undefined && !/^[a-z\d](?:[a-z\d.-]*[a-z\d])?(?::\d{1,5})?$/i.test(host)) {
    throw invalid(`The host of an API is a name such as api.example.com, not "${host.slice(0, 110)}"`);
  }
  const routes = [...new Set(api.routes)];
  checkRoutes(routes, permissions);
  return { ...api, permissions, routes };
}

function checkDemands({ acr, maxAge }: Api): void {
  if (acr !== undefined && !acrLevels.includes(acr)) throw invalid(`The acr of an API is ${acrLevels.join(', ')}`);
  if (maxAge !== undefined && !(Number.isSafeInteger(maxAge) && maxAge >= 10 && maxAge <= longestAge)) {
    throw invalid(`A sign-in for an API may be 10 to ${longestAge} whole seconds old`);
  }
}

function checkRoutes(routes: readonly string[], permissions: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const text of routes) {
    const route = readRoute(text);
    const said = `The route "${text.slice(0, 110)}"`;
    if (!permissions.includes(route.permission)) {
      throw invalid(`${said} asks for ${route.permission}, which is not among the permissions of its API`);
    }
    const other = seen.get(shapeOf(route));
    if (other !== undefined) throw invalid(`${said} takes the same requests as "${other.slice(0, 110)}"; keep one`);
    seen.set(shapeOf(route), text);
  }
}

const mostTitle = 100;

/** The name of an organisation for people to read. Throws `invalid`. */
export function checkedTitle(name: string): string {
  const title = name.normalize('NFC').trim();
  if (title !== '' && title.length <= mostTitle && !/\p{C}/u.test(title)) return title;
  throw invalid(`The name of an organization is one line of 1 to ${mostTitle} characters`);
}
