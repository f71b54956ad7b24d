import type { Trail } from '../audit/trail.ts';
import { invalid, missing, problem } from '../kernel/errors.ts';
import type { Collection, Page, Store } from '../store/port.ts';
import { adminApi, administrator, builtInApi, builtInRole, isBuiltIn } from './built-in.ts';
import { observed } from './observed.ts';
import {
  type Api,
  type Assignment,
  checkedApi,
  checkedName,
  checkedSubject,
  parsePermission,
  type Role,
} from './terms.ts';

export type { Api, Assignment, Role } from './terms.ts';

/** Something else rests on it; the sentence says what. */
export const inUse = problem(
  'in_use',
  409,
  (what: string, users: string) => `${what} is used by ${users}; change that first`,
);
const builtIn = problem('built_in', 409, (what: string) => `${what} is part of this server and cannot be changed`);

const most = 1000;
const sameList = (a: readonly string[] | undefined, b: readonly string[]): boolean => a?.join(' ') === b.join(' ');

/** APIs, roles and who has them. */
export class Access {
  readonly #apis: Collection<Api>;
  readonly #roles: Collection<Role>;
  readonly #assignments: Collection<Assignment, 'subject' | 'role' | 'connection'>;
  readonly #trail: Trail;
  /** Counts the changes that this process has made, each before whoever made it hears that it is done. */
  version = 0;

  constructor(store: Store, trail: Trail) {
    this.#trail = trail;
    const changed = (): void => {
      this.version += 1;
    };
    this.#apis = observed(store.collection<Api>({ name: 'apis', indexes: {}, cached: true }), changed);
    this.#roles = observed(store.collection<Role>({ name: 'roles', indexes: {}, cached: true }), changed);
    const assignments = store.collection<Assignment, 'subject' | 'role' | 'connection'>({
      name: 'assignments',
      indexes: {
        subject: { key: (one) => one.subject },
        role: { key: (one) => one.role },
        connection: { key: (one) => one.connection },
      },
      cached: true,
    });
    this.#assignments = observed(assignments, changed);
  }

