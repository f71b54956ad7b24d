import { X509Certificate } from 'node:crypto';
import { type Ending, overviewContent, type Slot, type Waiting } from '../../views/admin/overview.ts';
import { listOf } from '../http/paging.ts';
import { parameter } from './account-list.ts';
import { keysReply } from './admin-keys.ts';
import { overviewReply } from './admin-overview.ts';
import { eventsReply } from './audit-document.ts';
import { clientReply } from './client-document.ts';
import { connectionReply } from './connection-document.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage } from './console-page.ts';

const day = 24 * 60 * 60;
/** What ends within so long is told of (seconds), and what ends within so long is urgent. */
const [soon, urgent] = [60 * day, 14 * day];
const seconds = (): number => Math.floor(Date.now() / 1000);

/** The first page of the console. Everything on it is shown as far as the person may see it. */
export const overviewPages: readonly ConsolePage[] = [
  consolePage({
    path: '/admin',
    room: '/admin',
    async get(visit) {
      const { frame, user } = visit;
      const [activity, waiting, endings] = await Promise.all([activityOf(visit), waits(visit), ends(visit)]);
      const view = { activity, waiting, endings, timeZone: user.profile.zoneinfo };
      return { title: frame.say('console.nav.overview'), content: overviewContent(frame, view) };
    },
  }),
];

async function activityOf(visit: ConsoleVisit) {
  if (!visit.may('getOverview')) return undefined;
  const span = parameter(visit.ctx, 'span') === 'week' ? ('week' as const) : ('day' as const);
  const { hours } = await visit.read('getOverview', overviewReply);
  const all = hours.map(({ from, sign_ins: signIns, failures, tokens }) => ({ from, signIns, failures, tokens }));
  const slots = span === 'day' ? all.slice(-24) : joined(all, 6);
  return { span, slots, total: sum(slots) };
}

const joined = (all: readonly Slot[], by: number): Slot[] =>
  all.flatMap((slot, at) => (at % by === 0 ? [{ from: slot.from, ...sum(all.slice(at, at + by)) }] : []));

const sum = (all: readonly Slot[]): Omit<Slot, 'from'> => ({
  signIns: all.reduce((total, { signIns }) => total + signIns, 0),
  failures: all.reduce((total, { failures }) => total + failures, 0),
  tokens: all.reduce((total, { tokens }) => total + tokens, 0),
});

async function waits(visit: ConsoleVisit): Promise<Waiting[]> {
  const { say } = visit.frame;
  const found = await Promise.all([
    visit.may('listClients')
      ? pending(visit).then((count) => ({
          href: '/admin/applications?state=pending',
          name: say('console.overview.pending'),
          count,
          tone: 'warn' as const,
        }))
      : undefined,
    visit.may('listAuditEvents')
      ? failing(visit).then((count) => ({
          href: '/admin/audit?type=connection.refresh-failed',
          name: say('console.overview.failing'),
          count,
          tone: 'bad' as const,
        }))
      : undefined,
  ]);
  return found.filter((one) => one !== undefined && one.count > 0) as Waiting[];
}

async function pending(visit: ConsoleVisit): Promise<number> {
  const query = { state: 'pending', limit: 500 };
  return (await visit.read('listClients', listOf(clientReply), { query })).items.length;
}

/** Connections of which nothing could be read for a day or less. */
async function failing(visit: ConsoleVisit): Promise<number> {
  const query = { type: 'connection.refresh-failed', since: seconds() - day, limit: 500 };
  const { items } = await visit.read('listAuditEvents', eventsReply, { query });
  return new Set(items.map(({ target }) => target)).size;
}

async function ends(visit: ConsoleVisit): Promise<Ending[]> {
  const all = await Promise.all([
    visit.may('listConnections') ? certificates(visit) : [],
    visit.may('listKeys') ? keys(visit) : [],
  ]);
  return all.flat().sort((a, b) => a.at - b.at);
}

async function certificates(visit: ConsoleVisit): Promise<Ending[]> {
  const { items } = await visit.read('listConnections', listOf(connectionReply), { query: { limit: 500 } });
  return items.flatMap(({ id, valid_until: validUntil, ...one }) => {
    const all = 'certificates' in one && Array.isArray(one.certificates) ? one.certificates : [];
    return [...all.map(notAfter), ...(validUntil === undefined ? [] : [validUntil])]
      .filter((at) => at - seconds() < soon)
      .map((at) => ({
        ...ending(visit, at),
        href: visit.may('getConnection') ? consoleAt('connections', id) : undefined,
        what: visit.frame.say('console.overview.certificate'),
        name: id,
      }));
  });
}

function notAfter(pem: unknown): number {
  try {
    return Math.floor(Date.parse(new X509Certificate(String(pem)).validTo) / 1000);
  } catch {
    // What cannot be read is told of where the connection is; here it would be an end that never comes.
    return Number.POSITIVE_INFINITY;
  }
}

/** Keys whose end is planned; they are replaced by themselves, so that is never urgent. */
async function keys(visit: ConsoleVisit): Promise<Ending[]> {
  const { items } = await visit.read('listKeys', keysReply);
  return items.flatMap(({ kid, alg, until }) =>
    until === undefined
      ? []
      : [
          {
            ...ending(visit, until),
            tone: 'plain' as const,
            href: '/admin/settings/keys',
            what: visit.frame.say('console.overview.key', { alg }),
            name: kid,
          },
        ],
  );
}

function ending({ frame }: ConsoleVisit, at: number): Pick<Ending, 'at' | 'tone' | 'state'> {
  const left = at - seconds();
  if (left <= 0) return { at, tone: 'bad', state: frame.say('console.overview.ended') };
  const state = frame.say('console.overview.days', { count: Math.ceil(left / day) });
  return { at, tone: left < urgent ? 'bad' : 'warn', state };
}
