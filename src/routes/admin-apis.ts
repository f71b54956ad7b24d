import { z } from 'zod';
import type { Access, Api } from '../directory/access.ts';
import { list, listOf, page } from '../http/paging.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import { apiChangeBody, apiDocument, apiReply, apiWith, newApiBody } from './api-document.ts';

interface Parts {
  access: Access;
}

const params = z.object({ id: z.string().meta({ description: 'The audience, percent-encoded' }) });
const write = 'apis:write';

async function known({ access }: Parts, id: string): Promise<Api> {
  const api = await access.api(id);
  if (!api) throw missing(`The API ${id}`);
  return api;
}

/** The admin API's operations on APIs; `sallyport api` makes the same calls. */
export const adminApis = (parts: Parts): Operation[] => [...reading(parts), ...changing(parts)];

const reading = (parts: Parts): Operation[] => [
  operation({
    name: 'listApis',
    method: 'get',
    path: '/apis',
    about: 'List APIs in the order of their audiences',
    permission: 'apis:read',
    query: page,
    reply: listOf(apiReply),
    async run({ query }) {
      const { items, next } = await list(query, (where) => parts.access.apis(where));
      return { items: items.map(apiDocument), next };
    },
  }),
  operation({
    name: 'getApi',
    method: 'get',
    path: '/apis/:id',
    about: 'Show an API',
    permission: 'apis:read',
    params,
    reply: apiReply,
    versioned: apiReply,
    run: async ({ params: { id } }) => apiDocument(await known(parts, id)),
  }),
];

const changing = (parts: Parts): Operation[] => [
  operation({
    name: 'addApi',
    method: 'post',
    path: '/apis',
    about: 'Add an API that tokens can be for',
    permission: write,
    body: newApiBody,
    reply: apiReply,
    status: 201,
    async run({ body: { id, ...said }, actor }) {
      const plain: Api = { id, permissions: [], tokenFormat: 'opaque', signingAlg: 'RS256', routes: [] };
      return apiDocument(await parts.access.addApi(apiWith(plain, said), actor));
    },
  }),
  operation({
    name: 'changeApi',
    method: 'patch',
    path: '/apis/:id',
    about: 'Change an API (RFC 7396: what is not named stays, null takes away)',
    permission: write,
    params,
    body: apiChangeBody,
    reply: apiReply,
    versioned: apiReply,
    async run({ params: { id }, body, actor, expect }) {
      const edit = (now: Api): Api => {
        expect(apiDocument(now));
        return apiWith(now, body);
      };
      return apiDocument(await parts.access.changeApi(id, edit, actor));
    },
  }),
  operation({
    name: 'removeApi',
    method: 'delete',
    path: '/apis/:id',
    about: 'Remove an API on which no role has permissions',
    permission: write,
    params,
    versioned: apiReply,
    async run({ params: { id }, actor, expect }) {
      expect(apiDocument(await known(parts, id)));
      await parts.access.removeApi(id, actor);
    },
  }),
];
