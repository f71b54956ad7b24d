import type { Api, Role } from './terms.ts';

/** The audience of this server's own administration. */
export const adminApi = 'urn:sallyport:admin';
/** The role that holds all of it. */
export const administrator = 'administrator';

const resources = [
  'clients',
  'registrars',
  'apis',
  'roles',
  'groups',
  'users',
  'factors',
  'mfa-policies',
  'organizations',
  'assignments',
  'connections',
  'tiers',
  'sessions',
  'keys',
  'audit-events',
  'webhooks',
];

/**
 * What administration consists of. `dcr` lets a client register others with its own access token; `ssf.manage` and `ssf.read`
 * let a receiver look after its own stream of security events (CAEP interoperability profile §2.7.2).
 */
export const adminPermissions: readonly string[] = [
  ...resources.flatMap((name) => [`${name}:read`, `${name}:write`]),
  'clients:approve',
  'users:impersonate',
  'dcr',
  'ssf.manage',
  'ssf.read',
];

/** What can also be allowed within one organisation: whoever holds it there looks after that organisation and nothing else. */
export const delegable: ReadonlySet<string> = new Set(
  ['users', 'factors', 'sessions', 'organizations', 'assignments', 'clients', 'connections', 'audit-events'].flatMap(
    (name) => [`${name}:read`, `${name}:write`],
  ),
);

/** The administration's API as it is stored at every start; its tokens are opaque, so that they end at once. */
export const builtInApi: Api = {
  id: adminApi,
  permissions: [...adminPermissions],
  tokenFormat: 'opaque',
  signingAlg: 'RS256',
  routes: [],
};

/** The administrator's role as it is stored at every start. */
export const builtInRole: Role = {
  id: administrator,
  permissions: adminPermissions.map((permission) => `${adminApi}#${permission}`),
  includes: [],
};

/** Whether this name belongs to the server itself, as an API or as a role. */
export const isBuiltIn = (id: string): boolean => id === adminApi || id === administrator;
