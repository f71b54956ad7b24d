import type { Access } from './access.ts';
import { adminApi, administrator, delegable } from './built-in.ts';
import { type Groups, reachedFrom, type Ways } from './groups.ts';
import { lasts } from './memberships.ts';
import type { Organizations } from './organizations.ts';
import type { Api, Assignment, Role } from './terms.ts';

/** What a subject holds now: role names, included ones too, its groups, and its permissions on one audience; all sorted. */
export interface Held {
  roles: string[];
  groups: string[];
  entitlements: string[];
}

interface Everything {
  roles: string[];
  groups: string[];
  /** Permissions by audience. */
  permissions: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What questions of access are answered from. */
export interface Ground {
  access: Access;
  groups: Groups;
  organizations: Organizations;
}

/**
 * So long an answer is good for the next who asks the same (milliseconds). A gateway asks thousands of times a second for
 * the same few subjects; a change in this process is seen at once, and the second of other processes (store/port.ts) is
 * not made noticeably longer.
 */
const moment = 10;
const mostAnswers = 1000;

interface Answer {
  held: Held;
  version: number;
  /** By the clock, which assignments end by, and by real time. */
  clock: number;
  real: number;
  /** What it was made of, as `marksOf` names it. */
  marks: string;
  /** When something of it ends by itself (seconds). */
  ends: number;
}

/** All that the rights of a subject come from. Cached collections hand out the same lists until something in them changes. */
interface Basis {
  own: readonly Assignment[];
  ways: Ways;
  ofGroups: ReadonlyMap<string, readonly Assignment[]> | undefined;
  roles: ReadonlyMap<string, Role>;
  /** When the subject stops being a member of the organisation that is asked for (seconds); undefined for no member. */
  within: number | undefined;
}

/** Who may do what, computed when asked, so that a change counts at the next question. */
export class Decide {
  readonly #ground: Ground;
  readonly #answers = new Map<string, Answer>();
  readonly #ends = new WeakMap<Held, number>();
  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** Counts the changes of this process that an answer can depend on. */
  get version(): number {
    const { access, groups, organizations } = this.#ground;
    return access.version + groups.version + organizations.version;
  }

  /**
   * Roles and groups of a subject (`user:ID`, `client:ID`, `group:NAME`) and its permissions on an audience; not to be
   * modified. Roles within an organisation count where that one is asked for, and only while the subject is a member.
   */
  async held(subject: string, audience: string | undefined, organization?: string): Promise<Held> {
    const key = `${subject} ${audience ?? ''} ${organization ?? ''}`;
    const known = this.#answers.get(key);
    const [clock, real, version] = [Date.now(), performance.now(), this.version];
    const age = known === undefined ? moment : Math.max(Math.abs(clock - known.clock), real - known.real);
    if (known?.version === version && age < moment) return known.held;
    // Read before the answer is made of it: what changes meanwhile makes the next one anew.
    const [basis, api] = await Promise.all([
      this.#basis(subject, organization),
      audience === undefined ? undefined : this.#ground.access.api(audience),
    ]);
    const marks = marksOf(basis, api);
    const same = known?.marks === marks && clock >= known.clock && clock < known.ends * 1000;
    const { held, ends } = same ? known : heldFrom(basis, api, organization);
    if (Number.isFinite(ends)) this.#ends.set(held, ends);
    this.#answers.delete(key);
    const [oldest] = this.#answers.size >= mostAnswers ? this.#answers.keys() : [];
    if (oldest !== undefined) this.#answers.delete(oldest);
    this.#answers.set(key, { held, version, clock, real, marks, ends });
    return held;
  }

  /** When something that an answer of `held` rests on ends by itself (seconds), if anything does: until then it is good at most. */
  endOf(held: Held): number | undefined {
    return this.#ends.get(held);
  }

  /** All that a subject holds everywhere, or within an organisation too, each as `AUDIENCE#PERMISSION`. */
  async permissions(subject: string, organization?: string): Promise<ReadonlySet<string>> {
    const { permissions } = await this.#everything(subject, organization);
    return new Set([...permissions].flatMap(([audience, all]) => [...all].map((one) => `${audience}#${one}`)));
  }

