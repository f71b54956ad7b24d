import { given } from '../http/given.ts';
import { assignmentReply } from '../routes/admin-assignments.ts';
import { rolePreviewReply, roleReply } from '../routes/admin-roles.ts';
import { deskCommand } from './desk.ts';
import { columns, facts, few } from './listing.ts';
import { named } from './reading.ts';

const options = {
  permission: { value: 'AUDIENCE#P', repeat: true, about: 'A permission on an API; replaces those it has' },
  include: { value: 'ROLE', repeat: true, about: 'A role whose permissions it has too; replaces those it has' },
} as const;

/** Lists that were named replace those it has; the others stay. */
const said = (options: { permission: readonly string[]; include: readonly string[] }) =>
  given({ permissions: named(options.permission), includes: named(options.include) });

const add = deskCommand({
  words: ['role', 'add'],
  operands: ['name'],
  options,
  about: 'Add a role',
  async run({ operands: { name }, options, answer }, desk) {
    const role = await desk.call('addRole', roleReply, { body: { id: name, ...said(options) } });
    answer(role, `Added the role ${role.id}`);
  },
});

const set = deskCommand({
  words: ['role', 'set'],
  operands: ['name'],
  options,
  about: 'Change a role; what is not named stays',
  async run({ operands: { name: id }, options, answer }, desk) {
    const role = await desk.call('changeRole', roleReply, { params: { id }, body: said(options) });
    answer(role, `Changed the role ${role.id}`);
  },
});

const preview = deskCommand({
  words: ['role', 'preview'],
  operands: ['name'],
  options,
  about: 'Say what such a change of a role would give and take, and from how many; nothing is changed',
  async run({ operands: { name: id }, options, answer }, desk) {
    const foreseen = await desk.call('previewRole', rolePreviewReply, { params: { id }, body: said(options) });
    const { gained, lost, included_by: above, people, clients, more } = foreseen;
    const rows = [{ id, gained, lost }, ...above].map((one) => [one.id, one.gained, one.lost]);
    const held = `Held by people: ${people}, clients: ${clients}${more ? ' and more' : ''}`;
    answer(foreseen, `${columns(['role', 'gains', 'loses'], rows)}\n${held}`);
  },
});

const list = deskCommand({
  words: ['role', 'list'],
  about: 'List the roles',
  async run({ answer }, desk) {
    const all = await desk.all('listRoles', roleReply);
    const rows = all.map((role) => [role.id, few(role.includes), few(role.permissions)]);
    answer(all, columns(['role', 'includes', 'permissions'], rows));
  },
});

const show = deskCommand({
  words: ['role', 'show'],
  operands: ['name'],
  about: 'Show a role and who has it',
  async run({ operands: { name: id }, answer }, desk) {
    const role = await desk.call('getRole', roleReply, { params: { id } });
    const assigned = await desk.all('listAssignments', assignmentReply, { query: { role: id } });
    const shown = { ...role, subjects: assigned.map(({ name, subject }) => name ?? subject) };
    answer(shown, facts(shown));
  },
});

const remove = deskCommand({
  words: ['role', 'remove'],
  operands: ['name'],
  about: 'Remove a role and take it from everybody',
  async run({ operands: { name: id }, answer }, desk) {
    await desk.tell('removeRole', { params: { id } });
    answer({ id }, `Removed the role ${id}`);
  },
});

/** `sallyport role …` */
export const roleCommands = [add, set, preview, list, show, remove];
