import { onceContent } from '../../views/admin/once.ts';
import { consoleQuestion } from '../../views/admin/question.ts';
import { newSetupLinkContent, setupLinksContent } from '../../views/admin/setup-links.ts';
import { strong } from '../../views/layout.ts';
import { listOf } from '../http/paging.ts';
import { missing } from '../kernel/errors.ts';
import { parameter } from './account-list.ts';
import { organizationReply } from './admin-organizations.ts';
import { newSetupLinkReply, setupLinkReply } from './admin-setup-links.ts';
import { wholeList } from './console-access.ts';
import { namesOf } from './console-names.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage, filled } from './console-page.ts';

const room = '/admin/connections';
const path = `${room}/setup-links`;
const perPage = 50;

const at = (organization: string): string => `${path}?${new URLSearchParams({ organization })}`;

/** The organisations to choose from, by id and name; undefined where they are too many, or not this person's to know. */
async function choicesOf(visit: ConsoleVisit): Promise<readonly (readonly [string, string])[] | undefined> {
  if (!visit.may('listOrganizations')) return undefined;
  const query = { limit: 200 };
  const { items, next } = await visit.read('listOrganizations', listOf(organizationReply), { query });
  return next === null ? items.map(({ id, name }) => [id, name] as const) : undefined;
}

const listPage = consolePage({
  path,
  room,
  calls: 'listSetupLinks',
  async get(visit) {
    const { ctx, frame } = visit;
    const choices = await choicesOf(visit);
    const only = choices?.length === 1 ? choices[0]?.[0] : undefined;
    const asked = parameter(ctx, 'organization')?.trim();
    const organization = asked === undefined || asked === '' ? only : asked;
    const cursor = parameter(ctx, 'cursor');
    const { items, next } =
      organization === undefined
        ? { items: [], next: null }
        : await visit.read('listSetupLinks', listOf(setupLinkReply), {
            params: { id: organization },
            query: { cursor, limit: perPage },
          });
    const names = await namesOf(
      visit,
      items.map(({ made_by: by }) => by),
    );
    const here = organization === undefined ? path : at(organization);
    const content = setupLinksContent(frame, {
      ...{ choices, organization, path, timeZone: visit.user.profile.zoneinfo },
      all: items.map((one) => ({
        ...{ id: one.id, note: one.note, state: one.state, by: names.of(one.made_by), made: one.made, ends: one.ends },
        end:
          (one.state === 'open' || one.state === 'opened') && visit.may('endSetupLink')
            ? consoleAt('connections', 'setup-links', one.organization, one.id, 'end')
            : undefined,
      })),
      add: visit.may('addSetupLink') ? `${path}/new${here.slice(path.length)}` : undefined,
      first: cursor === undefined ? undefined : here,
      next: next === null ? undefined : `${here}&${new URLSearchParams({ cursor: next })}`,
    });
    return { title: frame.say('console.setup-links'), content };
  },
});

const newPage = consolePage({
  path: `${path}/new`,
  room,
  calls: 'addSetupLink',
  fresh: true,
  keeps: ['organization', 'note', 'days'],
  async get(visit) {
    const { ctx, frame, typed } = visit;
    const content = newSetupLinkContent(frame, {
      choices: await choicesOf(visit),
      organization: typed.get('organization') ?? parameter(ctx, 'organization') ?? '',
      ...{ note: typed.get('note') ?? '', days: typed.get('days') ?? '7', back: path },
    });
    return { title: frame.say('console.setup-links.add'), content };
  },
  async post(visit, form) {
    const { say } = visit.frame;
    const { organization = '', note, days } = filled(form, 'organization', 'note', 'days');
    const body = { ...(note === undefined ? {} : { note }), ...(days === undefined ? {} : { days: Number(days) }) };
    const made = await visit.read('addSetupLink', newSetupLinkReply, { params: { id: organization }, body });
    const content = onceContent(visit.frame, {
      title: say('console.setup-links.made', { organization: strong(organization) }),
      about: say('console.setup-links.made.about'),
      label: say('console.setup-links.link'),
      ...{ value: made.link, back: at(organization) },
    });
    return { title: say('console.setup-links.made', { organization }), content };
  },
});

const endPage = consolePage({
  path: `${path}/:organization/:id/end`,
  room,
  calls: 'endSetupLink',
  async get(visit) {
    const { frame, params } = visit;
    const { organization = '', id = '' } = params;
    const { say } = frame;
    const all = await wholeList(visit, 'listSetupLinks', setupLinkReply, { id: organization });
    if (!all.some((one) => one.id === id)) throw missing(`The set-up link ${id.slice(0, 100)}`);
    const content = consoleQuestion(frame, {
      title: say('console.setup-links.end.title', { organization: strong(organization) }),
      sentence: say('console.setup-links.end.sentence', { id: strong(id) }),
      ...{ deed: say('console.setup-links.end'), danger: true, back: at(organization) },
    });
    return { title: say('console.setup-links.end.title', { organization }), content };
  },
  async post(visit) {
    const { organization = '', id = '' } = visit.params;
    await visit.do('endSetupLink', { params: { id: organization, link: id } });
    return { goOn: at(organization), said: { key: 'console.setup-links.ended', values: { organization } } };
  },
});

/** Links by which customers connect their own providers: made, seen and ended. */
export const setupLinkPages: readonly ConsolePage[] = [listPage, newPage, endPage];
