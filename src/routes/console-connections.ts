import { z } from 'zod';
import { type ConnectionView, connectionContent, connectionsContent } from '../../views/admin/connections.ts';
import type { Deed } from '../../views/admin/parts.ts';
import { consoleQuestion } from '../../views/admin/question.ts';
import { strong } from '../../views/layout.ts';
import { listOf } from '../http/paging.ts';
import { parameter } from './account-list.ts';
import { newTestReply } from './admin-connection-tests.ts';
import { connectionReply } from './connection-document.ts';
import { eventsOf } from './console-events.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage, matchOf } from './console-page.ts';

const path = '/admin/connections';
const perPage = 50;

/** A connection with those of its settings that are shown. */
const shownReply = connectionReply.extend({ name: z.string(), provision: z.boolean(), mfa: z.string() });

function connectionView(one: z.output<typeof shownReply>): ConnectionView {
  const { id, name, preset, state, declared, provision, mfa, addresses, refreshed } = one;
  return {
    ...{ id, name, preset, state, declared, provision, mfa, addresses, refreshed, validUntil: one.valid_until },
    href: consoleAt('connections', id),
    domains: one.domains.map(({ name: domain, verified, record }) => ({
      ...{ name: domain, record },
      verified: verified !== undefined,
    })),
  };
}

/** The connection of this address, with the state that forms are made of. Throws `missing`. */
async function connectionOf(visit: ConsoleVisit): Promise<{ one: ConnectionView; etag: string }> {
  const { reply, etag } = await visit.run('getConnection', shownReply, { params: { id: visit.params.id ?? '' } });
  return { one: connectionView(reply), etag };
}

const listPage = consolePage({
  path,
  room: path,
  calls: 'listConnections',
  async get(visit) {
    const { ctx, frame } = visit;
    const cursor = parameter(ctx, 'cursor');
    const { items, next } = await visit.read('listConnections', listOf(shownReply), {
      query: { cursor, limit: perPage },
    });
    const content = connectionsContent(frame, {
      all: items.map(connectionView),
      first: cursor === undefined ? undefined : path,
      next: next === null ? undefined : `${path}?${new URLSearchParams({ cursor: next })}`,
    });
    return { title: frame.say('console.nav.connections'), content };
  },
});

const verbs = ['enable', 'disable', 'refresh', 'test'] as const;
type Verb = (typeof verbs)[number];

interface ConnectionDeed {
  operation: string;
  fits?(one: ConnectionView): boolean;
  danger?: true;
  /** What lets people in needs a fresh sign-in; keeping them out must be quick. */
  fresh?: true;
}

const deeds: Record<Verb, ConnectionDeed> = {
  enable: {
    operation: 'enableConnection',
    fits: ({ state, declared }) => state === 'disabled' && !declared,
    fresh: true,
  },
  disable: {
    operation: 'disableConnection',
    fits: ({ state, declared }) => state === 'enabled' && !declared,
    danger: true,
  },
  refresh: { operation: 'refreshConnection' },
  test: { operation: 'testConnection' },
};

const deedsOf = (visit: ConsoleVisit, one: ConnectionView): Deed[] =>
  verbs
    .filter((verb) => (deeds[verb].fits?.(one) ?? true) && visit.may(deeds[verb].operation))
    .map((verb) => ({
      href: `${one.href}/${verb}`,
      text: visit.frame.say(`console.connections.${verb}`),
      ...(deeds[verb].danger && { kind: 'danger' as const }),
      ...(verb === 'test' && { kind: 'primary' as const }),
    }));

const onePage = consolePage({
  path: `${path}/:id`,
  room: path,
  calls: 'getConnection',
  async get(visit) {
    const { one } = await connectionOf(visit);
    const events =
      visit.may('listAuditEvents') && (await eventsOf(visit, { target: `connection:${one.id}` }, one.href));
    const view = { deeds: deedsOf(visit, one), timeZone: visit.user.profile.zoneinfo, events };
    return {
      title: visit.frame.say('console.connections.title', { name: one.name }),
      content: connectionContent(visit.frame, one, view),
    };
  },
});

/** The pages that ask before something is done with a connection. */
const deedPages = verbs.map((verb) => {
  const { operation, danger, fresh } = deeds[verb];
  return consolePage({
    path: `${path}/:id/${verb}`,
    room: path,
    calls: operation,
    ...(fresh && { fresh }),
    async get(visit) {
      const { say } = visit.frame;
      const { one, etag } = await connectionOf(visit);
      const content = consoleQuestion(visit.frame, {
        title: say(`console.connections.${verb}.title`, { name: strong(one.name) }),
        sentence: say(`console.connections.${verb}.sentence`),
        deed: say(`console.connections.${verb}`),
        ...{ etag, danger, back: one.href },
      });
      return { title: say(`console.connections.${verb}.title`, { name: one.name }), content };
    },
    async post(visit, form) {
      const { one } = await connectionOf(visit);
      const params = { id: one.id };
      if (verb === 'test') {
        const { link } = await visit.read(operation, newTestReply, { params, body: {} });
        return { goOn: link };
      }
      await visit.do(operation, { params, match: matchOf(form) });
      return { goOn: one.href, said: { key: `console.connections.${verb}.done`, values: { name: one.name } } };
    },
  });
});

/** The connections to identity providers. */
export const connectionPages: readonly ConsolePage[] = [listPage, onePage, ...deedPages];