  /** Makes the administration's API and role, or brings them up to date; safe to repeat, also by several processes at once. */
  async ensureBuiltIn(): Promise<void> {
    const [api, role] = await Promise.all([this.#apis.get(adminApi), this.#roles.get(administrator)]);
    if (!sameList(api?.permissions, builtInApi.permissions)) await this.#apis.put(builtInApi);
    if (!sameList(role?.permissions, builtInRole.permissions)) await this.#roles.put(builtInRole);
  }

  /** Makes or replaces an API. Throws `invalid`, and `in_use` when a role needs a permission that would go. */
  async saveApi(api: Api, actor: string): Promise<Api> {
    const next = checkedApi(api);
    this.#refuseBuiltIn(next.id);
    const before = await this.#apis.get(next.id);
    const gone = before?.permissions.filter((name) => !next.permissions.includes(name)) ?? [];
    await this.#refuseUsed(next.id, gone);
    await this.#apis.put(next);
    const detail = { permissions: next.permissions.join(' '), tokenFormat: next.tokenFormat };
    await this.#trail.record({ type: 'api.saved', actor, target: `api:${next.id}`, detail });
    return next;
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
    await this.#trail.record({ type: 'api.removed', actor, target: `api:${id}` });
  }

  /** Makes or replaces a role. Throws `invalid` for a permission or role that does not exist, and for a circle of roles. */
  async saveRole(role: Role, actor: string): Promise<Role> {
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
    await this.#refuseCircle(id, next.includes, [id], new Set());
    await this.#roles.put(next);
    const detail = { permissions: next.permissions.join(' '), includes: next.includes.join(' ') };
    await this.#trail.record({ type: 'role.saved', actor, target: `role:${id}`, detail });
    return next;
  }

  role(id: string): Promise<Role | undefined> {
    return this.#roles.get(id);
  }

  roles(page?: Page): Promise<Role[]> {
    return this.#roles.find({}, page);
  }

  /** Takes it from everybody who has it. Throws `missing`, and `in_use` while another role includes it. */
  async removeRole(id: string, actor: string): Promise<void> {
    this.#refuseBuiltIn(id);
    const users = (await this.#allRoles()).filter(({ includes }) => includes.includes(id)).map((role) => role.id);
    if (users.length > 0) throw inUse(`The role ${id}`, `the roles ${users.join(', ')}`);
    if (!(await this.#roles.take(id))) throw missing(`The role ${id}`);
    const assignments = await this.#assignments.drop({ role: id });
    await this.#trail.record({ type: 'role.removed', actor, target: `role:${id}`, detail: { assignments } });
  }

  /** `until` in seconds since the epoch; assigning again replaces it. Whether the subject exists is the caller's to know. */
  async assign(subject: string, role: string, actor: string, until?: number): Promise<Assignment> {
    const remaining = until === undefined ? undefined : until - Date.now() / 1000;
    if (remaining !== undefined && !(remaining > 0))
      throw invalid('The assignment would already have ended; give a later time');
    if (!(await this.#roles.get(role))) throw missing(`The role ${role}`);
    const id = `${checkedSubject(subject)}|${role}`;
    const one: Assignment = { id, subject, role, ...(until === undefined ? {} : { until }) };
    await this.#assignments.put(one, remaining);
    await this.#trail.record({ type: 'role.assigned', actor, target: subject, detail: { role, until } });
    return one;
  }

  /** Throws `missing`. */
  async unassign(subject: string, role: string, actor: string): Promise<void> {
    if (!(await this.#assignments.take(`${subject}|${role}`))) throw missing(`An assignment of ${role} to ${subject}`);
    await this.#trail.record({ type: 'role.unassigned', actor, target: subject, detail: { role } });
  }

  assignments(where: { subject?: string; role?: string } = {}, page?: Page): Promise<Assignment[]> {
    return this.#assignments.find(where, page);
  }

  /**
   * Makes these the roles that a subject has by the word of a connection's provider: gives what is new, takes what is no
   * longer said, and leaves alone what an administrator or another connection gave. Roles that do not exist are left out,
   * and so is the administrator's.
   */
  async sync(subject: string, connection: string, roles: readonly string[], actor: string): Promise<void> {
    const held = (await this.#assignments.find({ subject }, { limit: most })).filter(
      (one) => one.connection === connection,
    );
    for (const one of held) if (!roles.includes(one.role)) await this.#take(one, actor);
    for (const role of new Set(roles)) {
      if (isBuiltIn(role) || held.some((one) => one.role === role) || !(await this.#roles.get(role))) continue;
      const id = `${checkedSubject(subject)}|${role}|${connection}`;
      await this.#assignments.put({ id, subject, role, connection });
      await this.#trail.record({ type: 'role.assigned', actor, target: subject, detail: { role, connection } });
    }
  }

  /** Takes every role from a subject that is removed, so that nobody who gets the same name inherits them; says how many. */
  async forget(subject: string, actor: string): Promise<number> {
    const held = await this.#assignments.find({ subject }, { limit: most });
    for (const one of held) await this.#take(one, actor);
    return held.length;
  }

  /** Takes every role that a connection gave, because it is removed; says how many. */
  async forgetConnection(connection: string, actor: string): Promise<number> {
    let count = 0;
    for (
      let page = await this.#ofConnection(connection);
      page.length > 0;
      page = await this.#ofConnection(connection)
    ) {
      for (const one of page) await this.#take(one, actor);
      count += page.length;
    }
    return count;
  }

  #ofConnection(connection: string): Promise<Assignment[]> {
    return this.#assignments.find({ connection }, { limit: most });
  }

  async #take({ id, subject, role, connection }: Assignment, actor: string): Promise<void> {
    if (!(await this.#assignments.take(id))) return;
    await this.#trail.record({ type: 'role.unassigned', actor, target: subject, detail: { role, connection } });
  }

  #refuseBuiltIn(id: string): void {
    if (isBuiltIn(id)) throw builtIn(id);
  }

  async #allRoles(): Promise<Role[]> {
    const all: Role[] = [];
    for (let page = await this.roles({ limit: most }); page.length > 0; ) {
      all.push(...page);
      page = page.length < most ? [] : await this.roles({ limit: most, after: page.at(-1)?.id ?? '' });
    }
    return all;
  }

  async #refuseUsed(audience: string, permissions: readonly string[]): Promise<void> {
    if (permissions.length === 0) return;
    const texts = new Set(permissions.map((permission) => `${audience}#${permission}`));
    const users = (await this.#allRoles()).filter((role) => role.permissions.some((text) => texts.has(text)));
    if (users.length === 0) return;
    const used = permissions.filter((name) => users.some((role) => role.permissions.includes(`${audience}#${name}`)));
    throw inUse(`${used.join(', ')} of ${audience}`, `the roles ${users.map(({ id }) => id).join(', ')}`);
  }

  async #refuseCircle(
    start: string,
    includes: readonly string[],
    path: readonly string[],
    seen: Set<string>,
  ): Promise<void> {
    for (const name of includes) {
      if (name === start) throw invalid(`Roles would include each other in a circle: ${[...path, name].join(' → ')}`);
      if (seen.has(name)) continue;
      seen.add(name);
      const role = await this.#roles.get(name);
      if (!role) throw invalid(`There is no role ${name} to include; add it first`);
      await this.#refuseCircle(start, role.includes, [...path, name], seen);
    }
  }
}
