import type { z } from 'zod';
import { assignmentsContent } from '../../views/admin/assignments.ts';
import { consoleQuestion } from '../../views/admin/question.ts';
import type { HolderView } from '../../views/admin/roles.ts';
import { strong } from '../../views/layout.ts';
import { listOf } from '../http/paging.ts';
import { Problem } from '../kernel/errors.ts';
import { parameter } from './account-list.ts';
import { assignmentReply } from './admin-assignments.ts';
import { accessRoom, addressOf, askedFor, openParts, orProblem, roleAt } from './console-access.ts';
import { namesOf } from './console-names.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage, matchOf } from './console-page.ts';

/** The path of the list. */
export const assignmentsPath = `${accessRoom}/assignments`;
const perPage = 50;

type Assignment = z.output<typeof assignmentReply>;

/** What a subject is: `user:ID` and its like. */
export const kindOf = (subject: string): HolderView['kind'] =>
  subject.startsWith('user:') ? 'user' : subject.startsWith('group:') ? 'group' : 'client';

async function holderViews(visit: ConsoleVisit, all: readonly Assignment[]): Promise<HolderView[]> {
  const names = await namesOf(
    visit,
    all.map(({ subject }) => subject),
  );
  const [take, open] = [visit.may('removeAssignment'), visit.may('getRole')];
  return all.map(({ id, subject, name, role, until, organization, connection }) => ({
    ...{ subject: names.of(subject), kind: kindOf(subject), name, until, organization, connection },
    role: { id: role, href: open ? roleAt(role) : undefined },
    // What a provider gave comes back with the next sign-in there.
    take: take && connection === undefined ? consoleAt('access', 'assignments', id, 'take') : undefined,
  }));
}

/** A part of the assignments that fit, as a part of the page at `path`. */
export async function assignmentsOf(
  visit: ConsoleVisit,
  asked: Readonly<Record<string, string | undefined>>,
  path: string,
) {
  const cursor = parameter(visit.ctx, 'cursor');
  const query = { ...asked, cursor, limit: perPage };
  // A subject that there is not has nothing.
  const found = await orProblem(visit.read('listAssignments', listOf(assignmentReply), { query }));
  const { items, next } = found instanceof Problem ? { items: [], next: null } : found;
  const join = path.includes('?') ? '&' : '?';
  return {
    all: await holderViews(visit, items),
    first: cursor === undefined ? undefined : path,
    next: next === null ? undefined : `${path}${join}cursor=${next}`,
    timeZone: visit.user.profile.zoneinfo,
  };
}

const listPage = consolePage({
  path: assignmentsPath,
  room: accessRoom,
  calls: 'listAssignments',
  async get(visit) {
    const asked = askedFor(visit, 'subject', 'role', 'organization');
    const content = assignmentsContent(visit.frame, {
      open: openParts(visit),
      asked,
      list: await assignmentsOf(visit, asked, addressOf(assignmentsPath, asked)),
      give: visit.may('addAssignment') ? addressOf(`${assignmentsPath}/new`, asked) : undefined,
    });
    return { title: visit.frame.say('console.access.assignments'), content };
  },
});

const takePage = consolePage({
  path: `${assignmentsPath}/:id/take`,
  room: accessRoom,
  calls: 'removeAssignment',
  async get(visit) {
    const { say } = visit.frame;
    const params = { id: visit.params.id ?? '' };
    const { reply, etag } = await visit.run('getAssignment', assignmentReply, { params });
    const { name, role, subject, organization } = reply;
    const within = organization === undefined ? '' : say('console.access.only-within', { organization });
    const content = consoleQuestion(visit.frame, {
      title: say('console.people.take.title', { name: strong(name), role: strong(role) }),
      sentence: say('console.access.take.sentence', { within }),
      deed: say('console.people.take'),
      danger: true,
      ...{ etag, back: addressOf(assignmentsPath, { subject }) },
    });
    return { title: say('console.people.take.title', { name, role }), content };
  },
  async post(visit, form) {
    const params = { id: visit.params.id ?? '' };
    const { subject, name, role } = await visit.read('getAssignment', assignmentReply, { params });
    await visit.do('removeAssignment', { params, match: matchOf(form) });
    return {
      goOn: addressOf(assignmentsPath, { subject }),
      said: { key: 'console.people.taken', values: { name, role } },
    };
  },
});

/** The pages that list and take roles. */
export const assignmentPages: readonly ConsolePage[] = [listPage, takePage];
