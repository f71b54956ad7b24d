import { z } from 'zod';
import type { Organizations } from '../directory/organizations.ts';
import type { Connections } from '../federation/connections.ts';
import type { Report } from '../federation/report.ts';
import { placeOf, type TestRuns } from '../federation/test-runs.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import { seenConnection } from './known-connection.ts';

interface Parts {
  connections: Connections;
  organizations: Organizations;
  testRuns: TestRuns;
  issuer: string;
}

const text = z.string();
const texts = z.array(text);
const values = z.record(text, text);
const time = z.int().meta({ description: 'Seconds since the epoch' });

/** What a test of a connection has shown so far; no secret is in it. */
export const testReply = z.object({
  state: z.enum(['waiting', 'succeeded', 'failed']),
  began: time,
  ended: time.optional(),
  strong: z.boolean(),
  fresh: z.boolean(),
  steps: z.array(
    z.union([
      z.object({ received: text, values }),
      z.object({ check: text, passed: z.boolean(), seen: text.optional(), wanted: text.optional() }),
    ]),
  ),
  person: z
    .object({
      subject: text,
      email: text.optional(),
      verified: z.boolean(),
      why: text,
      profile: values,
      groups: z.array(z.object({ name: text, roles: texts })).optional(),
      roles: texts,
      unknown: texts.meta({ description: 'Roles of these that nobody has made yet' }),
      local_groups: texts.optional().meta({ description: 'Groups here that the person would be in' }),
      unknown_groups: texts.optional().meta({ description: 'Groups of these that nobody has made yet' }),
      unused: texts.meta({ description: 'Claims that no rule looks at' }),
      evidence: values,
      level: text,
    })
    .optional(),
  failure: z
    .object({ reason: text, check: text, came: text.optional(), wanted: text.optional(), advice: text })
    .optional(),
  notes: texts,
});

/** A test that was begun, and the link that opens it. */
export const newTestReply = z.object({
  run: text,
  link: z.url().meta({ description: 'For one browser: whoever opens it first goes on' }),
  expires: time,
});

/** The link that opens a test. */
export const linkOf = (issuer: string, connection: string, { id, key }: { id: string; key: string }): string =>
  `${issuer}${placeOf(connection, id)}?key=${key}`;

/** The report under the names of the wire. */
export const reportDocument = ({ person, ...report }: Report): z.input<typeof testReply> =>
  testReply.parse({
    ...report,
    ...(person && {
      person: { ...person, local_groups: person.localGroups, unknown_groups: person.unknownGroups },
    }),
  });

/** The admin API's operations on tests of connections; a report says who somebody is, so reading it takes as much as testing. */
export const adminConnectionTests = (parts: Parts): Operation[] => [
  operation({
    name: 'testConnection',
    method: 'post',
    path: '/connections/:id/test',
    about: 'Begin a test: a real sign-in through the connection that ends in a report and signs nobody in',
    permission: 'connections:write',
    scope: 'organization',
    params: z.object({ id: text }),
    body: z.strictObject({ strong: z.boolean(), fresh: z.boolean() }).partial(),
    reply: newTestReply,
    status: 201,
    async run({ params: { id }, body: { strong = false, fresh = false }, actor, by }) {
      await seenConnection(parts, by, id);
      const made = await parts.testRuns.make(id, { strong, fresh }, actor);
      return { run: made.id, link: linkOf(parts.issuer, id, made), expires: made.expires };
    },
  }),
  operation({
    name: 'listConnectionTests',
    method: 'get',
    path: '/connections/:id/tests',
    about: 'List the tests of the last 15 minutes with what they have found, the newest first',
    permission: 'connections:write',
    scope: 'organization',
    params: z.object({ id: text }),
    reply: z.object({ items: z.array(testReply.extend({ run: text })), next: z.null() }),
    async run({ params: { id }, by }) {
      await seenConnection(parts, by, id);
      const all = await parts.testRuns.reports(id);
      return { items: all.map((one) => ({ run: one.id, ...reportDocument(one.report) })), next: null };
    },
  }),
  operation({
    name: 'getConnectionTest',
    method: 'get',
    path: '/connections/:id/test/:run',
    about: 'Show what a test has found; it is kept for 15 minutes',
    permission: 'connections:write',
    scope: 'organization',
    params: z.object({ id: text, run: text }),
    reply: testReply,
    async run({ params: { id, run }, by }) {
      await seenConnection(parts, by, id);
      const report = await parts.testRuns.report(id, run);
      if (!report) throw missing(`The test ${run}`);
      return reportDocument(report);
    },
  }),
];
