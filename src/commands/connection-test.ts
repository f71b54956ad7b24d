import { setTimeout as wait } from 'node:timers/promises';
import type { z } from 'zod';
import { testTtl } from '../federation/test-runs.ts';
import { problem } from '../kernel/errors.ts';
import { newTestReply, testReply } from '../routes/admin-connection-tests.ts';
import { type Desk, deskCommand } from './desk.ts';
import { facts, moment } from './listing.ts';

const notFinished = problem(
  'not_finished',
  400,
  (id: string) => `The test of ${id} was not finished within ${testTtl / 60} minutes; start another one`,
);
const didNotWork = problem(
  'test_failed',
  400,
  (id: string, reason: string, check: string) => `The sign-in with ${id} does not work: ${reason} (${check})`,
);

/** How often the store is asked whether the test has ended (milliseconds). */
const between = 500;

type Report = z.output<typeof testReply>;
type Step = Report['steps'][number];

async function ended(desk: Desk, id: string, run: string): Promise<Report> {
  for (;;) {
    const report = await reportOf(desk, id, run);
    if (report.state !== 'waiting') return report;
    await wait(between);
  }
}

/** A report is kept for some time after its end, and for as long as there is one to wait for. */
async function reportOf(desk: Desk, id: string, run: string): Promise<Report> {
  const report = await desk.find('getConnectionTest', testReply, { params: { id, run } });
  if (!report) throw notFinished(id);
  return report;
}

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '    ');

function stepLine(step: Step): string {
  if ('received' in step) {
    const { received, values } = step;
    const names = Object.keys(values);
    if (names.length === 0) return `  < ${received}`;
    return names.join() === 'value'
      ? `  < ${received}: ${values.value}`
      : `  < ${received}\n${indented(facts(values))}`;
  }
  const { check, passed, seen, wanted } = step;
  const said = [seen, wanted && `wanted: ${wanted}`].filter(Boolean).join('; ');
  return `  ${passed ? '✓' : '✗'} ${check}${said === '' ? '' : `: ${said}`}`;
}

function personText(one: NonNullable<Report['person']>): string {
  const { profile, groups, evidence, verified, why, ...person } = one;
  const given = groups?.map(({ name, roles }) => `${name} → ${roles.join(' ') || 'no role'}`);
  return facts({
    ...{ subject: person.subject, email: person.email ?? 'none', email_verified: `${verified ? 'yes' : 'no'}: ${why}` },
    ...profile,
    groups: given ?? 'the provider did not say',
    ...{ roles: person.roles, local_groups: person.local_groups ?? [], unused_claims: person.unused },
    evidence: Object.entries(evidence).map(([name, value]) => `${name}: ${value}`),
    level: person.level,
  });
}

function reportText(id: string, { state, steps, person, failure, notes }: Report): string {
  const parts = ['What came, and what was checked:', ...steps.map(stepLine)];
  if (person) parts.push('', 'Who this would be here:', indented(personText(person)).replaceAll(/^ {2}/gm, ''));
  if (notes.length > 0) parts.push('', ...notes.map((note) => `Note: ${note}`));
  if (failure) parts.push('', `What to change: ${failure.advice}`);
  parts.push('', `The sign-in with ${id} ${state === 'succeeded' ? 'works' : 'does not work'}`);
  return parts.join('\n');
}

const test = deskCommand({
  words: ['connection', 'test'],
  operands: ['id'],
  options: {
    strong: { about: 'Ask for a second factor, and show what evidence comes' },
    fresh: { about: 'Ask for the password again, whatever session there is' },
    'no-wait': { about: 'Print the link and leave the report to the page' },
  },
  about: 'Sign in through a connection and see every check and what to change; exits with 1 when it does not work',
  async run({ operands: { id }, options: { strong, fresh, 'no-wait': noWait }, json, print, tell, answer }, desk) {
    const made = await desk.call('testConnection', newTestReply, { params: { id }, body: { strong, fresh } });
    const told = `Open this in the browser that is to sign in, until ${moment(made.expires)}:\n${made.link}`;
    if (noWait) return answer(made, told);
    // With --json the only JSON on standard output is the report.
    if (json) tell(told);
    else print(`${told}\n`);
    const report = await ended(desk, id, made.run);
    answer(report, reportText(id, report));
    if (report.failure) throw didNotWork(id, report.failure.reason, report.failure.check);
  },
});

/** `sallyport connection test` */
export const connectionTestCommands = [test];
