import { z } from 'zod';
import { given } from '../http/given.ts';
import { organizationDomain, organizationReply } from '../routes/admin-organizations.ts';
import { misused } from './command.ts';
import { deskCommand } from './desk.ts';
import { columns, facts } from './listing.ts';
import { type Circle, memberCommands, memberLines, membersOf } from './members.ts';
import { organizationScimToken } from './organization-scim.ts';
import { organizationSetupLink } from './organization-setup.ts';
import { named } from './reading.ts';

const options = {
  name: { value: 'NAME', about: 'What people call it (default: its id)' },
  domain: {
    value: 'D',
    repeat: true,
    about: 'A domain of it, which counts while it is verified for one of its connections; replaces those it has',
  },
  connection: {
    value: 'C',
    repeat: true,
    about: 'A connection whose people are members; replaces those it has',
  },
} as const;

const circle: Circle = {
  noun: 'organization',
  operand: 'id',
  operations: { list: 'listOrganizationMembers', join: 'addOrganizationMember', leave: 'removeOrganizationMember' },
  about: {
    join: 'Make a user (e-mail address) or a client (id) a member',
    leave: 'End a membership; who signs in through a connection of the organization is a member again',
  },
  said: {
    joined: (subject: string, id: string) => `${subject} is a member of ${id}`,
    left: (subject: string, id: string) => `${subject} is no longer a member of ${id}`,
  },
};

const add = deskCommand({
  words: ['organization', 'add'],
  operands: ['id'],
  options,
  about: 'Add an organization, within which its members can have roles of their own',
  async run({ operands: { id }, options: { name = id, domain, connection }, answer }, desk) {
    const body = { id, name, domains: [...domain], connections: [...connection] };
    const added = await desk.call('addOrganization', organizationReply, { body });
    answer(added, `Added the organization ${added.id}`);
  },
});

const set = deskCommand({
  words: ['organization', 'set'],
  operands: ['id'],
  options,
  about: 'Change an organization; what is not named stays',
  async run({ operands: { id }, options: { name, domain, connection }, answer }, desk) {
    const body = given({ name, domains: named(domain), connections: named(connection) });
    if (Object.keys(body).length === 0) throw misused('name what to change');
    const changed = await desk.call('changeOrganization', organizationReply, { params: { id }, body });
    answer(changed, `Changed the organization ${changed.id}`);
  },
});

const list = deskCommand({
  words: ['organization', 'list'],
  about: 'List the organizations',
  async run({ answer }, desk) {
    const all = await desk.all('listOrganizations', organizationReply);
    const rows = all.map(({ id, name, domains, connections }) => [id, name, domains, connections]);
    answer(all, columns(['id', 'name', 'domains', 'connections'], rows));
  },
});

const show = deskCommand({
  words: ['organization', 'show'],
  operands: ['id'],
  about: 'Show an organization and its members',
  async run({ operands: { id }, answer }, desk) {
    const found = await desk.call('getOrganization', organizationReply, { params: { id } });
    const { items } = await desk.call('listOrganizationDomains', domainList, { params: { id } });
    const members = await membersOf(desk, circle, id);
    const domains = items.map(({ name, verified }) => `${name}${verified ? '' : ' (not verified)'}`);
    answer({ ...found, members }, facts({ ...found, domains, members: memberLines(members) }));
  },
});

const domainList = z.object({ items: z.array(organizationDomain) });

const remove = deskCommand({
  words: ['organization', 'remove'],
  operands: ['id'],
  about: 'Remove an organization with its memberships and the roles within it',
  async run({ operands: { id }, answer }, desk) {
    await desk.tell('removeOrganization', { params: { id } });
    answer({ id }, `Removed the organization ${id}`);
  },
});

/** `sallyport organization …` */
export const organizationCommands = [
  add,
  set,
  list,
  show,
  remove,
  ...memberCommands(circle),
  organizationScimToken,
  organizationSetupLink,
];
