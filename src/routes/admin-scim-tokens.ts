import { z } from 'zod';
import type { Organizations } from '../directory/organizations.ts';
import { given } from '../http/given.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import type { ScimTokens } from '../scim/tokens.ts';

interface Parts {
  issuer: string;
  organizations: Pick<Organizations, 'get'>;
  scim: { tokens: ScimTokens };
}

const params = z.object({ id: z.string() });
const path = '/organizations/:id/scim-tokens';
const time = z.int().meta({ description: 'Seconds since the epoch' });
const body = z
  .strictObject({ overlap: z.int().meta({ description: 'Seconds, usually a day; 0 ends the older one at once' }) })
  .partial();
/** A token that was made just now, shown this once, and where it is used. */
export const scimTokenReply = z.object({
  organization: z.string(),
  base_url: z.string().meta({ description: 'Tenant URL in Entra ID, base URL in Okta' }),
  scim_token: z.string(),
  older_expires: time.optional(),
});

/** When the tokens of an organisation were made and used, and end. */
export const scimTokensReply = z.object({
  items: z.array(z.object({ created: time, expires: time.optional(), last_used: time.optional() })),
  next: z.null(),
});

/** Where an organisation's identity provider pushes. */
export const scimBase = (issuer: string, organization: string): string =>
  `${issuer}/scim/v2/${encodeURIComponent(organization)}`;

async function refuseUnknown({ organizations }: Parts, id: string): Promise<void> {
  if (!(await organizations.get(id))) throw missing(`The organization ${id}`);
}

/** The tokens with which organisations' identity providers push people and groups; the CLI makes the same calls. */
export const adminScimTokens = (parts: Parts): Operation[] => [
  operation({
    name: 'listScimTokens',
    method: 'get',
    path,
    about: 'Show when the SCIM tokens of an organization were made and used, and when they end',
    permission: 'organizations:read',
    params,
    reply: scimTokensReply,
    async run({ params: { id } }) {
      await refuseUnknown(parts, id);
      const all = await parts.scim.tokens.list(id);
      const items = all.map(({ lastUsed, ...times }) => ({ ...times, ...given({ last_used: lastUsed }) }));
      return { items, next: null };
    },
  }),
  operation({
    name: 'addScimToken',
    method: 'post',
    path,
    about:
      'Give an organization a token to push people and groups with, shown this once; the older one ends after the overlap',
    // Whoever has one can push people in, themselves too.
    permission: 'users:write',
    params,
    body,
    reply: scimTokenReply,
    status: 201,
    async run({ params: { id }, body: { overlap }, actor }) {
      await refuseUnknown(parts, id);
      const { token, older } = await parts.scim.tokens.make(id, actor, overlap);
      const where = { organization: id, base_url: scimBase(parts.issuer, id) };
      return { ...where, scim_token: token, ...given({ older_expires: older }) };
    },
  }),
  operation({
    name: 'removeScimTokens',
    method: 'delete',
    path,
    about: 'End all SCIM tokens of an organization at once; people and groups stay as they are',
    permission: 'organizations:write',
    params,
    async run({ params: { id }, actor }) {
      await refuseUnknown(parts, id);
      await parts.scim.tokens.remove(id, actor);
    },
  }),
];
