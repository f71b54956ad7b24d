import { z } from 'zod';
import type { Client, Clients, Move } from '../clients/clients.ts';
import type { Rights } from '../directory/rights.ts';
import { given } from '../http/given.ts';
import { list, listOf, page } from '../http/paging.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import {
  clientChange,
  clientChangeBody,
  clientDocument,
  clientReply,
  clientState,
  clientWithSecret,
  newClient,
  newClientBody,
  refuseUnusable,
} from './client-document.ts';

const params = z.object({ id: z.string() });
/** Takes what was said of a client by its name. */
type Forget = (id: string, actor: string) => Promise<void>;
/** What may be said with a decision. */
interface Detail {
  tier?: string | undefined;
  reason?: string | undefined;
}

const reason = z.string().min(1).max(500);

/** The admin API's operations on clients; the CLI makes the same calls. */
export const adminClients = (
  clients: Clients,
  forget: Forget,
  rights: Protects,
  certificateHeader?: string,
): Operation[] => [
  ...reading(clients),
  ...changing(clients, rights, certificateHeader),
  rotating(clients, rights),
  ...ending(clients, forget),
  decision(clients, 'approve', 'Let a client get tokens', z.strictObject({ tier: z.string() }).partial()),
  decision(clients, 'reject', 'Refuse a client that waits', z.strictObject({ reason }).partial()),
  decision(clients, 'suspend', 'Keep a client out until it is resumed', z.strictObject({ reason }).partial()),
  decision(clients, 'resume', 'Let a suspended client in again', z.strictObject({})),
  decision(clients, 'revoke', 'End a client for ever; its tokens end at once', z.strictObject({ reason }).partial()),
];

async function known(clients: Clients, id: string): Promise<Client> {
  const client = await clients.get(id);
  if (!client) throw missing(`The client ${id}`);
  return client;
}

const reading = (clients: Clients): Operation[] => [
  operation({
    name: 'listClients',
    method: 'get',
    path: '/clients',
    about: 'List clients in the order of their ids',
    permission: 'clients:read',
    query: page.extend({ state: clientState.optional(), registrar: z.string().optional() }),
    reply: listOf(clientReply),
    async run({ query: { state, registrar, ...part } }) {
      const { items, next } = await list(part, (where) => clients.list(given({ state, registrar }), where));
      return { items: items.map(clientDocument), next };
    },
  }),
  operation({
    name: 'getClient',
    method: 'get',
    path: '/clients/:id',
    about: 'Show a client',
    permission: 'clients:read',
    params,
    reply: clientReply,
    versioned: clientReply,
    run: async ({ params: { id } }) => clientDocument(await known(clients, id)),
  }),
];

type Protects = Pick<Rights, 'refusePower'>;

const changing = (clients: Clients, rights: Protects, certificateHeader: string | undefined): Operation[] => [
  operation({
    name: 'addClient',
    method: 'post',
    path: '/clients',
    about: 'Add a client; a secret is shown this once',
    permission: 'clients:write',
    body: newClientBody,
    reply: clientWithSecret,
    status: 201,
    async run({ body, actor }) {
      refuseUnusable(body, certificateHeader);
      const { client, secret } = await clients.add(newClient(body), actor);
      return { ...clientDocument(client), client_secret: secret };
    },
  }),
  operation({
    name: 'changeClient',
    method: 'patch',
    path: '/clients/:id',
    about: 'Change a client (RFC 7396: what is not named stays, null takes away)',
    permission: 'clients:write',
    params,
    body: clientChangeBody,
    reply: clientReply,
    versioned: clientReply,
    async run({ params: { id }, body, actor, permissions, expect }) {
      refuseUnusable(body, certificateHeader);
      await rights.refusePower({ actor, permissions }, `client:${id}`);
      const change = (now: Client) => {
        expect(clientDocument(now));
        return clientChange(now, body);
      };
      return clientDocument(await clients.change(id, change, actor));
    },
  }),
];

/** Whoever has the secret is the client, with all that it holds. */
const rotating = (clients: Clients, rights: Protects): Operation =>
  operation({
    name: 'rotateClientSecret',
    method: 'post',
    path: '/clients/:id/secrets',
    about: 'Give a new secret, shown this once; the older one ends after the overlap',
    permission: 'clients:write',
    params,
    body: z
      .strictObject({ overlap: z.int().meta({ description: 'Seconds, usually a day; 0 ends the older one at once' }) })
      .partial(),
    reply: clientWithSecret,
    versioned: clientReply,
    status: 201,
    async run({ params: { id }, body, actor, permissions, expect }) {
      await rights.refusePower({ actor, permissions }, `client:${id}`);
      expect(clientDocument(await known(clients, id)));
      const { client, secret } = await clients.rotateSecret(id, actor, body.overlap);
      return { ...clientDocument(client), client_secret: secret };
    },
  });

const ending = (clients: Clients, forget: Forget): Operation[] => [
  operation({
    name: 'removeClient',
    method: 'delete',
    path: '/clients/:id',
    about: 'Remove a client and its roles; its tokens end at once',
    permission: 'clients:write',
    params,
    versioned: clientReply,
    async run({ params: { id }, actor, expect }) {
      expect(clientDocument(await known(clients, id)));
      await clients.remove(id, actor, () => forget(id, actor));
    },
  }),
];

const decision = (clients: Clients, move: Move, about: string, body: z.ZodType<Detail>): Operation =>
  operation({
    name: `${move}Client`,
    method: 'post',
    path: `/clients/:id/${move}`,
    about,
    permission: 'clients:approve',
    params,
    body,
    reply: clientReply,
    versioned: clientReply,
    async run({ params: { id }, body: detail, actor, expect }) {
      expect(clientDocument(await known(clients, id)));
      return clientDocument(await clients.decide(id, move, actor, given(detail)));
    },
  });
