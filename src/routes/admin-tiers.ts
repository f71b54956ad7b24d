import { z } from 'zod';
import type { Tier, Tiers } from '../clients/tiers.ts';
import { list, listOf, page } from '../http/paging.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import { newTierBody, tierChange, tierChangeBody, tierDocument, tierReply, tierTerms } from './tier-document.ts';

const params = z.object({ id: z.string() });

async function known(tiers: Tiers, id: string): Promise<Tier> {
  const tier = await tiers.get(id);
  if (!tier) throw missing(`The tier ${id}`);
  return tier;
}

/** The admin API's operations on SLA tiers; the CLI makes the same calls. */
export const adminTiers = ({ tiers }: { tiers: Tiers }): Operation[] => [...reading(tiers), ...changing(tiers)];

const reading = (tiers: Tiers): Operation[] => [
  operation({
    name: 'listTiers',
    method: 'get',
    path: '/tiers',
    about: 'List the SLA tiers that are defined, in the order of their names',
    permission: 'tiers:read',
    query: page,
    reply: listOf(tierReply),
    async run({ query }) {
      const { items, next } = await list(query, (where) => tiers.list(where));
      return { items: items.map(tierDocument), next };
    },
  }),
  operation({
    name: 'getTier',
    method: 'get',
    path: '/tiers/:id',
    about: 'Show an SLA tier',
    permission: 'tiers:read',
    params,
    reply: tierReply,
    versioned: tierReply,
    run: async ({ params: { id } }) => tierDocument(await known(tiers, id)),
  }),
];

const changing = (tiers: Tiers): Operation[] => [
  operation({
    name: 'addTier',
    method: 'post',
    path: '/tiers',
    about: 'Define an SLA tier; clients that have one of this name already get its limits',
    permission: 'tiers:write',
    body: newTierBody,
    reply: tierReply,
    status: 201,
    run: async ({ body: { id, ...said }, actor }) => tierDocument(await tiers.add(id, tierTerms(said), actor)),
  }),
  operation({
    name: 'changeTier',
    method: 'patch',
    path: '/tiers/:id',
    about: 'Change an SLA tier from the next call on (RFC 7396: what is not named stays, null takes away)',
    permission: 'tiers:write',
    params,
    body: tierChangeBody,
    reply: tierReply,
    versioned: tierReply,
    async run({ params: { id }, body, actor, expect }) {
      const change = (now: Tier) => {
        expect(tierDocument(now));
        return tierChange(now, body);
      };
      return tierDocument(await tiers.change(id, change, actor));
    },
  }),
  operation({
    name: 'removeTier',
    method: 'delete',
    path: '/tiers/:id',
    about: 'Remove an SLA tier that no client has',
    permission: 'tiers:write',
    params,
    versioned: tierReply,
    async run({ params: { id }, actor, expect }) {
      expect(tierDocument(await known(tiers, id)));
      await tiers.remove(id, actor);
    },
  }),
];
