import { z } from 'zod';
import { moment } from '../../views/account/frame.ts';
import { type GiveForm, giveContent, givePreviewContent } from '../../views/admin/assignments.ts';
import { countOf } from '../../views/admin/role-form.ts';
import { strong } from '../../views/layout.ts';
import { parameter } from './account-list.ts';
import { assignmentPreviewReply, assignmentReply } from './admin-assignments.ts';
import { accessRoom, addressOf, partsOf, timeTyped, wholeList } from './console-access.ts';
import { assignmentsPath } from './console-assignments.ts';
import { type ConsolePage, type ConsoleShown, type ConsoleVisit, consolePage, filled } from './console-page.ts';

const fields = ['subject', 'role', 'organization', 'until'] as const;

/** The organisation within which alone this person gives roles. */
const onlyWithin = ({ caller }: ConsoleVisit): string | undefined =>
  caller.permissions.has('assignments:write') ? undefined : caller.within?.organization;

const named = z.object({ id: z.string() });

async function formOf(visit: ConsoleVisit): Promise<GiveForm> {
  const { ctx, typed } = visit;
  const value = (name: (typeof fields)[number]): string => typed.get(name) ?? parameter(ctx, name)?.slice(0, 210) ?? '';
  const only = onlyWithin(visit);
  const namesOf = async (operation: string) =>
    visit.may(operation) ? (await wholeList(visit, operation, named)).map(({ id }) => id) : undefined;
  return {
    subject: value('subject'),
    role: { value: value('role'), options: await namesOf('listRoles') },
    organization:
      only !== undefined ? { only } : { value: value('organization'), options: await namesOf('listOrganizations') },
    until: value('until'),
    back: addressOf(assignmentsPath, { subject: parameter(ctx, 'subject') }),
  };
}

function bodyOf(form: ReadonlyMap<string, string>): { until?: number } {
  const { until, ...body } = filled(form, ...fields);
  return until === undefined ? body : { ...body, until: timeTyped(until) };
}

async function formShown(visit: ConsoleVisit): Promise<ConsoleShown> {
  return { title: visit.frame.say('console.access.give'), content: giveContent(visit.frame, await formOf(visit)) };
}

/** What it would give; throws what giving it would. */
async function previewShown(visit: ConsoleVisit, form: ReadonlyMap<string, string>): Promise<ConsoleShown> {
  const { frame, user } = visit;
  const { say } = frame;
  const { until, ...body } = bodyOf(form);
  const foreseen = await visit.read('previewAssignment', assignmentPreviewReply, { body });
  const { name, organization, gained, held, counts, subject } = foreseen;
  const role = form.get('role') ?? '';
  const content = givePreviewContent(frame, {
    title: say('console.access.give.title', { name: strong(name), role: strong(role) }),
    known: [
      [say('console.access.organization'), organization ?? say('console.access.everywhere')],
      [
        say('console.overview.until'),
        until === undefined ? say('console.access.no-end') : moment(frame, until * 1000, user.profile.zoneinfo),
      ],
      [say('console.access.comes-to'), subject.startsWith('group:') && countOf(frame, foreseen)],
    ],
    gained: gained.map(partsOf),
    held: held.map(partsOf),
    waits: !counts,
    carried: [...form].filter(([field]) => field !== 'step'),
    back: assignmentsPath,
  });
  return { title: say('console.access.give.title', { name, role }), content };
}

const givePage = consolePage({
  path: `${assignmentsPath}/new`,
  room: accessRoom,
  calls: 'addAssignment',
  fresh: true,
  keeps: fields,
  get: formShown,
  async post(visit, form) {
    const step = form.get('step');
    if (step === 'form') return formShown(visit.again(form));
    if (step !== 'save') return previewShown(visit, form);
    const { subject, name, role } = await visit.read('addAssignment', assignmentReply, { body: bodyOf(form) });
    const goOn = visit.may('listAssignments') ? addressOf(assignmentsPath, { subject }) : accessRoom;
    return { goOn, said: { key: 'console.people.given', values: { name, role } } };
  },
});

/** The pages that give roles. */
export const givePages: readonly ConsolePage[] = [givePage];
