import { z } from 'zod';
import type { Reach } from '../directory/reach.ts';
import type { Users } from '../directory/users.ts';
import { type Operation, operation } from '../http/resource.ts';
import { invalid } from '../kernel/errors.ts';
import type { Impersonation } from '../protocol/impersonation.ts';
import { managedUser } from './known-user.ts';

interface Parts {
  users: Users;
  reach: Reach;
  impersonation: Impersonation;
}

const text = z.string();

/** Acting as somebody else, where the configuration allows it. */
export const adminImpersonation = (parts: Parts): Operation[] => [
  operation({
    name: 'impersonateUser',
    method: 'post',
    path: '/users/:id/impersonate',
    about: 'Get a short access token in the name of a person, who is told; it says who acts (`act`, RFC 8693 §4.1)',
    permission: 'users:impersonate',
    params: z.object({ id: text }),
    body: z.strictObject({
      audience: text.meta({ description: 'The API that it is for; not the administration' }),
      client_id: text.optional().meta({ description: 'The client that it is issued to; usually the one that asks' }),
      reason: text.trim().min(1).max(300).meta({ description: 'Why, for the audit trail' }),
      expires_in: z.int().min(60).max(900).default(300).meta({ description: 'Seconds' }),
    }),
    reply: z.object({
      access_token: text.meta({ description: 'Shown this once' }),
      token_type: z.literal('Bearer'),
      expires_in: z.int(),
      scope: text.meta({ description: 'What the person may do there' }),
      client_id: text,
    }),
    status: 201,
    async run({ params: { id }, body: { audience, reason, expires_in: lifetime, client_id: named }, actor, by }) {
      const user = await managedUser(parts, by, id);
      const client = named ?? /^client:(.+)$/s.exec(actor)?.[1];
      if (client === undefined) throw invalid('client_id must name the client that the token is for');
      const wish = { user, client, audience, reason, lifetime };
      const done = await parts.impersonation.begin(wish, actor);
      return {
        ...{ access_token: done.token, token_type: 'Bearer' as const, expires_in: lifetime },
        ...{ scope: done.scope, client_id: done.client },
      };
    },
  }),
];
