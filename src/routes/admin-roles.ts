import { z } from 'zod';
import type { Access, Role } from '../directory/access.ts';
import type { Rights } from '../directory/rights.ts';
import type { MfaPolicies } from '../factors/policies.ts';
import { given } from '../http/given.ts';
import { list, listOf, page } from '../http/paging.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';

interface Parts {
  access: Access;
  rights: Rights;
  mfaPolicies: MfaPolicies;
}

const params = z.object({ id: z.string() });
const write = 'roles:write';
const texts = z.array(z.string());
const members = {
  permissions: texts.meta({ description: 'Each as AUDIENCE#PERMISSION' }),
  includes: texts.meta({ description: 'Roles whose permissions it has too' }),
};
/** A role as the admin API and the CLI show it. */
export const roleReply = z
  .object({ id: z.string(), ...members })
  .meta({ id: 'Role', description: 'A name for permissions: its own and those of the roles that it includes' });
const changeBody = z.strictObject(members).partial();

const difference = {
  gained: texts.meta({ description: 'Each as AUDIENCE#PERMISSION' }),
  lost: texts,
};
/** How many people and clients something comes to, as previews say it. */
export const holdersReply = {
  people: z.int(),
  clients: z.int(),
  more: z.boolean().meta({ description: 'There are more people and clients than these' }),
};
/** What would come of a change of a role. */
export const rolePreviewReply = z
  .object({
    role: z.object({ id: z.string(), ...members }).meta({ description: 'The role as it would be' }),
    ...difference,
    included_by: z
      .array(z.object({ id: z.string(), ...difference }))
      .meta({ description: 'Roles that include it, and what it would be for each' }),
    ...holdersReply,
  })
  .meta({ id: 'RolePreview', description: 'What a change of a role would give and take, and from how many' });

async function known({ access }: Parts, id: string): Promise<Role> {
  const role = await access.role(id);
  if (!role) throw missing(`The role ${id}`);
  return role;
}

/** The admin API's operations on roles; `sallyport role` makes the same calls. */
export const adminRoles = (parts: Parts): Operation[] => [...reading(parts), ...changing(parts)];

const reading = (parts: Parts): Operation[] => [
  operation({
    name: 'listRoles',
    method: 'get',
    path: '/roles',
    about: 'List roles in the order of their names',
    permission: 'roles:read',
    query: page,
    reply: listOf(roleReply),
    run: ({ query }) => list(query, (where) => parts.access.roles(where)),
  }),
  operation({
    name: 'getRole',
    method: 'get',
    path: '/roles/:id',
    about: 'Show a role',
    permission: 'roles:read',
    params,
    reply: roleReply,
    versioned: roleReply,
    run: ({ params: { id } }) => known(parts, id),
  }),
];

const changing = (parts: Parts): Operation[] => [
  operation({
    name: 'addRole',
    method: 'post',
    path: '/roles',
    about: 'Add a role',
    permission: write,
    body: changeBody.extend({ id: z.string() }),
    reply: roleReply,
    status: 201,
    run({ body: { id, permissions = [], includes = [] }, actor, permissions: allowed }) {
      return parts.rights.addRole({ actor, permissions: allowed }, { id, permissions, includes });
    },
  }),
  operation({
    name: 'changeRole',
    method: 'patch',
    path: '/roles/:id',
    about: 'Change a role; what is not named stays, a list that is named replaces the one it has',
    permission: write,
    params,
    body: changeBody,
    reply: roleReply,
    versioned: roleReply,
    run({ params: { id }, body, actor, permissions, expect }) {
      return parts.rights.changeRole({ actor, permissions }, id, (now) => {
        expect(now);
        return { ...now, ...given(body) };
      });
    },
  }),
  operation({
    name: 'previewRole',
    method: 'post',
    path: '/roles/:id/preview',
    changesNothing: () => true,
    about:
      'Say what a change of a role would give and take, by which other roles, and for how many; nothing is changed',
    permission: write,
    params,
    body: changeBody,
    reply: rolePreviewReply,
    versioned: roleReply,
    async run({ params: { id }, body, actor, permissions, expect }) {
      const { above, ...foreseen } = await parts.rights.foreseeRole({ actor, permissions }, id, (now) => {
        expect(now);
        return { ...now, ...given(body) };
      });
      return { ...foreseen, included_by: above };
    },
  }),
  operation({
    name: 'removeRole',
    method: 'delete',
    path: '/roles/:id',
    about: 'Remove a role and take it from everybody',
    permission: write,
    params,
    versioned: roleReply,
    async run({ params: { id }, actor, permissions, expect }) {
      expect(await known(parts, id));
      await parts.rights.removeRole({ actor, permissions }, id);
      await parts.mfaPolicies.forget(`role:${id}`, actor);
    },
  }),
];
