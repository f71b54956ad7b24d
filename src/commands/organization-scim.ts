import { given } from '../http/given.ts';
import { scimTokenReply, scimTokensReply } from '../routes/admin-scim-tokens.ts';
import { deskCommand } from './desk.ts';
import { columns, moment } from './listing.ts';
import { whole } from './reading.ts';

/** `sallyport organization scim-token ID`: what an identity provider pushes people and groups with. */
export const organizationScimToken = deskCommand({
  words: ['organization', 'scim-token'],
  operands: ['id'],
  options: {
    overlap: { value: 'SECONDS', about: 'How long the older token still counts (default a day; 0: no longer)' },
    list: { about: 'Show when those that it has were made and used, and make none' },
    remove: { about: 'End all that it has, and make none' },
  },
  about: 'Give an organization a token with which Entra ID or Okta pushes people and groups; it is printed once',
  async run({ operands: { id }, options, answer }, desk) {
    const params = { id };
    if (options.list || options.remove) {
      const { items } = await desk.call('listScimTokens', scimTokensReply, { params });
      if (options.remove) {
        await desk.tell('removeScimTokens', { params });
        return answer({ organization: id, removed: items.length }, `${id} has no SCIM token any more`);
      }
      const rows = items.map(({ created, last_used: used, expires }) => [created, used, expires].map(moment));
      return answer(items, columns(['made', 'last used', 'ends'], rows));
    }
    const body = given({ overlap: whole('overlap', options.overlap) });
    const made = await desk.call('addScimToken', scimTokenReply, { params, body });
    const end = made.older_expires;
    const before = end === undefined ? '' : `\nThe older token counts until ${moment(end)}`;
    const text = `Tenant URL, or base URL: ${made.base_url}\nToken (shown this once): ${made.scim_token}${before}`;
    return answer(made, text);
  },
});
