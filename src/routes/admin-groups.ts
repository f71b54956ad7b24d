import { z } from 'zod';
import type { Clients } from '../clients/clients.ts';
import type { Group, Groups } from '../directory/groups.ts';
import type { Rights } from '../directory/rights.ts';
import type { Users } from '../directory/users.ts';
import { list, listOf, page } from '../http/paging.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import { memberDocument, memberReply, newMemberBody } from './member-document.ts';
import { subjectOf } from './subjects.ts';

interface Parts {
  groups: Groups;
  rights: Rights;
  users: Users;
  clients: Clients;
}

const params = z.object({ id: z.string() });
const write = 'groups:write';
const includes = z.array(z.string()).meta({ description: 'Groups whose members are in it too' });
/** A group as the admin API and the CLI show it. */
export const groupReply = z
  .object({ id: z.string(), includes })
  .meta({ id: 'Group', description: 'A name that people, clients and other groups are in' });

const document = ({ id, includes: names }: Group): z.input<typeof groupReply> => ({ id, includes: [...names] });

const known = async ({ groups }: Parts, id: string): Promise<Group> => there(await groups.get(id), id);

function there(group: Group | undefined, id: string): Group {
  if (!group) throw missing(`The group ${id}`);
  return group;
}

/** The admin API's operations on groups; `sallyport group` makes the same calls. */
export const adminGroups = (parts: Parts): Operation[] => [...reading(parts), ...changing(parts), ...members(parts)];

const reading = (parts: Parts): Operation[] => [
  operation({
    name: 'listGroups',
    method: 'get',
    path: '/groups',
    about: 'List groups in the order of their names',
    permission: 'groups:read',
    query: page,
    reply: listOf(groupReply),
    async run({ query }) {
      const { items, next } = await list(query, (where) => parts.groups.list(where));
      return { items: items.map(document), next };
    },
  }),
  operation({
    name: 'getGroup',
    method: 'get',
    path: '/groups/:id',
    about: 'Show a group',
    permission: 'groups:read',
    params,
    reply: groupReply,
    versioned: groupReply,
    run: async ({ params: { id } }) => document(await known(parts, id)),
  }),
];

const changing = (parts: Parts): Operation[] => [
  operation({
    name: 'addGroup',
    method: 'post',
    path: '/groups',
    about: 'Add a group, to which roles can be assigned',
    permission: write,
    body: z.strictObject({ id: z.string(), includes: includes.optional() }),
    reply: groupReply,
    status: 201,
    async run({ body: { id, includes: names = [] }, actor, permissions }) {
      return document(await parts.rights.addGroup({ actor, permissions }, { id, includes: names }));
    },
  }),
  operation({
    name: 'changeGroup',
    method: 'patch',
    path: '/groups/:id',
    about: 'Change which groups a group includes',
    permission: write,
    params,
    body: z.strictObject({ includes }).partial(),
    reply: groupReply,
    versioned: groupReply,
    async run({ params: { id }, body, actor, permissions, expect }) {
      const edit = (group: Group | undefined): Group => {
        const now = there(group, id);
        expect(document(now));
        return { id, includes: body.includes ?? now.includes };
      };
      return document(await parts.rights.changeGroup({ actor, permissions }, id, edit));
    },
  }),
  operation({
    name: 'removeGroup',
    method: 'delete',
    path: '/groups/:id',
    about: 'Remove a group with its memberships and its roles',
    permission: write,
    params,
    versioned: groupReply,
    async run({ params: { id }, actor, permissions, expect }) {
      expect(document(await known(parts, id)));
      await parts.rights.removeGroup({ actor, permissions }, id);
    },
  }),
];

const members = (parts: Parts): Operation[] => [
  operation({
    name: 'listGroupMembers',
    method: 'get',
    path: '/groups/:id/members',
    about: 'List who is in a group directly',
    permission: 'groups:read',
    params,
    query: page,
    reply: listOf(memberReply),
    async run({ params: { id }, query }) {
      await known(parts, id);
      const { items, next } = await list(query, (where) => parts.groups.members(id, where));
      return { items: await Promise.all(items.map((one) => memberDocument(one, parts))), next };
    },
  }),
  operation({
    name: 'addGroupMember',
    method: 'post',
    path: '/groups/:id/members',
    about: 'Take a subject into a group; again replaces the end',
    permission: write,
    params,
    body: newMemberBody,
    reply: memberReply,
    status: 201,
    async run({ params: { id }, body, actor, permissions }) {
      const subject = await subjectOf(body.subject, parts);
      return memberDocument(await parts.rights.join({ actor, permissions }, id, subject, { until: body.until }), parts);
    },
  }),
  operation({
    name: 'removeGroupMember',
    method: 'delete',
    path: '/groups/:id/members/:subject',
    about: 'Take a subject out of a group',
    permission: write,
    params: params.extend({ subject: z.string() }),
    async run({ params: { id, subject }, actor, permissions }) {
      await known(parts, id);
      await parts.rights.leave({ actor, permissions }, id, await subjectOf(subject, parts));
    },
  }),
];
