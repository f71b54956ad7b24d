import { z } from 'zod';
import { onceContent } from '../../views/admin/once.ts';
import type { Deed } from '../../views/admin/parts.ts';
import type { PersonTab, PersonView } from '../../views/admin/people.ts';
import { consoleQuestion } from '../../views/admin/question.ts';
import { strong } from '../../views/layout.ts';
import {
  type ConsolePage,
  type ConsoleReply,
  type ConsoleVisit,
  consolePage,
  filled,
  matchOf,
} from './console-page.ts';
import { peoplePath, personOf } from './console-people.ts';

const verbs = [
  'disable',
  'enable',
  'invite',
  'reset-password',
  'enrolment-code',
  'reset-factors',
  'sign-out',
  'export',
  'remove',
] as const;
type Verb = (typeof verbs)[number];

interface PersonDeed {
  operation: string;
  /** The tab on which its button stands. */
  tab: PersonTab;
  /** Whether it makes sense for this person. */
  fits?(one: PersonView): boolean;
  reason?: true;
  /** A link or a code, which is shown once; or a file. */
  gives?: 'link' | 'code' | 'file';
  danger?: true;
  /** What lets somebody in, or cannot be undone, needs a fresh sign-in; keeping somebody out must be quick. */
  fresh?: true;
}

const deeds: Record<Verb, PersonDeed> = {
  disable: { operation: 'disableUser', tab: 'about', fits: ({ state }) => state === 'active', danger: true },
  enable: { operation: 'enableUser', tab: 'about', fits: ({ state }) => state === 'disabled', fresh: true },
  invite: {
    operation: 'inviteUser',
    tab: 'about',
    fits: ({ hasPassword }) => !hasPassword,
    gives: 'link',
    fresh: true,
  },
  'reset-password': {
    ...{ operation: 'resetUserPassword', tab: 'about', gives: 'link', reason: true, fresh: true },
    fits: ({ hasPassword }) => hasPassword,
  },
  'enrolment-code': { operation: 'issueEnrolmentCode', tab: 'factors', gives: 'code', fresh: true },
  'reset-factors': { operation: 'resetFactors', tab: 'factors', reason: true, danger: true, fresh: true },
  'sign-out': { operation: 'signOutUser', tab: 'sessions', danger: true },
  export: { operation: 'exportUser', tab: 'about', gives: 'file', fresh: true },
  remove: { operation: 'removeUser', tab: 'about', danger: true, fresh: true },
};

/** What this administrator may do about a person on one of their tabs, each on a page that asks before. */
export function personDeeds(visit: ConsoleVisit, one: PersonView, tab: PersonTab): Deed[] {
  return verbs
    .filter((verb) => deeds[verb].tab === tab && (deeds[verb].fits?.(one) ?? true) && visit.may(deeds[verb].operation))
    .map((verb) => ({
      href: `${one.href}/${verb}`,
      text: visit.frame.say(`console.people.${verb}`),
      ...(deeds[verb].danger && { kind: 'danger' as const }),
    }));
}

/** The pages that ask before something is done about a person. */
export const personDeedPages: readonly ConsolePage[] = verbs.map((verb) => {
  const { operation, reason, danger, fresh, gives, tab } = deeds[verb];
  const back = ({ href }: PersonView): string => (tab === 'about' ? href : `${href}/${tab}`);
  return consolePage({
    path: `${peoplePath}/:id/${verb}`,
    room: peoplePath,
    calls: operation,
    ...(fresh && { fresh }),
    ...(reason && { keeps: ['reason'] }),
    async get(visit) {
      const { frame, typed } = visit;
      const { say } = frame;
      const { one, etag } = await personOf(visit);
      const content = consoleQuestion(frame, {
        title: say(`console.people.${verb}.title`, { name: strong(one.name) }),
        sentence: say(`console.people.${verb}.sentence`),
        deed: say(`console.people.${verb}`),
        reason: reason && { typed: typed.get('reason') ?? '', required: true },
        ...{ etag, danger, back: back(one) },
      });
      return { title: say(`console.people.${verb}.title`, { name: one.name }), content };
    },
    async post(visit, form) {
      const { one } = await personOf(visit);
      const given = { params: { id: one.id }, match: matchOf(form), ...(reason && { body: filled(form, 'reason') }) };
      if (gives !== undefined) return handOver(visit, one, { gives, operation, given, back: back(one) });
      await visit.do(operation, given);
      const said = { key: `console.people.${verb}.done`, values: { name: one.name } } as const;
      return { goOn: verb === 'remove' ? peoplePath : back(one), said };
    },
  });
});

const linkOrCode = z.object({ link: z.string().optional(), code: z.string().optional(), expires_in: z.int() });

/** What an operation gives is shown once, or is a file. */
async function handOver(
  visit: ConsoleVisit,
  { id, name }: PersonView,
  {
    gives,
    operation,
    given,
    back,
  }: { gives: 'link' | 'code' | 'file'; operation: string; given: object; back: string },
): Promise<ConsoleReply> {
  const { say } = visit.frame;
  if (gives === 'file') {
    const document = await visit.read(operation, z.looseObject({}), given);
    return { file: `${id}.json`, json: JSON.stringify(document, null, 2) };
  }
  const { link, code, expires_in: life } = await visit.read(operation, linkOrCode, given);
  const content = onceContent(visit.frame, {
    title: say(`console.people.${gives}.title`, { name }),
    about: say(`console.people.${gives}.about`, { count: Math.round(life / 60) }),
    label: say(`console.people.${gives}`),
    value: link ?? code ?? '',
    back,
  });
  return { title: say(`console.people.${gives}.title`, { name }), content };
}
