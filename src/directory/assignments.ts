import type { Trail } from '../audit/trail.ts';
import { invalid, missing } from '../kernel/errors.ts';
import type { Collection, Page, Store } from '../store/port.ts';
import { whole } from '../store/whole.ts';
import { isBuiltIn } from './built-in.ts';
import { Compiled } from './compiled.ts';
import { observed } from './observed.ts';
import { type Assignment, checkedSubject, type Role } from './terms.ts';

/** What bounds an assignment by an administrator. */
export interface Bounds {
  /** When it ends by itself, in seconds. */
  until?: number | undefined;
  /** The organisation within which alone it counts. */
  organization?: string | undefined;
}

type LookUp = 'subject' | 'role' | 'connection' | 'organization' | 'group';
type Where = { readonly [name in Exclude<LookUp, 'group'>]?: string };

const most = 1000;

/** Who has which roles. */
export abstract class Assignments {
  protected readonly trail: Trail;
  readonly #assignments: Collection<Assignment, LookUp>;
  readonly #ofGroups: Compiled<Assignment, ReadonlyMap<string, readonly Assignment[]>>;
  /** Counts the changes that this process has made, each before whoever made it hears that it is done. */
  version = 0;

  constructor(store: Store, trail: Trail) {
    this.trail = trail;
    const all = store.collection<Assignment, LookUp>({
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
    this.#assignments = observed(all, () => this.changed());
    this.#ofGroups = new Compiled(
      (page) => this.#assignments.find({ group: 'group' }, page),
      (found) => Map.groupBy(found, ({ subject }) => subject),
    );
  }

  abstract role(id: string): Promise<Role | undefined>;

  protected changed(): void {
    this.version += 1;
  }

  /** Takes a role that goes from everybody; says how many had it. */
  protected dropRole(role: string): Promise<number> {
    return this.#assignments.drop({ role });
  }

  /** Assigning again within the same bounds replaces the end. Whether the subject exists is the caller's to know. */
  async assign(subject: string, role: string, actor: string, bounds: Bounds = {}): Promise<Assignment> {
    const { until, organization } = bounds;
    const remaining = until === undefined ? undefined : until - Date.now() / 1000;
    if (remaining !== undefined && !(remaining > 0))
      throw invalid('The assignment would already have ended; give a later time');
    if (!(await this.role(role))) throw missing(`The role ${role}`);
    const one: Assignment = {
      id: idOf(checkedSubject(subject), role, organization),
      ...{ subject, role },
      ...(until === undefined ? {} : { until }),
      ...(organization === undefined ? {} : { organization }),
    };
    await this.#assignments.put(one, remaining);
    const detail = { role, until, organization };
    await this.trail.record({ type: 'role.assigned', actor, target: subject, detail });
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
    await this.trail.record({ type: 'role.unassigned', actor, target: subject, detail });
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
      if (isBuiltIn(role) || held.some((one) => one.role === role) || !(await this.role(role))) continue;
      const id = `${checkedSubject(subject)}|${role}|${connection}`;
      await this.#assignments.put({ id, subject, role, connection });
      await this.trail.record({ type: 'role.assigned', actor, target: subject, detail: { role, connection } });
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
}

/** No id of a connection has a colon, so an organisation is never taken for one. */
const idOf = (subject: string, role: string, organization: string | undefined): string =>
  `${subject}|${role}${organization === undefined ? '' : `|organization:${organization}`}`;
