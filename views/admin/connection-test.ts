import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { type Frame, strong as important, layout } from '../layout.ts';
import { type Key, listed } from '../words.ts';
import { facts, type StepView, stepList } from './steps.ts';

/** What the page shows on which a test begins. */
export interface TestStart {
  action: string;
  connection: { name: string; enabled: boolean };
  /** A directory is asked with a name and password that are typed here; every other provider has pages of its own. */
  directory: boolean;
  strong: boolean;
  fresh: boolean;
  steps: readonly StepView[];
  /** What the administrator of the provider has to have entered there. */
  addresses: Readonly<Record<string, string>>;
}

const wishes = (
  { say }: Frame,
  { strong, fresh }: TestStart,
): Html => html`<label class="choice"><input type="checkbox" name="strong" value="yes"${
  strong && html` checked`
}> ${say('test.ask.strong')}</label>
<label class="choice"><input type="checkbox" name="fresh" value="yes"${
  fresh && html` checked`
}> ${say('test.ask.fresh')}</label>`;

const credentials = ({ say }: Frame): Html => html`<label for="username">${say('signin.user-name')}</label>
<input id="username" name="username" type="text" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="254" required>
<label for="password">${say('signin.password')}</label>
<input id="password" name="password" type="password" autocomplete="off" maxlength="1024" required>
<p class="hint">${say('test.one-try')}</p>`;

/** Addresses by the names that providers' consoles have for them. */
const places: Readonly<Record<string, Key>> = {
  redirectUri: 'test.address.redirect',
  logoutUri: 'test.address.logout',
  backchannelLogoutUri: 'test.address.back-channel',
  universalLogoutUri: 'test.address.universal-logout',
  entityId: 'test.address.entity',
  assertionConsumerService: 'test.address.acs',
  metadataUrl: 'test.address.metadata',
};

const addressList = ({ say }: Frame, addresses: TestStart['addresses']): Html | false =>
  facts(
    Object.entries(addresses).map(([place, value]) => {
      const key = places[place];
      return [key === undefined ? place : say(key), value];
    }),
  );

/** What is known before anybody signs in, and the button that begins. */
export const testStartPage = (frame: Frame, view: TestStart): Html => {
  const { action, connection, directory, steps, addresses } = view;
  const { name, enabled } = connection;
  const { say } = frame;
  const entered = addressList(frame, addresses);
  return layout(
    frame,
    say('test.title', { name }),
    html`<h1>${say('test.heading', { name: important(name) })}</h1>
<p>${say('test.about')}</p>
${!enabled && html`<p class="notice">${say('test.switched-off')}</p>`}
<form method="post" action="${action}">
${directory ? credentials(frame) : wishes(frame, view)}
<button class="primary">${say('test.start')}</button>
</form>
<h2>${say('test.known')}</h2>
${stepList(frame, steps)}
${entered && html`<details><summary>${say('test.addresses')}</summary>${entered}</details>`}`,
  );
};

/** Who somebody would be here. */
export interface PersonView {
  subject: string;
  email?: string | undefined;
  verified: boolean;
  why: string;
  profile: Readonly<Record<string, string>>;
  groups?: readonly { name: string; roles: readonly string[] }[] | undefined;
  roles: readonly string[];
  localGroups?: readonly string[] | undefined;
  unused: readonly string[];
  evidence: Readonly<Record<string, string>>;
  level: string;
}

/** What the page shows on which a test ends. */
export interface TestReport {
  connection: { id: string; name: string };
  succeeded: boolean;
  strong: boolean;
  fresh: boolean;
  steps: readonly StepView[];
  person?: PersonView | undefined;
  failure?:
    | { reason: string; check: string; came?: string | undefined; wanted?: string | undefined; advice: string }
    | undefined;
  notes: readonly string[];
  reference: string;
}

const levels: Readonly<Record<string, Key>> = {
  '1fa': 'test.level.1fa',
  '2fa': 'test.level.2fa',
  phr: 'test.level.phr',
};

const list = (all: readonly string[], none: Html): Value => (all.length === 0 ? none : all.join(', '));

