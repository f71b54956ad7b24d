import { invalid, missing } from '../kernel/errors.ts';
import { taken } from '../store/port.ts';
import { whole } from '../store/whole.ts';
import type { Assignment } from './access.ts';
import type { Bounds } from './assignments.ts';
import { beyond, several } from './beyond.ts';
import { adminApi, adminPermissions } from './built-in.ts';
import { type Decide, isAdministration } from './decide.ts';
import { type AssignmentForesight, foreseeAssignment, foreseeRole, type RoleForesight } from './foresight.ts';
import type { Group } from './groups.ts';
import type { Joining, Membership } from './memberships.ts';
import type { Organizations } from './organizations.ts';
import { administered, boundable, type Offices, refuseEmptying, refuseRole } from './protected.ts';
import { permissionsOf } from './role-permissions.ts';
import type { Role } from './terms.ts';

/** Who does it, and which permissions of the administration may be used for it; undefined for all of them (the command line). */
export interface By {
  actor: string;
  permissions?: ReadonlySet<string> | undefined;
  /** The organisation within which alone they may be used. */
  organization?: string | undefined;
}

interface Parts extends Offices {
  organizations: Organizations;
  decide: Decide;
}

/**
 * Who gives and takes rights. Nobody gives permissions on the administration that they may not use themselves, and nobody but
 * an administrator gives themselves anything; and one person at least stays an administrator. Each throws `beyond_own_rights`,
 * `last_administrator`, and what `Access`, `Groups` and `Organizations` throw.
 */
export class Rights {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async assign(by: By, subject: string, role: string, bounds: Bounds = {}): Promise<Assignment> {
    const { access } = this.#parts;
    const { organization } = bounds;
    await this.#refuseAssigning(by, subject, { role, organization });
    const deed = () => access.assign(subject, role, by.actor, bounds);
    const same = (one: Assignment) =>
      one.role === role && one.organization === organization && one.connection === undefined;
    const before = bounds.until === undefined ? undefined : (await access.assignmentsOf(subject)).find(same);
    // Only an end, where there was none or a later one, takes something away.
    return before ? administered(this.#parts, deed, () => this.#restore([before], by)) : deed();
  }

