import { z } from 'zod';
import type { Client, Clients, Move } from '../clients/clients.ts';
import type { Organizations } from '../directory/organizations.ts';
import type { Reach } from '../directory/reach.ts';
import { given } from '../http/given.ts';
import { listOf, page, sifted } from '../http/paging.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import {
  clientChange,
  clientChangeBody,
  clientDocument,
  clientReply,
  clientState,
  clientUseDocument,
  clientWithSecret,
  clientWithUse,
  newClient,
  newClientBody,
  ownSecret,
  refuseUnusable,
} from './client-document.ts';

const params = z.object({ id: z.string() });
interface Parts {
  clients: Clients;
  organizations: Organizations;
  reach: Reach;
  /** The header with a client's certificate, where a proxy hands one on. */
  clientCertificateHeader?: string | undefined;
  /** Takes what was said of a client by its name. */
  forgetClient(id: string, actor: string): Promise<void>;
}
/** What may be said with a decision. */
interface Detail {
  tier?: string | undefined;
  reason?: string | undefined;
}

const unusedSince = z.coerce
  .number()
  .pipe(z.int())
  .meta({ description: 'Not used since then (seconds since the epoch), nor made since then' });
const reason = z.string().min(1).max(500);

/** The admin API's operations on clients; the CLI makes the same calls. */
export const adminClients = (parts: Parts): Operation[] => [
  ...reading(parts),
  ...changing(parts),
  ...secrets(parts),
  ...ending(parts),
  cleaning(parts),
  decision(parts, 'approve', 'Let a client get tokens', z.strictObject({ tier: z.string() }).partial()),
  decision(parts, 'reject', 'Refuse a client that waits', z.strictObject({ reason }).partial()),
  decision(parts, 'suspend', 'Keep a client out until it is resumed', z.strictObject({ reason }).partial()),
  decision(parts, 'resume', 'Let a suspended client in again', z.strictObject({})),
  decision(parts, 'revoke', 'End a client for ever; its tokens end at once', z.strictObject({ reason }).partial()),
];

async function known(clients: Clients, id: string): Promise<Client> {
  const client = await clients.get(id);
  if (!client) throw missing(`The client ${id}`);
  return client;
}

const reading = ({ clients, organizations, reach }: Parts): Operation[] => [
  operation({
    name: 'listClients',
    method: 'get',
    path: '/clients',
    about: 'List clients in the order of their ids',
    permission: 'clients:read',
    scope: 'organization',
    query: page.extend({
      state: clientState.optional(),
      registrar: z.string().optional(),
      tier: z.string().optional(),
      unused_since: unusedSince.optional(),
      q: z.string().optional().meta({ description: 'A part of the id or the name' }),
    }),
    reply: listOf(clientWithUse),
    async run({ query: { unused_since: since, ...asked }, by: { organization } }) {
      const { state, registrar, tier, q, ...part } = asked;
      const wanted = q?.toLowerCase() ?? '';
      const keep = async (client: Client | undefined) => {
        if (!client || client.state !== (state ?? client.state)) return undefined;
        if (client.registrar !== (registrar ?? client.registrar) || client.tier !== (tier ?? client.tier))
          return undefined;
        if (!`${client.id}\n${client.name}`.toLowerCase().includes(wanted)) return undefined;
        if (since !== undefined && (await clients.uses.lastUse(client)) >= since) return undefined;
        return clientUseDocument(client, await clients.uses.of(client.id));
      };
      if (organization === undefined) {
        return sifted(
          part,
          (where) => clients.list(given({ state, registrar, tier }), where),
          (one: Client) => keep(one),
        );
      }
      return sifted(
        part,
        (where) => organizations.members(organization, where),
        async ({ member }) => (member.startsWith('client:') ? keep(await clients.get(member.slice(7))) : undefined),
      );
    },
  }),
  operation({
    name: 'getClient',
    method: 'get',
    path: '/clients/:id',
    about: 'Show a client',
    permission: 'clients:read',
    scope: 'organization',
    params,
    reply: clientWithUse,
    versioned: clientReply,
    async run({ params: { id }, by }) {
      const client = await known(clients, id);
      await reach.refuseUnseen(by, `client:${id}`, `The client ${id}`);
      return clientUseDocument(client, await clients.uses.of(id));
    },
  }),
];

