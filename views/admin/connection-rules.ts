import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { choice, field } from '../account/fields.ts';
import type { Frame } from '../layout.ts';
import { area, type Conflict, carried, conflicts } from './forms.ts';
import { facts, table } from './parts.ts';

/** A group of the provider, and what it gives here: a role, or a group as `group:NAME`. */
export interface RuleRow {
  upstream: string;
  gives: string;
}

/** A claim of ours, and the names of the provider that fill it. */
interface ClaimView {
  name: string;
  value: string;
}

/** The fields that stand in a form by their names. */
type Field = 'mfa' | 'evidence' | 'request' | 'groups' | 'claims';

/** What the rules of a connection are, for a form. */
export interface RulesView {
  action: string;
  /** What groups give; undefined where that is not this person's to say. */
  rows?: readonly RuleRow[] | undefined;
  /** What there is to give, and groups of the provider that are known. */
  given: readonly string[];
  upstream: readonly string[];
  claims: readonly ClaimView[];
  value(name: Field): string;
  ticked(name: 'provision' | 'shown'): boolean;
  /** Whether a place among the buttons of the sign-in page can be said, and what a second factor there counts. */
  wide: boolean;
  /** A directory is asked for no second factor. */
  asks: boolean;
  /** Whether the claims with groups can be said; in a directory a search finds them. */
  groupClaims: boolean;
  /** Whether the rules of evidence fit into lines; a note stands instead of the field otherwise. */
  evidenceFits: boolean;
  etag?: string | undefined;
  was?: string | undefined;
  conflicts: readonly Conflict[];
  preview?: Html | undefined;
}

const rowTable = ({ say }: Frame, rows: readonly RuleRow[]): Html =>
  table(say('connect.rules.groups'), {
    columns: [
      {
        title: say('connect.rules.upstream'),
        cell: ({ at, upstream }) => input(`up-${at}`, say('connect.rules.upstream'), upstream, 'known-groups'),
      },
      {
        title: say('connect.rules.gives'),
        cell: ({ at, gives }) => input(`gives-${at}`, say('connect.rules.gives'), gives, 'given'),
      },
    ],
    rows: rows.map((row, at) => ({ ...row, at })),
    none: html``,
  });

const input = (name: string, label: Html, value: string, list: string): Html =>
  html`<input name="${name}" aria-label="${label}" value="${value}" list="${list}" maxlength="2000" autocomplete="off" autocapitalize="none" spellcheck="false">`;

const options = (id: string, all: readonly string[]): Html =>
  html`<datalist id="${id}">${all.map((one) => html`<option value="${one}">`)}</datalist>`;

const box = (name: string, label: Value, ticked: boolean): Html =>
  html`<label class="choice"><input type="checkbox" name="${name}" value="yes"${ticked && html` checked`}> ${label}</label>`;

const groupPart = (frame: Frame, { rows, given, upstream }: RulesView): Html | false => {
  const { say } = frame;
  return (
    rows !== undefined &&
    html`<h3>${say('connect.rules.groups')}</h3>
<p class="hint">${say('connect.rules.groups.hint')}</p>
${rowTable(frame, rows)}${options('given', given)}${options('known-groups', upstream)}`
  );
};

const claimPart = ({ say }: Frame, { claims, groupClaims, value }: RulesView): Html =>
  html`<details><summary>${say('connect.rules.claims')}</summary>
<p class="hint">${say('connect.rules.claims.hint')}</p>
${groupClaims && field({ name: 'groups', label: say('connect.rules.group-claims'), value: value('groups'), autocomplete: 'off', maxlength: 2000 })}
${claims.map((one) => field({ name: `map-${one.name}`, label: html`${one.name}`, value: one.value, autocomplete: 'off', maxlength: 2000 }))}</details>`;

const factorPart = ({ say }: Frame, { asks, evidenceFits, value }: RulesView): Html => {
  const ways = (['ignore', 'accept', 'require'] as const).map((one) => [one, say(`connect.mfa.${one}`)] as const);
  return html`${choice({ name: 'mfa', label: say('console.connections.mfa'), value: value('mfa'), options: ways })}
${
  evidenceFits
    ? html`<details><summary>${say('connect.rules.evidence')}</summary>${area({ name: 'evidence', label: say('connect.rules.evidence.label'), value: value('evidence'), hint: say('connect.rules.evidence.hint') })}</details>`
    : html`<p class="hint">${say('connect.rules.evidence.beyond')}</p>`
}
${asks && html`<details><summary>${say('connect.rules.request')}</summary>${area({ name: 'request', label: say('connect.rules.request.label'), value: value('request'), hint: say('connect.rules.request.hint') })}</details>`}`;
};

/** The fourth step: what the provider's word makes of somebody, with a preview of it before anything is saved. */
export const rulesForm = (frame: Frame, view: RulesView): Html => {
  const { say } = frame;
  const { action, value, ticked, wide, preview } = view;
  return html`${conflicts(frame, view.conflicts)}
<form method="post" action="${action}" class="edit">${carried(frame, view)}
${groupPart(frame, view)}
${claimPart(frame, view)}
<h3>${say('connect.rules.people')}</h3>
${box('provision', say('connect.rules.provision'), ticked('provision'))}
${wide && box('shown', say('connect.rules.shown'), ticked('shown'))}
${wide && factorPart(frame, view)}
<h3 id="preview">${say('connect.preview')}</h3>
${area({ name: 'claims', label: say('connect.preview.claims'), value: value('claims'), hint: say('connect.preview.hint'), maxlength: 100_000, rows: 16 })}
<p class="deeds"><button name="deed" value="preview" formaction="${action}#preview">${say('connect.preview.deed')}</button>
<button class="primary" name="deed" value="save">${say('console.save')}</button></p></form>
${preview}`;
};

/** Who somebody would be, before anything is saved. */
export interface PreviewView {
  subject: string;
  email?: string | undefined;
  verified: boolean;
  why: string;
  profile: Readonly<Record<string, unknown>>;
  roles: readonly string[];
  rolesMissing: readonly string[];
  groups: readonly string[];
  groupsMissing: readonly string[];
  withoutRule: readonly string[];
  groupsSaid: boolean;
  level: '1fa' | '2fa' | 'phr';
  ignored: readonly string[];
}

const names = ({ say }: Frame, all: readonly string[], missing: readonly string[] = []): Value =>
  all.length === 0
    ? say('test.none')
    : all.map((one, at) => [
        at > 0 && ', ',
        missing.includes(one) ? say('connect.preview.missing', { name: one }) : one,
      ]);

/** What the rules would make of these claims. */
export const previewFacts = (frame: Frame, one: PreviewView): Html => {
  const { say } = frame;
  const email = html`${one.email ?? say('test.none')} (${say(one.verified ? 'test.email.verified' : 'test.email.unverified')}) <span class="id" lang="en">${one.why}</span>`;
  return html`<div role="status"><h3>${say('test.person')}</h3>
${facts([
  [say('test.subject'), one.subject === '' ? say('connect.preview.nobody') : one.subject],
  [say('test.email'), email],
  ...Object.entries(one.profile).map(([name, value]) => [html`${name}`, String(value)] as const),
  [say('test.roles'), names(frame, one.roles, one.rolesMissing)],
  [say('test.local-groups'), names(frame, one.groups, one.groupsMissing)],
  [say('connect.preview.without-rule'), one.groupsSaid ? names(frame, one.withoutRule) : say('test.groups.unsaid')],
  [say('test.level'), say(`test.level.${one.level}`)],
  [say('test.unused'), names(frame, one.ignored)],
])}</div>`;
};
