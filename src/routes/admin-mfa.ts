import { z } from 'zod';
import type { Clients } from '../clients/clients.ts';
import type { Access } from '../directory/access.ts';
import type { MfaPolicies, MfaPolicy } from '../factors/policies.ts';
import type { Connections } from '../federation/connections.ts';
import { list, listOf, page } from '../http/paging.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import {
  mfaPolicyChange,
  mfaPolicyDocument,
  mfaPolicyReply,
  refuseUnknown,
  rulesChange,
} from './mfa-policy-document.ts';

interface Parts {
  mfaPolicies: MfaPolicies;
  clients: Clients;
  access: Access;
  connections: Connections;
}

const params = z.object({ id: z.string() });

/** The admin API's operations on the policies of second factors; `sallyport mfa` makes the same calls. */
export const adminMfa = (parts: Parts): Operation[] => [...reading(parts), ...changing(parts)];

async function known({ mfaPolicies }: Parts, subject: string): Promise<MfaPolicy> {
  const policy = await mfaPolicies.get(subject);
  if (!policy) throw missing(`A policy of second factors for ${subject}`);
  return policy;
}

const reading = (parts: Parts): Operation[] => [
  operation({
    name: 'listMfaPolicies',
    method: 'get',
    path: '/mfa-policies',
    about: 'List the policies of second factors that were made, in the order of their subjects',
    permission: 'mfa-policies:read',
    query: page,
    reply: listOf(mfaPolicyReply),
    async run({ query }) {
      const { items, next } = await list(query, (where) => parts.mfaPolicies.list(where));
      return { items: items.map(mfaPolicyDocument), next };
    },
  }),
  operation({
    name: 'getMfaPolicy',
    method: 'get',
    path: '/mfa-policies/:id',
    about: 'Show a policy of second factors; `default` as it holds, with what the configuration says',
    permission: 'mfa-policies:read',
    params,
    reply: mfaPolicyReply,
    versioned: mfaPolicyReply,
    run: async ({ params: { id } }) => mfaPolicyDocument(await known(parts, id)),
  }),
];

const changing = (parts: Parts): Operation[] => [
  operation({
    name: 'changeMfaPolicy',
    method: 'patch',
    path: '/mfa-policies/:id',
    about: 'Make or change a policy (RFC 7396: what is not named stays, null leaves it to the other policies)',
    permission: 'mfa-policies:write',
    params,
    body: mfaPolicyChange,
    reply: mfaPolicyReply,
    versioned: mfaPolicyReply,
    async run({ params: { id }, body, actor, expect }) {
      await refuseUnknown(id, parts);
      const look = (now: MfaPolicy): void => expect(mfaPolicyDocument(now));
      return mfaPolicyDocument(await parts.mfaPolicies.change(id, rulesChange(body), actor, look));
    },
  }),
  operation({
    name: 'removeMfaPolicy',
    method: 'delete',
    path: '/mfa-policies/:id',
    about: 'Remove a policy; `default` becomes what the configuration says',
    permission: 'mfa-policies:write',
    params,
    versioned: mfaPolicyReply,
    async run({ params: { id }, actor, expect }) {
      expect(mfaPolicyDocument(await known(parts, id)));
      await parts.mfaPolicies.remove(id, actor);
    },
  }),
];
