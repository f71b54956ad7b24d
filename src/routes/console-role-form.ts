import { type Box, countOf, type RoleForm, roleFormContent, rolePreviewContent } from '../../views/admin/role-form.ts';
import { strong } from '../../views/layout.ts';
import { type Html, html } from '../kernel/html.ts';
import { rolePreviewReply, roleReply } from './admin-roles.ts';
import { accessRoom, apisOf, type KnownApi, partsOf, type Role, roleAt, rolesOf } from './console-access.ts';
import { condensed, keptBoxes, withKeptBoxes } from './console-boxes.ts';
import { etagFor, filledForm } from './console-form.ts';
import { type ConsolePage, type ConsoleShown, type ConsoleVisit, consolePage, matchOf } from './console-page.ts';
import { roleOf } from './console-role.ts';

/** What the boxes are called: one for each permission, and one for each role that can be included. */
const permissionBox = 'p:';
const roleBox = 'r:';

const ticked = (form: ReadonlyMap<string, string>, kind: string): string[] =>
  [...form]
    .filter(([name, value]) => name.startsWith(kind) && value === 'yes')
    .map(([name]) => name.slice(kind.length));

const membersIn = (form: ReadonlyMap<string, string>) => ({
  permissions: ticked(form, permissionBox),
  includes: ticked(form, roleBox),
});

/** All boxes of the form of a role, `yes` where it has what they stand for. */
function boxesOf({ id, permissions, includes }: Role, apis: readonly KnownApi[], roles: readonly Role[]) {
  const texts = new Set([...apis.flatMap((api) => api.permissions.map((name) => `${api.id}#${name}`)), ...permissions]);
  const names = roles.map((role) => role.id).filter((name) => name !== id);
  return Object.fromEntries([
    ...[...texts].map((text) => [permissionBox + text, permissions.includes(text) ? 'yes' : ''] as const),
    ...names.map((name) => [roleBox + name, includes.includes(name) ? 'yes' : ''] as const),
  ]);
}

/** What a box stands for, as a conflict names it. */
function labelOf(box: string): Html {
  const text = box.slice(permissionBox.length);
  if (!box.startsWith(permissionBox)) return html`${text}`;
  const { api, permission } = partsOf(text);
  return html`<code>${permission}</code> (${api})`;
}

/** The form of a role as it is, or with what was ticked. */
async function formOf(
  visit: ConsoleVisit,
  role: Role,
  rest: Pick<RoleForm, 'id' | 'isNew' | 'back'>,
): Promise<RoleForm> {
  const { say } = visit.frame;
  const roles = await rolesOf(visit);
  const now = boxesOf(role, await apisOf(visit, [...roles, role]), roles);
  const labels = Object.fromEntries(Object.keys(now).map((name) => [name, labelOf(name)]));
  const { ticked: on, was, conflicts } = filledForm<string>(withKeptBoxes(visit, now), now, labels);
  const box = (name: string, label: Box['label']): Box => ({ name, label, ticked: on(name) });
  const [permissions, others] = [permissionBox, roleBox].map((kind) =>
    Object.keys(now).filter((name) => name.startsWith(kind)),
  );
  const byApi = Map.groupBy(permissions ?? [], (name) => partsOf(name.slice(permissionBox.length)).api);
  return {
    ...rest,
    apis: [...byApi].map(([title, all]) => ({
      title,
      all: all.map((name) => box(name, html`<code>${partsOf(name).permission}</code>`)),
    })),
    roles: {
      title: say('console.access.roles'),
      all: (others ?? []).map((name) => box(name, name.slice(roleBox.length))),
    },
    was,
    conflicting: conflicts.map(({ name, now: value }) => ({
      name,
      now: say(value === 'yes' ? 'console.yes' : 'console.no'),
    })),
  };
}

const addPage = consolePage({
  path: `${accessRoom}/roles/new`,
  room: accessRoom,
  calls: 'addRole',
  fresh: true,
  keeps: keptBoxes,
  condense: condensed,
  async get(visit) {
    const none = { id: '', permissions: [], includes: [] };
    const form = await formOf(visit, none, { id: visit.typed.get('id') ?? '', isNew: true, back: accessRoom });
    return { title: visit.frame.say('console.access.roles.add'), content: roleFormContent(visit.frame, form) };
  },
  async post(visit, form) {
    const body = { id: form.get('id')?.trim() ?? '', ...membersIn(form) };
    const { id } = await visit.read('addRole', roleReply, { body });
    return {
      goOn: visit.may('getRole') ? roleAt(id) : accessRoom,
      said: { key: 'console.saved', values: { name: id } },
    };
  },
});

async function changeShown(visit: ConsoleVisit): Promise<ConsoleShown> {
  const { role, etag } = await roleOf(visit);
  const { id } = role;
  const form = await formOf(visit, role, { id, isNew: false, back: roleAt(id) });
  const content = roleFormContent(visit.frame, { ...form, etag: etagFor(visit, etag) });
  return { title: visit.frame.say('console.access.change.title', { name: id }), content };
}

/** What would come of what is ticked, with the form carried on unseen. Throws what the change itself would. */
async function previewShown(visit: ConsoleVisit, id: string, form: ReadonlyMap<string, string>): Promise<ConsoleShown> {
  const { say } = visit.frame;
  const given = { params: { id }, body: membersIn(form), match: matchOf(form) };
  const {
    gained,
    lost,
    included_by: includedBy,
    ...holding
  } = await visit.read('previewRole', rolePreviewReply, given);
  const changes = [
    ...gained.map((text) => ({ kind: 'gained' as const, ...partsOf(text) })),
    ...lost.map((text) => ({ kind: 'lost' as const, ...partsOf(text) })),
  ];
  const content = rolePreviewContent(visit.frame, {
    title: say('console.access.preview.title', { name: strong(id) }),
    sentence: say('console.access.holding-it', { holders: countOf(visit.frame, holding) }),
    changes,
    includedBy: includedBy
      .filter(({ gained: more, lost: less }) => more.length + less.length > 0)
      .map((one) => ({
        id: one.id,
        gained: one.gained.map((text) => partsOf(text).permission),
        lost: one.lost.map((text) => partsOf(text).permission),
      })),
    carried: [...form].filter(([name]) => name !== 'step'),
    back: roleAt(id),
  });
  return { title: say('console.access.preview.title', { name: id }), content };
}

/** Changes a role: what is ticked is shown first with what it does, and saved after that. */
const editPage = consolePage({
  path: `${accessRoom}/roles/:id/edit`,
  room: accessRoom,
  calls: 'changeRole',
  fresh: true,
  keeps: keptBoxes,
  condense: condensed,
  get: changeShown,
  async post(visit, form) {
    const { id = '' } = visit.params;
    const step = form.get('step');
    if (step === 'form') return changeShown(visit.again(form));
    if (step !== 'save') return previewShown(visit, id, form);
    await visit.do('changeRole', { params: { id }, body: membersIn(form), match: matchOf(form) });
    return {
      goOn: visit.may('getRole') ? roleAt(id) : accessRoom,
      said: { key: 'console.saved', values: { name: id } },
    };
  },
});

/** The pages that make and change roles. */
export const roleFormPages: readonly ConsolePage[] = [addPage, editPage];
