import { z } from 'zod';
import type { Identities } from '../directory/identities.ts';
import type { Organizations } from '../directory/organizations.ts';
import type { Reach } from '../directory/reach.ts';
import type { Rights } from '../directory/rights.ts';
import type { Connection } from '../federation/connection.ts';
import type { Connections } from '../federation/connections.ts';
import type { ConnectionInput } from '../federation/input.ts';
import type { Refreshing } from '../federation/refreshing.ts';
import { list, listOf, page } from '../http/paging.ts';
import { type Operation, operation } from '../http/resource.ts';
import type { People } from '../scim/people.ts';
import { bounded, refuseBeyond, refuseWord } from './connection-bounds.ts';
import {
  connectionChangeBody,
  connectionDocument,
  connectionReply,
  domainDocument,
  domainReply,
  newConnectionBody,
  settingsOf,
} from './connection-document.ts';
import { refuseForeignDomain, refuseReshaping } from './connection-reshaping.ts';
import { seenConnection } from './known-connection.ts';

interface Parts {
  connections: Connections;
  organizations: Organizations;
  refreshing: Refreshing;
  rights: Rights;
  reach: Reach;
  identities: Identities;
  scim: { people: Pick<People, 'all' | 'load'> };
  issuer: string;
}

const params = z.object({ id: z.string() });
const domainParams = z.object({ id: z.string(), domain: z.string() });
const write = 'connections:write';
const scope = 'organization';

/** The admin API's operations on connections; the CLI makes the same calls. */
export const adminConnections = (parts: Parts): Operation[] => [
  ...reading(parts),
  ...changing(parts),
  state(parts, 'enable', 'Let people in through a connection'),
  state(parts, 'disable', 'Keep a connection, but let nobody in through it'),
  ...tending(parts),
  checking(parts),
  ...domains(parts),
];

/** Those that belong to an organisation. */
async function ofOrganization({ connections, organizations }: Parts, organization: string): Promise<Connection[]> {
  const ids = (await organizations.get(organization))?.connections ?? [];
  const all = await Promise.all(ids.map((id) => connections.get(id)));
  return all.filter((one) => one !== undefined);
}

const reading = (parts: Parts): Operation[] => [
  operation({
    name: 'listConnections',
    method: 'get',
    path: '/connections',
    about: 'List connections to identity providers in the order of their ids',
    permission: 'connections:read',
    scope,
    query: page,
    reply: listOf(connectionReply),
    async run({ query, by: { organization } }) {
      const { items, next } =
        organization === undefined
          ? await list(query, (where) => parts.connections.list(where))
          : { items: await ofOrganization(parts, organization), next: null };
      return { items: items.map((one) => connectionDocument(one, parts.issuer)), next };
    },
  }),
  operation({
    name: 'getConnection',
    method: 'get',
    path: '/connections/:id',
    about: 'Show a connection, without its secrets',
    permission: 'connections:read',
    scope,
    params,
    reply: connectionReply,
    versioned: connectionReply,
    run: async ({ params: { id }, by }) => connectionDocument(await seenConnection(parts, by, id), parts.issuer),
  }),
];

/** What was made within an organisation belongs to it, or is not there at all. */
async function adopted({ connections, organizations }: Parts, organization: string, id: string, actor: string) {
  try {
    await organizations.adopt(organization, id, actor);
  } catch (error) {
    await connections.remove(id, actor);
    throw error;
  }
}

const changing = (parts: Parts): Operation[] => [
  operation({
    name: 'addConnection',
    method: 'post',
    path: '/connections',
    about: 'Connect an identity provider',
    permission: write,
    scope,
    body: newConnectionBody,
    reply: connectionReply,
    status: 201,
    async run({ body, actor, by }) {
      const said = settingsOf(body);
      await refuseBeyond(parts.rights, by, said);
      await refuseReshaping(parts, by, said);
      await refuseForeignDomain(parts, by, said.domains);
      const { organization } = by;
      const added = await parts.connections.add(bounded(by, said, true) as ConnectionInput, actor);
      if (organization !== undefined) await adopted(parts, organization, added.id, actor);
      return connectionDocument(added, parts.issuer);
    },
  }),
  operation({
    name: 'changeConnection',
    method: 'patch',
    path: '/connections/:id',
    about: 'Change a connection (RFC 7396: what is not named stays, null goes back to what the preset says)',
    permission: write,
    scope,
    params,
    body: connectionChangeBody,
    reply: connectionReply,
    versioned: connectionReply,
    async run({ params: { id }, body, actor, by, expect }) {
      const said = settingsOf(body);
      const before = await seenConnection(parts, by, id);
      await refuseBeyond(parts.rights, by, said, before);
      await refuseReshaping(parts, by, said, before);
      const look = (now: Connection) => expect(connectionDocument(now, parts.issuer));
      return connectionDocument(await parts.connections.change(id, bounded(by, said), actor, look), parts.issuer);
    },
  }),
  operation({
    name: 'removeConnection',
    method: 'delete',
    path: '/connections/:id',
    about: 'Remove a connection with its keys and domains; people who came through it no longer can',
    permission: write,
    scope,
    params,
    versioned: connectionReply,
    async run({ params: { id }, actor, by, expect }) {
      expect(connectionDocument(await seenConnection(parts, by, id), parts.issuer));
      await parts.connections.remove(id, actor);
    },
  }),
];

