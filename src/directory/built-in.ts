import type { Api, Role } from './terms.ts';

/** The API of this server's own administration, and the role that holds all of it. */
export const adminApi = 'urn:sallyport:admin';
export const administrator = 'administrator';

const resources = [
  'clients',
  'registrars',
  'apis',
  'roles',
  'groups',
  'users',
  'organizations',
  'assignments',
  'connections',
  'tiers',
  'sessions',
  'keys',
  'audit-events',
  'webhooks',
];

/** What administration consists of; `dcr` lets a client register others with its own access token. */
export const adminPermissions: readonly string[] = [
  ...resources.flatMap((name) => [`${name}:read`, `${name}:write`]),
  'clients:approve',
  'dcr',
];

export const builtInApi: Api = {
  id: adminApi,
  permissions: [...adminPermissions],
  tokenFormat: 'opaque',
  signingAlg: 'RS256',
  routes: [],
};

export const builtInRole: Role = {
  id: administrator,
  permissions: adminPermissions.map((permission) => `${adminApi}#${permission}`),
  includes: [],
};

/** Whether this name belongs to the server itself, as an API or as a role. */
export const isBuiltIn = (id: string): boolean => id === adminApi || id === administrator;
