import { events } from '../audit/events.ts';
import type { Recorded } from '../audit/trail.ts';
import type { House } from '../house.ts';
import { command, misused } from './command.ts';
import { columns } from './listing.ts';
import { inHouse } from './office.ts';
import { whole } from './reading.ts';

const usual = 50;

/** The last `limit` events; the trail is read from its beginning, so only that many are held. */
async function last(house: House, where: Parameters<House['trail']['search']>[0], limit: number): Promise<Recorded[]> {
  let kept: Recorded[] = [];
  for (let after: string | undefined; ; ) {
    const page = await house.trail.search(where, { limit: 1000, ...(after === undefined ? {} : { after }) });
    kept = [...kept, ...page].slice(-limit);
    if (page.length < 1000) return kept;
    after = page.at(-1)?.id;
  }
}

const search = command({
  words: ['audit', 'search'],
  options: {
    type: { value: 'TYPE', about: `What happened: ${Object.keys(events).slice(0, 3).join(', ')} …` },
    target: { value: 'TARGET', about: 'To what: client:ID, user:ID, role:NAME, api:AUDIENCE …' },
    actor: { value: 'ACTOR', about: 'Who did it: cli, system, user:ID, client:ID, registrar:NAME' },
    reference: {
      value: 'REFERENCE',
      about: 'What a page with an error told a person, or the x-request-id of an answer',
    },
    since: { value: 'TIME', about: 'Nothing before this time, such as 2026-01-31' },
    limit: { value: 'N', about: `How many, the latest ones (default ${usual})` },
  },
  about: 'Show what happened, the latest last',
  run: ({ options: { limit, reference, since, ...lookups }, answer }) =>
    inHouse(async (house) => {
      const from = since === undefined ? undefined : Date.parse(since) / 1000;
      if (Number.isNaN(from)) throw misused('--since must be a time such as 2026-01-31T18:00:00Z');
      const where = Object.entries({ ...lookups, requestId: reference, since: from }).filter(
        ([, value]) => value !== undefined,
      );
      const found = await last(house, Object.fromEntries(where), whole('limit', limit) ?? usual);
      const rows = found.map(({ at, type, actor, target, outcome, detail }) => {
        const more = Object.entries(detail ?? {}).map(([name, fact]) => `${name}=${fact}`);
        return [new Date(at).toISOString(), type, actor, target, outcome === 'failure' ? outcome : '', more.join(' ')];
      });
      answer(found, columns(['time', 'type', 'actor', 'target', 'outcome', 'detail'], rows));
    }),
});

/** `sallyport audit …` */
export const auditCommands = [search];