const state = (parts: Parts, verb: 'enable' | 'disable', about: string): Operation =>
  operation({
    name: `${verb}Connection`,
    method: 'post',
    path: `/connections/:id/${verb}`,
    about,
    permission: write,
    scope,
    params,
    reply: connectionReply,
    versioned: connectionReply,
    async run({ params: { id }, actor, by, expect }) {
      await seenConnection(parts, by, id);
      const look = (now: Connection) => expect(connectionDocument(now, parts.issuer));
      return connectionDocument(await parts.connections.setState(id, `${verb}d`, actor, look), parts.issuer);
    },
  });

const tending = (parts: Parts): Operation[] => [
  operation({
    name: 'refreshConnection',
    method: 'post',
    path: '/connections/:id/refresh',
    about: 'Read now what the provider says of itself',
    permission: write,
    scope,
    params,
    reply: connectionReply,
    async run({ params: { id }, actor, by }) {
      await seenConnection(parts, by, id);
      return connectionDocument(await parts.refreshing.refresh(id, actor), parts.issuer);
    },
  }),
];

const checking = (parts: Parts): Operation =>
  operation({
    name: 'checkConnectionSecret',
    method: 'post',
    path: '/connections/:id/secrets/check',
    about: 'Say whether the connection has this secret, without a change',
    permission: write,
    scope,
    changesNothing: () => true,
    params,
    body: z.strictObject({
      name: z.enum(['client_secret', 'bind_password']),
      secret: z.string().max(10_000),
    }),
    reply: z.object({ fits: z.boolean() }),
    async run({ params: { id }, body: { name, secret }, by }) {
      await seenConnection(parts, by, id);
      const setting = name === 'client_secret' ? 'clientSecret' : 'bindPassword';
      return { fits: await parts.connections.secretFits(id, setting, secret) };
    },
  });

const domains = (parts: Parts): Operation[] => [
  operation({
    name: 'addConnectionDomain',
    method: 'post',
    path: '/connections/:id/domains',
    about: 'Add a domain, which counts once it is verified; the answer has the DNS record that proves it',
    permission: write,
    scope,
    params,
    body: z.strictObject({ name: z.string() }),
    reply: domainReply,
    status: 201,
    async run({ params: { id }, body, actor, by }) {
      await seenConnection(parts, by, id);
      await refuseForeignDomain(parts, by, [body.name]);
      return domainDocument(await parts.connections.domains.add(id, body.name, actor));
    },
  }),
  operation({
    name: 'verifyConnectionDomain',
    method: 'post',
    path: '/connections/:id/domains/:domain/verify',
    about: "Look for the proof of a domain in DNS, or take the administrator's word",
    permission: write,
    scope,
    params: domainParams,
    body: z.strictObject({ by_administrator: z.boolean() }).partial(),
    reply: domainReply,
    async run({ params: { id, domain }, body, actor, by }) {
      await seenConnection(parts, by, id);
      refuseWord(by, body.by_administrator);
      return domainDocument(await parts.connections.domains.verify(id, domain, actor, body.by_administrator));
    },
  }),
  operation({
    name: 'removeConnectionDomain',
    method: 'delete',
    path: '/connections/:id/domains/:domain',
    about: 'Remove a domain; the connection speaks for its people no more',
    permission: write,
    scope,
    params: domainParams,
    async run({ params: { id, domain }, actor, by }) {
      await seenConnection(parts, by, id);
      await parts.connections.domains.remove(id, domain, actor);
    },
  }),
];
