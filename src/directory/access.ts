import type { Trail } from '../audit/trail.ts';
import { invalid, missing, problem } from '../kernel/errors.ts';
import type { Collection, Page, Store } from '../store/port.ts';
import { whole } from '../store/whole.ts';
import { Alone } from './alone.ts';
import { Assignments } from './assignments.ts';
import { adminApi, administrator, builtInApi, builtInRole, isBuiltIn } from './built-in.ts';
import { circle } from './circles.ts';
import { Compiled } from './compiled.ts';
import { observed } from './observed.ts';
import { added, revised } from './revised.ts';
import { type AcrLevel, type Api, checkedApi, checkedName, parsePermission, type Role } from './terms.ts';

export type { Api, Assignment, Role } from './terms.ts';

/** Something else rests on it; the sentence says what. */
export const inUse = problem(
  'in_use',
  409,
  (what: string, users: string) => `${what} is used by ${users}; change that first`,
);
const builtIn = problem('built_in', 409, (what: string) => `${what} is part of this server and cannot be changed`);

const sameList = (a: readonly string[] | undefined, b: readonly string[]): boolean => a?.join(' ') === b.join(' ');

/** APIs, roles and who has them. */
export class Access extends Assignments {
  /** For what may take the administration from somebody. */
  readonly alone: Alone;
  readonly #apis: Collection<Api>;
  readonly #roles: Collection<Role>;
  readonly #rolesByName = new Compiled<Role, ReadonlyMap<string, Role>>(
    (page) => this.roles(page),
    (all) => new Map(all.map((role) => [role.id, role])),
  );

  constructor(store: Store, trail: Trail) {
    super(store, trail);
    this.alone = new Alone(store);
    const changed = () => this.changed();
    this.#apis = observed(store.collection<Api>({ name: 'apis', indexes: {}, cached: true }), changed);
    this.#roles = observed(store.collection<Role>({ name: 'roles', indexes: {}, cached: 'whole' }), changed);
  }

  /**
   * Makes the administration's API and role, or brings them up to date; safe to repeat, also by several processes at once. `acr`: what
   * the sign-in of a person must be worth for a token to administer with, by whichever client.
   */
  async ensureBuiltIn(acr?: AcrLevel): Promise<void> {
    const [api, role] = await Promise.all([this.#apis.get(adminApi), this.#roles.get(administrator)]);
    const demanding = acr === undefined || acr === '1fa' ? builtInApi : { ...builtInApi, acr };
    if (!sameList(api?.permissions, builtInApi.permissions) || api?.acr !== demanding.acr)
      await this.#apis.put(demanding);
    if (!sameList(role?.permissions, builtInRole.permissions)) await this.#roles.put(builtInRole);
  }

  /** Makes or replaces an API. Throws `invalid`, and `in_use` when a role needs a permission that would go. */
  async saveApi(api: Api, actor: string): Promise<Api> {
    const next = await this.#checkedApi(api, await this.#apis.get(api.id));
    await this.#apis.put(next);
    return this.#savedApi(next, actor);
  }

  /** The same for a new one. Throws `taken`. */
  async addApi(api: Api, actor: string): Promise<Api> {
    const next = await this.#checkedApi(api, undefined);
    await added(this.#apis, next, `The API ${next.id}`);
    return this.#savedApi(next, actor);
  }

  /** Makes of an API what `edit` makes of it as it is; the edit may refuse, and may run again. Throws `missing` too. */
  async changeApi(id: string, edit: (now: Api) => Api, actor: string): Promise<Api> {
    const settle = async (now: Api) => this.#checkedApi({ ...edit(now), id }, now);
    const next = await revised(this.#apis, id, settle);
    if (!next) throw missing(`The API ${id}`);
    return this.#savedApi(next, actor);
  }

  async #checkedApi(api: Api, before: Api | undefined): Promise<Api> {
    const next = checkedApi(api);
    this.#refuseBuiltIn(next.id);
    const gone = before?.permissions.filter((name) => !next.permissions.includes(name)) ?? [];
    await this.#refuseUsed(next.id, gone);
    return next;
  }

  async #savedApi(api: Api, actor: string): Promise<Api> {
    const detail = { permissions: api.permissions.join(' '), tokenFormat: api.tokenFormat };
    await this.trail.record({ type: 'api.saved', actor, target: `api:${api.id}`, detail });
    return api;
  }

  api(id: string): Promise<Api | undefined> {
    return this.#apis.get(id);
  }

  apis(page?: Page): Promise<Api[]> {
    return this.#apis.find({}, page);
  }

  /** Throws `missing`, and `in_use` while a role has permissions on it. */
  async removeApi(id: string, actor: string): Promise<void> {
    this.#refuseBuiltIn(id);
    const api = await this.#apis.get(id);
    if (!api) throw missing(`The API ${id}`);
    await this.#refuseUsed(id, api.permissions);
    await this.#apis.take(id);
    await this.trail.record({ type: 'api.removed', actor, target: `api:${id}` });
  }

  /** Makes or replaces a role. Throws `invalid` for a permission or role that does not exist, and for a circle of roles. */
  async saveRole(role: Role, actor: string): Promise<Role> {
    const next = await this.#checkedRole(role);
    await this.#roles.put(next);
    return this.#savedRole(next, actor);
  }

  /** The same for a new one. Throws `taken`. */
  async addRole(role: Role, actor: string): Promise<Role> {
    const next = await this.#checkedRole(role);
    await added(this.#roles, next, `The role ${next.id}`);
    return this.#savedRole(next, actor);
  }

  /** Makes of a role what `edit` makes of it as it is; the edit may refuse, and may run again. Throws `missing` too. */
  async changeRole(id: string, edit: (now: Role) => Promise<Role>, actor: string): Promise<Role> {
    const next = await revised(this.#roles, id, async (now) => this.#checkedRole({ ...(await edit(now)), id }));
    if (!next) throw missing(`The role ${id}`);
    return this.#savedRole(next, actor);
  }

  /** What `changeRole` would make of it. Throws what that throws. */
  async triedRole(id: string, edit: (now: Role) => Promise<Role>): Promise<Role> {
    const now = await this.#roles.get(id);
    if (!now) throw missing(`The role ${id}`);
    return this.#checkedRole({ ...(await edit(now)), id });
  }

  async #checkedRole(role: Role): Promise<Role> {
    const id = checkedName('role', role.id);
    this.#refuseBuiltIn(id);
    const next: Role = { id, permissions: [...new Set(role.permissions)], includes: [...new Set(role.includes)] };
    for (const text of next.permissions) {
      const { audience, permission } = parsePermission(text);
      const api = await this.#apis.get(audience);
      if (!api) throw invalid(`There is no API ${audience}; add it before you give permissions on it`);
      if (api.permissions.includes(permission)) continue;
      throw invalid(`${audience} has no permission ${permission}; it has ${api.permissions.join(', ') || 'none'}`);
    }
    await this.#refuseCircle(id, next.includes);
    return next;
  }

  async #savedRole(role: Role, actor: string): Promise<Role> {
    const detail = { permissions: role.permissions.join(' '), includes: role.includes.join(' ') };
    await this.trail.record({ type: 'role.saved', actor, target: `role:${role.id}`, detail });
    return role;
  }

  role(id: string): Promise<Role | undefined> {
    return this.#roles.get(id);
  }

  roles(page?: Page): Promise<Role[]> {
    return this.#roles.find({}, page);
  }

  /** All of them; the same map until one changes. */
  rolesByName(): Promise<ReadonlyMap<string, Role>> {
    return this.#rolesByName.get();
  }

  /** Throws what keeps a role: `built_in`, `missing`, and `in_use` while another role includes it. */
  async refuseRemoval(id: string): Promise<void> {
    this.#refuseBuiltIn(id);
    if (!(await this.#roles.get(id))) throw missing(`The role ${id}`);
    const users = (await this.#allRoles()).filter(({ includes }) => includes.includes(id)).map((role) => role.id);
    if (users.length > 0) throw inUse(`The role ${id}`, `the roles ${users.join(', ')}`);
  }

  /** Takes it from everybody who has it. Throws `missing`, and `in_use` while another role includes it. */
  async removeRole(id: string, actor: string): Promise<void> {
    await this.refuseRemoval(id);
    if (!(await this.#roles.take(id))) throw missing(`The role ${id}`);
    const assignments = await this.dropRole(id);
    await this.trail.record({ type: 'role.removed', actor, target: `role:${id}`, detail: { assignments } });
  }

  #refuseBuiltIn(id: string): void {
    if (isBuiltIn(id)) throw builtIn(id);
  }

  #allRoles(): Promise<Role[]> {
    return whole((page) => this.roles(page));
  }

  async #refuseUsed(audience: string, permissions: readonly string[]): Promise<void> {
    if (permissions.length === 0) return;
    const texts = new Set(permissions.map((permission) => `${audience}#${permission}`));
    const users = (await this.#allRoles()).filter((role) => role.permissions.some((text) => texts.has(text)));
    if (users.length === 0) return;
    const used = permissions.filter((name) => users.some((role) => role.permissions.includes(`${audience}#${name}`)));
    throw inUse(`${used.join(', ')} of ${audience}`, `the roles ${users.map(({ id }) => id).join(', ')}`);
  }

  async #refuseCircle(id: string, includes: readonly string[]): Promise<void> {
    const found = await circle(id, includes, async (name) => {
      const role = await this.#roles.get(name);
      if (!role) throw invalid(`There is no role ${name} to include; add it first`);
      return role.includes;
    });
    if (found) throw invalid(`Roles would include each other in a circle: ${found.join(' → ')}`);
  }
}
