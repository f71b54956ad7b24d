import { z } from 'zod';
import { testStep as step, type Trial } from '../../views/admin/connection-trial.ts';
import type { Html } from '../kernel/html.ts';
import { testReply } from './admin-connection-tests.ts';
import type { Setup, WizardPlace } from './connection-wizard-place.ts';
import type { ConsoleVisit } from './console-page.ts';

type Test = z.output<typeof testReply>;

/** The newest test of a connection, where this person may see it. */
export async function lastTest(visit: ConsoleVisit, id: string): Promise<Test | undefined> {
  if (!visit.may('listConnectionTests')) return undefined;
  const reply = z.object({ items: z.array(testReply) });
  const { items } = await visit.read('listConnectionTests', reply, { params: { id } });
  return items[0];
}

function trial({ state, began, steps, person, failure, notes }: Test): Trial {
  return {
    ...{ state, began, steps, failure, notes },
    person: person && { ...person, localGroups: person.local_groups },
  };
}

/** The third step. */
export const testStep = ({ frame }: ConsoleVisit, { at }: WizardPlace, one: Setup, last: Test | undefined): Html =>
  step(frame, {
    ...{ action: at(one.id, 'test'), here: at(one.id, 'test'), directory: one.kind === 'ldap' },
    last: last && trial(last),
  });

/** Values that the report does not show. */
const masked = '[masked]';
/** What came with the identity, by the words of the trace. */
const carriers = ['ID token', 'userinfo', 'attributes', 'entry'];
/** Claims of the protocol, which no rule looks at, and the name of the entry. */
const dropped = new Set('iss aud exp iat nbf nonce azp jti sid at_hash c_hash s_hash dn'.split(' '));
const lists = new Set(['amr', 'acrs']);

function readValue(name: string, text: string): unknown {
  if (lists.has(name)) return text.split(', ');
  if (text === 'true' || text === 'false') return text === 'true';
  return name === 'auth_time' ? Number(text) : text;
}

/** The claims of a test, as far as its report shows them, to begin a preview with. */
export function claimsSeen(test: Test | undefined, one: Setup): Record<string, unknown> | undefined {
  const came = (test?.steps ?? []).flatMap((part) =>
    'received' in part && carriers.includes(part.received) ? Object.entries(part.values) : [],
  );
  if (came.length === 0) return undefined;
  const shown = came.filter(([name, text]) => !dropped.has(name) && !text.includes(masked) && name !== '…');
  const claims = Object.fromEntries(shown.map(([name, text]) => [name, readValue(name, text)] as const));
  const named = Array.isArray(one.groups) ? one.groups : ['groups', 'memberOf'];
  // In the report a list of groups is one text; who would be in which is told apart by their names.
  const said = test?.person?.groups?.map(({ name }) => name);
  const [first = 'groups', ...others] = named.filter((name) => name in claims);
  if (said) {
    for (const name of others) delete claims[name];
    claims[first] = said;
  }
  const { authn_context: context } = test?.person?.evidence ?? {};
  return { ...claims, ...(context !== undefined && { authn_context: context }) };
}

const samples: Readonly<Record<string, unknown>> = {
  ...{ email: 'ana@example.com', email_verified: true, name: 'Ana Example', given_name: 'Ana', family_name: 'Example' },
  ...{ preferred_username: 'ana', locale: 'en', zoneinfo: 'Europe/Berlin' },
};

/** Claims that somebody could have, under the names that this connection looks at. */
export function claimsLike(one: Setup): Record<string, unknown> {
  const subject = typeof one.subject === 'string' ? [one.subject] : one.subject;
  const known = Object.entries(one.mapping).flatMap(([claim, [name]]) =>
    name !== undefined && claim in samples ? [[name, samples[claim]] as const] : [],
  );
  const [groups] = Array.isArray(one.groups) ? one.groups : ['groups'];
  const [rule] = one.group_rules;
  return {
    ...Object.fromEntries(subject.map((name) => [name, '00000000-0000-4000-8000-000000000001'])),
    ...Object.fromEntries(known),
    ...(groups !== undefined && { [groups]: [rule?.upstream.replace(/\*$/, 'x') ?? 'staff'] }),
    ...(one.kind === 'oidc' && { amr: ['pwd', 'mfa'] }),
  };
}
