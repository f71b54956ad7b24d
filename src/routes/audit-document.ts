import { z } from 'zod';
import { events } from '../audit/events.ts';
import type { Seal } from '../audit/seal.ts';
import type { Told } from '../audit/syslog.ts';
import type { Recorded } from '../audit/trail.ts';
import type { Verified } from '../audit/verifying.ts';
import { given } from '../http/given.ts';
import { page } from '../http/paging.ts';

const fact = z.union([z.string(), z.number(), z.boolean()]);

/** An event as the admin API, the CLI and exports show it. */
export const eventReply = z.object({
  id: z.string().meta({ description: 'Sorts by time' }),
  time: z.string().meta({ description: 'RFC 3339 in UTC, with milliseconds' }),
  type: z.string().meta({ description: 'What happened: one of a closed list' }),
  actor: z.string().meta({ description: '`cli`, `system`, `anonymous`, `user:ID`, `client:ID`, `registrar:NAME` …' }),
  target: z.string().optional().meta({ description: 'To what: `user:ID`, `client:ID`, `role:NAME` …' }),
  outcome: z.enum(['success', 'failure']),
  ip: z.string().optional(),
  request_id: z.string().optional().meta({ description: 'The x-request-id of the answer' }),
  detail: z.record(z.string(), fact).optional().meta({ description: 'The facts that belong to this type' }),
  link: z
    .object({ chain: z.int(), seq: z.int(), key: z.string(), mac: z.string() })
    .optional()
    .meta({ description: 'Its place in a chain; missing for events from before there were chains' }),
});

/** The event under the names of the wire. */
export const eventDocument = (event: Recorded): z.input<typeof eventReply> => {
  const { id, at, type, actor, target, outcome, ip, requestId, detail, link } = event;
  const time = new Date(at).toISOString();
  return { id, time, type, actor, outcome, ...given({ target, ip, request_id: requestId, detail, link }) };
};

/** The event that such a document was made of. */
export function eventOf({ time, request_id: requestId, type, ...rest }: z.output<typeof eventReply>): Told {
  return { ...rest, type, at: Date.parse(time), ...given({ requestId }) };
}

const controls = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** A document as one line of JSON, in which nothing steers a terminal or ends the line. */
export const jsonLine = (document: object): string =>
  JSON.stringify(document).replace(controls, (sign) =>
    Array.from({ length: sign.length }, (_, at) => `\\u${sign.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );

const types = Object.keys(events) as [string, ...string[]];
const seconds = z.coerce.number().pipe(z.number().min(0));

/** What may be looked for, and which page. */
export const eventQuery = page.extend({
  type: z.enum(types).optional(),
  actor: z.string().optional(),
  target: z.string().optional(),
  outcome: z.enum(['success', 'failure']).optional(),
  ip: z.string().optional(),
  request_id: z.string().optional(),
  asked: z.enum(['show', 'hide']).default('show').meta({
    description: 'Whether events are there that only say what was asked for, before it was done (`admin.asked` …)',
  }),
  since: seconds.optional().meta({ description: 'From then on: seconds since the epoch' }),
  until: seconds.optional().meta({ description: 'Before then: seconds since the epoch' }),
  order: z.enum(['newest', 'oldest']).default('newest').meta({ description: 'Which come first' }),
});

/** A page of events; it may be short, or empty, and still have a next one. */
export const eventsReply = z.object({ items: z.array(eventReply), next: z.string().nullable() });

const ends = z.record(z.string().regex(/^\d{1,3}$/), z.object({ seq: z.int(), mac: z.string() }));

/** How long the trail was at a time, under a `mac` of its own; to be kept where nobody who can write to the store can. */
export const checkpointDocument = z.object({
  id: z.literal('current'),
  began: z.int(),
  at: z.int(),
  from: ends,
  removed: z.int(),
  to: ends,
  key: z.string(),
  mac: z.string(),
}) satisfies z.ZodType<Seal>;

/** What is verified beside what is in the store. */
export const verifyBody = z.strictObject({
  checkpoint: checkpointDocument.optional().meta({ description: 'The `checkpoint` of an earlier answer' }),
});

/** The key that chains from now on. */
export const keyReply = z.object({ key: z.string() });

const finding = z.object({
  what: z.enum(['altered', 'missing', 'forged', 'unchained', 'truncated', 'seal']),
  chain: z.int().optional(),
  seq: z.int().optional(),
  event: z.string().optional().meta({ description: 'Its id, where an event stands there' }),
  sentence: z.string(),
});

/** What came of verifying. */
export const verifyReply = z.object({
  whole: z.boolean(),
  events: z.int().meta({ description: 'Chained events that are as they were recorded' }),
  unchained: z.int().meta({ description: 'Events from before there were chains' }),
  removed: z.int().meta({ description: 'Events that were removed when their time was over' }),
  findings: z.array(finding).meta({ description: 'What is wrong; the first is where to begin' }),
  checkpoint: checkpointDocument.optional().meta({ description: 'How long a whole trail is: keep it elsewhere' }),
});

/** The same under the names of the wire. */
export const verifiedDocument = (verified: Verified, checkpoint: Seal | undefined): z.input<typeof verifyReply> => ({
  whole: verified.findings.length === 0,
  ...verified,
  findings: verified.findings.map((one) => ({ ...one })),
  ...given({ checkpoint }),
});
