import type { z } from 'zod';
import { type OrganizationTab, type OrganizationView, organizationTabs } from '../../views/admin/organizations.ts';
import { organizationReply } from './admin-organizations.ts';
import type { Thing } from './console-forms.ts';
import { type ConsoleVisit, consoleAt } from './console-page.ts';
import { settings } from './console-settings-parts.ts';

/** The path of the list, below which each organization has its pages. */
export const organizationsPath = `${settings}/organizations`;
/** The path of one. */
export const organizationPath = `${organizationsPath}/:id`;

/** An organization of the admin API as the console shows it. */
export const organizationView = ({ id, name, domains, connections }: z.output<typeof organizationReply>) => ({
  ...{ id, name, domains, connections },
  href: consoleAt('settings', 'organizations', id),
});

/** The organization of this address, with the state that forms are made of. Throws `missing`. */
export async function organizationOf(visit: ConsoleVisit): Promise<{ one: OrganizationView; etag: string }> {
  const params = { id: visit.params.id ?? '' };
  const { reply, etag } = await visit.run('getOrganization', organizationReply, { params });
  return { one: organizationView(reply), etag };
}

/** The same as what a page asks about, which leads back to one of its tabs. */
export const askedOf =
  (tab: OrganizationTab) =>
  async (visit: ConsoleVisit): Promise<Thing> => {
    const { one, etag } = await organizationOf(visit);
    return { name: one.name, back: tab === 'about' ? one.href : `${one.href}/${tab}`, etag };
  };

const needed = { members: 'listOrganizationMembers', scim: 'listScimTokens', audit: 'listAuditEvents' } as const;

/** The tabs that this person may open. */
export const openTabs = (visit: ConsoleVisit): OrganizationTab[] =>
  organizationTabs.filter((tab) => tab === 'about' || visit.may(needed[tab]));
