import { type Html, html } from '../../src/kernel/html.ts';
import { type Frame, layout } from '../layout.ts';
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

const wishes = ({
  strong,
  fresh,
}: TestStart): Html => html`<label class="choice"><input type="checkbox" name="strong" value="yes"${
  strong && html` checked`
}> Ask for a second factor</label>
<label class="choice"><input type="checkbox" name="fresh" value="yes"${
  fresh && html` checked`
}> Ask for the password again, whatever session there is</label>`;

const credentials = html`<label for="username">User name</label>
<input id="username" name="username" type="text" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="254" required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="off" maxlength="1024" required>
<p class="hint">A test tries one password. For another try, make another test.</p>`;

/** Names of addresses as providers' consoles have them. */
const places: Readonly<Record<string, string>> = {
  redirectUri: 'Redirect URI',
  logoutUri: 'Sign-out address',
  backchannelLogoutUri: 'Back-channel logout URI',
  universalLogoutUri: 'Universal Logout endpoint',
  entityId: 'Entity ID (audience)',
  assertionConsumerService: 'Assertion consumer service (ACS, reply URL)',
  metadataUrl: 'Metadata',
};

/** What is known before anybody signs in, and the button that begins. */
export const testStartPage = (frame: Frame, view: TestStart): Html => {
  const { action, connection, directory, steps, addresses } = view;
  const { name, enabled } = connection;
  const named = Object.entries(addresses).map(([place, value]) => [places[place] ?? place, value]);
  const entered = facts(Object.fromEntries(named));
  return layout(
    frame,
    `Test ${name}`,
    html`<h1>Test the sign-in with <strong>${name}</strong></h1>
<p>You sign in as people do, and then see what came and every check. Nobody is signed in here, and nobody is added.</p>
${!enabled && html`<p class="notice">This connection is switched off. Only a test gets through.</p>`}
<form method="post" action="${action}">
${directory ? credentials : wishes(view)}
<button class="primary">Start the test</button>
</form>
<h2>What is known already</h2>
${stepList(steps)}
${entered && html`<details><summary>What the provider has to know of this server</summary>${entered}</details>`}`,
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

const levels: Readonly<Record<string, string>> = {
  '1fa': 'one factor (1fa)',
  '2fa': 'two factors (2fa)',
  phr: 'a factor that cannot be phished (phr)',
};

const list = (all: readonly string[], none: string): string => (all.length === 0 ? none : all.join(', '));

const groupsOf = ({ groups }: PersonView): Html => {
  if (groups === undefined) return html`<dd>The provider named none</dd>`;
  if (groups.length === 0) return html`<dd>none</dd>`;
  return html`${groups.map(({ name, roles }) => html`<dd>${name} → ${list(roles, 'no role')}</dd>`)}`;
};

const personOf = (person: PersonView): Html => html`<h2>Who this would be here</h2>
<dl>
<dt>Subject</dt><dd>${person.subject}</dd>
<dt>E-mail address</dt><dd>${person.email ?? 'none'} (${person.verified ? 'verified' : 'not verified'})</dd><dd>${person.why}</dd>
${Object.entries(person.profile).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
<dt>Groups and the roles that they give</dt>${groupsOf(person)}
<dt>Roles</dt><dd>${list(person.roles, 'none')}</dd>
<dt>Claims that no rule looks at</dt><dd>${list(person.unused, 'none')}</dd>
<dt>How the person was recognised</dt><dd>${list(
  Object.entries(person.evidence).map(([name, value]) => `${name}: ${value}`),
  'the provider did not say',
)}</dd>
<dt>What that proves by the evidence rules</dt><dd>${levels[person.level] ?? person.level}</dd>
</dl>`;

const failureOf = ({ failure }: TestReport): Html | false =>
  failure !== undefined &&
  html`<div class="alert" role="alert"><p><strong>What to change:</strong> ${failure.advice}</p>
<dl>
<dt>Check</dt><dd>${failure.check} (${failure.reason})</dd>
${failure.came !== undefined && html`<dt>Came</dt><dd>${failure.came}</dd>`}
${failure.wanted !== undefined && html`<dt>Wanted</dt><dd>${failure.wanted}</dd>`}
</dl></div>`;

/** What came, every check, who this would be here, and for a failure what to change at the provider. */
export const testReportPage = (frame: Frame, view: TestReport): Html => {
  const { connection, succeeded, strong, fresh, steps, person, notes, reference } = view;
  const asked = [strong && 'a second factor', fresh && 'a fresh sign-in'].filter((one) => one !== false);
  return layout(
    frame,
    `${connection.name} ${succeeded ? 'works' : 'does not work'}`,
    html`<h1>The sign-in with <strong>${connection.name}</strong> ${succeeded ? 'works' : 'does not work'}</h1>
${failureOf(view)}
${notes.map((note) => html`<p class="notice">${note}</p>`)}
${asked.length > 0 && html`<p>Asked for: ${asked.join(' and ')}.</p>`}
${person && personOf(person)}
<h2>What came, and what was checked</h2>
${stepList(steps)}
<p class="hint">Secrets are masked. Nothing of this test is kept longer than 15 minutes. Another test: <code>sallyport connection test ${connection.id}</code></p>
<dl><dt>Reference</dt><dd><code>${reference}</code></dd></dl>`,
  );
};
