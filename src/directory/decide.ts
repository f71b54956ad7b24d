import type { Access } from './access.ts';
import { adminApi, administrator } from './built-in.ts';

/** What a subject holds now: role names, included ones too, its groups, and its permissions on one audience; all sorted. */
export interface Held {
  roles: string[];
  groups: string[];
  entitlements: string[];
}

interface Everything {
  roles: string[];
  /** Permissions by audience. */
  permissions: ReadonlyMap<string, readonly string[]>;
}

const most = 1000;
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
}

/** Who may do what, computed when asked, so that a change counts at the next question. */
export class Decide {
  readonly #access: Access;
  readonly #answers = new Map<string, Answer>();
  constructor(access: Access) {
    this.#access = access;
  }

  /** Roles of a subject (`user:ID`, `client:ID`, `group:NAME`) and its permissions on an audience; not to be modified. */
  async held(subject: string, audience: string | undefined): Promise<Held> {
    const key = `${subject} ${audience ?? ''}`;
    const known = this.#answers.get(key);
    const [clock, real, version] = [Date.now(), performance.now(), this.#access.version];
    const age = known === undefined ? moment : Math.max(Math.abs(clock - known.clock), real - known.real);
    if (known?.version === version && age < moment) return known.held;
    const held = await this.#held(subject, audience);
    if (this.#answers.size >= mostAnswers) this.#answers.clear();
    this.#answers.set(key, { held, version, clock, real });
    return held;
  }

  async #held(subject: string, audience: string | undefined): Promise<Held> {
    const { roles, permissions } = await this.#everything(subject);
    const granted = audience === undefined ? undefined : permissions.get(audience);
    if (audience === undefined || granted === undefined) return { roles, groups: [], entitlements: [] };
    const api = await this.#access.api(audience);
    return {
      roles,
      groups: [],
      entitlements: api ? granted.filter((one) => api.permissions.includes(one)).sort() : [],
    };
  }

  /** The audiences on which a subject holds any permission, sorted. */
  async audiencesHeld(subject: string): Promise<string[]> {
    const { permissions } = await this.#everything(subject);
    const audiences: string[] = [];
    for (const [audience, granted] of permissions) {
      const api = await this.#access.api(audience);
      if (api && granted.some((one) => api.permissions.includes(one))) audiences.push(audience);
    }
    return audiences.sort();
  }

  /**
   * Two processes can make roles include each other at the same moment, so every role is looked at once. What a provider
   * says comes last: by it nobody gets a permission on the administration, whatever its roles hold or include.
   */
  async #everything(subject: string): Promise<Everything> {
    const now = Date.now() / 1000;
    const roles = new Set<string>();
    const permissions = new Map<string, string[]>();
    const assigned = (await this.#access.assignments({ subject }, { limit: most })).filter(
      ({ until }) => until === undefined || until > now,
    );
    for (const upstream of [false, true]) {
      const waiting = assigned.filter((one) => (one.connection !== undefined) === upstream).map(({ role }) => role);
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
        const role =
          roles.has(name) || (upstream && name === administrator) ? undefined : await this.#access.role(name);
        if (!role) continue;
        roles.add(name);
        for (const text of role.permissions) if (!(upstream && isAdministration(text))) collect(permissions, text);
        waiting.push(...role.includes);
      }
    }
    return { roles: [...roles].sort(), permissions };
  }
}

/** Whether `AUDIENCE#PERMISSION` is a permission on this server's own administration. */
export const isAdministration = (permission: string): boolean => permission.startsWith(`${adminApi}#`);

/** `AUDIENCE#PERMISSION` was checked when the role was saved. */
function collect(permissions: Map<string, string[]>, text: string): void {
  const mark = text.indexOf('#');
  const audience = text.slice(0, mark);
  const permission = text.slice(mark + 1);
  const known = permissions.get(audience);
  if (known === undefined) permissions.set(audience, [permission]);
  else if (!known.includes(permission)) known.push(permission);
}
