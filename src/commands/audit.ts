import type { z } from 'zod';
import { events } from '../audit/events.ts';
import { syslogLine } from '../audit/syslog.ts';
import { loadConfig } from '../config/load.ts';
import { given } from '../http/given.ts';
import { Problem } from '../kernel/errors.ts';
import {
  checkpointDocument,
  eventOf,
  type eventReply,
  eventsReply,
  jsonLine,
  keyReply,
  verifyReply,
} from '../routes/audit-document.ts';
import { misused } from './command.ts';
import { type Desk, deskCommand } from './desk.ts';
import { columns } from './listing.ts';
import { fileJson, time, whole } from './reading.ts';
import { personOf } from './subject.ts';

const usual = 50;

const filters = {
  type: { value: 'TYPE', about: `What happened: ${Object.keys(events).slice(0, 3).join(', ')} …` },
  target: { value: 'TARGET', about: 'To what: an e-mail address, a client id, user:ID, role:NAME, api:AUDIENCE …' },
  actor: {
    value: 'ACTOR',
    about: 'Who did it: an e-mail address, a client id, user:ID, registrar:NAME, cli, system …',
  },
  outcome: { value: 'OUTCOME', choices: ['success', 'failure'], about: 'How it went' },
  ip: { value: 'ADDRESS', about: 'From where' },
  reference: {
    value: 'REFERENCE',
    about: 'What a page with an error told a person, or the x-request-id of an answer',
  },
  since: { value: 'TIME', about: 'Nothing before this time, such as 2026-01-31' },
  until: { value: 'TIME', about: 'Nothing from this time on' },
} as const;

type Filters = { readonly [N in keyof typeof filters | 'asked']?: string | undefined };
type Event = z.output<typeof eventReply>;

/** Actors without an id. */
const nobody = ['cli', 'system', 'anonymous'];

/** As the trail names it: the account of an address, and a bare id is a client's, as everywhere on the command line. */
async function inTrail(who: string | undefined, desk: Desk): Promise<string | undefined> {
  if (who === undefined || who.includes(':') || nobody.includes(who)) return who;
  return who.includes('@') ? `user:${(await personOf(who, desk)).id}` : `client:${who}`;
}

function refuseUnknownType(type: string | undefined): void {
  if (type === undefined || Object.hasOwn(events, type)) return;
  const all = Object.keys(events);
  const [noun] = type.split('.');
  const near = all.filter((one) => one.startsWith(`${noun}.`));
  const nouns = [...new Set(all.map((one) => one.replace(/\..*/, '')))];
  throw misused(
    near.length > 0
      ? `there is no event ${type}; --type may be ${near.join(', ')}`
      : `there is no event ${type}; --type is such as user.created, and begins with one of ${nouns.join(', ')}`,
  );
}

/** Everything that fits, page by page. */
async function* found(desk: Desk, { reference, since, until, ...rest }: Filters, order: string): AsyncGenerator<Event> {
  refuseUnknownType(rest.type);
  const [actor, target] = [await inTrail(rest.actor, desk), await inTrail(rest.target, desk)];
  const search = {
    ...rest,
    actor,
    target,
    order,
    request_id: reference,
    since: time('since', since),
    until: time('until', until),
  };
  for (let cursor: string | undefined; ; ) {
    const query = given({ ...search, cursor, limit: '500' });
    const { items, next } = await desk.call('listAuditEvents', eventsReply, { query });
    yield* items;
    if (next === null) return;
    cursor = next;
  }
}

async function last(desk: Desk, search: Filters, limit: number): Promise<Event[]> {
  const kept: Event[] = [];
  for await (const event of found(desk, search, 'newest')) {
    if (kept.length >= limit) break;
    kept.unshift(event);
  }
  return kept;
}

const search = deskCommand({
  words: ['audit', 'search'],
  options: {
    ...filters,
    asked: { about: 'Also what was only asked for, before it was done' },
    limit: { value: 'N', about: `How many, the latest ones (default ${usual})` },
  },
  about: 'Show what happened, the latest last',
  async run({ options: { limit, asked, ...rest }, answer }, desk) {
    const named = asked || rest.type !== undefined || rest.reference !== undefined;
    const events = await last(desk, { ...rest, asked: named ? 'show' : 'hide' }, whole('limit', limit) ?? usual);
    const rows = events.map(({ time: at, type, actor, target, outcome, detail }) => {
      const more = Object.entries(detail ?? {}).map(([name, fact]) => `${name}=${fact}`);
      return [at, type, actor, target, outcome === 'failure' ? outcome : '', more.join(' ')];
    });
    answer(events, columns(['time', 'type', 'actor', 'target', 'outcome', 'detail'], rows));
  },
});

const exporting = deskCommand({
  words: ['audit', 'export'],
  options: {
    ...filters,
    format: { value: 'FORMAT', choices: ['jsonl', 'syslog'], about: 'A line of JSON or of RFC 5424 for each event' },
  },
  about: 'Print everything that happened, the oldest first, one line for each event',
  async run({ options: { format = 'jsonl', ...rest }, print, server }, desk) {
    const host = new URL(server ?? loadConfig().issuer).hostname;
    const line = (event: Event): string => (format === 'jsonl' ? jsonLine(event) : syslogLine(eventOf(event), host));
    for await (const event of found(desk, rest, 'oldest')) print(line(event));
  },
});

const tampered = (sentence: string): Problem => new Problem({ code: 'tampered', status: 500, sentence });

const verifying = deskCommand({
  words: ['audit', 'verify'],
  options: {
    checkpoint: { value: 'FILE', about: 'What sallyport audit head printed before: nothing up to there is missing' },
  },
  about: 'Read the whole trail and say whether every event is there and as it was recorded',
  async run({ options: { checkpoint: file }, answer }, desk) {
    const body = given({ checkpoint: file === undefined ? undefined : fileJson('checkpoint', file) });
    const result = await desk.call('verifyAuditEvents', verifyReply, { body });
    const { events: count, unchained, removed, findings } = result;
    const [first] = findings;
    const before = [
      ...(unchained > 0 ? [`${unchained} events from before there were chains cannot be verified`] : []),
      ...(removed > 0 ? [`${removed} events were removed when their time was over`] : []),
    ];
    const sentences = first ? findings.map(({ sentence }) => sentence) : [`The trail is whole: ${count} events`];
    answer(result, [...sentences, ...before].join('\n'));
    if (first) throw tampered(`the audit trail was tampered with: ${first.sentence}`);
  },
});

const head = deskCommand({
  words: ['audit', 'head'],
  about: 'Print how long the trail is, as JSON; kept elsewhere, it shows later that nothing was cut off',
  async run({ print }, desk) {
    print(JSON.stringify(await desk.call('sealAuditEvents', checkpointDocument)));
  },
});

const rotateKey = deskCommand({
  words: ['audit', 'rotate-key'],
  about: 'Chain what happens from now on under a new key; what was chained before still verifies',
  async run({ answer }, desk) {
    const { key } = await desk.call('rotateAuditKey', keyReply);
    answer({ key }, `Events are chained under the key ${key} from now on`);
  },
});

/** `sallyport audit …` */
export const auditCommands = [search, exporting, verifying, head, rotateKey];