  /** What would come of assigning it. Throws what `assign` throws, but for an end. */
  async foreseeAssignment(
    by: By,
    subject: string,
    given: { role: string; organization?: string | undefined },
  ): Promise<AssignmentForesight> {
    if (!(await this.#parts.access.role(given.role))) throw missing(`The role ${given.role}`);
    await this.#refuseAssigning(by, subject, given);
    return foreseeAssignment(this.#parts, { subject, ...given, discreet: by.organization !== undefined });
  }

  async #refuseAssigning(
    by: By,
    subject: string,
    { role, organization }: { role: string; organization?: string | undefined },
  ): Promise<void> {
    const { access, organizations } = this.#parts;
    if (organization !== undefined) {
      if (!(await organizations.get(organization))) throw missing(`The organization ${organization}`);
      if (!(await boundable(access, role))) {
        throw invalid(`The role ${role} administers more than one organization can bound; assign it without one`);
      }
    }
    if (by.organization !== undefined && by.organization !== organization) {
      throw beyond(`rights outside of the organization ${by.organization}`);
    }
    await this.#refuseGiving(by, [subject], await this.#rolesGive([role]));
  }

  async unassign(by: By, subject: string, role: string, organization?: string): Promise<void> {
    const { access } = this.#parts;
    await administered(
      this.#parts,
      () => access.unassign(subject, role, by.actor, organization),
      (one) => this.#restore([one], by),
    );
  }

  /** Ends an assignment by its id, whoever gave it. */
  async endAssignment(by: By, id: string): Promise<void> {
    const { access } = this.#parts;
    const deed = () => access.take(id, by.actor);
    const taken = await administered(this.#parts, deed, (one) => this.#restore(one ? [one] : [], by));
    if (!taken) throw missing('This assignment');
  }

  /** Throws `taken` too. */
  async addRole(by: By, role: Role): Promise<Role> {
    await this.#refuseGiving(by, [], await this.#gives(role));
    return this.#parts.access.addRole(role, by.actor);
  }

  /** `edit` sees the role as it is, and may refuse. */
  async changeRole(by: By, id: string, edit: (now: Role) => Role): Promise<Role> {
    const { access } = this.#parts;
    let before: Role | undefined;
    const guarded = (now: Role): Promise<Role> => {
      before = now;
      return this.#edited(by, now, edit);
    };
    return administered(
      this.#parts,
      () => access.changeRole(id, guarded, by.actor),
      async () => before && access.saveRole(before, by.actor),
    );
  }

  /** What would come of such a change. Throws what `changeRole` throws. */
  async foreseeRole(by: By, id: string, edit: (now: Role) => Role): Promise<RoleForesight> {
    const next = await this.#parts.access.triedRole(id, (now) => this.#edited(by, now, edit));
    await refuseEmptying(this.#parts, next);
    return foreseeRole(this.#parts, next);
  }

  /** A role as it would be. Throws `beyond_own_rights`. */
  async #edited(by: By, now: Role, edit: (now: Role) => Role): Promise<Role> {
    const next = edit(now);
    const had = await this.#gives(now);
    const more = [...(await this.#gives(next))].filter((text) => !had.has(text));
    await this.#refuseGiving(by, (await this.#hasRole(by.actor, now.id)) ? [by.actor] : [], new Set(more));
    return next;
  }

  async removeRole(by: By, id: string): Promise<void> {
    const { access } = this.#parts;
    await access.refuseRemoval(id);
    if ((await refuseRole(access, id)) !== undefined) {
      await this.#emptied(
        by,
        () => whole((page) => access.assignments({ role: id }, page)),
        async () => [],
      );
    }
    await access.removeRole(id, by.actor);
  }

  /** Throws `taken` too. */
  addGroup(by: By, group: Group): Promise<Group> {
    return this.changeGroup(by, group.id, (now) => {
      if (now) throw taken(`The group ${group.id}`);
      return group;
    });
  }

  /** `edit` sees the group as it is, which nobody else changes meanwhile, and may refuse. */
  changeGroup(by: By, id: string, edit: (now: Group | undefined) => Group): Promise<Group> {
    const { groups } = this.#parts;
    let before: Group | undefined;
    const deed = async (): Promise<Group> => {
      before = await groups.get(id);
      const next = edit(before);
      const added = next.includes.filter((name) => !before?.includes.includes(name)).map((name) => `group:${name}`);
      if (added.length > 0) await this.#refuseGiving(by, added, await this.#groupGives(id));
      return groups.save(next, by.actor);
    };
    return administered(this.#parts, deed, () => groups.save(before ?? { id, includes: [] }, by.actor));
  }

  async removeGroup(by: By, id: string): Promise<void> {
    const { access, groups } = this.#parts;
    if (!(await groups.get(id))) throw missing(`The group ${id}`);
    const subject = `group:${id}`;
    await this.#emptied(
      by,
      () => access.assignmentsOf(subject),
      () => groups.memberships(subject),
    );
    await groups.remove(id, by.actor);
  }

  async join(by: By, group: string, subject: string, how: Joining = {}): Promise<Membership> {
    await this.#refuseGiving(by, [subject], await this.#groupGives(group));
    const { groups } = this.#parts;
    const deed = () => groups.join(subject, group, by.actor, how);
    const same = (one: Membership) => one.of === group && one.connection === how.connection;
    const before = how.until === undefined ? undefined : (await groups.memberships(subject)).find(same);
    return before ? administered(this.#parts, deed, () => groups.restore(before, by.actor)) : deed();
  }

  async leave(by: By, group: string, subject: string): Promise<void> {
    const { groups } = this.#parts;
    const deed = () => groups.leave(subject, group, by.actor);
    await administered(this.#parts, deed, (one) => groups.restore(one, by.actor));
  }

  async joinOrganization(by: By, id: string, subject: string, how: Joining = {}): Promise<Membership> {
    const { access, organizations } = this.#parts;
    const within = await whole((page) => access.assignments({ organization: id }, page));
    await this.#refuseGiving(by, [subject], await this.#rolesGive(within.map(({ role }) => role)));
    return organizations.join(id, subject, by.actor, how);
  }

  /**
   * A provider is to give these to whom it names: whoever says so may come through it themselves, so nobody lets it give more than
   * they hold, and nobody but an administrator what is not there yet. Applications may decide by names that give nothing here, so
   * within an organisation these are such as the caller has everywhere.
   */
  async refuseMapping(by: By, roles: readonly string[], groups: readonly string[]): Promise<void> {
    const { access, decide, groups: all } = this.#parts;
    if (by.organization === undefined && adminPermissions.every((name) => by.permissions?.has(name) ?? true)) return;
    const own = by.organization === undefined ? undefined : await decide.held(by.actor, undefined);
    const no = 'which is not there, or not yours';
    for (const id of roles) if (!(own?.roles.includes(id) ?? (await access.role(id)))) throw beyond(`${id}, ${no}`);
    for (const id of groups) if (!(own?.groups.includes(id) ?? (await all.get(id)))) throw beyond(`${id}, ${no}`);
    const given = await Promise.all([this.#rolesGive(roles), ...groups.map((name) => this.#groupGives(name))]);
    await this.#refuseGiving(by, [by.actor], new Set(given.flatMap((one) => [...one])));
  }

  /** Takes all of these first, so that nobody is an administrator by them when they are removed for good. */
  async #emptied(by: By, given: () => Promise<Assignment[]>, nested: () => Promise<Membership[]>): Promise<void> {
    const { access, groups } = this.#parts;
    const [assignments, memberships] = await Promise.all([given(), nested()]);
    const deed = async () => {
      for (const { id } of assignments) await access.take(id, by.actor);
      for (const { id } of memberships) await groups.take(id, by.actor);
    };
    await administered(this.#parts, deed, async () => {
      await this.#restore(assignments, by);
      for (const one of memberships) await groups.restore(one, by.actor);
    });
  }

  async #restore(all: readonly Assignment[], { actor }: By): Promise<void> {
    const { access } = this.#parts;
    for (const { subject, role, connection, ...bounds } of all) {
      // What a provider gave comes back with the next sign-in there.
      if (connection === undefined) await access.assign(subject, role, actor, bounds);
    }
  }

  /** All permissions of a role as it would be, and of the roles that it includes. */
  async #gives({ permissions, includes }: Role): Promise<Set<string>> {
    return new Set([...permissions, ...(await this.#rolesGive(includes))]);
  }

  #rolesGive(names: readonly string[]): Promise<Set<string>> {
    return permissionsOf(this.#parts.access, names);
  }

  /** What members of a group hold by it, in whatever organisation. */
  async #groupGives(id: string): Promise<Set<string>> {
    const { access, groups } = this.#parts;
    const all = await Promise.all(
      [id, ...(await groups.of(`group:${id}`))].map((name) => access.assignmentsOf(`group:${name}`)),
    );
    return this.#rolesGive(all.flat().map(({ role }) => role));
  }

  async #hasRole(actor: string, role: string): Promise<boolean> {
    const { decide, organizations } = this.#parts;
    const places = [undefined, ...(await organizations.of(actor))];
    const all = await Promise.all(places.map((place) => decide.held(actor, undefined, place)));
    return all.some(({ roles }) => roles.includes(role));
  }

  /** What nobody gives within an organisation who does not hold it there. */
  async #refuseWithin({ actor, organization }: By, given: ReadonlySet<string>): Promise<void> {
    const held = await this.#parts.decide.permissions(actor, organization);
    const more = [...given].filter((text) => !held.has(text));
    if (more.length > 0) throw beyond(`${several(more)}, which you do not hold yourself`);
  }

  /** `receivers` are those who would hold it then, as far as that can be the caller. */
  async #refuseGiving(by: By, receivers: readonly string[], given: ReadonlySet<string>): Promise<void> {
    const { actor, permissions, organization } = by;
    if (permissions === undefined) return;
    if (organization !== undefined) await this.#refuseWithin(by, given);
    const mine = (text: string) => permissions.has(text.slice(adminApi.length + 1));
    const foreign = [...given].filter((text) => isAdministration(text) && !mine(text));
    if (foreign.length > 0) throw beyond(`${several(foreign)}, which you may not use yourself`);
    const { decide, groups } = this.#parts;
    const own = [actor, ...(await groups.of(actor)).map((name) => `group:${name}`)];
    if (!receivers.some((one) => own.includes(one))) return;
    const held = await decide.permissions(actor);
    if (adminPermissions.every((name) => held.has(`${adminApi}#${name}`))) return;
    const more = [...given].filter((text) => !held.has(text));
    if (more.length > 0) throw beyond(`yourself ${several(more)}, which you do not hold`);
  }
}
