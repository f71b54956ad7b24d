import { z } from 'zod';
import type { Seal } from '../audit/seal.ts';
import { searched } from '../audit/searching.ts';
import type { Trail } from '../audit/trail.ts';
import { verify } from '../audit/verifying.ts';
import { type Operation, operation } from '../http/resource.ts';
import { invalid, problem } from '../kernel/errors.ts';
import {
  checkpointDocument,
  eventDocument,
  eventQuery,
  eventReply,
  eventsReply,
  keyReply,
  verifiedDocument,
  verifyBody,
  verifyReply,
} from './audit-document.ts';

/** Verifies the trail, and a checkpoint where one was kept; of a whole trail it answers the next one. Throws `invalid`. */
export async function verifyTrail(trail: Trail, checkpoint?: Seal): Promise<z.input<typeof verifyReply>> {
  if (checkpoint && !(await trail.seals.holds(checkpoint))) {
    throw invalid('The checkpoint was not made by this installation, or was altered; take another one');
  }
  const verified = await verify(trail, checkpoint);
  return verifiedDocument(verified, verified.findings.length === 0 ? await trail.checkpoint() : undefined);
}

/** The admin API's operations on the audit trail; `sallyport audit` makes the same calls. */
export function adminAudit({ trail }: { trail: Trail }): Operation[] {
  return [...reading(trail), ...keeping(trail)];
}

/** There is nothing to be kept. */
const noCheckpoint = problem('missing', 404, () => 'There is no trail yet, or its seal is no good; verify it');

const reading = (trail: Trail): Operation[] => [
  operation({
    name: 'listAuditEvents',
    method: 'get',
    path: '/audit-events',
    about: 'Look for what happened, the newest first',
    permission: 'audit-events:read',
    query: eventQuery,
    reply: eventsReply,
    async run({ query: { limit, cursor, order, request_id: requestId, ...search } }) {
      const { events, next } = await searched(trail, { ...search, requestId }, { order, from: cursor, limit });
      const cursorOf = (id: string): string => Buffer.from(id).toString('base64url');
      return { items: events.map(eventDocument), next: next === undefined ? null : cursorOf(next) };
    },
  }),
  operation({
    name: 'getAuditEvent',
    method: 'get',
    path: '/audit-events/:id',
    about: 'Show an event',
    permission: 'audit-events:read',
    params: z.object({ id: z.string() }),
    reply: eventReply,
    run: async ({ params: { id } }) => eventDocument(await trail.get(id)),
  }),
];

function keeping(trail: Trail): Operation[] {
  // It reads everything: whoever asks meanwhile gets the same answer.
  let underWay: ReturnType<typeof verifyTrail> | undefined;
  return [
    operation({
      name: 'verifyAuditEvents',
      method: 'post',
      path: '/audit-events/verify',
      about: 'Read the whole trail and say whether every event is there and as it was recorded',
      permission: 'audit-events:read',
      changesNothing: () => true,
      body: verifyBody,
      reply: verifyReply,
      async run({ body: { checkpoint } }) {
        if (checkpoint) return verifyTrail(trail, checkpoint);
        underWay ??= verifyTrail(trail).finally(() => {
          underWay = undefined;
        });
        return underWay;
      },
    }),
    operation({
      name: 'sealAuditEvents',
      method: 'post',
      path: '/audit-events/checkpoint',
      about: 'Say how long the trail is; kept elsewhere, it shows later that nothing was cut off',
      permission: 'audit-events:read',
      changesNothing: () => true,
      reply: checkpointDocument,
      async run() {
        const checkpoint = await trail.checkpoint();
        if (!checkpoint) throw noCheckpoint();
        return checkpoint;
      },
    }),
    operation({
      name: 'rotateAuditKey',
      method: 'post',
      path: '/audit-events/key',
      about: 'Chain what happens from now on under a new key; what was chained before still verifies',
      permission: 'audit-events:write',
      reply: keyReply,
      status: 201,
      run: async ({ actor }) => ({ key: await trail.rotateKey(actor) }),
    }),
  ];
}
