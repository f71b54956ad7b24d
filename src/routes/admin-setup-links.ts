import { z } from 'zod';
import { beyond } from '../directory/beyond.ts';
import type { Organization, Organizations } from '../directory/organizations.ts';
import { type SetupLink, type SetupLinks, setupEnd, setupState } from '../federation/setup-links.ts';
import { given } from '../http/given.ts';
import { list, listOf, page } from '../http/paging.ts';
import { type By, type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';

interface Parts {
  issuer: string;
  organizations: Organizations;
  setupLinks: SetupLinks;
}

const path = '/organizations/:id/setup-links';
const scope = 'organization';
const text = z.string();
const time = z.int().meta({ description: 'Seconds since the epoch' });

const members = {
  id: text,
  organization: text,
  made_by: text.meta({ description: 'As the audit trail names it; the link does nothing that this one may not do' }),
  note: text.optional(),
  state: z.enum(['open', 'opened', 'expired', 'ended']),
  made: time,
  expires: time.meta({ description: 'When nothing of it works any more, in seconds since the epoch' }),
  opened: time.optional(),
  ends: time.meta({ description: 'Until when it can be opened, or who has opened it may go on' }),
  ended: time.optional(),
};

/** A set-up link as the admin API and the CLI show it, without its address. */
export const setupLinkReply = z.object(members).meta({
  id: 'SetupLink',
  description: 'A one-time link by which a customer connects the identity provider of their organization',
});

/** One that was made just now: its address is shown this once. */
export const newSetupLinkReply = z.object({
  ...members,
  link: z.url().meta({ description: 'For one browser: whoever opens it first goes on. Shown this once' }),
});

/** Where the page of a link is, below the issuer. */
export const setupPlace = (id: string, key: string): string => `/setup/link/${id}/${key}`;

const document = (link: SetupLink): z.input<typeof setupLinkReply> => ({
  ...{ id: link.id, organization: link.organization, made_by: link.by, made: link.made, expires: link.expires },
  ...{ state: setupState(link), ends: setupEnd(link) },
  ...given({ note: link.note, opened: link.opened, ended: link.ended }),
});

async function known({ organizations }: Parts, id: string, by: By): Promise<Organization> {
  const found = id === (by.organization ?? id) ? await organizations.get(id) : undefined;
  if (!found) throw missing(`The organization ${id}`);
  return found;
}

/** The admin API's operations on set-up links; the console and the CLI make the same calls. */
export const adminSetupLinks = (parts: Parts): Operation[] => [
  operation({
    name: 'listSetupLinks',
    method: 'get',
    path,
    about: 'List the set-up links of an organization, the newest first; those that are over, for 30 days',
    permission: 'connections:read',
    scope,
    params: z.object({ id: text }),
    query: page,
    reply: listOf(setupLinkReply),
    async run({ params: { id }, query, by }) {
      await known(parts, id, by);
      const { items, next } = await list(query, (where) => parts.setupLinks.of(id, where));
      return { items: items.map(document), next };
    },
  }),
  operation({
    name: 'addSetupLink',
    method: 'post',
    path,
    about:
      'Make a link by which a customer’s IT connects the identity provider of their organization, and does nothing else',
    permission: 'connections:write',
    scope,
    params: z.object({ id: text }),
    body: z
      .strictObject({
        days: z.int().min(1).max(30).meta({ description: 'How long it can be used, at most 30 (default 7)' }),
        note: text.max(200).meta({ description: 'For whom it is' }),
      })
      .partial(),
    reply: newSetupLinkReply,
    status: 201,
    async run({ params: { id }, body, actor, by }) {
      // Whoever came by a link would make it last.
      if (actor.startsWith('setup-link:')) throw beyond('another set-up link');
      await known(parts, id, by);
      const { link, key } = await parts.setupLinks.make({ organization: id, ...given(body) }, actor);
      return { ...document(link), link: `${parts.issuer}${setupPlace(link.id, key)}` };
    },
  }),
  operation({
    name: 'endSetupLink',
    method: 'delete',
    path: `${path}/:link`,
    about: 'End a set-up link at once, for whoever has opened it too',
    permission: 'connections:write',
    scope,
    params: z.object({ id: text, link: text }),
    async run({ params: { id, link }, actor, by }) {
      await known(parts, id, by);
      await parts.setupLinks.end(id, link, actor);
    },
  }),
];
