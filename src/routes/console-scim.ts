import type { OrganizationView } from '../../views/admin/organizations.ts';
import type { Deed } from '../../views/admin/parts.ts';
import { newScimTokenContent, scimContent } from '../../views/admin/scim.ts';
import type { Html } from '../kernel/html.ts';
import { scimBase, scimTokenReply, scimTokensReply } from './admin-scim-tokens.ts';
import { askingPage } from './console-forms.ts';
import { askedOf, organizationPath } from './console-organization.ts';
import type { ConsolePage, ConsoleVisit } from './console-page.ts';
import { settings } from './console-settings-parts.ts';

const room = settings;
const day = 24 * 60 * 60;

/** The tokens with which the provider of an organization pushes people, as a tab of its page. */
export async function scimOf(visit: ConsoleVisit, { id }: OrganizationView): Promise<Html> {
  const { items } = await visit.read('listScimTokens', scimTokensReply, { params: { id } });
  const all = items.map(({ created, expires, last_used: lastUsed }) => ({ created, expires, lastUsed }));
  const address = scimBase(visit.frame.issuer, id);
  return scimContent(visit.frame, all, { address, timeZone: visit.user.profile.zoneinfo });
}

/** What may be done about them. */
export function scimDeeds(visit: ConsoleVisit, { href }: OrganizationView): Deed[] {
  const { say } = visit.frame;
  return [
    ...(visit.may('addScimToken')
      ? [{ href: `${href}/scim/make`, text: say('console.scim.make.deed'), kind: 'primary' as const }]
      : []),
    ...(visit.may('removeScimTokens')
      ? [{ href: `${href}/scim/end`, text: say('console.scim.end.deed'), kind: 'danger' as const }]
      : []),
  ];
}

const makePage = askingPage({
  path: `${organizationPath}/scim/make`,
  ...{ room, calls: 'addScimToken', fresh: true, text: 'scim.make' },
  of: askedOf('scim'),
  async pick({ frame: { say }, typed }) {
    const options = [0, 1, 7].map(
      (days) => [String(days * day), say('console.applications.overlap.days', { count: days })] as const,
    );
    return { name: 'overlap', label: say('console.scim.overlap'), value: typed.get('overlap') ?? String(day), options };
  },
  async run(visit, form, { name, back }) {
    const given = { params: visit.params, body: { overlap: Number(form.get('overlap') ?? day) } };
    const made = await visit.read('addScimToken', scimTokenReply, given);
    const view = { name, address: made.base_url, token: made.scim_token, back };
    return { title: visit.frame.say('console.scim.new', { name }), content: newScimTokenContent(visit.frame, view) };
  },
});

const endPage = askingPage({
  path: `${organizationPath}/scim/end`,
  ...{ room, calls: 'removeScimTokens', danger: true, text: 'scim.end' },
  of: askedOf('scim'),
});

/** The pages that make and end such tokens. */
export const scimPages: readonly ConsolePage[] = [makePage, endPage];
