import type { Trail } from '../audit/trail.ts';
import { invalid, missing, problem } from '../kernel/errors.ts';
import type { Collection, Page, Store } from '../store/port.ts';
import { whole } from '../store/whole.ts';
import { adminApi, administrator, builtInApi, builtInRole, isBuiltIn } from './built-in.ts';
import { circle } from './circles.ts';
import { Compiled } from './compiled.ts';
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

/** What bounds an assignment by an administrator. */
export interface Bounds {
  /** When it ends by itself, in seconds. */
  until?: number | undefined;
  /** The organisation within which alone it counts. */
  organization?: string | undefined;
}

type LookUp = 'subject' | 'role' | 'connection' | 'organization' | 'group';
type Where = { readonly [name in Exclude<LookUp, 'group'>]?: string };

/** APIs, roles and who has them. */
export class Access {
  readonly #apis: Collection<Api>;
  readonly #roles: Collection<Role>;
  readonly #assignments: Collection<Assignment, LookUp>;
  readonly #ofGroups: Compiled<Assignment, ReadonlyMap<string, readonly Assignment[]>>;
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
    const assignments = store.collection<Assignment, LookUp>({
      name: 'assignments',
      indexes: {
        subject: { key: (one) => one.subject },
        role: { key: (one) => one.role },
        connection: { key: (one) => one.connection },
        organization: { key: (one) => one.organization },
        group: { key: ({ subject }) => (subject.startsWith('group:') ? 'group' : undefined) },
      },
      cached: true,
    });
    this.#assignments = observed(assignments, changed);
    this.#ofGroups = new Compiled(
      (page) => this.#assignments.find({ group: 'group' }, page),
      (all) => Map.groupBy(all, ({ subject }) => subject),
    );
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
    await this.#refuseCircle(id, next.includes);
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

  /** Assigning again within the same bounds replaces the end. Whether the subject exists is the caller's to know. */
  async assign(subject: string, role: string, actor: string, bounds: Bounds = {}): Promise<Assignment> {
    const { until, organization } = bounds;
    const remaining = until === undefined ? undefined : until - Date.now() / 1000;
    if (remaining !== undefined && !(remaining > 0))
      throw invalid('The assignment would already have ended; give a later time');
    if (!(await this.#roles.get(role))) throw missing(`The role ${role}`);
    const one: Assignment = {
      id: idOf(checkedSubject(subject), role, organization),
      ...{ subject, role },
      ...(until === undefined ? {} : { until }),
      ...(organization === undefined ? {} : { organization }),
    };
    await this.#assignments.put(one, remaining);
    const detail = { role, until, organization };
    await this.#trail.record({ type: 'role.assigned', actor, target: subject, detail });
    return one;
  }

  /** Throws `missing`. */
  async unassign(subject: string, role: string, actor: string, organization?: string): Promise<Assignment> {
    const taken = await this.take(idOf(subject, role, organization), actor);
    const where = organization === undefined ? '' : ` within ${organization}`;
    if (!taken) throw missing(`An assignment of ${role} to ${subject}${where}`);
    return taken;
  }

  /** Ends an assignment by whoever's word; undefined when it had ended. */
  async take(id: string, actor: string): Promise<Assignment | undefined> {
    const one = await this.#assignments.take(id);
    if (!one) return undefined;
    const { subject, role, connection, organization } = one;
    const detail = { role, connection, organization };
    await this.#trail.record({ type: 'role.unassigned', actor, target: subject, detail });
    return one;
  }

  assignment(id: string): Promise<Assignment | undefined> {
    return this.#assignments.get(id);
  }

  /** Whether it is there in the store itself, whatever is remembered of it. */
  async stands(id: string): Promise<boolean> {
    return (await this.#assignments.change(id, (one) => one)) !== undefined;
  }

  assignments(where: Where = {}, page?: Page): Promise<Assignment[]> {
    return this.#assignments.find(where, page);
  }

  /** All assignments to one subject itself, by whoever's word and within every organisation; the caller looks at the time. */
  assignmentsOf(subject: string): Promise<Assignment[]> {
    return whole((page) => this.#assignments.find({ subject }, page));
  }

  /** All assignments to groups, by the subjects that these are: `group:NAME`. */
  assignmentsOfGroups(): Promise<ReadonlyMap<string, readonly Assignment[]>> {
    return this.#ofGroups.get();
  }

  /**
   * Makes these the roles that a subject has by the word of a connection's provider: gives what is new, takes what is no
   * longer said, and leaves alone what an administrator or another connection gave. Roles that do not exist are left out,
   * and so is the administrator's.
   */
  async sync(subject: string, connection: string, roles: readonly string[], actor: string): Promise<void> {
    const held = (await this.assignmentsOf(subject)).filter((one) => one.connection === connection);
    for (const one of held) if (!roles.includes(one.role)) await this.take(one.id, actor);
    for (const role of new Set(roles)) {
      if (isBuiltIn(role) || held.some((one) => one.role === role) || !(await this.#roles.get(role))) continue;
      const id = `${checkedSubject(subject)}|${role}|${connection}`;
      await this.#assignments.put({ id, subject, role, connection });
      await this.#trail.record({ type: 'role.assigned', actor, target: subject, detail: { role, connection } });
    }
  }

  /** Takes every role from a subject that is removed, so that nobody who gets the same name inherits them; says how many. */
  forget(subject: string, actor: string): Promise<number> {
    return this.#forget({ subject }, actor);
  }

  /** Takes every role that a connection gave, because it is removed; says how many. */
  forgetConnection(connection: string, actor: string): Promise<number> {
    return this.#forget({ connection }, actor);
  }

  /** Takes every role within an organisation that is removed; says how many. */
  forgetOrganization(organization: string, actor: string): Promise<number> {
    return this.#forget({ organization }, actor);
  }

  async #forget(where: Where, actor: string): Promise<number> {
    let count = 0;
    const page = () => this.#assignments.find(where, { limit: most });
    for (let some = await page(); some.length > 0; some = await page()) {
      for (const { id } of some) await this.take(id, actor);
      count += some.length;
    }
    return count;
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

/** No id of a connection has a colon, so an organisation is never taken for one. */
const idOf = (subject: string, role: string, organization: string | undefined): string =>
  `${subject}|${role}${organization === undefined ? '' : `|organization:${organization}`}`;
