import { given } from '../http/given.ts';
import { explainedReply } from '../routes/admin-assignments.ts';
import { groupReply } from '../routes/admin-groups.ts';
import { deskCommand } from './desk.ts';
import { columns, facts } from './listing.ts';
import { type Circle, memberCommands, memberLines, membersOf } from './members.ts';
import { named } from './reading.ts';

const options = {
  include: { value: 'GROUP', repeat: true, about: 'A group whose members are in it too; replaces those it has' },
} as const;

const circle: Circle = {
  noun: 'group',
  operand: 'name',
  operations: { list: 'listGroupMembers', join: 'addGroupMember', leave: 'removeGroupMember' },
  about: {
    join: 'Take a user (e-mail address), a client (id) or group:NAME into a group',
    leave: 'Take a user, a client or group:NAME out of a group',
  },
  said: {
    joined: (subject: string, id: string) => `${subject} is in the group ${id}`,
    left: (subject: string, id: string) => `${subject} is no longer in the group ${id}`,
  },
};

const add = deskCommand({
  words: ['group', 'add'],
  operands: ['name'],
  options,
  about: 'Add a group, to which roles can be assigned as group:NAME',
  async run({ operands: { name: id }, options: { include }, answer }, desk) {
    const group = await desk.call('addGroup', groupReply, { body: { id, includes: [...include] } });
    answer(group, `Added the group ${group.id}`);
  },
});

const set = deskCommand({
  words: ['group', 'set'],
  operands: ['name'],
  options,
  about: 'Change which groups a group includes; what is not named stays',
  async run({ operands: { name: id }, options: { include }, answer }, desk) {
    const body = given({ includes: named(include) });
    const group = await desk.call('changeGroup', groupReply, { params: { id }, body });
    answer(group, `Changed the group ${group.id}`);
  },
});

const list = deskCommand({
  words: ['group', 'list'],
  about: 'List the groups',
  async run({ answer }, desk) {
    const all = await desk.all('listGroups', groupReply);
    const rows = all.map(({ id, includes }) => [id, includes]);
    answer(all, columns(['group', 'includes'], rows));
  },
});

const show = deskCommand({
  words: ['group', 'show'],
  operands: ['name'],
  about: 'Show a group, who is in it, and its roles',
  async run({ operands: { name: id }, answer }, desk) {
    const group = await desk.call('getGroup', groupReply, { params: { id } });
    const members = await membersOf(desk, circle, id);
    const { roles } = await desk.call('explainAccess', explainedReply, { query: { subject: `group:${id}` } });
    answer({ ...group, roles, members }, facts({ ...group, roles, members: memberLines(members) }));
  },
});

const remove = deskCommand({
  words: ['group', 'remove'],
  operands: ['name'],
  about: 'Remove a group with its memberships and its roles',
  async run({ operands: { name: id }, answer }, desk) {
    await desk.tell('removeGroup', { params: { id } });
    answer({ id }, `Removed the group ${id}`);
  },
});

/** `sallyport group …` */
export const groupCommands = [add, set, list, show, remove, ...memberCommands(circle)];
