import { z } from 'zod';
import { type ConnectionView, connectionContent, connectionsContent } from '../../views/admin/connections.ts';
import { listOf } from '../http/paging.ts';
import { parameter } from './account-list.ts';
import { connectionReply } from './connection-document.ts';
import { connectionWizard } from './connection-wizard.ts';
import { eventsOf } from './console-events.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage } from './console-page.ts';

const path = '/admin/connections';
const perPage = 50;

/** A connection with those of its settings that are shown. */
const shownReply = connectionReply.extend({ name: z.string(), provision: z.boolean(), mfa: z.string() });

function connectionView(one: z.output<typeof shownReply>): ConnectionView {
  const { id, name, kind, preset, state, declared, provision, mfa, addresses, refreshed } = one;
  return {
    ...{ id, name, kind, preset, state, declared, provision, mfa, addresses, refreshed, validUntil: one.valid_until },
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
    const add = { href: `${path}/new`, text: frame.say('connect.deed'), kind: 'primary' as const };
    const links = { href: `${path}/setup-links`, text: frame.say('console.setup-links') };
    const content = connectionsContent(frame, {
      all: items.map(connectionView),
      ...(visit.may('addConnection') && { add }),
      ...(visit.may('listSetupLinks') && { links }),
      first: cursor === undefined ? undefined : path,
      next: next === null ? undefined : `${path}?${new URLSearchParams({ cursor: next })}`,
    });
    return { title: frame.say('console.nav.connections'), content };
  },
});

const onePage = consolePage({
  path: `${path}/:id`,
  room: path,
  calls: 'getConnection',
  async get(visit) {
    const { one } = await connectionOf(visit);
    const events =
      visit.may('listAuditEvents') && (await eventsOf(visit, { target: `connection:${one.id}` }, one.href));
    const steps = { href: `${one.href}/setup`, text: visit.frame.say('connect.steps'), kind: 'primary' as const };
    const keys = { href: `${one.href}/keys`, text: visit.frame.say('console.connections.keys') };
    const view = {
      deeds: [...(one.kind !== 'ldap' && visit.may('listConnectionKeys') ? [keys] : []), steps],
      timeZone: visit.user.profile.zoneinfo,
      events,
    };
    return {
      title: visit.frame.say('console.connections.title', { name: one.name }),
      content: connectionContent(visit.frame, one, view),
    };
  },
});

/** The four steps of connecting a provider, in the console. */
const wizard = connectionWizard({ at: (...names) => consoleAt('connections', ...names), room: path });

/** The connections to identity providers. */
export const connectionPages: readonly ConsolePage[] = [listPage, onePage, ...wizard];
