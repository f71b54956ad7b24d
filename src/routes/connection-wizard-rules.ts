import { z } from 'zod';
import { type PreviewView, previewFacts, type RuleRow, rulesForm } from '../../views/admin/connection-rules.ts';
import { listOf } from '../http/paging.ts';
import { invalid } from '../kernel/errors.ts';
import type { Html } from '../kernel/html.ts';
import { claimsIn, previewReply } from './admin-connection-preview.ts';
import { evidenceLines, evidenceRule, requestLines, strongRequest } from './connection-wizard-evidence.ts';
import type { Setup, WizardPlace } from './connection-wizard-place.ts';
import { earlier, filledForm } from './console-form.ts';
import { type ConsoleVisit, lines } from './console-page.ts';

type Form = ReadonlyMap<string, string>;

const free = 3;
const mostNames = 200;
/** A flag that only OpenID Connect has. */
const flag = 'email_verified';

const claimsOf = ({ kind, mapping }: Setup): string[] =>
  Object.keys(mapping).filter((name) => kind === 'oidc' || name !== flag);

const joined = (names: readonly string[]): string => names.join(', ');
const parted = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** The form as it would be filled by what is so now. */
function nowOf(one: Setup): Record<string, string> {
  const rows = [...one.group_rules.map(({ upstream, role, group }) => [upstream, role ?? `group:${group}`] as const)];
  return {
    ...{ provision: one.provision ? 'yes' : '', shown: one.shown ? 'yes' : '', mfa: one.mfa },
    ...{ evidence: evidenceLines(one.evidence) ?? '', request: requestLines(one.strong_request) },
    groups: Array.isArray(one.groups) ? joined(one.groups) : '',
    ...Object.fromEntries(claimsOf(one).map((name) => [`map-${name}`, joined(one.mapping[name] ?? [])])),
    ...Object.fromEntries(
      rows.flatMap(([upstream, gives], at) => [
        [`up-${at}`, upstream],
        [`gives-${at}`, gives],
      ]),
    ),
  };
}

/** The rows of the form: those that are typed, or those that there are and some that are free. */
function rowsOf(form: Form): RuleRow[] {
  const rows: RuleRow[] = [];
  for (let at = 0; form.has(`up-${at}`); at += 1) {
    rows.push({ upstream: form.get(`up-${at}`) ?? '', gives: form.get(`gives-${at}`) ?? '' });
  }
  return rows;
}

const blank: RuleRow = { upstream: '', gives: '' };

const withFree = (rows: readonly RuleRow[]): RuleRow[] => [
  ...rows,
  ...Array.from({ length: Math.max(0, free - rows.filter(({ upstream }) => upstream === '').length) }, () => blank),
];

/** What there is to give, as far as this person may know it. */
async function given(visit: ConsoleVisit): Promise<string[]> {
  const ids = listOf(z.object({ id: z.string() }));
  const query = { limit: String(mostNames) };
  const roles = await visit.read('listRoles', ids, { query });
  const groups = visit.may('listGroups') ? (await visit.read('listGroups', ids, { query })).items : [];
  return [...roles.items.map(({ id }) => id), ...groups.map(({ id }) => `group:${id}`)];
}

/** Whether this person may say what groups give: nobody maps to what they may not even see. */
const mayGive = (visit: ConsoleVisit): boolean => visit.may('listRoles');

/** What else the form sends; the claims of the preview are an example. */
const besides = new Set(['acts-for', 'claims', 'deed', 'etag', 'was']);

/** What was changed in the form, in one field: a sign-in in between has room for that, and not for all of it. */
export function changedRules(form: Form): Form {
  const was = earlier(form.get('was'));
  const unticked = ['provision', 'shown'].filter((name) => was?.[name] === 'yes' && !form.has(name));
  const changes = [...form, ...unticked.map((name) => [name, ''] as const)].filter(
    ([name, text]) => !besides.has(name) && was?.[name] !== text.replaceAll('\r\n', '\n'),
  );
  return new Map([['changes', JSON.stringify(Object.fromEntries(changes))]]);
}

/** The form again, as it would be now with what was changed. */
function withChanges(typed: Form, now: Readonly<Record<string, string>>): Form {
  const changes = earlier(typed.get('changes'));
  return changes ? new Map(Object.entries({ ...now, ...changes }).map(([name, text]) => [name, String(text)])) : typed;
}

/** What the fourth step is made of. */
export interface RulesAsked {
  one: Setup;
  etag: string;
  /** What was typed into it. */
  typed: Form;
  /** The claims that a preview begins with, and groups of the provider that are known. */
  claims: Readonly<Record<string, unknown>>;
  upstream: readonly string[];
  preview?: Html | undefined;
}

