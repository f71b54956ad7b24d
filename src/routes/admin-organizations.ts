import { z } from 'zod';
import type { Clients } from '../clients/clients.ts';
import type { Groups } from '../directory/groups.ts';
import type { Organization, Organizations } from '../directory/organizations.ts';
import type { Reach } from '../directory/reach.ts';
import type { Rights } from '../directory/rights.ts';
import type { Users } from '../directory/users.ts';
import { given } from '../http/given.ts';
import { list, listOf, page } from '../http/paging.ts';
import { type By, beyondOrganization, type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import { memberDocument, memberReply, newMemberBody } from './member-document.ts';
import { seenSubject, subjectOf } from './subjects.ts';

interface Parts {
  organizations: Organizations;
  rights: Rights;
  reach: Reach;
  groups: Groups;
  users: Users;
  clients: Clients;
}

const params = z.object({ id: z.string() });
const write = 'organizations:write';
const scope = 'organization';
const settable = {
  name: z.string(),
  domains: z
    .array(z.string())
    .max(1000)
    .meta({ description: 'Each counts while it is verified for one of the connections' }),
  connections: z.array(z.string()).max(1000).meta({ description: 'Whoever signs in through one is a member' }),
};
/** An organisation as the admin API and the CLI show it. */
export const organizationReply = z.object({ id: z.string(), ...settable }).meta({
  id: 'Organization',
  description: 'A customer, partner or department whose people have roles of their own within it',
});

/** A domain of an organisation, and whether it counts. */
export const organizationDomain = z.object({
  name: z.string(),
  verified: z.boolean().meta({ description: 'It is verified for one of the connections, so it counts' }),
});

const document = ({ id, name, domains, connections }: Organization): z.input<typeof organizationReply> => ({
  ...{ id, name, domains: [...domains], connections: [...connections] },
});

async function known({ organizations }: Parts, id: string, by: By): Promise<Organization> {
  const found = id === (by.organization ?? id) ? await organizations.get(id) : undefined;
  if (!found) throw missing(`The organization ${id}`);
  return found;
}

/** The admin API's operations on organisations; `sallyport organization` makes the same calls. */
export const adminOrganizations = (parts: Parts): Operation[] => [
  ...reading(parts),
  ...changing(parts),
  ...members(parts),
];

const reading = (parts: Parts): Operation[] => [
  operation({
    name: 'listOrganizations',
    method: 'get',
    path: '/organizations',
    about: 'List organizations in the order of their ids',
    permission: 'organizations:read',
    scope,
    query: page,
    reply: listOf(organizationReply),
    async run({ query, by }) {
      const { organization } = by;
      if (organization !== undefined) return { items: [document(await known(parts, organization, by))], next: null };
      const { items, next } = await list(query, (where) => parts.organizations.list(where));
      return { items: items.map(document), next };
    },
  }),
  operation({
    name: 'getOrganization',
    method: 'get',
    path: '/organizations/:id',
    about: 'Show an organization',
    permission: 'organizations:read',
    scope,
    params,
    reply: organizationReply,
    versioned: organizationReply,
    run: async ({ params: { id }, by }) => document(await known(parts, id, by)),
  }),
  operation({
    name: 'listOrganizationDomains',
    method: 'get',
    path: '/organizations/:id/domains',
    about: 'List the domains of an organization, and which of them count',
    permission: 'organizations:read',
    scope,
    params,
    reply: z.object({ items: z.array(organizationDomain), next: z.null() }),
    async run({ params: { id }, by }) {
      const { domains } = await known(parts, id, by);
      const items = await Promise.all(
        domains.map(async (name) => ({ name, verified: (await parts.organizations.ofDomain(name)) !== undefined })),
      );
      return { items, next: null };
    },
  }),
];

const changing = (parts: Parts): Operation[] => [
  operation({
    name: 'addOrganization',
    method: 'post',
    path: '/organizations',
    about: 'Add an organization, within which its members can have roles of their own',
    permission: write,
    body: z.strictObject({ id: z.string(), ...z.object(settable).partial().shape }),
    reply: organizationReply,
    status: 201,
    async run({ body: { id, name = id, domains = [], connections = [] }, actor }) {
      return document(await parts.organizations.add({ id, name, domains, connections }, actor));
    },
  }),
  operation({
    name: 'changeOrganization',
    method: 'patch',
    path: '/organizations/:id',
    about: 'Change an organization; what is not named stays, a list that is named replaces the one it has',
    permission: write,
    scope,
    params,
    body: z.strictObject(settable).partial(),
    reply: organizationReply,
    versioned: organizationReply,
    async run({ params: { id }, body, actor, by, expect }) {
      await known(parts, id, by);
      if (by.organization !== undefined && (body.domains ?? body.connections) !== undefined) {
        throw beyondOrganization(by.organization);
      }
      const look = (now: Organization) => expect(document(now));
      return document(await parts.organizations.change(id, given(body), actor, look));
    },
  }),
  operation({
    name: 'removeOrganization',
    method: 'delete',
    path: '/organizations/:id',
    about: 'Remove an organization with its memberships and the roles within it',
    permission: write,
    params,
    versioned: organizationReply,
    async run({ params: { id }, actor, by, expect }) {
      expect(document(await known(parts, id, by)));
      await parts.organizations.remove(id, actor);
    },
  }),
];

const members = (parts: Parts): Operation[] => [
  operation({
    name: 'listOrganizationMembers',
    method: 'get',
    path: '/organizations/:id/members',
    about: 'List the members of an organization',
    permission: 'organizations:read',
    scope,
    params,
    query: page,
    reply: listOf(memberReply),
    async run({ params: { id }, query, by }) {
      await known(parts, id, by);
      const { items, next } = await list(query, (where) => parts.organizations.members(id, where));
      return { items: await Promise.all(items.map((one) => memberDocument(one, parts))), next };
    },
  }),
  operation({
    name: 'addOrganizationMember',
    method: 'post',
    path: '/organizations/:id/members',
    about: 'Make a person or client a member; again replaces the end',
    permission: write,
    params,
    body: newMemberBody,
    reply: memberReply,
    status: 201,
    async run({ params: { id }, body, actor, permissions }) {
      const subject = await subjectOf(body.subject, parts);
      const by = { actor, permissions };
      return memberDocument(await parts.rights.joinOrganization(by, id, subject, { until: body.until }), parts);
    },
  }),
  operation({
    name: 'removeOrganizationMember',
    method: 'delete',
    path: '/organizations/:id/members/:subject',
    about: 'End a membership, by whoever’s word',
    permission: write,
    scope,
    params: params.extend({ subject: z.string() }),
    async run({ params: { id, subject }, actor, by }) {
      await known(parts, id, by);
      const member = await seenSubject(subject, parts, by);
      if (by.organization !== undefined) await parts.reach.refuseMightier(by, member);
      await parts.organizations.leave(id, member, actor);
    },
  }),
];
