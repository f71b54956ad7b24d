import type { z } from 'zod';
import { type PersonTab, type PersonView, peopleContent } from '../../views/admin/people.ts';
import { listOf } from '../http/paging.ts';
import { parameter } from './account-list.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage } from './console-page.ts';
import { userReply } from './user-document.ts';

/** The path of the list, below which each person has their page. */
export const peoplePath = '/admin/people';
const perPage = 50;

/** A person of the admin API as the console shows one. */
export function personView(user: z.output<typeof userReply>): PersonView {
  const { id, email, name, state, locale, created, updated } = user;
  return {
    ...{ id, email, state, locale, created, updated },
    href: consoleAt('people', id),
    name: name ?? email ?? id,
    emailVerified: user.email_verified,
    hasPassword: user.has_password,
  };
}

/** The person of this address, with the state that forms are made of. Throws `missing`. */
export async function personOf(visit: ConsoleVisit): Promise<{ one: PersonView; etag: string }> {
  const { reply, etag } = await visit.run('getUser', userReply, { params: { id: visit.params.id ?? '' } });
  return { one: personView(reply), etag };
}

/** The tabs that this person may open. */
export const personTabs = (visit: ConsoleVisit): PersonTab[] => {
  const needed = {
    factors: 'listFactors',
    access: 'listAssignments',
    sessions: 'listSessions',
    audit: 'listAuditEvents',
  } as const;
  const rest = (Object.keys(needed) as (keyof typeof needed)[]).filter((tab) => visit.may(needed[tab]));
  return ['about', ...rest];
};

/** The list of people. */
export const peoplePages: readonly ConsolePage[] = [
  consolePage({
    path: peoplePath,
    room: peoplePath,
    calls: 'listUsers',
    async get(visit) {
      const { ctx, frame, user } = visit;
      const asked = { q: parameter(ctx, 'q')?.trim().slice(0, 200) || undefined, state: parameter(ctx, 'state') };
      const cursor = parameter(ctx, 'cursor');
      const query = { ...asked, cursor, limit: perPage };
      const { items, next } = await visit.read('listUsers', listOf(userReply), { query });
      const at = (more: Record<string, string | undefined>): string => {
        const given = Object.entries({ ...asked, ...more }).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, value]],
        );
        return `${peoplePath}?${new URLSearchParams(given)}`;
      };
      const content = peopleContent(frame, {
        all: items.map(personView),
        asked,
        first: cursor === undefined ? undefined : at({}),
        next: next === null ? undefined : at({ cursor: next }),
        add: visit.may('addUser') ? `${peoplePath}/new` : undefined,
        timeZone: user.profile.zoneinfo,
      });
      return { title: frame.say('console.nav.people'), content };
    },
  }),
];
