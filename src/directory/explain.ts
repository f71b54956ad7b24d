import { administrator } from './built-in.ts';
import { type Ground, isAdministration, isCertain } from './decide.ts';
import { lasts } from './memberships.ts';
import { type Assignment, parsePermission } from './terms.ts';

/**
 * One way from a subject to a permission: the groups that lead to the assignment, the role that is assigned, then each
 * included role down to the one that holds the permission.
 */
export interface Path {
  permission: string;
  /** The group that the subject is in, then each that the one before is in; empty where the role is assigned to the subject. */
  groups: string[];
  roles: string[];
  /** When the first of what it rests on ends, in seconds. */
  until?: number;
  /** The connection whose provider gave the role or a membership. */
  connection?: string;
  /** The organisation within which alone it counts. */
  organization?: string;
}

/** Every path that there is, sorted by permission; or the first thousand, where there are more. */
export interface Explained {
  paths: Path[];
  more: boolean;
}

const most = 1000;

/** What a path has come through so far. */
type Way = Omit<Path, 'permission' | 'roles'> & { certain: boolean };

/** Why a subject (`user:ID`, `client:ID`, `group:NAME`) holds what it holds on an audience now, as `Decide.held` says it. */
export async function explain(
  ground: Ground,
  subject: string,
  audience: string,
  organization?: string,
): Promise<Explained> {
  const { access, groups, organizations } = ground;
  const offered = (await access.api(audience))?.permissions ?? [];
  const within = organization !== undefined && (await organizations.isMember(organization, subject));
  const counts = (one: Assignment): boolean =>
    lasts(one, Date.now() / 1000) && (one.organization === undefined || (within && one.organization === organization));
  const found: Path[] = [];
  const follow = async (roles: readonly string[], { certain, ...way }: Way): Promise<void> => {
    const may = (what: string) => certain || (what !== administrator && !isAdministration(what));
    const name = roles.at(-1) ?? '';
    const role = may(name) ? await access.role(name) : undefined;
    for (const text of role?.permissions ?? []) {
      const { audience: on, permission } = parsePermission(text);
      if (on === audience && offered.includes(permission) && may(text)) {
        found.push({ permission, ...way, roles: [...roles] });
      }
    }
    for (const next of role?.includes ?? []) {
      if (found.length <= most && !roles.includes(next)) await follow([...roles, next], { certain, ...way });
    }
  };
  const visit = async (holder: string, way: Way): Promise<void> => {
    for (const one of await access.assignmentsOf(holder)) {
      if (counts(one) && found.length <= most) await follow([one.role], passed(way, one, isCertain(one)));
    }
    for (const one of await groups.memberships(holder)) {
      if (found.length > most || way.groups.includes(one.of)) continue;
      const on = passed(way, one, one.connection === undefined);
      await visit(`group:${one.of}`, { ...on, groups: [...way.groups, one.of] });
    }
  };
  await visit(subject, { groups: [], certain: true });
  const order = ({ permission, groups: through, roles }: Path) => `${permission} ${through.join()} ${roles.join()}`;
  found.sort((a, b) => compare(order(a), order(b)));
  return { paths: found.slice(0, most), more: found.length > most };
}

/** The way with one hop more: it ends with the first of its hops. */
function passed(way: Way, { until, connection, organization }: Partial<Assignment>, sure: boolean): Way {
  const ends = [way.until, until].filter((one) => one !== undefined);
  return {
    ...way,
    certain: way.certain && sure,
    ...(ends.length === 0 ? {} : { until: Math.min(...ends) }),
    ...(connection === undefined ? {} : { connection }),
    ...(organization === undefined ? {} : { organization }),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
