import { z } from 'zod';
import { links } from '../../views/admin/roles.ts';
import { type WhyView, whyContent } from '../../views/admin/why.ts';
import { Problem } from '../kernel/errors.ts';
import { explainedReply } from './admin-assignments.ts';
import {
  accessRoom,
  apisOf,
  askedFor,
  groupAt,
  openParts,
  orProblem,
  roleAt,
  rolesOf,
  wholeList,
} from './console-access.ts';
import { namesOf } from './console-names.ts';
import { type ConsolePage, type ConsoleVisit, consolePage } from './console-page.ts';

type Explained = z.output<typeof explainedReply>;

/** By which ways a subject holds what it does on an API, as a page shows them. Throws `missing`. */
export function whyViews(visit: ConsoleVisit, { paths }: Pick<Explained, 'paths'>): WhyView[] {
  const [roles, groups] = [visit.may('getRole'), visit.may('getGroup')];
  const linked = (id: string, href: string | false) => links(visit.frame, [{ id, href: href || undefined }]);
  return paths.map(({ permission, groups: through, roles: down, until, connection, organization }) => ({
    ...{ permission, until, connection },
    path: [
      ...(organization === undefined ? [] : [organization]),
      ...through.map((name) => linked(name, groups && groupAt(name))),
      ...down.map((name) => linked(name, roles && roleAt(name))),
    ],
  }));
}

async function foundFor(
  visit: ConsoleVisit,
  query: { subject: string; audience?: string | undefined; organization?: string | undefined },
) {
  const explained = await visit.read('explainAccess', explainedReply, { query });
  const { subject, roles, groups, more } = explained;
  const linked = (all: readonly string[], may: string, at: (id: string) => string) =>
    all.length === 0
      ? '–'
      : links(
          visit.frame,
          all.map((id) => ({ id, href: visit.may(may) ? at(id) : undefined })),
        );
  return {
    subject: (await namesOf(visit, [subject])).of(subject),
    why: whyViews(visit, explained),
    roles: linked(roles, 'getRole', roleAt),
    groups: linked(groups, 'getGroup', groupAt),
    more,
  };
}

const whyPage = consolePage({
  path: `${accessRoom}/why`,
  room: accessRoom,
  calls: 'explainAccess',
  async get(visit) {
    const asked = askedFor(visit, 'subject', 'api', 'organization');
    const apis = (await apisOf(visit, await rolesOf(visit))).map(({ id }) => id);
    const organizations = visit.may('listOrganizations')
      ? (await wholeList(visit, 'listOrganizations', z.object({ id: z.string() }))).map(({ id }) => id)
      : undefined;
    const { subject, api: audience = apis[0], organization } = asked;
    const found =
      subject === undefined ? undefined : await orProblem(foundFor(visit, { subject, audience, organization }));
    const content = whyContent(visit.frame, {
      open: openParts(visit),
      asked: { ...asked, api: audience },
      ...{ apis, organizations, timeZone: visit.user.profile.zoneinfo },
      ...(found instanceof Problem ? { problem: found } : { found }),
    });
    return { title: visit.frame.say('console.access.why'), content };
  },
});

/** The page that says why somebody may do what they may. */
export const whyPages: readonly ConsolePage[] = [whyPage];