  /** Whether a subject may administer anything, on the whole server or within an organisation. */
  async administers(subject: string): Promise<boolean> {
    const places = [undefined, ...(await this.#ground.organizations.of(subject))];
    const all = await Promise.all(places.map((place) => this.held(subject, adminApi, place)));
    return all.some(({ entitlements }) => entitlements.length > 0);
  }

  /** The audiences on which a subject holds any permission, sorted. */
  async audiencesHeld(subject: string, organization?: string): Promise<string[]> {
    const { permissions } = await this.#everything(subject, organization);
    const audiences: string[] = [];
    for (const [audience, granted] of permissions) {
      const api = await this.#ground.access.api(audience);
      if (api?.permissions.some((one) => granted.has(one))) audiences.push(audience);
    }
    return audiences.sort();
  }

  async #everything(subject: string, organization: string | undefined): Promise<Everything> {
    return everythingFrom(await this.#basis(subject, organization), organization);
  }

  async #basis(subject: string, organization: string | undefined): Promise<Basis> {
    const { access, groups, organizations } = this.#ground;
    const [own, ways, roles, within] = await Promise.all([
      access.assignmentsOf(subject),
      groups.ways(subject),
      access.rolesByName(),
      organization === undefined ? undefined : organizations.memberUntil(organization, subject),
    ]);
    const ofGroups = ways.own.length === 0 ? undefined : await access.assignmentsOfGroups();
    return { own, ways, ofGroups, roles, within };
  }
}

/** A number for each list, map and record, as long as it is the same one. An answer that named them would keep them. */
const numbers = new WeakMap<object, number>();
let last = 0;

function numberOf(one: object | undefined): number {
  // That nothing was found is not always remembered; one empty list is as good as another.
  if (one === undefined || (Array.isArray(one) && one.length === 0)) return 0;
  const known = numbers.get(one);
  if (known !== undefined) return known;
  last += 1;
  numbers.set(one, last);
  return last;
}

/** The same text as long as nothing of what an answer is made of has changed. */
const marksOf = ({ own, ways, ofGroups, roles, within }: Basis, api: Api | undefined): string =>
  `${within} ${[own, ways.own, ways.above, ofGroups, roles, api].map(numberOf).join(' ')}`;

function heldFrom(basis: Basis, api: Api | undefined, organization: string | undefined): { held: Held; ends: number } {
  const { roles, groups, permissions, ends } = everythingFrom(basis, organization);
  const granted = api && permissions.get(api.id);
  const entitlements = granted ? api.permissions.filter((one) => granted.has(one)).sort() : [];
  return { held: { roles, groups, entitlements }, ends };
}

/** Two processes can make roles include each other at the same moment, so every role is looked at once. */
function everythingFrom(basis: Basis, organization: string | undefined): Everything & { ends: number } {
  const { groups, certain, delegated, uncertain, ends } = assignedFrom(basis, organization);
  const roles = new Set<string>();
  const permissions = new Map<string, Set<string>>();
  for (const [waiting, may] of [
    [certain, () => true],
    [delegated, (what: string) => what !== administrator && (!isAdministration(what) || isDelegable(what))],
    [uncertain, (what: string) => what !== administrator && !isAdministration(what)],
  ] as const) {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const role = roles.has(name) || !may(name) ? undefined : basis.roles.get(name);
      if (!role) continue;
      roles.add(name);
      for (const one of parsed(role)) {
        if (may(one.text)) collect(permissions, one);
      }
      waiting.push(...role.includes);
    }
  }
  return { roles: [...roles].sort(), groups, permissions, ends };
}

/**
 * The roles that are assigned, to the subject or to a group of its: by an administrator's word alone, everywhere or within
 * the organisation that is asked for, or by a provider's. Within one, some permissions on the administration count; by a
 * provider's word nobody gets any, whatever their roles hold.
 */
function assignedFrom({ own, ways, ofGroups, within }: Basis, organization: string | undefined) {
  const now = Date.now() / 1000;
  const reached = reachedFrom(ways, now);
  const [certain, delegated, uncertain]: [string[], string[], string[]] = [[], [], []];
  let ends = within ?? Number.POSITIVE_INFINITY;
  // A record may outlast its time by as long as its write had to wait, so the store's word on that is not enough.
  const note = (all: readonly { until?: number }[]): void => {
    for (const { until } of all) if (until !== undefined && until > now) ends = Math.min(ends, until);
  };
  const add = (all: readonly Assignment[], sure: boolean): void => {
    note(all);
    for (const one of all) {
      if (
        !lasts(one, now) ||
        (one.organization !== undefined && (within === undefined || one.organization !== organization))
      ) {
        continue;
      }
      const byUs = sure && one.connection === undefined;
      (!byUs ? uncertain : one.organization === undefined ? certain : delegated).push(one.role);
    }
  };
  add(own, true);
  note(ways.own);
  for (const [name, sure] of reached) {
    add(ofGroups?.get(`group:${name}`) ?? [], sure);
    note(ways.above?.get(`group:${name}`) ?? []);
  }
  return { groups: [...reached.keys()].sort(), certain, delegated, uncertain, ends };
}

/** Whether an assignment can give any permission on the administration: by an administrator's word, and everywhere. */
export const isCertain = ({ connection, organization }: Assignment): boolean =>
  connection === undefined && organization === undefined;

/** Whether `AUDIENCE#PERMISSION` is a permission on this server's own administration. */
export const isAdministration = (permission: string): boolean => permission.startsWith(`${adminApi}#`);

const isDelegable = (permission: string): boolean => delegable.has(permission.slice(adminApi.length + 1));

interface Permission {
  text: string;
  audience: string;
  permission: string;
}

/** A cached collection hands out the same record until it changes. */
const ofRoles = new WeakMap<Role, readonly Permission[]>();

/** The permissions of a role itself; each was checked when the role was saved. */
function parsed(role: Role): readonly Permission[] {
  const known = ofRoles.get(role);
  if (known) return known;
  const made = role.permissions.map((text) => {
    const mark = text.indexOf('#');
    return { text, audience: text.slice(0, mark), permission: text.slice(mark + 1) };
  });
  ofRoles.set(role, made);
  return made;
}

function collect(permissions: Map<string, Set<string>>, { audience, permission }: Permission): void {
  const known = permissions.get(audience);
  if (known === undefined) permissions.set(audience, new Set([permission]));
  else known.add(permission);
}
