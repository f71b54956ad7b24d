import { z } from 'zod';
import { type Operation, operation } from '../http/resource.ts';
import type { SigningKeys } from '../protocol/keys.ts';

interface Parts {
  keys: SigningKeys;
}

const text = z.string();
const time = z.int().meta({ description: 'Seconds since the epoch' });

/** A signing key as the admin API and the CLI show it. */
export const keyReply = z
  .object({
    kid: text,
    alg: z.enum(['RS256', 'ES256', 'EdDSA']),
    state: z.enum(['next', 'signing', 'retired']),
    created: time,
    from: time.meta({ description: 'From when on it signs; it is published before' }),
    until: time.optional().meta({ description: 'When it stops being published, once a later key is planned' }),
  })
  .meta({ id: 'SigningKey', description: 'A published key by which tokens are signed; the private part never leaves' });
const reply = z.object({ items: z.array(keyReply), next: z.null() });

/** The admin API's operations on signing keys; `sallyport key` makes the same calls. */
export const adminKeys = ({ keys }: Parts): Operation[] => [
  operation({
    name: 'listKeys',
    method: 'get',
    path: '/keys',
    about: 'List the signing keys that are published',
    permission: 'keys:read',
    reply,
    async run() {
      // Where no server has run yet there are none.
      await keys.tend();
      return { items: await keys.list(), next: null };
    },
  }),
  operation({
    name: 'rotateKeys',
    method: 'post',
    path: '/keys/rotate',
    about: 'Make the next signing keys; they are published now and sign in two hours, or now when one has leaked',
    permission: 'keys:write',
    body: z
      .strictObject({
        at_once: z
          .boolean()
          .meta({ description: 'A key has leaked: its successor signs now, and it is published no more' }),
      })
      .partial(),
    reply,
    run: async ({ body, actor }) => ({
      items: await keys.rotate(actor, { atOnce: body.at_once ?? false }),
      next: null,
    }),
  }),
];
