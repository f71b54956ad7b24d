import { type Deed, empty } from '../../views/admin/parts.ts';
import { consoleQuestion } from '../../views/admin/question.ts';
import { countOf } from '../../views/admin/role-form.ts';
import { holdersContent, type RoleTab, type RoleView, roleContent, roleHead } from '../../views/admin/roles.ts';
import { strong } from '../../views/layout.ts';
import { isBuiltIn } from '../directory/built-in.ts';
import { type Html, html } from '../kernel/html.ts';
import { rolePreviewReply, roleReply } from './admin-roles.ts';
import { accessRoom, addressOf, heldBy, partsOf, type Role, roleAt, rolesOf } from './console-access.ts';
import { assignmentsOf } from './console-assignments.ts';
import { eventsOf } from './console-events.ts';
import { type ConsolePage, type ConsoleVisit, consolePage, matchOf } from './console-page.ts';

const at = `${accessRoom}/roles/:id`;

/** The role of this address, with the state that forms are made of. Throws `missing`. */
export const roleOf = async (visit: ConsoleVisit): Promise<{ role: Role; etag: string }> => {
  const { reply: role, etag } = await visit.run('getRole', roleReply, { params: { id: visit.params.id ?? '' } });
  return { role, etag };
};

const linked = (id: string) => ({ id, href: roleAt(id) });

/** What a role holds, by API, and its place among the others. */
function roleView({ id, includes }: Role, roles: readonly Role[]): RoleView {
  const held = [...heldBy(new Map(roles.map((one) => [one.id, one])), id)].sort(([a], [b]) => (a < b ? -1 : 1));
  const apis = Map.groupBy(held, ([text]) => partsOf(text).api);
  return {
    ...linked(id),
    builtIn: isBuiltIn(id),
    apis: [...apis].map(([api, all]) => ({
      id: api,
      permissions: all.map(([text, how]) => ({ name: partsOf(text).permission, how })),
    })),
    includes: includes.map(linked),
    includedBy: roles.filter((one) => one.includes.includes(id)).map((one) => linked(one.id)),
  };
}

function openTabs(visit: ConsoleVisit): RoleTab[] {
  const needed = { holders: 'listAssignments', audit: 'listAuditEvents' } as const;
  const rest = (Object.keys(needed) as (keyof typeof needed)[]).filter((tab) => visit.may(needed[tab]));
  return ['about', ...rest];
}

function deedsOf(visit: ConsoleVisit, id: string): Deed[] {
  const { say } = visit.frame;
  const own = !isBuiltIn(id);
  const give = addressOf(`${accessRoom}/assignments/new`, { role: id });
  return [
    ...(own && visit.may('changeRole') ? [{ href: roleAt(id, 'edit'), text: say('console.edit') }] : []),
    ...(visit.may('addAssignment') ? [{ href: give, text: say('console.access.give-this') }] : []),
    ...(own && visit.may('removeRole')
      ? [{ href: roleAt(id, 'remove'), text: say('console.people.remove'), kind: 'danger' as const }]
      : []),
  ];
}

function tabPage(tab: RoleTab, calls: string, inside: (visit: ConsoleVisit, role: Role) => Promise<Html>) {
  return consolePage({
    path: tab === 'about' ? at : `${at}/${tab}`,
    room: accessRoom,
    calls,
    async get(visit) {
      const { role } = await roleOf(visit);
      const shown = { ...linked(role.id), builtIn: isBuiltIn(role.id) };
      const deeds = tab === 'about' ? deedsOf(visit, role.id) : [];
      const content = html`${roleHead(visit.frame, shown, { tab, open: openTabs(visit), deeds })}
${await inside(visit, role)}`;
      return { title: html`${role.id}`, content };
    },
  });
}

/** Who has a role by name, part by part. */
async function holders(visit: ConsoleVisit, { id }: Role): Promise<Html> {
  const { frame } = visit;
  const list = await assignmentsOf(visit, { role: id }, roleAt(id, 'holders'));
  return holdersContent(frame, { ...list, withoutRole: true, none: empty(frame.say('console.access.nobody')) });
}

/** What it would be without this role, in a sentence. */
async function removal(visit: ConsoleVisit, id: string): Promise<Html> {
  const { say } = visit.frame;
  const given = { params: { id }, body: { permissions: [], includes: [] } };
  const holding = countOf(visit.frame, await visit.read('previewRole', rolePreviewReply, given));
  return html`${say('console.access.remove.sentence')} ${say('console.access.holding-it', { holders: holding })}`;
}

const removePage = consolePage({
  path: `${at}/remove`,
  room: accessRoom,
  calls: 'removeRole',
  fresh: true,
  async get(visit) {
    const { say } = visit.frame;
    const { role, etag } = await roleOf(visit);
    const { id } = role;
    const content = consoleQuestion(visit.frame, {
      title: say('console.access.remove.title', { name: strong(id) }),
      sentence: isBuiltIn(id) ? say('console.access.built-in.about') : await removal(visit, id),
      deed: say('console.people.remove'),
      danger: true,
      ...{ etag, back: roleAt(id) },
    });
    return { title: say('console.access.remove.title', { name: id }), content };
  },
  async post(visit, form) {
    const { id = '' } = visit.params;
    await visit.do('removeRole', { params: { id }, match: matchOf(form) });
    return { goOn: accessRoom, said: { key: 'console.access.removed', values: { name: id } } };
  },
});

/** The pages of one role. */
export const rolePages: readonly ConsolePage[] = [
  tabPage('about', 'getRole', async (visit, role) => roleContent(visit.frame, roleView(role, await rolesOf(visit)))),
  tabPage('holders', 'listAssignments', holders),
  tabPage('audit', 'listAuditEvents', (visit, { id }) =>
    eventsOf(visit, { target: `role:${id}` }, roleAt(id, 'audit')),
  ),
  removePage,
];
