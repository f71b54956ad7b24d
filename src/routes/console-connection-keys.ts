import { z } from 'zod';
import { connectionKeysContent } from '../../views/admin/connection-keys.ts';
import { html } from '../kernel/html.ts';
import { connectionKeysReply } from './admin-connection-keys.ts';
import { connectionReply } from './connection-document.ts';
import { askingPage } from './console-forms.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage } from './console-page.ts';

const room = '/admin/connections';
const path = `${room}/:id/keys`;

const namedReply = connectionReply.extend({ name: z.string() });

/** The connection of this address. Throws `missing`. */
const connectionOf = (visit: ConsoleVisit) =>
  visit.read('getConnection', namedReply, { params: { id: visit.params.id ?? '' } });

const keysPage = consolePage({
  path,
  room,
  calls: 'listConnectionKeys',
  async get(visit) {
    const { frame, user } = visit;
    const { say } = frame;
    const { id, name } = await connectionOf(visit);
    const { items } = await visit.read('listConnectionKeys', connectionKeysReply, { params: { id } });
    const at = (deed: string): string => consoleAt('connections', id, 'keys', deed);
    const deeds = [
      { href: at('rotate'), text: say('console.connections.keys.rotate.deed') },
      { href: at('replace'), text: say('console.connections.keys.replace.deed'), kind: 'danger' as const },
    ];
    const content = connectionKeysContent(frame, {
      title: say('console.connections.keys.title', { name }),
      up: { href: consoleAt('connections', id), text: html`${name}` },
      deeds: visit.may('rotateConnectionKeys') ? deeds : [],
      all: items.map(({ certificate_until: certificateUntil, ...one }) => ({ ...one, certificateUntil })),
      timeZone: user.profile.zoneinfo,
    });
    return { title: say('console.connections.keys.title', { name }), content };
  },
});

/** The deeds: in due form, and at once when a key has leaked. */
const rotatePage = (how: 'rotate' | 'replace') =>
  askingPage({
    path: `${path}/${how}`,
    ...{ room, calls: 'rotateConnectionKeys', fresh: true, text: `connections.keys.${how}` },
    ...(how === 'replace' && { danger: true }),
    async of(visit) {
      const { id, name } = await connectionOf(visit);
      return { name, back: consoleAt('connections', id, 'keys') };
    },
    async run(visit) {
      const params = { id: visit.params.id ?? '' };
      await visit.do('rotateConnectionKeys', { params, body: { at_once: how === 'replace' } });
      return undefined;
    },
  });

/** Our own keys for a connection: how they stand, and their change. */
export const connectionKeyPages: readonly ConsolePage[] = [keysPage, rotatePage('rotate'), rotatePage('replace')];
