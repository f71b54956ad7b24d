import { limitText, parseLimit } from '../clients/tier-limits.ts';
import type { Tier } from '../clients/tiers.ts';
import type { House } from '../house.ts';
import { given } from '../http/given.ts';
import { missing } from '../kernel/errors.ts';
import { tierChange, tierDocument, tierTerms } from '../routes/tier-document.ts';
import { command, misused } from './command.ts';
import { columns, everything, facts } from './listing.ts';
import { actor, inHouse } from './office.ts';
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

interface Given {
  readonly limit: readonly string[];
  readonly excess: Tier['excess'] | undefined;
  readonly patience: string | undefined;
}

function said({ limit, excess, patience }: Given) {
  const none = limit.includes('none');
  if (none && limit.length > 1) throw misused('--limit none stands alone');
  const limits = none ? [] : limit.length > 0 ? limit.map(parseLimit) : undefined;
  return given({ limits, excess, patience: whole('patience', patience) });
}

const shown = ({ limits, ...tier }: Tier) => facts({ ...tier, limits: limits.map(limitText) });

async function known(name: string, { tiers }: House): Promise<Tier> {
  const tier = await tiers.get(name);
  if (!tier) throw missing(`The tier ${name}`);
  return tier;
}

const add = command({
  words: ['tier', 'add'],
  operands: ['name'],
  options,
  about: 'Define an SLA tier; clients that have one of this name already get its limits',
  run: ({ operands: { name }, options, answer }) =>
    inHouse(async ({ tiers }) => {
      if (options.limit.length === 0) throw misused("say what it allows, such as --limit '100 per minute'");
      const tier = await tiers.add(name, tierTerms(said(options)), actor);
      answer(
        tierDocument(tier),
        `Added the tier ${name}; give it to clients: sallyport client approve ID --tier ${name}`,
      );
    }),
});

const set = command({
  words: ['tier', 'set'],
  operands: ['name'],
  options,
  about: 'Change an SLA tier from the next call on; what is not named stays',
  run: ({ operands: { name }, options, answer }) =>
    inHouse(async ({ tiers }) => {
      const change = said(options);
      if (Object.keys(change).length === 0) throw misused('name what to change');
      const tier = await tiers.change(name, (now) => tierChange(now, change), actor);
      answer(tierDocument(tier), `Changed the tier ${name}`);
    }),
});

const list = command({
  words: ['tier', 'list'],
  about: 'List the SLA tiers that are defined',
  run: ({ answer }) =>
    inHouse(async ({ tiers }) => {
      const all = await everything((page) => tiers.list(page));
      const rows = all.map(({ id, limits, excess, patience }) => [id, limits.map(limitText), excess, patience]);
      answer(all.map(tierDocument), columns(['tier', 'limits', 'excess', 'patience'], rows));
    }),
});

const show = command({
  words: ['tier', 'show'],
  operands: ['name'],
  about: 'Show an SLA tier and who has it',
  run: ({ operands, answer }) =>
    inHouse(async (house) => {
      const tier = await known(operands.name, house);
      const clients = (await everything((page) => house.clients.list({ tier: tier.id }, page))).map(({ id }) => id);
      answer({ ...tierDocument(tier), clients }, `${shown(tier)}\n${facts({ clients })}`);
    }),
});

const remove = command({
  words: ['tier', 'remove'],
  operands: ['name'],
  about: 'Remove an SLA tier that no client has',
  run: ({ operands: { name }, answer }) =>
    inHouse(async ({ tiers }) => {
      await tiers.remove(name, actor);
      answer({ id: name }, `Removed the tier ${name}`);
    }),
});

/** `sallyport tier …` */
export const tierCommands = [add, set, list, show, remove];
