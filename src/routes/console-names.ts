import { Problem } from '../kernel/errors.ts';
import { type Html, html } from '../kernel/html.ts';
import { clientReply } from './client-document.ts';
import { type ConsoleVisit, consoleAt } from './console-page.ts';
import { userReply } from './user-document.ts';

/** What subjects are called, with ways to their pages. */
interface Names {
  of(subject: string): Html;
}

/** What has its page in the room of access, and the operation that says whether it is there. */
const parts: Readonly<Record<string, readonly [noun: string, operation: string]>> = {
  role: ['roles', 'getRole'],
  group: ['groups', 'getGroup'],
  api: ['apis', 'getApi'],
};

/** Each is asked for once. What is gone, or not this person's to know, keeps the name that it has in the trail. */
export async function namesOf(visit: ConsoleVisit, subjects: readonly (string | undefined)[]): Promise<Names> {
  const wanted = [...new Set(subjects.filter((one) => one !== undefined))];
  const named = new Map(await Promise.all(wanted.map(async (one) => [one, await nameOf(visit, one)] as const)));
  return { of: (subject) => named.get(subject) ?? html`${subject}` };
}

async function nameOf(visit: ConsoleVisit, subject: string): Promise<Html | undefined> {
  const [, kind = '', id = ''] = /^(user|client|connection|role|group|api):(.+)$/s.exec(subject) ?? [];
  try {
    if (kind === 'user' && visit.may('getUser')) {
      const { email, name } = await visit.read('getUser', userReply, { params: { id } });
      return html`<a href="${consoleAt('people', id)}">${email ?? name ?? id}</a>`;
    }
    if (kind === 'client' && visit.may('getClient')) {
      const { client_name: name } = await visit.read('getClient', clientReply, { params: { id } });
      return html`<a href="${consoleAt('applications', id)}">${name}</a>`;
    }
    if (kind === 'connection' && visit.may('getConnection')) {
      await visit.do('getConnection', { params: { id } });
      return html`<a href="${consoleAt('connections', id)}">${id}</a>`;
    }
    const [noun, operation] = parts[kind] ?? [];
    if (noun !== undefined && operation !== undefined && visit.may(operation)) {
      await visit.do(operation, { params: { id } });
      return html`<a href="${consoleAt('access', noun, id)}">${kind === 'group' ? subject : id}</a>`;
    }
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
  }
  const words = { cli: 'console.by.cli', system: 'console.by.system', anonymous: 'console.by.anonymous' } as const;
  if (subject === 'cli' || subject === 'system' || subject === 'anonymous') return visit.frame.say(words[subject]);
  return html`<code>${subject}</code>`;
}