/** The fourth step as a form. */
export async function rulesStep(visit: ConsoleVisit, place: WizardPlace, asked: RulesAsked): Promise<Html> {
  const { one, etag, claims, upstream, preview } = asked;
  const { say } = visit.frame;
  const now: Record<string, string> = { ...nowOf(one), claims: JSON.stringify(claims, null, 2) };
  const typed = withChanges(asked.typed, now);
  const labels = { mfa: say('console.connections.mfa'), provision: say('connect.rules.provision') };
  const form = filledForm({ typed, problem: visit.problem }, now, labels);
  const rows = rowsOf(typed.size > 0 ? typed : new Map(Object.entries(now)));
  const { claims: _example, ...was } = now;
  return rulesForm(visit.frame, {
    ...{ action: place.at(one.id, 'rules'), value: form.value, ticked: form.ticked, etag, upstream },
    rows: mayGive(visit) ? withFree(rows) : undefined,
    given: mayGive(visit) ? await given(visit) : [],
    claims: claimsOf(one).map((name) => ({ name, value: form.value(`map-${name}`) })),
    ...{ wide: place.bounded !== true, asks: one.kind !== 'ldap' },
    groupClaims: Array.isArray(one.groups),
    evidenceFits: evidenceLines(one.evidence) !== undefined,
    ...{ was: JSON.stringify(was), conflicts: form.conflicts, preview },
  });
}

function ruleOf({ upstream, gives }: RuleRow): Record<string, string> {
  const [there, here] = [upstream.trim(), gives.trim()];
  if (there === '' || here === '') {
    throw invalid(`The group "${there || here}" stands alone; say both the group there and what it gives here`);
  }
  const [, group] = /^group:(.+)$/s.exec(here) ?? [];
  return group === undefined ? { upstream: there, role: here } : { upstream: there, group };
}

/** The rules that were typed, as the admin API names them. Throws `invalid`. */
function rulesOf(visit: ConsoleVisit, { bounded }: WizardPlace, form: Form, one: Setup): Record<string, unknown> {
  const rows = rowsOf(form).filter(({ upstream, gives }) => `${upstream}${gives}`.trim() !== '');
  const fits = bounded !== true && evidenceLines(one.evidence) !== undefined;
  return {
    mapping: Object.fromEntries(claimsOf(one).map((name) => [name, parted(form.get(`map-${name}`) ?? '')])),
    ...(mayGive(visit) && { group_rules: rows.map(ruleOf) }),
    ...(Array.isArray(one.groups) && { groups: parted(form.get('groups') ?? '') }),
    ...(fits && { evidence: lines(form, 'evidence').map(evidenceRule) }),
  };
}

/** What the form says of the connection. Throws `invalid`. */
export function rulesBody(visit: ConsoleVisit, place: WizardPlace, form: Form, one: Setup): Record<string, unknown> {
  const said = { ...rulesOf(visit, place, form, one), provision: form.get('provision') === 'yes' };
  if (place.bounded === true) return said;
  const request = lines(form, 'request');
  const same = request.join('\n') === requestLines(one.strong_request);
  return {
    ...{ ...said, mfa: form.get('mfa'), shown: form.get('shown') === 'yes' },
    ...(one.kind !== 'ldap' && !same && { strong_request: strongRequest(request) }),
  };
}

function parsedClaims(text: string): Record<string, unknown> {
  const claims = claimsIn(text);
  if (claims) return claims;
  throw invalid(
    'The claims must be a JSON object: names of claims or attributes with their values, such as {"email": "ana@example.com"}',
  );
}

/** What the rules in the form would make of the claims in it; nothing is saved. Throws `invalid`. */
export async function rulesPreview(visit: ConsoleVisit, place: WizardPlace, form: Form, one: Setup): Promise<Html> {
  const body = { claims: parsedClaims(form.get('claims') ?? ''), rules: rulesOf(visit, place, form, one) };
  const seen = await visit.read('previewConnection', previewReply, { params: { id: one.id }, body });
  const view: PreviewView = {
    ...{ subject: seen.subject, email: seen.email, verified: seen.email_verified, why: seen.email_why },
    ...{ profile: seen.profile, roles: seen.roles, rolesMissing: seen.roles_missing },
    ...{ groups: seen.groups, groupsMissing: seen.groups_missing, withoutRule: seen.groups_without_rule },
    ...{ groupsSaid: seen.groups_said, ignored: seen.ignored },
    level: seen.second_factor === 'not proven' ? '1fa' : seen.second_factor,
  };
  return previewFacts(visit.frame, view);
}
