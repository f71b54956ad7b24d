import { given } from '../http/given.ts';
import { missing } from '../kernel/errors.ts';
import { scimBase } from '../routes/admin-scim-tokens.ts';
import { command } from './command.ts';
import { columns, moment } from './listing.ts';
import { actor, inHouse } from './office.ts';
import { whole } from './reading.ts';

/** `sallyport organization scim-token ID`: what an identity provider pushes people and groups with. */
export const organizationScimToken = command({
  words: ['organization', 'scim-token'],
  operands: ['id'],
  options: {
    overlap: { value: 'SECONDS', about: 'How long the older token still counts (default a day; 0: no longer)' },
    list: { about: 'Show when those that it has were made and used, and make none' },
    remove: { about: 'End all that it has, and make none' },
  },
  about: 'Give an organization a token with which Entra ID or Okta pushes people and groups; it is printed once',
  run: ({ operands: { id }, options, answer }) =>
    inHouse(async ({ organizations, scim: { tokens } }, { issuer }) => {
      if (!(await organizations.get(id))) throw missing(`The organization ${id}`);
      const where = { organization: id, base_url: scimBase(issuer, id) };
      if (options.remove) {
        const removed = await tokens.remove(id, actor);
        return answer({ organization: id, removed }, `${id} has no SCIM token any more`);
      }
      if (options.list) {
        const all = await tokens.list(id);
        const items = all.map(({ lastUsed, ...times }) => ({ ...times, ...given({ last_used: lastUsed }) }));
        const rows = all.map(({ created, expires, lastUsed }) => [created, lastUsed, expires].map(moment));
        return answer({ ...where, items }, columns(['made', 'last used', 'ends'], rows));
      }
      const { token, older } = await tokens.make(id, actor, whole('overlap', options.overlap));
      const before = older === undefined ? '' : `\nThe older token counts until ${moment(older)}`;
      return answer(
        { ...where, scim_token: token, ...given({ older_expires: older }) },
        `Tenant URL, or base URL: ${where.base_url}\nToken (shown this once): ${token}${before}`,
      );
    }),
});
