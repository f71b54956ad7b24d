import type { z } from 'zod';
import { limitText, parseLimit } from '../clients/tier-limits.ts';
import { given } from '../http/given.ts';
import { clientReply } from '../routes/client-document.ts';
import { tierReply } from '../routes/tier-document.ts';
import { misused } from './command.ts';
import { deskCommand } from './desk.ts';
import { columns, facts } from './listing.ts';
import { whole } from './reading.ts';

const options = {
  limit: {
    value: 'LIMIT',
    repeat: true,
    about:
      "'100 per minute', '5000 per 15 minutes', '10 per second on AUDIENCE'; replaces those it has; none: no limit",
  },
  excess: {
    value: 'E',
    choices: ['reject', 'queue'],
    about: 'What becomes of a call above a limit (default reject); queue: it waits for the next period',
  },
  patience: {
    value: 'SECONDS',
    about: 'How long a call may wait (default 2, at most 20); less than the gateway waits',
  },
} as const;

interface Said {
  readonly limit: readonly string[];
  readonly excess: 'reject' | 'queue' | undefined;
  readonly patience: string | undefined;
}

function said({ limit, excess, patience }: Said) {
  const none = limit.includes('none');
  if (none && limit.length > 1) throw misused('--limit none stands alone');
  const limits = none ? [] : limit.length > 0 ? limit.map(parseLimit) : undefined;
  return given({ limits, excess, patience: whole('patience', patience) });
}

const texts = ({ limits }: z.output<typeof tierReply>): string[] => limits.map((limit) => limitText(given(limit)));

const add = deskCommand({
  words: ['tier', 'add'],
  operands: ['name'],
  options,
  about: 'Define an SLA tier; clients that have one of this name already get its limits',
  async run({ operands: { name: id }, options, answer }, desk) {
    if (options.limit.length === 0) throw misused("say what it allows, such as --limit '100 per minute'");
    const tier = await desk.call('addTier', tierReply, { body: { id, ...said(options) } });
    answer(tier, `Added the tier ${id}; give it to clients: sallyport client approve ID --tier ${id}`);
  },
});

const set = deskCommand({
  words: ['tier', 'set'],
  operands: ['name'],
  options,
  about: 'Change an SLA tier from the next call on; what is not named stays',
  async run({ operands: { name: id }, options, answer }, desk) {
    const body = said(options);
    if (Object.keys(body).length === 0) throw misused('name what to change');
    answer(await desk.call('changeTier', tierReply, { params: { id }, body }), `Changed the tier ${id}`);
  },
});

const list = deskCommand({
  words: ['tier', 'list'],
  about: 'List the SLA tiers that are defined',
  async run({ answer }, desk) {
    const all = await desk.all('listTiers', tierReply);
    const rows = all.map((tier) => [tier.id, texts(tier), tier.excess, tier.patience]);
    answer(all, columns(['tier', 'limits', 'excess', 'patience'], rows));
  },
});

const show = deskCommand({
  words: ['tier', 'show'],
  operands: ['name'],
  about: 'Show an SLA tier and who has it',
  async run({ operands: { name: id }, answer }, desk) {
    const tier = await desk.call('getTier', tierReply, { params: { id } });
    const clients = (await desk.all('listClients', clientReply, { query: { tier: id } })).map((client) => client.id);
    answer({ ...tier, clients }, facts({ ...tier, limits: texts(tier), clients }));
  },
});

const remove = deskCommand({
  words: ['tier', 'remove'],
  operands: ['name'],
  about: 'Remove an SLA tier that no client has',
  async run({ operands: { name: id }, answer }, desk) {
    await desk.tell('removeTier', { params: { id } });
    answer({ id }, `Removed the tier ${id}`);
  },
});

/** `sallyport tier …` */
export const tierCommands = [add, set, list, show, remove];
