import { z } from 'zod';
import type { Recorded } from '../audit/trail.ts';
import type { Access } from '../directory/access.ts';
import { given } from '../http/given.ts';
import { missing } from '../kernel/errors.ts';
import type { Answered } from '../signals/delivery.ts';
import type { Progress } from '../signals/progress.ts';
import { type Signal, signalTypes } from '../signals/signal.ts';
import type { Webhook } from '../signals/webhooks.ts';
import { eventDocument } from './audit-document.ts';
import { signalDocument } from './signal-document.ts';

const members = {
  url: z.string().meta({ description: 'Where signals are sent by POST, over https' }),
  types: z.array(z.enum(signalTypes)).meta({ description: 'The only types that are sent; empty for all' }),
  audiences: z
    .array(z.string())
    .meta({ description: 'Sends what a gateway hears that may introspect these APIs; empty for all' }),
  events: z.array(z.string()).meta({
    description:
      'Types of audit events: then it is sent these instead of signals; `client.*` and `*` are several, without what was only asked for (`admin.asked` …)',
  }),
  enabled: z.boolean().meta({ description: 'Whether signals are sent; enabled again, it gets what it missed' }),
};

/** A webhook as the admin API and the CLI show it; the secret never is. Times in seconds. */
export const webhookReply = z
  .object({
    id: z.string(),
    ...members,
    failed: z
      .object({ at: z.int(), reason: z.string() })
      .optional()
      .meta({ description: 'When and why it was disabled, after three days without success or an answer 410' }),
    overlap_until: z.int().optional().meta({ description: 'Until then the secret before the last one signs too' }),
    created: z.int(),
  })
  .meta({ id: 'Webhook', description: 'An address to which what happens is sent' });

const secret = z.string().meta({ description: 'Shown this once: `whsec_` and 32 bytes in base64 (Standard Webhooks)' });
/** The same with its secret, when it is made. */
export const webhookWithSecret = webhookReply.extend({ secret });

/** How deliveries go. Times in seconds. */
export const deliveryReply = z.object({
  delivered: z.int().optional().meta({ description: 'The last time that a signal was taken' }),
  failing_since: z.int().optional(),
  tries: z.int().meta({ description: 'Failures in a row' }),
  next: z.int().optional().meta({ description: 'When it is tried again' }),
  reason: z.string().optional(),
});

/** What a receiver has not taken yet. */
export const undeliveredReply = z.object({
  items: z.array(z.object({ id: z.string(), time: z.string(), type: z.string() })),
});

/** From when on everything is sent again. */
export const redeliverBody = z.strictObject({
  since: z.int().min(0).meta({ description: 'Seconds since the epoch' }),
});

/** What came of a test. */
export const testReply = z.object({
  delivered: z.boolean(),
  reason: z.string().optional().meta({ description: 'Why the message was not taken' }),
});

/** A new webhook; only its address has to be said. */
export const newWebhookBody = z.strictObject({ ...z.object(members).partial().shape, url: members.url });

/** A change: what is not named stays (RFC 7396); no member can be taken away. */
export const webhookChange = z.strictObject(members).partial();

/** A webhook under the names of the wire. */
export function webhookDocument(webhook: Webhook): z.input<typeof webhookReply> {
  const { id, url, types, audiences, events: about = [], enabled, failed, secrets, created } = webhook;
  const until = secrets.find((one) => one.until !== undefined && one.until > Date.now() / 1000)?.until;
  return {
    ...{ id, url, types: [...types], audiences: [...audiences], events: [...about], enabled },
    ...given({ failed, overlap_until: until }),
    created,
  };
}

const time = (milliseconds: number): number | undefined =>
  milliseconds === 0 ? undefined : Math.floor(milliseconds / 1000);

/** The deliveries of a webhook under the names of the wire. */
export const deliveryDocument = ({ delivered, since, tries, due, reason }: Progress): z.input<typeof deliveryReply> =>
  given({
    delivered: time(delivered),
    failing_since: time(since),
    tries,
    next: time(due),
    reason: reason === '' ? undefined : reason,
  });

/** What came of a test, under the names of the wire. */
export const testDocument = (answered: Answered | undefined): z.input<typeof testReply> =>
  given({ delivered: answered !== undefined && answered.reason === undefined, reason: answered?.reason });

const body = (type: string, at: number, data: object): string =>
  JSON.stringify({ type, timestamp: new Date(at).toISOString(), data });

/** A signal as receivers read it: the frame of Standard Webhooks around what listeners of /gateway/changes are told. */
export const webhookBody = (signal: Signal): string => body(signal.type, signal.at, signalDocument(signal));

/** An audit event as receivers read it: the same frame around what the admin API tells. */
export const eventBody = (event: Recorded): string => body(event.type, event.at, eventDocument(event));

/** What a test sends. */
export const testBody = (id: string): string => body('webhook.test', Date.now(), { webhook: id });

/** Throws `missing` for an API that does not exist: with a slip in its name, the webhook would hear nothing of it. */
export async function refuseUnknownApis(
  audiences: readonly string[] | undefined,
  access: Pick<Access, 'api'>,
): Promise<void> {
  for (const audience of audiences ?? []) if (!(await access.api(audience))) throw missing(`The API ${audience}`);
}
