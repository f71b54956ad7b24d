import type { z } from 'zod';
import type { Deed } from '../../views/admin/parts.ts';
import { type SettingsPart, settingsHead, settingsParts } from '../../views/admin/settings.ts';
import { listOf } from '../http/paging.ts';
import { type Html, html } from '../kernel/html.ts';
import { parameter } from './account-list.ts';
import { type ConsolePage, type ConsoleVisit, consolePage } from './console-page.ts';

/** The room of the settings. */
export const settings = '/admin/settings';
const perPage = 50;

/** What the first page of each part shows. */
const needed: Record<SettingsPart, string> = {
  organizations: 'listOrganizations',
  'second-factors': 'listMfaPolicies',
  keys: 'listKeys',
  webhooks: 'listWebhooks',
  registrars: 'listRegistrars',
  tiers: 'listTiers',
  server: 'getSettings',
};

/** The parts that this person may open. */
export const openParts = (visit: ConsoleVisit): SettingsPart[] =>
  settingsParts.filter((part) => visit.may(needed[part]));

/** The first page of a part. `add`: the operation for which a button leads to the page `new` below it. */
export const partPage = (
  part: SettingsPart,
  content: (visit: ConsoleVisit) => Promise<Html>,
  { add, deeds = () => [] }: { add?: string; deeds?(visit: ConsoleVisit): Deed[] } = {},
): ConsolePage =>
  consolePage({
    path: `${settings}/${part}`,
    room: settings,
    calls: needed[part],
    async get(visit) {
      const { frame } = visit;
      const first =
        add !== undefined && visit.may(add)
          ? [{ href: `${settings}/${part}/new`, text: frame.say('console.add'), kind: 'primary' as const }]
          : [];
      const head = settingsHead(frame, { part, open: openParts(visit), deeds: [...first, ...deeds(visit)] });
      return { title: frame.say(`console.settings.${part}`), content: html`${head}\n${await content(visit)}` };
    },
  });

/** One page of a list that is shown at `path`, and the ways to the next one and to the first. */
export async function pageOf<S extends z.ZodType>(
  visit: ConsoleVisit,
  { operation, item, path, params }: { operation: string; item: S; path: string; params?: Record<string, string> },
): Promise<{ items: z.output<S>[]; first: string | undefined; next: string | undefined }> {
  const cursor = parameter(visit.ctx, 'cursor');
  const query = { cursor, limit: perPage };
  const { items, next } = await visit.read(operation, listOf(item), { query, ...(params && { params }) });
  return {
    items,
    first: cursor === undefined ? undefined : path,
    next: next === null ? undefined : `${path}?${new URLSearchParams({ cursor: next })}`,
  };
}

/** The same list whole, as far as a choice is made of it; empty for whoever may not see it. */
export async function someOf<S extends z.ZodType>(
  visit: ConsoleVisit,
  operation: string,
  item: S,
  query: Record<string, string> = {},
): Promise<z.output<S>[]> {
  if (!visit.may(operation)) return [];
  return (await visit.read(operation, listOf(item), { query: { limit: 500, ...query } })).items;
}
