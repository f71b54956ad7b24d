import type { z } from 'zod';
import { type ApiView, apiContent, apisContent } from '../../views/admin/apis.ts';
import { type Deed, section } from '../../views/admin/parts.ts';
import { links } from '../../views/admin/roles.ts';
import { isBuiltIn } from '../directory/built-in.ts';
import { readRoute } from '../directory/route-template.ts';
import { listOf } from '../http/paging.ts';
import { html } from '../kernel/html.ts';
import { parameter } from './account-list.ts';
import { apiReply } from './api-document.ts';
import { accessRoom, addressOf, apiAt, heldBy, openParts, type Role, roleAt, rolesOf } from './console-access.ts';
import { eventsOf } from './console-events.ts';
import { type ConsolePage, type ConsoleVisit, consolePage } from './console-page.ts';

/** The path of the list. */
export const apisPath = `${accessRoom}/apis`;
const perPage = 50;

/** An API as the admin API answers it. */
export type Api = z.output<typeof apiReply>;

/** The API of this address, with the state that forms are made of. Throws `missing`. */
export async function apiOf(visit: ConsoleVisit): Promise<{ api: Api; etag: string }> {
  const { reply: api, etag } = await visit.run('getApi', apiReply, { params: { id: visit.params.id ?? '' } });
  return { api, etag };
}

function apiView({ id, permissions, routes, ...one }: Api): ApiView {
  return {
    ...{ id, permissions, href: apiAt(id), builtIn: isBuiltIn(id) },
    ...{ tokenFormat: one.token_format, signingAlg: one.signing_alg, tokenTtl: one.token_ttl },
    ...{ acr: one.acr, maxAge: one.max_age, host: one.host, profile: one.profile },
    routes: routes.map(readRoute).map(({ method, template: path, permission }) => ({ method, path, permission })),
  };
}

const listPage = consolePage({
  path: apisPath,
  room: accessRoom,
  calls: 'listApis',
  async get(visit) {
    const cursor = parameter(visit.ctx, 'cursor');
    const { items, next } = await visit.read('listApis', listOf(apiReply), { query: { cursor, limit: perPage } });
    const content = apisContent(visit.frame, {
      open: openParts(visit),
      all: items.map(apiView),
      add: visit.may('addApi') ? `${apisPath}/new` : undefined,
      first: cursor === undefined ? undefined : apisPath,
      next: next === null ? undefined : addressOf(apisPath, { cursor: next }),
    });
    return { title: visit.frame.say('console.access.apis'), content };
  },
});

/** The roles that hold each permission of an API, whether their own or from a role that they include. */
function holdersOf({ id, permissions }: Api, roles: readonly Role[]): ReadonlyMap<string, string[]> {
  const byName = new Map(roles.map((role) => [role.id, role]));
  const held = roles.map((role) => [role.id, heldBy(byName, role.id)] as const);
  return new Map(
    permissions.map((name) => [name, held.filter(([, all]) => all.has(`${id}#${name}`)).map(([role]) => role)]),
  );
}

function deedsOf(visit: ConsoleVisit, id: string): Deed[] {
  const { say } = visit.frame;
  if (isBuiltIn(id)) return [];
  return [
    ...(visit.may('changeApi') ? [{ href: apiAt(id, 'edit'), text: say('console.edit') }] : []),
    ...(visit.may('removeApi')
      ? [{ href: apiAt(id, 'remove'), text: say('console.people.remove'), kind: 'danger' as const }]
      : []),
  ];
}

const onePage = consolePage({
  path: `${apisPath}/:id`,
  room: accessRoom,
  calls: 'getApi',
  async get(visit) {
    const { frame } = visit;
    const { api } = await apiOf(visit);
    const holders = holdersOf(api, await rolesOf(visit));
    const holding = (permission: string) => {
      const all = (holders.get(permission) ?? []).map((id) => ({ id, href: roleAt(id) }));
      return all.length === 0 ? '–' : links(frame, all);
    };
    const events =
      visit.may('listAuditEvents') &&
      section(frame.say('console.nav.audit'), await eventsOf(visit, { target: `api:${api.id}` }, apiAt(api.id)));
    const content = apiContent(frame, apiView(api), {
      ...{ deeds: deedsOf(visit, api.id), events },
      holding: visit.may('listRoles') ? holding : undefined,
    });
    return { title: html`${api.id}`, content };
  },
});

/** The list of APIs, and one of them. */
export const apiPages: readonly ConsolePage[] = [listPage, onePage];
