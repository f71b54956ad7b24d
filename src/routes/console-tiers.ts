import type { z } from 'zod';
import type { FormField } from '../../views/admin/form-page.ts';
import { type TierView, tiersContent } from '../../views/admin/tiers.ts';
import { limitText, parseLimit } from '../clients/tier-limits.ts';
import { given } from '../http/given.ts';
import { askingPage, fillingPage, type Thing } from './console-forms.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, lines, matchOf } from './console-page.ts';
import { pageOf, partPage, settings } from './console-settings-parts.ts';
import { tierReply } from './tier-document.ts';

const room = settings;
const path = `${settings}/tiers`;
const at = `${path}/:id`;

type Tier = z.output<typeof tierReply>;

const limitsOf = ({ limits }: Tier): string[] => limits.map((limit) => limitText(given(limit)));

function tierView(visit: ConsoleVisit, tier: Tier): TierView {
  const { id, excess, patience } = tier;
  return {
    ...{ id, excess, patience, limits: limitsOf(tier) },
    href: visit.may('changeTier') ? consoleAt('settings', 'tiers', id, 'edit') : undefined,
    remove: visit.may('removeTier') ? consoleAt('settings', 'tiers', id, 'remove') : undefined,
  };
}

async function tierOf(visit: ConsoleVisit): Promise<Thing & { tier: Tier }> {
  const { reply: tier, etag } = await visit.run('getTier', tierReply, { params: { id: visit.params.id ?? '' } });
  return { tier, name: tier.id, back: path, etag };
}

const listPage = partPage(
  'tiers',
  async (visit) => {
    const { items, ...ways } = await pageOf(visit, { operation: 'listTiers', item: tierReply, path });
    return tiersContent(visit.frame, { all: items.map((one) => tierView(visit, one)), ...ways });
  },
  { add: 'addTier' },
);

type Name = 'id' | 'limits' | 'excess' | 'patience';
const names = ['id', 'limits', 'excess', 'patience'] as const;
type Field = FormField & { name: Name };

const terms = ({ frame: { say } }: ConsoleVisit): Field[] => [
  { name: 'limits', label: say('console.tiers.limits'), hint: say('console.tiers.limits.hint'), lines: true },
  {
    ...{ name: 'excess', label: say('console.tiers.excess') },
    options: (['reject', 'queue'] as const).map((one) => [one, say(`console.tiers.choose.${one}`)] as const),
  },
  { name: 'patience', label: say('console.tiers.patience'), hint: say('console.tiers.patience.hint'), maxlength: 3 },
];

/** A patience that is left empty is taken away, or is not given to a new tier. */
function termsOf(form: ReadonlyMap<string, string>, nothing: null | undefined) {
  const patience = form.get('patience')?.trim() ?? '';
  const excess = form.get('excess');
  const waits = excess === 'queue' && patience !== '';
  return { limits: lines(form, 'limits').map(parseLimit), excess, patience: waits ? Number(patience) : nothing };
}

const addPage = fillingPage<Name>({
  path: `${path}/new`,
  ...{ room, calls: 'addTier', names },
  title: ({ frame }) => frame.say('console.tiers.add'),
  deed: 'console.tiers.add',
  async fields(visit) {
    return [{ name: 'id', label: visit.frame.say('console.name'), required: true, maxlength: 100 }, ...terms(visit)];
  },
  now: async () => ({ name: '', back: path, values: { id: '', limits: '', excess: 'reject', patience: '' } }),
  async send(visit, form) {
    const name = form.get('id')?.trim() ?? '';
    await visit.do('addTier', { body: { id: name, ...termsOf(form, undefined) } });
    return { goOn: path, said: { key: 'console.saved', values: { name } } };
  },
});

const editPage = fillingPage<Name>({
  path: `${at}/edit`,
  ...{ room, calls: 'changeTier', names },
  title: ({ frame }, name) => frame.say('console.applications.edit.title', { name }),
  about: ({ frame }) => frame.say('console.tiers.edit.about'),
  deed: 'console.save',
  fields: async (visit) => terms(visit),
  async now(visit) {
    const { tier, ...thing } = await tierOf(visit);
    const { id, excess, patience = '' } = tier;
    return { ...thing, values: { id, limits: limitsOf(tier).join('\n'), excess, patience: String(patience) } };
  },
  async send(visit, form) {
    const { id: name = '' } = visit.params;
    await visit.do('changeTier', { params: { id: name }, body: termsOf(form, null), match: matchOf(form) });
    return { goOn: path, said: { key: 'console.saved', values: { name } } };
  },
});

const removePage = askingPage({
  path: `${at}/remove`,
  ...{ room, calls: 'removeTier', danger: true, text: 'tiers.remove', of: tierOf, list: path },
});

/** What applications may ask of APIs. */
export const tierPages: readonly ConsolePage[] = [listPage, addPage, editPage, removePage];
