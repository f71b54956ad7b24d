import { setTimeout as wait } from 'node:timers/promises';
import type { Person, Report, Step } from '../federation/report.ts';
import { testTtl } from '../federation/test-runs.ts';
import type { House } from '../house.ts';
import { missing, problem } from '../kernel/errors.ts';
import { linkOf, reportDocument } from '../routes/admin-connection-tests.ts';
import { command } from './command.ts';
import { facts, moment } from './listing.ts';
import { actor, inHouse } from './office.ts';

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

async function ended({ testRuns }: House, connection: string, run: string): Promise<Report> {
  for (;;) {
    const report = await testRuns.report(connection, run);
    if (!report) throw notFinished(connection);
    if (report.state !== 'waiting') return report;
    await wait(between);
  }
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

function personText({ profile, groups, evidence, verified, why, ...person }: Person): string {
  const given = groups?.map(({ name, roles }) => `${name} → ${roles.join(' ') || 'no role'}`);
  return facts({
    ...{ subject: person.subject, email: person.email ?? 'none', email_verified: `${verified ? 'yes' : 'no'}: ${why}` },
    ...profile,
    groups: given ?? 'the provider did not say',
    ...{ roles: person.roles, local_groups: person.localGroups ?? [], unused_claims: person.unused },
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

const test = command({
  words: ['connection', 'test'],
  operands: ['id'],
  options: {
    strong: { about: 'Ask for a second factor, and show what evidence comes' },
    fresh: { about: 'Ask for the password again, whatever session there is' },
    'no-wait': { about: 'Print the link and leave the report to the page' },
  },
  about: 'Sign in through a connection and see every check and what to change; exits with 1 when it does not work',
  run: ({ operands: { id }, options: { strong, fresh, 'no-wait': noWait }, json, print, answer }) =>
    inHouse(async (house, { issuer }) => {
      if (!(await house.connections.get(id))) throw missing(`The connection ${id}`);
      const made = await house.testRuns.make(id, { strong, fresh }, actor);
      const link = linkOf(issuer, id, made);
      const told = `Open this in the browser that is to sign in, until ${moment(made.expires)}:\n${link}`;
      if (noWait) return answer({ run: made.id, link, expires: made.expires }, told);
      // With --json the only JSON on standard output is the report.
      if (json) process.stderr.write(`${told}\n`);
      else print(`${told}\n`);
      const report = await ended(house, id, made.id);
      answer(reportDocument(report), reportText(id, report));
      if (report.failure) throw didNotWork(id, report.failure.reason, report.failure.check);
    }),
});

/** `sallyport connection test` */
export const connectionTestCommands = [test];
