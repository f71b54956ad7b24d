import { z } from 'zod';
import { isBuiltIn } from '../../directory/built-in.ts';
import { groupReply } from '../../routes/admin-groups.ts';
import { organizationReply } from '../../routes/admin-organizations.ts';
import { roleReply } from '../../routes/admin-roles.ts';
import { newApiBody } from '../../routes/api-document.ts';
import { mfaPolicyReply } from '../../routes/mfa-policy-document.ts';
import { newRegistrarBody } from '../../routes/registrar-document.ts';
import { newTierBody } from '../../routes/tier-document.ts';
import { newWebhookBody } from '../../routes/webhook-document.ts';
import { clients } from './client-kind.ts';
import { connections } from './connection-kind.ts';
import { type Doc, type Found, type Kind, picked, textOf, textsOf } from './kind.ts';
import { assignments, groupMembers, organizationMembers, users } from './people-kinds.ts';

const reply = z.record(z.string(), z.unknown());

interface Plain extends Omit<Kind, 'key' | 'found' | 'document'> {
  schema: z.ZodObject;
  list: string;
  /** By what it is known, where that is not its id. */
  known?: string;
  foreign?(id: string): string | undefined;
}

/** A kind whose list says everything. */
function plain({ list, known = 'id', foreign, ...rest }: Plain): Kind {
  const names = [known, ...Object.keys(rest.schema.shape).filter((name) => name !== known)];
  const key = (document: Doc): string => textOf(document[known]);
  const document = (one: Doc): Doc => picked(one, names);
  return {
    ...rest,
    key,
    document,
    async found(desk) {
      return (await desk.all(list, reply)).map((one): Found => {
        const id = textOf(one.id);
        return { key: key(one), address: { id }, document: document(one), foreign: foreign?.(id) };
      });
    },
  };
}

const operations = (name: string) => ({
  ...{ add: `add${name}`, get: `get${name}`, change: `change${name}`, remove: `remove${name}` },
});
const builtIn = (id: string) => (isBuiltIn(id) ? 'belongs to this server itself' : undefined);

const apis = plain({
  name: 'apis',
  noun: 'api',
  schema: newApiBody,
  list: 'listApis',
  operations: operations('Api'),
  usual: () => ({ permissions: [], token_format: 'opaque', signing_alg: 'RS256', routes: [] }),
  foreign: builtIn,
});

const roles = plain({
  name: 'roles',
  noun: 'role',
  schema: z.strictObject(roleReply.shape).partial({ permissions: true, includes: true }),
  list: 'listRoles',
  operations: operations('Role'),
  usual: () => ({ permissions: [], includes: [] }),
  after: ({ includes }) => textsOf(includes),
  foreign: builtIn,
});

const tiers = plain({
  name: 'tiers',
  noun: 'tier',
  schema: newTierBody,
  list: 'listTiers',
  operations: operations('Tier'),
  usual: () => ({ excess: 'reject' }),
});

const groups = plain({
  name: 'groups',
  noun: 'group',
  schema: z.strictObject(groupReply.shape).partial({ includes: true }),
  list: 'listGroups',
  operations: operations('Group'),
  usual: () => ({ includes: [] }),
  after: ({ includes }) => textsOf(includes),
});

const organizations = plain({
  name: 'organizations',
  noun: 'organization',
  schema: z.strictObject(organizationReply.shape).partial({ name: true, domains: true, connections: true }),
  list: 'listOrganizations',
  operations: operations('Organization'),
  usual: ({ id }) => ({ name: id, domains: [], connections: [] }),
});

const registrars = plain({
  name: 'registrars',
  noun: 'registrar',
  schema: newRegistrarBody,
  list: 'listRegistrars',
  operations: operations('Registrar'),
  unwritten: ['expires'],
  hint: ({ id }) =>
    `nobody has the credential of the registrar ${id}; make one: sallyport registrar rotate-token ${id}`,
});

const webhooks = plain({
  name: 'webhooks',
  noun: 'webhook',
  schema: newWebhookBody,
  list: 'listWebhooks',
  // Its id is made by the server, and would be another one elsewhere.
  known: 'url',
  operations: operations('Webhook'),
  usual: () => ({ types: [], audiences: [], events: [], enabled: true }),
  hint: ({ url }, { id }) =>
    `nobody has the secret of the webhook ${url}; make one: sallyport webhook rotate-secret ${id}`,
});

const mfaPolicies = plain({
  name: 'mfa_policies',
  noun: 'mfa policy',
  schema: z.strictObject(mfaPolicyReply.shape),
  list: 'listMfaPolicies',
  // A change makes it.
  operations: { add: 'changeMfaPolicy', get: 'getMfaPolicy', change: 'changeMfaPolicy', remove: 'removeMfaPolicy' },
  made: ({ id, ...body }) => ({ at: { id: textOf(id) }, body }),
  usual: () => ({}),
});

/** Every kind that files can hold, each after those that it rests on. */
export const kinds: readonly Kind[] = [
  ...[apis, roles, tiers, groups, connections, organizations, clients, registrars, webhooks],
  ...[users, groupMembers, organizationMembers, assignments, mfaPolicies],
];
