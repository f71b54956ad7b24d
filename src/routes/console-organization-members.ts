import { type MemberView, membersContent, type OrganizationView } from '../../views/admin/organizations.ts';
import { plain } from '../../views/words.ts';
import type { Html } from '../kernel/html.ts';
import { assignmentReply } from './admin-assignments.ts';
import { roleReply } from './admin-roles.ts';
import { askingPage, fillingPage, type Thing } from './console-forms.ts';
import { namesOf } from './console-names.ts';
import { askedOf, organizationOf, organizationPath } from './console-organization.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, filled } from './console-page.ts';
import { pageOf, settings, someOf } from './console-settings-parts.ts';
import { memberReply } from './member-document.ts';

const room = settings;
const members = `${organizationPath}/members`;

/** The members of an organization with their roles within it, as a tab of its page. */
export async function membersOf(visit: ConsoleVisit, { id, href }: OrganizationView): Promise<Html> {
  const { frame, user } = visit;
  const path = `${href}/members`;
  const { items, ...ways } = await pageOf(visit, {
    ...{ operation: 'listOrganizationMembers', item: memberReply, path, params: { id } },
  });
  const names = await namesOf(
    visit,
    items.map(({ subject }) => subject),
  );
  const gives = visit.may('addAssignment');
  const ends = visit.may('removeOrganizationMember');
  const all = await Promise.all(
    items.map(async ({ subject, name, until, connection }): Promise<MemberView> => {
      const roles = await someOf(visit, 'listAssignments', assignmentReply, { subject, organization: id });
      const own = roles.filter(({ organization }) => organization === id).map(({ role }) => role);
      const at = (deed: string) => consoleAt('settings', 'organizations', id, 'members', subject, deed);
      return {
        ...{ name: names.of(subject), called: name, roles: own, until, connection },
        give: gives ? at('give') : undefined,
        take: ends ? at('remove') : undefined,
      };
    }),
  );
  const add = { href: `${path}/new`, text: frame.say('console.organizations.members.add') };
  return membersContent(frame, {
    ...{ all, ...ways, timeZone: user.profile.zoneinfo },
    add: visit.may('addOrganizationMember') ? add : undefined,
  });
}

const addPage = fillingPage({
  path: `${members}/new`,
  ...{ room, calls: 'addOrganizationMember', fresh: true, names: ['subject'] },
  title: ({ frame }, name) => frame.say('console.organizations.members.add.title', { name }),
  deed: 'console.organizations.members.add',
  fields: async ({ frame: { say } }) => [
    {
      ...{ name: 'subject', label: say('console.organizations.members.subject'), required: true, maxlength: 300 },
      hint: say('console.organizations.members.subject.hint'),
    },
  ],
  now: async (visit) => ({ ...(await bare(visit)), values: { subject: '' } }),
  async send(visit, form) {
    const { back } = await bare(visit);
    const given = { params: { id: visit.params.id ?? '' }, body: filled(form, 'subject') };
    const { name } = await visit.read('addOrganizationMember', memberReply, given);
    return { goOn: back, said: { key: 'console.organizations.members.added', values: { name } } };
  },
});

/** Without the state of the organization, which a membership does not change. */
async function bare(visit: ConsoleVisit): Promise<Thing> {
  const { name, back } = await askedOf('members')(visit);
  return { name, back };
}

/** The member of this address under the name that people know. */
async function memberOf(visit: ConsoleVisit): Promise<Thing> {
  const subject = visit.params.subject ?? '';
  const [{ one }, names] = await Promise.all([organizationOf(visit), namesOf(visit, [subject])]);
  return { name: plain(names.of(subject)), back: `${one.href}/members` };
}

const removePage = askingPage({
  path: `${members}/:subject/remove`,
  ...{ room, calls: 'removeOrganizationMember', danger: true, text: 'organizations.members.remove' },
  of: memberOf,
});

const givePage = fillingPage({
  path: `${members}/:subject/give`,
  ...{ room, calls: 'addAssignment', fresh: true, names: ['role'] },
  title: ({ frame }, name) => frame.say('console.organizations.members.give.title', { name }),
  about: ({ frame }) => frame.say('console.organizations.members.give.sentence'),
  deed: 'console.people.give',
  async fields(visit) {
    const roles = await someOf(visit, 'listRoles', roleReply);
    const label = visit.frame.say('console.people.role');
    // Whoever looks after one organization sees no list of all roles, and is told which there are by whoever made them.
    if (roles.length === 0) return [{ name: 'role', label, required: true, maxlength: 200 }];
    return [{ name: 'role', label, options: roles.map(({ id }) => [id, id] as const) }];
  },
  now: async (visit) => ({ ...(await memberOf(visit)), values: { role: '' } }),
  async send(visit, form) {
    const { id: organization = '', subject = '' } = visit.params;
    const { name, back } = await memberOf(visit);
    const { role = '' } = filled(form, 'role');
    await visit.do('addAssignment', { body: { subject, organization, role } });
    return { goOn: back, said: { key: 'console.people.given', values: { name, role } } };
  },
});

/** The pages that change who is a member. */
export const memberPages: readonly ConsolePage[] = [addPage, removePage, givePage];
