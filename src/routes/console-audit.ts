import { auditContent, eventContent, verifiedContent } from '../../views/admin/events.ts';
import { consoleQuestion } from '../../views/admin/question.ts';
import { plain } from '../../views/words.ts';
import { events } from '../audit/events.ts';
import { parameter } from './account-list.ts';
import { eventReply, verifyReply } from './audit-document.ts';
import { eventList, eventViews } from './console-events.ts';
import { type ConsolePage, consolePage } from './console-page.ts';

const room = '/admin/audit';
const day = 24 * 60 * 60;
const fields = ['type', 'actor', 'target', 'outcome', 'ip', 'days', 'request_id', 'asked'] as const;

/** The search of the audit trail, one event, and the proof that none is missing. */
export const auditPages: readonly ConsolePage[] = [
  consolePage({
    path: room,
    room,
    calls: 'listAuditEvents',
    async get(visit) {
      const { ctx, frame } = visit;
      const asked = Object.fromEntries(
        fields.flatMap((name) => {
          const value = parameter(ctx, name)?.trim().slice(0, 200);
          return value === undefined || value === '' ? [] : [[name, value]];
        }),
      );
      const { days, ...search } = asked;
      // Whoever looks for one of them, or for all of a request, wants to see it.
      const named = search.type !== undefined || search.request_id !== undefined;
      search.asked = named || search.asked === 'show' ? 'show' : 'hide';
      const since = days === undefined ? undefined : Math.floor(Date.now() / 1000) - (Number(days) || 0) * day;
      const path = `${room}?${new URLSearchParams(asked)}`;
      const list = await eventList(visit, { ...search, since }, path);
      const content = auditContent(frame, {
        ...list,
        asked,
        types: Object.keys(events),
        none: frame.say('console.nothing-found'),
        verify: visit.may('verifyAuditEvents') ? `${room}/verify` : undefined,
      });
      return { title: frame.say('console.nav.audit'), content };
    },
  }),
  consolePage({
    path: `${room}/verify`,
    room,
    calls: 'verifyAuditEvents',
    async get({ frame }) {
      const content = consoleQuestion(frame, {
        title: frame.say('console.audit.verify'),
        sentence: frame.say('console.audit.verify.sentence'),
        deed: frame.say('console.audit.verify'),
        back: room,
      });
      return { title: frame.say('console.audit.verify'), content };
    },
    async post(visit) {
      const { findings, checkpoint, ...counts } = await visit.read('verifyAuditEvents', verifyReply, { body: {} });
      const content = verifiedContent(visit.frame, {
        ...counts,
        findings: findings.map(({ sentence }) => sentence),
        checkpoint: checkpoint && JSON.stringify(checkpoint),
      });
      return { title: visit.frame.say('console.audit.verify'), content };
    },
  }),
  consolePage({
    path: `${room}/:id`,
    room,
    calls: 'getAuditEvent',
    async get(visit) {
      const event = await visit.read('getAuditEvent', eventReply, { params: { id: visit.params.id ?? '' } });
      const [view] = await eventViews(visit, [event]);
      if (!view) return { goOn: room };
      const shown = { event: view, raw: JSON.stringify(event, null, 2), back: room, requestId: event.request_id };
      const content = eventContent(visit.frame, shown, visit.user.profile.zoneinfo);
      return { title: visit.frame.say('console.audit.event', { sentence: plain(view.sentence) }), content };
    },
  }),
];
