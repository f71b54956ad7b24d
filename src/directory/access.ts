import type { Trail } from '../audit/trail.ts';
import { invalid, missing } from '../kernel/errors.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';

/** Something that tokens are for: its id is the audience, its permissions are the scopes that clients ask for. */
export interface Api extends Entity {
  permissions: string[];
  tokenFormat: 'opaque' | 'jwt';
  signingAlg: 'RS256' | 'ES256' | 'EdDSA';
  /** Life of its access tokens in seconds, where it differs from the configured one. */
  tokenTtl?: number;
  /** `GET /orders/** = orders:read`. */
  routes: string[];
  host?: string;
}

/** A name for permissions, each as `AUDIENCE#PERMISSION`, its own and those of the roles it includes. */
export interface Role extends Entity {
  permissions: string[];
  includes: string[];
}

/** A subject (`user:ID`, `client:ID` or `group:NAME`) has a role, perhaps until a time (seconds). */
export interface Assignment extends Entity {
  subject: string;
  role: string;
  until?: number;
}

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
const adminPermissions = [...resources.flatMap((name) => [`${name}:read`, `${name}:write`]), 'clients:approve', 'dcr'];

/** Reads `AUDIENCE#PERMISSION`; audiences may contain `#` themselves only where they are no URLs. */
export function parsePermission(text: string): { audience: string; permission: string } {
  const mark = text.lastIndexOf('#');
  if (mark < 1 || mark === text.length - 1) throw invalid(`"${text}" must be AUDIENCE#PERMISSION`);
  return { audience: text.slice(0, mark), permission: text.slice(mark + 1) };
}

/** APIs, roles and who has them. */
export class Access {
  readonly #apis: Collection<Api>;
  readonly #roles: Collection<Role>;
  readonly #assignments: Collection<Assignment, 'subject' | 'role'>;
  readonly #trail: Trail;

  constructor(store: Store, trail: Trail) {
    this.#trail = trail;
    this.#apis = store.collection<Api>({ name: 'apis', indexes: {}, cached: true });
    this.#roles = store.collection<Role>({ name: 'roles', indexes: {}, cached: true });
    this.#assignments = store.collection<Assignment, 'subject' | 'role'>({
      name: 'assignments',
      indexes: { subject: { key: (one) => one.subject }, role: { key: (one) => one.role } },
      cached: true,
    });
  }

  /** Makes the administration's API and role, or brings them up to date; safe to repeat. */
  async ensureBuiltIn(): Promise<void> {
    const routes: string[] = [];
    const api: Api = { id: adminApi, permissions: adminPermissions, tokenFormat: 'opaque', signingAlg: 'RS256', routes };
    const permissions = adminPermissions.map((permission) => `${adminApi}#${permission}`);
    const [known, role] = await Promise.all([this.#apis.get(adminApi), this.#roles.get(administrator)]);
    if (known?.permissions.join() !== api.permissions.join()) await this.#apis.put(api);
    if (role?.permissions.join() !== permissions.join())
      await this.#roles.put({ id: administrator, permissions, includes: [] });
  }

  async saveApi(api: Api, actor: string): Promise<Api> {
    if (!URL.canParse(api.id) || api.id.includes('#')) {
      throw invalid('The identifier of an API must be an absolute URI without a fragment (RFC 8707 §2)');
    }
    const odd = api.permissions.find((name) => !/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(name));
    if (odd !== undefined) throw invalid(`The permission "${odd}" must be a scope value (RFC 6749 §3.3)`);
    await this.#apis.put(api);
    await this.#trail.record({ type: 'api.saved', actor, target: `api:${api.id}` });
    return api;
  }
  api(id: string): Promise<Api | undefined> {
    return this.#apis.get(id);
  }
  apis(page?: Page): Promise<Api[]> {
    return this.#apis.find({}, page);
  }
  async removeApi(id: string, actor: string): Promise<void> {
    if (!(await this.#apis.take(id))) throw missing(`The API ${id}`);
    await this.#trail.record({ type: 'api.removed', actor, target: `api:${id}` });
  }

  /** Throws `invalid` for a permission or role that does not exist, and for roles that include each other in a circle. */
  async saveRole(role: Role, actor: string): Promise<Role> {
    for (const text of role.permissions) {
      const { audience, permission } = parsePermission(text);
      const api = await this.#apis.get(audience);
      if (!api?.permissions.includes(permission)) throw invalid(`No API ${audience} has the permission ${permission}`);
    }
    await this.#refuseCircle(role.id, role.includes, [role.id]);
    await this.#roles.put(role);
    await this.#trail.record({ type: 'role.saved', actor, target: `role:${role.id}` });
    return role;
  }
  async #refuseCircle(start: string, includes: readonly string[], path: readonly string[]): Promise<void> {
    for (const name of includes) {
      if (name === start) throw invalid(`Roles include each other in a circle: ${[...path, name].join(' → ')}`);
      const role = await this.#roles.get(name);
      if (!role) throw invalid(`The included role ${name} does not exist`);
      await this.#refuseCircle(start, role.includes, [...path, name]);
    }
  }
  role(id: string): Promise<Role | undefined> {
    return this.#roles.get(id);
  }
  roles(page?: Page): Promise<Role[]> {
    return this.#roles.find({}, page);
  }
  async removeRole(id: string, actor: string): Promise<void> {
    if (!(await this.#roles.take(id))) throw missing(`The role ${id}`);
    await this.#assignments.drop({ role: id });
    await this.#trail.record({ type: 'role.removed', actor, target: `role:${id}` });
  }

  /** `until` in seconds since the epoch; assigning again replaces it. */
  async assign(subject: string, role: string, actor: string, until?: number): Promise<Assignment> {
    if (!(await this.#roles.get(role))) throw missing(`The role ${role}`);
    const one = { id: `${subject}|${role}`, subject, role, ...(until === undefined ? {} : { until }) };
    await this.#assignments.put(one);
    await this.#trail.record({ type: 'role.assigned', actor, target: subject, detail: { role } });
    return one;
  }
  async unassign(subject: string, role: string, actor: string): Promise<void> {
    if (!(await this.#assignments.take(`${subject}|${role}`))) throw missing(`An assignment of ${role} to ${subject}`);
    await this.#trail.record({ type: 'role.unassigned', actor, target: subject, detail: { role } });
  }
  assignments(where: { subject?: string; role?: string } = {}, page?: Page): Promise<Assignment[]> {
    return this.#assignments.find(where, page);
  }
}
