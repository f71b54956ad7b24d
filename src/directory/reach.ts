import { missing } from '../kernel/errors.ts';
import { beyond, several } from './beyond.ts';
import { adminApi } from './built-in.ts';
import { type Decide, isAdministration } from './decide.ts';
import type { Organizations } from './organizations.ts';
import type { By } from './rights.ts';

interface Parts {
  decide: Decide;
  organizations: Organizations;
}

/**
 * Whom an administrator may look at and look after. Within an organisation that is its members, and to look after: those who
 * belong to no other and can do nothing elsewhere, since whoever can reset a password can come in as its owner. And nobody
 * looks after people who may administer more than they may themselves.
 */
export class Reach {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether this caller may know of the subject (`user:ID` or `client:ID`). */
  async sees({ organization }: By, subject: string): Promise<boolean> {
    return organization === undefined || this.#parts.organizations.isMember(organization, subject);
  }

  /** Throws `missing`, under this name, for whom this caller may not know of. */
  async refuseUnseen(by: By, subject: string, name: string): Promise<void> {
    if (!(await this.sees(by, subject))) throw missing(name);
  }

  /** Throws `beyond_own_rights` for somebody who may administer more than the caller; a narrow token is narrow for its owner too. */
  async refuseMightier({ permissions }: By, subject: string): Promise<void> {
    if (permissions === undefined) return;
    const { decide, organizations } = this.#parts;
    for (const place of [undefined, ...(await organizations.of(subject))]) {
      const { entitlements } = await decide.held(subject, adminApi, place);
      const more = entitlements.filter((one) => !permissions.has(one));
      if (more.length > 0) throw beyond(`power over somebody who may use ${several(more)}, which you may not`);
    }
  }

  /**
   * Throws `beyond_own_rights` for the word, within an organisation, that an address is confirmed whose domain is not verified for
   * it: applications believe that word, and so does the organisation whose address it is.
   */
  async refuseConfirming({ organization }: By, email: string | undefined): Promise<void> {
    if (organization === undefined) return;
    const found = await this.#parts.organizations.ofDomain(email?.split('@')[1] ?? '');
    if (found?.id !== organization)
      throw beyond('a confirmed address outside of the verified domains of your organization');
  }

  /** Throws `missing` as `refuseUnseen` does, and `beyond_own_rights` as `refuseMightier` does, and for whom others look after. */
  async refuseBeyond(by: By, subject: string, name: string): Promise<void> {
    await this.refuseUnseen(by, subject, name);
    await this.refuseMightier(by, subject);
    const { organization, actor } = by;
    if (organization === undefined) return;
    const { decide, organizations } = this.#parts;
    const own = await organizations.of(subject);
    if (own.some((one) => one !== organization)) throw beyond('power over a member of another organization');
    const mine = await decide.permissions(actor);
    const more = [...(await decide.permissions(subject))].filter((text) => isAdministration(text) || !mine.has(text));
    if (more.length > 0) throw beyond(`power over somebody who holds ${several(more)} outside of your organization`);
  }
}
