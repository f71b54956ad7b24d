import { type Access, parsePermission } from './access.ts';

/** What a subject holds now: role names, included ones too, and its permissions on one audience; both sorted. */
export interface Held {
  roles: string[];
  entitlements: string[];
}

/** Who may do what, computed when asked, so that a change counts at the next question. */
export class Decide {
  readonly #access: Access;
  constructor(access: Access) {
    this.#access = access;
  }

  /** Roles of a subject (`user:ID`, `client:ID`, `group:NAME`) and its permissions on an audience. */
  async held(subject: string, audience: string | undefined): Promise<Held> {
    const { roles, permissions } = await this.#everything(subject);
    const api = audience === undefined ? undefined : await this.#access.api(audience);
    const entitlements = new Set<string>();
    for (const text of permissions) {
      const { audience: on, permission } = parsePermission(text);
      if (on === audience && api?.permissions.includes(permission)) entitlements.add(permission);
    }
    return { roles: [...roles].sort(), entitlements: [...entitlements].sort() };
  }

  /** The audiences on which a subject holds any permission. */
  async audiencesHeld(subject: string): Promise<string[]> {
    const { permissions } = await this.#everything(subject);
    return [...new Set([...permissions].map((text) => parsePermission(text).audience))].sort();
  }

  async #everything(subject: string): Promise<{ roles: Set<string>; permissions: Set<string> }> {
    const now = Date.now() / 1000;
    const roles = new Set<string>();
    const permissions = new Set<string>();
    const assignments = await this.#access.assignments({ subject }, { limit: 1000 });
    const waiting = assignments.filter((one) => one.until === undefined || one.until > now).map((one) => one.role);
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const role = roles.has(name) ? undefined : await this.#access.role(name);
      if (!role) continue;
      roles.add(name);
      for (const permission of role.permissions) permissions.add(permission);
      waiting.push(...role.includes);
    }
    return { roles, permissions };
  }
}
