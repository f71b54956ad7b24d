import type { z } from 'zod';
import { type EventList, type EventView, eventsContent } from '../../views/admin/events.ts';
import type { EventType } from '../audit/events.ts';
import { events } from '../audit/events.ts';
import { type Html, html } from '../kernel/html.ts';
import { parameter } from './account-list.ts';
import { type eventReply, eventsReply } from './audit-document.ts';
import { namesOf } from './console-names.ts';
import { type ConsoleVisit, consoleAt } from './console-page.ts';

const perPage = 50;

type Event = z.output<typeof eventReply>;

const isType = (type: string): type is EventType => Object.hasOwn(events, type);

/** What happened, in sentences, with the names of who did it to whom. */
export async function eventViews(visit: ConsoleVisit, all: readonly Event[]): Promise<EventView[]> {
  const { frame } = visit;
  const names = await namesOf(
    visit,
    all.flatMap(({ actor, target }) => [actor, target]),
  );
  return all.map(({ id, time, type, actor, target, outcome, ip, detail = {} }) => ({
    href: consoleAt('audit', id),
    at: time,
    sentence: isType(type)
      ? frame.say(`console.event.${type}`, {
          actor: names.of(actor),
          target: target === undefined ? frame.say('console.by.nobody') : names.of(target),
        })
      : html`<code>${type}</code>`,
    failed: outcome === 'failure',
    facts: Object.entries(detail).map(([name, value]) => [name, String(value)] as const),
    ip,
  }));
}

/** What is looked for, by the names of the admin API. */
type Search = Readonly<Record<string, string | number | undefined>>;

/** A part of the trail, newest first; `path` is where its next part is asked for, with what was asked. */
export async function eventList(visit: ConsoleVisit, search: Search, path: string): Promise<Omit<EventList, 'none'>> {
  const cursor = parameter(visit.ctx, 'cursor');
  const query = { asked: 'hide', ...search, cursor, limit: perPage };
  const { items, next } = await visit.read('listAuditEvents', eventsReply, { query });
  const join = path.includes('?') ? '&' : '?';
  return {
    all: await eventViews(visit, items),
    first: cursor === undefined ? undefined : path,
    next: next === null ? undefined : `${path}${join}cursor=${next}`,
    timeZone: visit.user.profile.zoneinfo,
  };
}

/** What was done to one thing, as a part of its page at `path`. */
export async function eventsOf(visit: ConsoleVisit, search: Search, path: string): Promise<Html> {
  const list = await eventList(visit, search, path);
  return eventsContent(visit.frame, { ...list, none: visit.frame.say('console.audit.none') });
}
