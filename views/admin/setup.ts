import { type Html, html } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import { brand, documentOf, type Frame, footer, layout, passing, strong } from '../layout.ts';
import { badge, empty, head, named, table } from './parts.ts';
import { type ProblemView, problemAlert } from './problem.ts';

/** For whom a set-up link is, and who has sent it, where that is a person. Times in seconds. */
export interface Invitation {
  organization: string;
  inviter?: string | undefined;
  until: number;
}

const from = ({ issuer, say }: Frame, inviter: string | undefined): Html =>
  inviter === undefined ? say('setup.host', { host: new URL(issuer).host }) : html`${inviter}`;

/** What a set-up link is for. Looking at it uses nothing up, so whatever reads mail may follow it; the button does. */
export const setupStartPage = (
  frame: Frame,
  { organization, inviter, until }: Invitation,
  { action, hours }: { action: string; hours: number },
): Html => {
  const { say } = frame;
  return layout(
    frame,
    say('setup.start.title', { organization }),
    html`<h1>${say('setup.start.title', { organization: strong(organization) })}</h1>
<p>${say('setup.start.about', { organization: strong(organization) })}</p>
<p>${say('setup.invited', { inviter: strong(from(frame, inviter)) })}</p>
<form method="post" action="${action}">
<button class="primary">${say('setup.start.deed')}</button>
</form>
<p class="hint">${say('setup.start.once', { hours })}</p>
<p class="hint">${say('setup.until', { time: moment(frame, until * 1000) })}</p>`,
  );
};

/** Why a link opens nothing. */
export type SetupOver = 'used' | 'expired' | 'ended' | 'none';

/** Nothing can be set up here, and whom to ask. */
export const setupOverPage = (frame: Frame, why: SetupOver, inviter?: string): Html => {
  const { say } = frame;
  return layout(
    passing(frame),
    say(`setup.over.${why}.title`),
    html`<h1>${say(`setup.over.${why}.title`)}</h1>
<p role="alert">${say(`setup.over.${why}`)}</p>
<p>${say('setup.over.ask', { inviter: strong(from(frame, inviter)) })}</p>`,
  );
};

/** What a page of the wizard shows to somebody who came by a link. */
export interface SetupView extends Invitation {
  title: Html;
  /** The page, beginning with its heading. */
  content: Html;
  said?: Html | undefined;
  problem?: ProblemView | undefined;
}

/** The connection wizard for one organisation: the look of the console, and no way to anything else of it. */
export const setupFrame = (frame: Frame, view: SetupView): Html => {
  const { say } = frame;
  const { organization, inviter, until, title, content, said, problem } = view;
  const named = html`${title} – ${organization}`;
  return documentOf(
    { ...frame, style: frame.consoleStyle },
    problem === undefined ? named : say('page.error', { title: named }),
    html`<body class="account console alone">
<a class="skip" href="#content">${say('account.skip')}</a>
<header>
${brand(frame)}
<p class="who"><span>${say('setup.for', { organization: strong(organization) })}</span></p>
</header>
<main id="content" tabindex="-1">
${said !== undefined && html`<p class="done" role="status">${said}</p>`}
${problem !== undefined && problemAlert(frame, problem)}
${content}
<div class="part"><p class="hint">${say('setup.invited', { inviter: from(frame, inviter) })} ${say('setup.until', { time: moment(frame, until * 1000) })}</p></div>
</main>
${footer(frame)}
<script type="module" src="${frame.consoleScript}"></script>
</body>`,
  );
};

/** A connection of the organisation. */
interface SetupConnection {
  name: string;
  href: string;
  enabled: boolean;
  /** What came of the last test, as long as that is kept. */
  tested: 'waiting' | 'succeeded' | 'failed' | undefined;
}

/** The first page of the wizard, and its last: what there is, and whether anything is left to do. */
export const setupHomeContent = (
  { say }: Frame,
  { all, add }: { all: readonly SetupConnection[]; add: string | undefined },
): Html => {
  const first = add === undefined ? undefined : { href: add, text: say('connect.deed'), kind: 'primary' as const };
  const done = all.find(({ enabled, tested }) => enabled && tested === 'succeeded');
  const untested = done ? undefined : all.find(({ enabled, tested }) => enabled && tested !== 'succeeded');
  return html`${head(say('setup.home.title'), { about: say('setup.home.about'), deeds: first && all.length > 0 ? [first] : [] })}
${done && html`<p class="done" role="status">${say('setup.home.done', { name: done.name })}</p>`}
${untested && html`<p class="notice">${say('setup.home.untested', { name: untested.name })}</p>`}
${table(say('console.nav.connections'), {
  columns: [
    { title: say('console.name'), cell: ({ href, name }) => named(href, name) },
    {
      title: say('console.state'),
      cell: ({ enabled }) =>
        badge(say(`console.connections.state.${enabled ? 'enabled' : 'disabled'}`), enabled ? 'good' : 'plain'),
    },
  ],
  rows: all,
  none: empty(say('setup.home.none'), first),
})}`;
};
