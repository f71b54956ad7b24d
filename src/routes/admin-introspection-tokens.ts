import { z } from 'zod';
import type { Clients } from '../clients/clients.ts';
import type { IntrospectionTokens } from '../clients/introspection-tokens.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';

interface Parts {
  clients: Clients;
  introspectionTokens: IntrospectionTokens;
}

const params = z.object({ id: z.string() });
const path = '/clients/:id/introspection-tokens';
const time = z.int().meta({ description: 'Seconds since the epoch' });
const body = z
  .strictObject({ overlap: z.int().meta({ description: 'Seconds, usually a day; 0 ends the older one at once' }) })
  .partial();

/** When the tokens of a client were made, and end. */
export const introspectionTokensReply = z.object({
  items: z.array(z.object({ created: time, expires: time.optional() })),
  next: z.null(),
});

/** A token that was made just now, shown this once. */
export const introspectionTokenReply = z.object({
  client_id: z.string(),
  introspection_token: z.string(),
  older_expires: time.optional(),
});

/** Bearer credentials of gateways that can send one fixed header only; the CLI makes the same calls. */
export const adminIntrospectionTokens = ({ clients, introspectionTokens: tokens }: Parts): Operation[] => [
  operation({
    name: 'listIntrospectionTokens',
    method: 'get',
    path,
    about: 'Show when the introspection tokens of a client were made, and end',
    permission: 'clients:read',
    params,
    reply: introspectionTokensReply,
    async run({ params: { id } }) {
      if (!(await clients.get(id))) throw missing(`The client ${id}`);
      return { items: await tokens.list(id), next: null };
    },
  }),
  operation({
    name: 'addIntrospectionToken',
    method: 'post',
    path,
    about: 'Give a client a token to introspect with, shown this once; the older one ends after the overlap',
    permission: 'clients:write',
    params,
    body,
    reply: introspectionTokenReply,
    status: 201,
    async run({ params: { id }, body: { overlap }, actor }) {
      const { token, older } = await tokens.make(id, actor, overlap);
      return { client_id: id, introspection_token: token, older_expires: older };
    },
  }),
  operation({
    name: 'removeIntrospectionTokens',
    method: 'delete',
    path,
    about: 'End all introspection tokens of a client at once',
    permission: 'clients:write',
    params,
    async run({ params: { id }, actor }) {
      if (!(await clients.get(id))) throw missing(`The client ${id}`);
      await tokens.remove(id, actor);
    },
  }),
];
