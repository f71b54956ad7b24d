import {
  type ApplicationTab,
  type ApplicationView,
  aboutContent,
  applicationHead,
  editContent,
  newSecretContent,
  secretsContent,
} from '../../views/admin/applications.ts';
import type { Deed } from '../../views/admin/parts.ts';
import { consoleQuestion } from '../../views/admin/question.ts';
import { strong } from '../../views/layout.ts';
import { type Html, html } from '../kernel/html.ts';
import { clientReply, clientWithSecret, clientWithUse } from './client-document.ts';
import { applicationDeeds } from './console-application-deeds.ts';
import { applicationOf, applicationsPath, openTabs, tiersOf } from './console-applications.ts';
import { eventsOf } from './console-events.ts';
import { etagFor, filledForm } from './console-form.ts';
import { type ConsolePage, type ConsoleShown, type ConsoleVisit, consolePage, lines, matchOf } from './console-page.ts';
import { sessionsOf } from './console-sessions.ts';

const room = applicationsPath;
const at = `${applicationsPath}/:id`;

/** A tab of an application. */
function tabPage(
  tab: ApplicationTab,
  calls: string,
  inside: (visit: ConsoleVisit, one: ApplicationView) => Promise<Html>,
) {
  return consolePage({
    path: tab === 'about' ? at : `${at}/${tab}`,
    room,
    calls,
    async get(visit) {
      const { one } = await applicationOf(visit);
      const deeds = tab === 'about' ? applicationDeeds(visit, one) : tab === 'sessions' ? endDeeds(visit, one) : [];
      const content = html`${applicationHead(visit.frame, one, { tab, open: openTabs(visit), deeds })}
${await inside(visit, one)}`;
      return { title: html`${one.name}`, content };
    },
  });
}

/** The pages of one application. */
export const applicationTabs: readonly ConsolePage[] = [
  tabPage('about', 'getClient', async ({ frame, user }, one) => aboutContent(frame, one, user.profile.zoneinfo)),
  tabPage('secrets', 'getClient', secrets),
  tabPage('sessions', 'listSessions', (visit, { id, href }) => sessionsOf(visit, { client: id }, `${href}/sessions`)),
  tabPage('audit', 'listAuditEvents', (visit, { id, href }) =>
    eventsOf(visit, { target: `client:${id}` }, `${href}/audit`),
  ),
];

const endDeeds = (visit: ConsoleVisit, { href }: ApplicationView): Deed[] =>
  visit.may('endSessions')
    ? [{ href: `${href}/end`, text: visit.frame.say('console.applications.end.deed'), kind: 'danger' }]
    : [];

async function secrets(visit: ConsoleVisit, one: ApplicationView): Promise<Html> {
  const { frame, user } = visit;
  const client = await visit.read('getClient', clientWithUse, { params: { id: one.id } });
  const all = client.secrets.map(({ created, expires, last_used: lastUsed }) => ({ created, expires, lastUsed }));
  const rotate = visit.may('rotateClientSecret') && one.state !== 'revoked' && one.auth !== 'none';
  return html`${secretsContent(frame, all, user.profile.zoneinfo)}
${rotate && html`<p class="more"><a class="button" href="${one.href}/rotate">${frame.say('console.applications.rotate')}</a></p>`}`;
}

const day = 24 * 60 * 60;

/** Gives a new secret, which is shown this once. */
const rotatePage = consolePage({
  path: `${at}/rotate`,
  room,
  calls: 'rotateClientSecret',
  fresh: true,
  keeps: ['overlap'],
  async get(visit) {
    const { frame, typed } = visit;
    const { say } = frame;
    const { one, etag } = await applicationOf(visit);
    const overlaps = [0, 1, 7].map(
      (days) => [String(days * day), say('console.applications.overlap.days', { count: days })] as const,
    );
    const content = consoleQuestion(frame, {
      title: say('console.applications.rotate.title', { name: strong(one.name) }),
      sentence: say('console.applications.rotate.sentence'),
      etag,
      pick: {
        name: 'overlap',
        label: say('console.applications.overlap'),
        value: typed.get('overlap') ?? String(day),
        options: overlaps,
      },
      deed: say('console.applications.rotate'),
      back: `${one.href}/secrets`,
    });
    return { title: say('console.applications.rotate.title', { name: one.name }), content };
  },
  async post(visit, form) {
    const { one } = await applicationOf(visit);
    const body = { overlap: Number(form.get('overlap') ?? day) };
    const made = await visit.read('rotateClientSecret', clientWithSecret, {
      params: { id: one.id },
      body,
      match: matchOf(form),
    });
    return newSecret(visit, one, made.client_secret ?? '');
  },
});

function newSecret({ frame }: ConsoleVisit, { id, name, href }: ApplicationView, secret: string): ConsoleShown {
  const content = newSecretContent(frame, { name, id, secret, back: `${href}/secrets` });
  return { title: frame.say('console.applications.new-secret', { name }), content };
}

const editPage = consolePage({
  path: `${at}/edit`,
  room,
  calls: 'changeClient',
  fresh: true,
  keeps: ['name', 'redirects', 'logoutRedirects', 'scope', 'tier', 'was', 'etag'],
  async get(visit) {
    const { say } = visit.frame;
    const { one, etag } = await applicationOf(visit);
    const now = {
      ...{ name: one.name, redirects: one.redirects.join('\n'), logoutRedirects: one.logoutRedirects.join('\n') },
      ...{ scope: one.scope ?? '', tier: one.tier ?? '' },
    };
    const form = filledForm(visit, now, {
      name: say('console.name'),
      redirects: say('console.applications.redirects'),
      logoutRedirects: say('console.applications.logout-redirects'),
      scope: say('console.applications.scope'),
      tier: say('console.applications.tier'),
    });
    const { value, was, conflicts: conflicting } = form;
    const values = {
      ...{ name: value('name'), redirects: value('redirects'), logoutRedirects: value('logoutRedirects') },
      ...{ scope: value('scope'), tier: value('tier') },
    };
    const tiers = await tiersOf(visit);
    const content = editContent(visit.frame, one, { values, tiers, etag: etagFor(visit, etag), was, conflicting });
    return { title: say('console.applications.edit.title', { name: one.name }), content };
  },
  async post(visit, form) {
    const id = visit.params.id ?? '';
    const text = (name: string): string | null => form.get(name)?.trim() || null;
    const body = {
      client_name: form.get('name')?.trim() ?? '',
      redirect_uris: lines(form, 'redirects'),
      post_logout_redirect_uris: lines(form, 'logoutRedirects'),
      scope: text('scope'),
      tier: text('tier'),
    };
    const { client_name: name } = await visit.read('changeClient', clientReply, {
      params: { id },
      body,
      match: matchOf(form),
    });
    const { one } = await applicationOf(visit);
    return { goOn: one.href, said: { key: 'console.saved', values: { name } } };
  },
});

/** The pages that change one application. */
export const applicationChangePages: readonly ConsolePage[] = [rotatePage, editPage];
