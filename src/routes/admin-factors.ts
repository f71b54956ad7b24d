import { z } from 'zod';
import type { Reach } from '../directory/reach.ts';
import type { Users } from '../directory/users.ts';
import type { Devices } from '../factors/devices.ts';
import type { Enrolments } from '../factors/enrolments.ts';
import { type Operation, operation } from '../http/resource.ts';
import { resetFactors } from '../signin/factor-reset.ts';
import { factorDocument, factorReply } from './factor-document.ts';
import { managedUser, seenUser } from './known-user.ts';

interface Parts {
  users: Users;
  reach: Reach;
  enrolments: Enrolments;
  devices: Devices;
}

const params = z.object({ id: z.string() });
const scope = 'organization';
const reason = z.string().trim().min(1).max(300).meta({ description: 'Why, for the audit trail' });

/** The admin API's operations on a person's factors; `sallyport factor` and `user reset-factors` make the same calls. */
export const adminFactors = (parts: Parts): Operation[] => [
  operation({
    name: 'listFactors',
    method: 'get',
    path: '/users/:id/factors',
    about: 'List the factors of a person, oldest first',
    permission: 'factors:read',
    scope,
    params,
    reply: z.object({ items: z.array(factorReply), next: z.null() }),
    async run({ params: { id }, by }) {
      await seenUser(parts, by, id);
      return { items: (await parts.enrolments.of(id)).map(factorDocument), next: null };
    },
  }),
  operation({
    name: 'removeFactor',
    method: 'delete',
    path: '/users/:id/factors/:factor',
    about: 'Remove a factor of a person',
    permission: 'factors:write',
    scope,
    params: params.extend({ factor: z.string() }),
    query: z.strictObject({ reason }),
    async run({ params: { id, factor }, query, actor, by }) {
      await managedUser(parts, by, id);
      await parts.enrolments.remove(factor, id, { actor, reason: query.reason });
    },
  }),
  operation({
    name: 'resetFactors',
    method: 'post',
    path: '/users/:id/factors/reset',
    about: 'Take all factors, recovery codes and remembered devices from a person, and sign them out',
    permission: 'factors:write',
    scope,
    params,
    body: z.strictObject({ reason }),
    reply: z.object({ factors: z.int(), devices: z.int() }).meta({ description: 'How many were taken' }),
    async run({ params: { id }, body, actor, by }) {
      await managedUser(parts, by, id);
      return resetFactors(parts, id, actor, body.reason);
    },
  }),
];
