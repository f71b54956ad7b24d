import { addPersonContent } from '../../views/admin/add-person.ts';
import { onceContent } from '../../views/admin/once.ts';
import { consoleQuestion } from '../../views/admin/question.ts';
import { strong } from '../../views/layout.ts';
import { plain } from '../../views/words.ts';
import { assignmentReply } from './admin-assignments.ts';
import { sessionReply } from './admin-sessions.ts';
import { namesOf } from './console-names.ts';
import { type ConsolePage, consoleAt, consolePage, filled } from './console-page.ts';
import { peoplePath, personOf } from './console-people.ts';
import { newUserReply } from './user-document.ts';

const room = peoplePath;

const takePage = consolePage({
  path: `${peoplePath}/:id/take/:assignment`,
  room,
  calls: 'removeAssignment',
  async get(visit) {
    const { frame, params } = visit;
    const { one } = await personOf(visit);
    const { role } = await visit.read('getAssignment', assignmentReply, { params: { id: params.assignment ?? '' } });
    const content = consoleQuestion(frame, {
      title: frame.say('console.people.take.title', { name: strong(one.name), role: strong(role) }),
      sentence: frame.say('console.people.take.sentence'),
      deed: frame.say('console.people.take'),
      danger: true,
      back: `${one.href}/access`,
    });
    return { title: frame.say('console.people.take.title', { name: one.name, role }), content };
  },
  async post(visit) {
    const { one } = await personOf(visit);
    const params = { id: visit.params.assignment ?? '' };
    const { role } = await visit.read('getAssignment', assignmentReply, { params });
    await visit.do('removeAssignment', { params });
    return { goOn: `${one.href}/access`, said: { key: 'console.people.taken', values: { name: one.name, role } } };
  },
});

const endPage = consolePage({
  path: '/admin/sessions/:id/end',
  room,
  calls: 'endSession',
  async get(visit) {
    const { frame } = visit;
    const { user } = await visit.read('getSession', sessionReply, { params: { id: visit.params.id ?? '' } });
    const subject = `user:${user}`;
    const name = (await namesOf(visit, [subject])).of(subject);
    const content = consoleQuestion(frame, {
      title: frame.say('console.sessions.end.title', { name }),
      sentence: frame.say('console.sessions.end.sentence'),
      deed: frame.say('console.sessions.end'),
      danger: true,
      back: consoleAt('people', user, 'sessions'),
    });
    return { title: frame.say('console.sessions.end.title', { name: plain(name) }), content };
  },
  async post(visit) {
    const params = { id: visit.params.id ?? '' };
    const { user } = await visit.read('getSession', sessionReply, { params });
    await visit.do('endSession', { params });
    return { goOn: consoleAt('people', user, 'sessions'), said: { key: 'console.sessions.ended' } };
  },
});

const addPage = consolePage({
  path: `${peoplePath}/new`,
  room,
  calls: 'addUser',
  fresh: true,
  keeps: ['email', 'name'],
  async get({ frame, typed }) {
    const values = { email: typed.get('email') ?? '', name: typed.get('name') ?? '' };
    return { title: frame.say('console.people.add'), content: addPersonContent(frame, values) };
  },
  async post(visit, form) {
    const { frame } = visit;
    const body = filled(form, 'email', 'name');
    const { id, invitation } = await visit.read('addUser', newUserReply, { body });
    const name = body.name ?? body.email ?? id;
    const back = visit.may('getUser') ? consoleAt('people', id) : peoplePath;
    if (!invitation) return { goOn: back };
    const content = onceContent(frame, {
      title: frame.say('console.people.link.title', { name }),
      about: frame.say('console.people.link.about', { count: Math.round(invitation.expires_in / 60) }),
      ...{ label: frame.say('console.people.link'), value: invitation.link, back },
    });
    return { title: frame.say('console.people.link.title', { name }), content };
  },
});

/** The pages that change what people are and hold. */
export const personChangePages: readonly ConsolePage[] = [addPage, takePage, endPage];