const changing = ({ clients, reach, clientCertificateHeader: certificateHeader }: Parts): Operation[] => [
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
      return { ...clientDocument(client), ...fresh(secret, body.client_secret) };
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
    async run({ params: { id }, body, actor, by, expect }) {
      refuseUnusable(body, certificateHeader);
      await reach.refuseMightier(by, `client:${id}`);
      const change = (now: Client) => {
        expect(clientDocument(now));
        return clientChange(now, body);
      };
      return clientDocument(await clients.change(id, change, actor));
    },
  }),
];

/** A secret is shown to whom it is new. */
const fresh = (secret: string | undefined, said: string | undefined) =>
  said === undefined ? { client_secret: secret } : {};

/** Whoever has the secret is the client, with all that it holds. */
const secrets = ({ clients, reach }: Parts): Operation[] => [
  operation({
    name: 'rotateClientSecret',
    method: 'post',
    path: '/clients/:id/secrets',
    about: 'Give a new secret, shown this once; the older one ends after the overlap',
    permission: 'clients:write',
    scope: 'organization',
    params,
    body: z
      .strictObject({
        overlap: z.int().meta({ description: 'Seconds, usually a day; 0 ends the older one at once' }),
        client_secret: ownSecret,
      })
      .partial(),
    reply: clientWithSecret,
    versioned: clientReply,
    status: 201,
    async run({ params: { id }, body, actor, by, expect }) {
      const now = await known(clients, id);
      await reach.refuseBeyond(by, `client:${id}`, `The client ${id}`);
      expect(clientDocument(now));
      const { client, secret } = await clients.rotateSecret(id, actor, body.overlap, body.client_secret);
      return { ...clientDocument(client), ...fresh(secret, body.client_secret) };
    },
  }),
  operation({
    name: 'checkClientSecret',
    method: 'post',
    path: '/clients/:id/secrets/check',
    about: 'Say whether this is the secret of the client that lasts, without a change',
    permission: 'clients:write',
    changesNothing: () => true,
    params,
    body: z.strictObject({ client_secret: z.string().max(1000) }),
    reply: z.object({
      fits: z.boolean(),
      counts: z.boolean().meta({ description: 'It is good at this moment, if perhaps only until the overlap ends' }),
    }),
    async run({ params: { id }, body: { client_secret: secret } }) {
      const client = await known(clients, id);
      return { fits: clients.hasSecret(client, secret), counts: clients.hasSecret(client, secret, client.secrets) };
    },
  }),
];

const ending = ({ clients, forgetClient: forget }: Parts): Operation[] => [
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

/** So many are removed by one call. */
const mostRemoved = 100;

const cleaning = ({ clients, forgetClient: forget }: Parts): Operation =>
  operation({
    name: 'cleanUpClients',
    method: 'post',
    path: '/clients/clean-up',
    about:
      'Remove clients that were registered by others (RFC 7591) and are no longer used, at most a hundred at a time',
    permission: 'clients:write',
    body: z.strictObject({
      unused_since: z.int().meta({ description: 'Not used since then (seconds since the epoch), nor made since then' }),
      registrar: z.string().optional().meta({ description: 'Those of this registrar only' }),
      dry_run: z.boolean().default(false).meta({ description: 'Only say which they are' }),
    }),
    changesNothing: ({ dry_run: dry }) => dry,
    reply: z.object({
      clients: z.array(z.string()),
      more: z.boolean().meta({ description: 'There may be more: ask again' }),
    }),
    async run({ body: { unused_since: since, registrar, dry_run: dry }, actor }) {
      const stale = async (client: Client): Promise<string | undefined> =>
        client.registrar !== undefined && (await clients.uses.lastUse(client)) < since ? client.id : undefined;
      const part = { limit: mostRemoved };
      const { items, next } = await sifted(part, (where) => clients.list(given({ registrar }), where), stale);
      for (const id of dry ? [] : items) {
        await clients.remove(id, actor, () => forget(id, actor));
      }
      return { clients: items, more: next !== null };
    },
  });

const decision = ({ clients }: Parts, move: Move, about: string, body: z.ZodType<Detail>): Operation =>
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
