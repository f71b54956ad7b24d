import { z } from 'zod';
import type { Organizations } from '../directory/organizations.ts';
import type { Connections } from '../federation/connections.ts';
import { given } from '../http/given.ts';
import { type Operation, operation } from '../http/resource.ts';
import { seenConnection } from './known-connection.ts';

interface Parts {
  connections: Connections;
  organizations: Organizations;
}

const path = '/connections/:id/keys';
const scope = 'organization';
const params = z.object({ id: z.string() });
const time = z.int().meta({ description: 'Seconds since the epoch' });

/** A key of ours for one connection, as the admin API shows it. */
const connectionKeyReply = z
  .object({
    kid: z.string(),
    use: z.enum(['signing', 'encryption']),
    state: z.enum(['current', 'next', 'retired']),
    from: time.meta({ description: 'From when on it is used; the provider can read it before' }),
    until: time.optional().meta({ description: 'When it stops being published, once there is a later one' }),
    certificate_until: time.meta({ description: 'When the certificate that carries it ends' }),
  })
  .meta({
    id: 'ConnectionKey',
    description: 'A key by which we prove ourselves to a provider, or read what it encrypts',
  });
/** Those that are published. */
export const connectionKeysReply = z.object({ items: z.array(connectionKeyReply), next: z.null() });

/** The admin API's operations on our own keys for a connection. */
export const adminConnectionKeys = (parts: Parts): Operation[] => [
  operation({
    name: 'listConnectionKeys',
    method: 'get',
    path,
    about: 'List the keys of ours that a connection publishes; before the first use there are none',
    permission: 'connections:read',
    scope,
    params,
    reply: connectionKeysReply,
    async run({ params: { id }, by }) {
      await seenConnection(parts, by, id);
      const all = await parts.connections.keys.standing(id);
      const items = all.map(({ kid, use, state, from, until, notAfter }) => ({
        ...{ kid, use, state, from, certificate_until: notAfter },
        ...given({ until }),
      }));
      return { items, next: null };
    },
  }),
  operation({
    name: 'rotateConnectionKeys',
    method: 'post',
    path,
    about: 'Make the next keys of ours: published at once, in use after 14 days or at once',
    permission: 'connections:write',
    scope,
    params,
    body: z.strictObject({ at_once: z.boolean() }).partial(),
    async run({ params: { id }, body, actor, by }) {
      await seenConnection(parts, by, id);
      await parts.connections.rotateKeys(id, actor, body.at_once ?? false);
    },
  }),
];
