import { events } from '../audit/events.ts';
import { type Search, searched } from '../audit/searching.ts';
import { syslogLine } from '../audit/syslog.ts';
import type { Recorded, Trail } from '../audit/trail.ts';
import { Problem } from '../kernel/errors.ts';
import { verifyTrail } from '../routes/admin-audit.ts';
import { checkpointDocument, eventDocument, eventLine } from '../routes/audit-document.ts';
import { command, misused } from './command.ts';
import { columns } from './listing.ts';
import { actor, inHouse } from './office.ts';
import { fileJson, whole } from './reading.ts';

const usual = 50;
const chunk = 500;

const filters = {
  type: { value: 'TYPE', about: `What happened: ${Object.keys(events).slice(0, 3).join(', ')} …` },
  target: { value: 'TARGET', about: 'To what: client:ID, user:ID, role:NAME, api:AUDIENCE …' },
  actor: { value: 'ACTOR', about: 'Who did it: cli, system, user:ID, client:ID, registrar:NAME' },
  outcome: { value: 'OUTCOME', choices: ['success', 'failure'], about: 'How it went' },
  ip: { value: 'ADDRESS', about: 'From where' },
  reference: {
    value: 'REFERENCE',
    about: 'What a page with an error told a person, or the x-request-id of an answer',
  },
  since: { value: 'TIME', about: 'Nothing before this time, such as 2026-01-31' },
  until: { value: 'TIME', about: 'Nothing from this time on' },
} as const;

type Filters = { readonly [N in keyof typeof filters]?: string | undefined } & Pick<Search, 'outcome'>;

const time = (option: string, text: string | undefined): number | undefined => {
  const milliseconds = text === undefined ? 0 : Date.parse(text);
  if (Number.isNaN(milliseconds)) throw misused(`--${option} must be a time such as 2026-01-31T18:00:00Z`);
  return text === undefined ? undefined : milliseconds / 1000;
};

const searchOf = ({ reference, since, until, ...rest }: Filters): Search => ({
  ...rest,
  requestId: reference,
  since: time('since', since),
  until: time('until', until),
});

/** Everything that fits, page by page. */
async function* found(trail: Trail, search: Search, order: 'newest' | 'oldest'): AsyncGenerator<Recorded> {
  for (let from: string | undefined; ; ) {
    const { events: page, next } = await searched(trail, search, { order, from, limit: chunk });
    yield* page;
    if (next === undefined) return;
    from = next;
  }
}

async function last(trail: Trail, search: Search, limit: number): Promise<Recorded[]> {
  const kept: Recorded[] = [];
  for await (const event of found(trail, search, 'newest')) {
    if (kept.length >= limit) break;
    kept.unshift(event);
  }
  return kept;
}

const search = command({
  words: ['audit', 'search'],
  options: { ...filters, limit: { value: 'N', about: `How many, the latest ones (default ${usual})` } },
  about: 'Show what happened, the latest last',
  run: ({ options: { limit, ...rest }, answer }) =>
    inHouse(async ({ trail }) => {
      const events = await last(trail, searchOf(rest), whole('limit', limit) ?? usual);
      const rows = events.map(({ at, type, actor, target, outcome, detail }) => {
        const more = Object.entries(detail ?? {}).map(([name, fact]) => `${name}=${fact}`);
        return [new Date(at).toISOString(), type, actor, target, outcome === 'failure' ? outcome : '', more.join(' ')];
      });
      answer(events.map(eventDocument), columns(['time', 'type', 'actor', 'target', 'outcome', 'detail'], rows));
    }),
});

const exporting = command({
  words: ['audit', 'export'],
  options: {
    ...filters,
    format: { value: 'FORMAT', choices: ['jsonl', 'syslog'], about: 'A line of JSON or of RFC 5424 for each event' },
  },
  about: 'Print everything that happened, the oldest first, one line for each event',
  run: ({ options: { format = 'jsonl', ...rest }, print }) =>
    inHouse(async ({ trail }, { issuer }) => {
      const host = new URL(issuer).hostname;
      const line = format === 'jsonl' ? eventLine : (event: Recorded) => syslogLine(event, host);
      for await (const event of found(trail, searchOf(rest), 'oldest')) print(line(event));
    }),
});

const tampered = (sentence: string): Problem => new Problem({ code: 'tampered', status: 500, sentence });

const verifying = command({
  words: ['audit', 'verify'],
  options: {
    checkpoint: { value: 'FILE', about: 'What sallyport audit head printed before: nothing up to there is missing' },
  },
  about: 'Read the whole trail and say whether every event is there and as it was recorded',
  run: ({ options: { checkpoint: file }, answer }) =>
    inHouse(async ({ trail }) => {
      const read = file === undefined ? undefined : checkpointDocument.safeParse(fileJson('checkpoint', file));
      if (read && !read.success) throw misused('--checkpoint must be a file that sallyport audit head has printed');
      const result = await verifyTrail(trail, read?.data);
      const { events: count, unchained, removed, findings } = result;
      const [first] = findings;
      const before = [
        ...(unchained > 0 ? [`${unchained} events from before there were chains cannot be verified`] : []),
        ...(removed > 0 ? [`${removed} events were removed when their time was over`] : []),
      ];
      const sentences = first ? findings.map(({ sentence }) => sentence) : [`The trail is whole: ${count} events`];
      answer(result, [...sentences, ...before].join('\n'));
      if (first) throw tampered(`the audit trail was tampered with: ${first.sentence}`);
    }),
});

const head = command({
  words: ['audit', 'head'],
  about: 'Print how long the trail is, as JSON; kept elsewhere, it shows later that nothing was cut off',
  run: ({ print }) =>
    inHouse(async ({ trail }) => {
      const checkpoint = await trail.checkpoint();
      if (!checkpoint) throw tampered('there is no trail yet, or its seal is no good; see: sallyport audit verify');
      print(JSON.stringify(checkpoint));
    }),
});

const rotateKey = command({
  words: ['audit', 'rotate-key'],
  about: 'Chain what happens from now on under a new key; what was chained before still verifies',
  run: ({ answer }) =>
    inHouse(async ({ trail }) => {
      const key = await trail.rotateKey(actor);
      answer({ key }, `Events are chained under the key ${key} from now on`);
    }),
});

/** `sallyport audit …` */
export const auditCommands = [search, exporting, verifying, head, rotateKey];