const groupsOf = ({ say }: Frame, { groups }: PersonView): Html => {
  if (groups === undefined) return html`<dd>${say('test.groups.unsaid')}</dd>`;
  if (groups.length === 0) return html`<dd>${say('test.none')}</dd>`;
  return html`${groups.map(({ name, roles }) => html`<dd>${name} → ${list(roles, say('test.no-role'))}</dd>`)}`;
};

const personOf = (frame: Frame, person: PersonView): Html => {
  const { say } = frame;
  const level = levels[person.level];
  const email = person.email ?? say('test.none');
  const evidence = Object.entries(person.evidence).map(([name, value]) => `${name}: ${value}`);
  return html`<h2>${say('test.person')}</h2>
<dl>
<dt>${say('test.subject')}</dt><dd>${person.subject}</dd>
<dt>${say('test.email')}</dt><dd>${email} (${say(person.verified ? 'test.email.verified' : 'test.email.unverified')})</dd><dd lang="en">${person.why}</dd>
${Object.entries(person.profile).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
<dt>${say('test.groups')}</dt>${groupsOf(frame, person)}
<dt>${say('test.roles')}</dt><dd>${list(person.roles, say('test.none'))}</dd>
${person.localGroups && html`<dt>${say('test.local-groups')}</dt><dd>${list(person.localGroups, say('test.none'))}</dd>`}
<dt>${say('test.unused')}</dt><dd>${list(person.unused, say('test.none'))}</dd>
<dt>${say('test.evidence')}</dt><dd>${list(evidence, say('test.evidence.unsaid'))}</dd>
<dt>${say('test.level')}</dt><dd>${level === undefined ? person.level : say(level)}</dd>
</dl>`;
};

const failureOf = ({ say }: Frame, { failure }: Pick<TestReport, 'failure'>): Html | false =>
  failure !== undefined &&
  html`<div class="alert" role="alert"><p><strong>${say('test.change')}</strong> <span lang="en">${failure.advice}</span></p>
<dl>
<dt>${say('test.check')}</dt><dd lang="en">${failure.check} (${failure.reason})</dd>
${failure.came !== undefined && html`<dt>${say('test.came')}</dt><dd>${failure.came}</dd>`}
${failure.wanted !== undefined && html`<dt>${say('test.wanted')}</dt><dd>${failure.wanted}</dd>`}
</dl></div>`;

/** What a test has found, without the page around it: what to change, who this would be here, and every check. */
export const findings = (
  frame: Frame,
  view: Pick<TestReport, 'steps' | 'person' | 'failure' | 'notes'>,
): Html => html`${failureOf(frame, view)}
${view.notes.map((note) => html`<p class="notice" lang="en">${note}</p>`)}
<details><summary>${frame.say('test.steps')}</summary>${view.person && personOf(frame, view.person)}
${stepList(frame, view.steps)}</details>`;

/** What came, every check, who this would be here, and for a failure what to change at the provider. */
export const testReportPage = (frame: Frame, view: TestReport): Html => {
  const { connection, succeeded, strong, fresh, steps, person, notes, reference } = view;
  const { say, tag } = frame;
  const asked = [strong && say('test.asked.strong'), fresh && say('test.asked.fresh')].filter((one) => one !== false);
  const [title, heading] = succeeded
    ? (['test.works.title', 'test.works'] as const)
    : (['test.fails.title', 'test.fails'] as const);
  return layout(
    frame,
    say(title, { name: connection.name }),
    html`<h1>${say(heading, { name: important(connection.name) })}</h1>
${failureOf(frame, view)}
${notes.map((note) => html`<p class="notice" lang="en">${note}</p>`)}
${asked.length > 0 && html`<p>${say('test.asked', { wishes: listed(tag, asked) })}</p>`}
${person && personOf(frame, person)}
<h2>${say('test.steps')}</h2>
${stepList(frame, steps)}
<p class="hint">${say('test.masked')} <code>sallyport connection test ${connection.id}</code></p>
<dl><dt>${say('test.reference')}</dt><dd><code>${reference}</code></dd></dl>`,
  );
};
