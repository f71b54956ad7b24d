import { type GroupForm, groupFormContent, joinContent } from '../../views/admin/groups.ts';
import { consoleQuestion } from '../../views/admin/question.ts';
import { strong } from '../../views/layout.ts';
import { plain } from '../../views/words.ts';
import { html } from '../kernel/html.ts';
import { groupReply } from './admin-groups.ts';
import { accessRoom, groupAt, timeTyped, wholeList } from './console-access.ts';
import { condensed, keptBoxes, withKeptBoxes } from './console-boxes.ts';
import { etagFor, filledForm } from './console-form.ts';
import { askingPage } from './console-forms.ts';
import { type Group, groupOf, groupsPath } from './console-groups.ts';
import { namesOf } from './console-names.ts';
import { type ConsolePage, type ConsoleVisit, consolePage, filled, matchOf } from './console-page.ts';
import { memberReply } from './member-document.ts';

const room = accessRoom;
const at = `${groupsPath}/:id`;
const box = 'g:';

const ticked = (form: ReadonlyMap<string, string>): string[] =>
  [...form].filter(([name, value]) => name.startsWith(box) && value === 'yes').map(([name]) => name.slice(box.length));

async function formOf(
  visit: ConsoleVisit,
  { id, includes }: Group,
  rest: Pick<GroupForm, 'id' | 'isNew' | 'back'>,
): Promise<GroupForm> {
  const { say } = visit.frame;
  const names = (await wholeList(visit, 'listGroups', groupReply)).map((one) => one.id).filter((name) => name !== id);
  const now = Object.fromEntries(names.map((name) => [box + name, includes.includes(name) ? 'yes' : '']));
  const labels = Object.fromEntries(names.map((name) => [box + name, html`${name}`]));
  const { ticked: on, was, conflicts } = filledForm<string>(withKeptBoxes(visit, now), now, labels);
  return {
    ...rest,
    groups: {
      title: say('console.access.groups'),
      all: names.map((name) => ({ name: box + name, label: name, ticked: on(box + name) })),
    },
    was,
    conflicting: conflicts.map((one) => ({
      name: one.name,
      now: say(one.now === 'yes' ? 'console.yes' : 'console.no'),
    })),
  };
}

const addPage = consolePage({
  path: `${groupsPath}/new`,
  room,
  calls: 'addGroup',
  fresh: true,
  keeps: keptBoxes,
  condense: condensed,
  async get(visit) {
    const rest = { id: visit.typed.get('id') ?? '', isNew: true, back: groupsPath };
    const form = await formOf(visit, { id: '', includes: [] }, rest);
    return { title: visit.frame.say('console.access.groups.add'), content: groupFormContent(visit.frame, form) };
  },
  async post(visit, form) {
    const body = { id: form.get('id')?.trim() ?? '', includes: ticked(form) };
    const { id } = await visit.read('addGroup', groupReply, { body });
    return { goOn: visit.may('getGroup') ? groupAt(id) : room, said: { key: 'console.saved', values: { name: id } } };
  },
});

const editPage = consolePage({
  path: `${at}/edit`,
  room,
  calls: 'changeGroup',
  fresh: true,
  keeps: keptBoxes,
  condense: condensed,
  async get(visit) {
    const { group, etag } = await groupOf(visit);
    const { id } = group;
    const form = await formOf(visit, group, { id, isNew: false, back: groupAt(id) });
    const content = groupFormContent(visit.frame, { ...form, etag: etagFor(visit, etag) });
    return { title: visit.frame.say('console.access.groups.change', { name: id }), content };
  },
  async post(visit, form) {
    const { id = '' } = visit.params;
    await visit.do('changeGroup', { params: { id }, body: { includes: ticked(form) }, match: matchOf(form) });
    return { goOn: groupAt(id), said: { key: 'console.saved', values: { name: id } } };
  },
});

const removePage = askingPage({
  path: `${at}/remove`,
  ...{ room, calls: 'removeGroup', fresh: true, danger: true, text: 'access.groups.remove', list: groupsPath },
  async of(visit) {
    const { group, etag } = await groupOf(visit);
    return { name: group.id, back: groupAt(group.id), etag };
  },
});

const joinPage = consolePage({
  path: `${at}/join`,
  room,
  calls: 'addGroupMember',
  fresh: true,
  keeps: ['subject', 'until'],
  async get(visit) {
    const { id } = (await groupOf(visit)).group;
    const { typed } = visit;
    const values = { subject: typed.get('subject') ?? '', until: typed.get('until') ?? '' };
    const content = joinContent(visit.frame, { id, ...values, back: groupAt(id) });
    return { title: visit.frame.say('console.access.groups.join.title', { name: id }), content };
  },
  async post(visit, form) {
    const { id = '' } = visit.params;
    const { until, ...rest } = filled(form, 'subject', 'until');
    const body = { ...rest, ...(until === undefined ? {} : { until: timeTyped(until) }) };
    const { name } = await visit.read('addGroupMember', memberReply, { params: { id }, body });
    return { goOn: groupAt(id), said: { key: 'console.access.groups.joined', values: { name, group: id } } };
  },
});

const outPage = consolePage({
  path: `${at}/out/:subject`,
  room,
  calls: 'removeGroupMember',
  async get(visit) {
    const { say } = visit.frame;
    const { id = '', subject = '' } = visit.params;
    const name = (await namesOf(visit, [subject])).of(subject);
    const values = { name: strong(name), group: strong(id) };
    const content = consoleQuestion(visit.frame, {
      title: say('console.access.groups.out.title', values),
      sentence: say('console.people.take.sentence'),
      deed: say('console.access.groups.out'),
      danger: true,
      back: groupAt(id),
    });
    return { title: say('console.access.groups.out.title', { name: plain(name), group: id }), content };
  },
  async post(visit) {
    const { id = '', subject = '' } = visit.params;
    const name = plain((await namesOf(visit, [subject])).of(subject));
    await visit.do('removeGroupMember', { params: { id, subject } });
    return { goOn: groupAt(id), said: { key: 'console.access.groups.left', values: { name, group: id } } };
  },
});

/** The pages that change groups and who is in them. */
export const groupChangePages: readonly ConsolePage[] = [addPage, editPage, removePage, joinPage, outPage];
