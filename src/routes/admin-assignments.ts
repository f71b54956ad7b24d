import { z } from 'zod';
import type { Clients } from '../clients/clients.ts';
import type { Access, Assignment } from '../directory/access.ts';
import type { Decide } from '../directory/decide.ts';
import { explain } from '../directory/explain.ts';
import type { Groups } from '../directory/groups.ts';
import type { Organizations } from '../directory/organizations.ts';
import type { Reach } from '../directory/reach.ts';
import type { Rights } from '../directory/rights.ts';
import type { Users } from '../directory/users.ts';
import { given } from '../http/given.ts';
import { list, listOf, page } from '../http/paging.ts';
import { type By, type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import { holdersReply } from './admin-roles.ts';
import { seenSubject, subjectCalled, subjectName, subjectOf } from './subjects.ts';

interface Parts {
  access: Access;
  decide: Decide;
  rights: Rights;
  reach: Reach;
  groups: Groups;
  organizations: Organizations;
  users: Users;
  clients: Clients;
}

const text = z.string();
const texts = z.array(text);
const time = z.int().meta({ description: 'Seconds since the epoch' });
const subject = text.meta({ description: 'user:ID, client:ID or group:NAME; asked for also as address or client id' });
const organization = text.meta({ description: 'Within this organization only' });
const params = z.object({ id: text });
const scope = 'organization';

/** An assignment as the admin API and the CLI show it. */
export const assignmentReply = z
  .object({
    id: text,
    subject,
    name: subjectCalled,
    role: text,
    until: time.optional(),
    organization: organization.optional(),
    connection: text.optional().meta({ description: 'The connection whose provider gave it' }),
  })
  .meta({ id: 'Assignment', description: 'Somebody has a role, perhaps until a time or within an organization only' });

const newAssignment = z.strictObject({
  ...{ subject, role: text },
  until: time.optional(),
  organization: organization.optional(),
});

/** What would come of giving a role. */
export const assignmentPreviewReply = z
  .object({
    ...{ subject, name: subjectCalled, organization: organization.optional() },
    gained: texts.meta({ description: 'What the subject would hold that it does not, each as AUDIENCE#PERMISSION' }),
    held: texts.meta({ description: 'What of the role it holds already' }),
    counts: z.boolean().meta({ description: 'False where the subject is no member of the organization' }),
    ...holdersReply,
  })
  .meta({ id: 'AssignmentPreview', description: 'What giving a role would give' });

/** For addresses: ids of ours have signs in them that would have to be encoded. */
const outward = (id: string): string => Buffer.from(id).toString('base64url');
const inward = (id: string): string => Buffer.from(id, 'base64url').toString();

const bare = ({
  id,
  role,
  until,
  organization: place,
  connection,
  ...one
}: Assignment): Omit<z.input<typeof assignmentReply>, 'name'> => ({
  ...{ id: outward(id), subject: one.subject, role },
  ...given({ until, organization: place, connection }),
});

/** With the name of its subject, for people. */
const document = async (one: Assignment, parts: Parts): Promise<z.input<typeof assignmentReply>> => ({
  ...bare(one),
  name: await subjectName(one.subject, parts),
});

async function known({ access }: Parts, id: string, by: By): Promise<Assignment> {
  const one = await access.assignment(inward(id));
  if (!one || (by.organization !== undefined && one.organization !== by.organization))
    throw missing(`The assignment ${id.slice(0, 200)}`);
  return one;
}

/** The organisation that is meant: for whoever looks after one, that one and no other. Throws `missing`. */
function placeOf(asked: string | undefined, { organization }: By): string | undefined {
  if (asked === undefined || organization === undefined || asked === organization) return asked ?? organization;
  throw missing(`The organization ${asked.slice(0, 200)}`);
}

/** The admin API's operations on who has which roles, and why; `sallyport assign` and `access explain` make the same calls. */
export const adminAssignments = (parts: Parts): Operation[] => [
  ...reading(parts),
  ...changing(parts),
  explaining(parts),
];

const reading = (parts: Parts): Operation[] => [
  operation({
    name: 'listAssignments',
    method: 'get',
    path: '/assignments',
    about: 'List assignments, of one subject, role or organization',
    permission: 'assignments:read',
    scope,
    query: page.extend({ subject: subject.optional(), role: text.optional(), organization: organization.optional() }),
    reply: listOf(assignmentReply),
    async run({ query: { subject: named, role, organization: asked, ...part }, by }) {
      const place = placeOf(asked, by);
      const holder = named === undefined ? undefined : await seenSubject(named, parts, by);
      const where = given({ subject: holder, role, organization: place });
      const { items, next } = await list(part, (some) => parts.access.assignments(where, some));
      return { items: await Promise.all(items.map((one) => document(one, parts))), next };
    },
  }),
  operation({
    name: 'getAssignment',
    method: 'get',
    path: '/assignments/:id',
    about: 'Show an assignment',
    permission: 'assignments:read',
    scope,
    params,
    reply: assignmentReply,
    versioned: assignmentReply,
    run: async ({ params: { id }, by }) => document(await known(parts, id, by), parts),
  }),
];

const changing = (parts: Parts): Operation[] => [
  operation({
    name: 'addAssignment',
    method: 'post',
    path: '/assignments',
    about: 'Give a role to a person, client or group; again replaces the end',
    permission: 'assignments:write',
    scope,
    body: newAssignment,
    reply: assignmentReply,
    status: 201,
    async run({ body: { role, until, organization, ...body }, by }) {
      const place = placeOf(organization, by);
      const holder = await seenSubject(body.subject, parts, by);
      return document(await parts.rights.assign(by, holder, role, { until, organization: place }), parts);
    },
  }),
  operation({
    name: 'previewAssignment',
    method: 'post',
    path: '/assignments/preview',
    changesNothing: () => true,
    about: 'Say what giving a role would give, and to how many; nothing is changed',
    permission: 'assignments:write',
    scope,
    body: newAssignment,
    reply: assignmentPreviewReply,
    async run({ body: { role, organization, subject: named }, by }) {
      const holder = await seenSubject(named, parts, by);
      const place = placeOf(organization, by);
      const foreseen = await parts.rights.foreseeAssignment(by, holder, { role, organization: place });
      return {
        subject: holder,
        name: await subjectName(holder, parts),
        ...given({ organization: place }),
        ...foreseen,
      };
    },
  }),
  operation({
    name: 'removeAssignment',
    method: 'delete',
    path: '/assignments/:id',
    about: 'Take a role away; what a provider gave comes back with the next sign-in there',
    permission: 'assignments:write',
    scope,
    params,
    versioned: assignmentReply,
    async run({ params: { id }, by, expect }) {
      const one = await known(parts, id, by);
      expect(await document(one, parts));
      await parts.rights.endAssignment(by, one.id);
    },
  }),
];

/** What a subject holds on an API, and every way by which it does. */
export const explainedReply = z.object({
  ...{ subject, audience: text.optional(), organization: organization.optional() },
  ...{ roles: texts, groups: texts, entitlements: texts },
  paths: z.array(
    z.object({
      permission: text,
      groups: texts,
      roles: texts,
      until: time.optional(),
      connection: text.optional(),
      organization: text.optional(),
    }),
  ),
  more: z.boolean().meta({ description: 'There are more than these thousand paths' }),
});

const explaining = (parts: Parts): Operation =>
  operation({
    name: 'explainAccess',
    method: 'get',
    path: '/access/explain',
    about:
      'Say what a subject holds on an API now, and every way by which it does; without an API, its roles and groups',
    permission: 'assignments:read',
    query: z.strictObject({ subject, audience: text.optional(), organization: organization.optional() }),
    reply: explainedReply,
    async run({ query: { subject: named, audience, organization: place } }) {
      const holder = await subjectOf(named, parts);
      if (audience !== undefined && !(await parts.access.api(audience)))
        throw missing(`The API ${audience.slice(0, 200)}`);
      if (place !== undefined && !(await parts.organizations.get(place)))
        throw missing(`The organization ${place.slice(0, 200)}`);
      const held = await parts.decide.held(holder, audience, place);
      const nothing = { paths: [], more: false };
      const found = audience === undefined ? nothing : await explain(parts, holder, audience, place);
      return { subject: holder, ...given({ audience, organization: place }), ...held, ...found };
    },
  });
