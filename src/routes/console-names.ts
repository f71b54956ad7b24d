import { z } from 'zod';
import { type Html, html } from '../kernel/html.ts';
import { clientReply } from './client-document.ts';
import { type ConsoleVisit, consoleAt } from './console-page.ts';
import { userReply } from './user-document.ts';

/** What subjects are called, with ways to their pages. */
interface Names {
  of(subject: string): Html;
}

/** Each is asked for once. What is gone, or not this person's to know, keeps the name that it has in the trail. */
export async function namesOf(visit: ConsoleVisit, subjects: readonly (string | undefined)[]): Promise<Names> {
  const wanted = [...new Set(subjects.filter((one) => one !== undefined))];
  const named = new Map(await Promise.all(wanted.map(async (one) => [one, await nameOf(visit, one)] as const)));
  return { of: (subject) => named.get(subject) ?? html`${subject}` };
}

/** What is known by its id, and where its page is. */
const places: Readonly<Record<string, { operation: string; at: readonly string[] }>> = {
  api: { operation: 'getApi', at: ['access', 'apis'] },
  connection: { operation: 'getConnection', at: ['connections'] },
  group: { operation: 'getGroup', at: ['access', 'groups'] },
  organization: { operation: 'getOrganization', at: ['settings', 'organizations'] },
  'mfa-policy': { operation: 'getMfaPolicy', at: ['settings', 'second-factors'] },
  registrar: { operation: 'getRegistrar', at: ['settings', 'registrars'] },
  role: { operation: 'getRole', at: ['access', 'roles'] },
  stream: { operation: 'getStream', at: ['settings', 'streams'] },
  webhook: { operation: 'getWebhook', at: ['settings', 'webhooks'] },
};

const anything = z.looseObject({});

async function nameOf(visit: ConsoleVisit, subject: string): Promise<Html | undefined> {
  const [, kind = '', id = ''] = /^([a-z-]+):(.+)$/s.exec(subject) ?? [];
  if (kind === 'user' && visit.may('getUser')) {
    const user = await visit.glimpse('getUser', userReply, { id });
    if (user) return html`<a href="${consoleAt('people', id)}">${user.email ?? user.name ?? id}</a>`;
  }
  if (kind === 'client' && visit.may('getClient')) {
    const client = await visit.glimpse('getClient', clientReply, { id });
    if (client) return html`<a href="${consoleAt('applications', id)}">${client.client_name}</a>`;
  }
  const place = Object.hasOwn(places, kind) ? places[kind] : undefined;
  if (place && visit.may(place.operation) && (await visit.glimpse(place.operation, anything, { id }))) {
    return html`<a href="${consoleAt(...place.at, id)}">${id}</a>`;
  }
  const words = { cli: 'console.by.cli', system: 'console.by.system', anonymous: 'console.by.anonymous' } as const;
  if (subject === 'cli' || subject === 'system' || subject === 'anonymous') return visit.frame.say(words[subject]);
  return html`<code>${subject}</code>`;
}
