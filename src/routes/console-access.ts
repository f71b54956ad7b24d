import { z } from 'zod';
import { type AccessPart, accessParts, accessPath, type Cell, matrixContent } from '../../views/admin/access.ts';
import { listOf } from '../http/paging.ts';
import { invalid, Problem } from '../kernel/errors.ts';
import { parameter } from './account-list.ts';
import { roleReply } from './admin-roles.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage } from './console-page.ts';

/** The path of the room. */
export const accessRoom = '/admin/access';

/** A role as the admin API answers it. */
export type Role = z.output<typeof roleReply>;

const lists: Record<AccessPart, string> = {
  roles: 'listRoles',
  assignments: 'listAssignments',
  why: 'explainAccess',
  groups: 'listGroups',
  apis: 'listApis',
};

/** The parts of the room that this person may open. */
export const openParts = (visit: ConsoleVisit): AccessPart[] => accessParts.filter((part) => visit.may(lists[part]));

/** The page of a role. */
export const roleAt = (id: string, ...rest: readonly string[]): string => consoleAt('access', 'roles', id, ...rest);

/** The page of a group. */
export const groupAt = (id: string, ...rest: readonly string[]): string => consoleAt('access', 'groups', id, ...rest);

/** The page of an API. */
export const apiAt = (id: string, ...rest: readonly string[]): string => consoleAt('access', 'apis', id, ...rest);

/** What is asked of a list in the address: shown with what has to stay of it. */
export function addressOf(path: string, asked: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** What was asked for under these names, without blanks around it. */
export const askedFor = <N extends string>({ ctx }: ConsoleVisit, ...names: readonly N[]) =>
  Object.fromEntries(
    names.map((name) => [name, parameter(ctx, name)?.trim().slice(0, 200) || undefined] as const),
  ) as Record<N, string | undefined>;

/** Everything of a list that is read page by page. */
export async function wholeList<S extends z.ZodType>(
  visit: ConsoleVisit,
  operation: string,
  item: S,
  params: Readonly<Record<string, string>> = {},
): Promise<z.output<S>[]> {
  const all: z.output<S>[] = [];
  for (let cursor: string | undefined; ; ) {
    const { items, next } = await visit.read(operation, listOf(item), { params, query: { limit: 500, cursor } });
    all.push(...items);
    if (next === null) return all;
    cursor = next;
  }
}

/** What came of it, or why it was refused where the caller can put that right. */
export async function orProblem<T>(deed: Promise<T>): Promise<T | Problem> {
  try {
    return await deed;
  } catch (error) {
    if (error instanceof Problem && error.status < 500) return error;
    throw error;
  }
}

/** All roles, for those who may list them. */
export const rolesOf = async (visit: ConsoleVisit): Promise<Role[]> =>
  visit.may('listRoles') ? wholeList(visit, 'listRoles', roleReply) : [];

/** An API with its permissions. */
export interface KnownApi {
  id: string;
  permissions: readonly string[];
}

const apiReply = z.object({ id: z.string(), permissions: z.array(z.string()) });

/** All APIs; for those who may not list them, what roles have of them. */
export async function apisOf(visit: ConsoleVisit, roles: readonly Role[]): Promise<KnownApi[]> {
  if (visit.may('listApis')) return wholeList(visit, 'listApis', apiReply);
  const found = new Map<string, Set<string>>();
  for (const text of roles.flatMap(({ permissions }) => permissions)) {
    const { api, permission } = partsOf(text);
    found.set(api, (found.get(api) ?? new Set()).add(permission));
  }
  return [...found].sort().map(([id, permissions]) => ({ id, permissions: [...permissions].sort() }));
}

/** `AUDIENCE#PERMISSION` in its two parts. */
export function partsOf(text: string): { api: string; permission: string } {
  const sign = text.indexOf('#');
  return { api: text.slice(0, sign), permission: text.slice(sign + 1) };
}

/** How each permission is held by a role: `own`, or the roles among all that it includes whose own it is. */
export function heldBy(roles: ReadonlyMap<string, Role>, id: string): ReadonlyMap<string, Exclude<Cell, undefined>> {
  const found = new Map<string, 'own' | string[]>();
  const seen = new Set([id]);
  for (const name of seen) {
    for (const text of roles.get(name)?.permissions ?? []) {
      const known = found.get(text);
      if (known === 'own') continue;
      found.set(text, name === id ? 'own' : [...(known ?? []), name]);
    }
    for (const included of roles.get(name)?.includes ?? []) seen.add(included);
  }
  return found;
}

/** The time that was typed, in UTC, in seconds. Throws `invalid`. */
export function timeTyped(text: string): number {
  const time = Date.parse(`${text}Z`);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text) && !Number.isNaN(time)) return Math.floor(time / 1000);
  throw invalid('The end is a date and a time, such as 2030-01-31T18:00');
}

const perPage = 50;

/** The matrix: roles by the permissions of the API that the address names, or of the first one. */
const matrixPage = consolePage({
  path: accessRoom,
  room: accessRoom,
  calls: Object.values(lists),
  async get(visit) {
    const open = openParts(visit);
    if (!open.includes('roles')) return { goOn: accessPath(open[0] ?? 'roles') };
    const asked = askedFor(visit, 'api', 'q', 'only');
    const page = Math.max(1, Number(parameter(visit.ctx, 'page')) || 1);
    const roles = await rolesOf(visit);
    const apis = await apisOf(visit, roles);
    const first = apis.find(({ permissions }) => permissions.length > 0) ?? apis[0];
    const api = apis.find(({ id }) => id === asked.api) ?? first;
    const texts = api?.permissions.map((name) => `${api.id}#${name}`) ?? [];
    const byName = new Map(roles.map((role) => [role.id, role]));
    const rows = roles
      .filter(({ id }) => asked.q === undefined || id.toLowerCase().includes(asked.q.toLowerCase()))
      .map(({ id }) => {
        const held = heldBy(byName, id);
        return { id, href: roleAt(id), cells: texts.map((text) => held.get(text)) };
      })
      .filter(({ cells }) => asked.only === undefined || cells.some((cell) => cell !== undefined));
    const at = (number: number): string => addressOf(accessRoom, { ...asked, page: String(number) });
    const content = matrixContent(visit.frame, {
      open,
      apis: apis.map(({ id }) => ({
        id,
        href: addressOf(accessRoom, { ...asked, api: id }),
        open: id === api?.id,
      })),
      permissions: api?.permissions ?? [],
      rows: rows.slice((page - 1) * perPage, page * perPage),
      asked: { ...asked, api: api?.id },
      first: page > 1 ? at(1) : undefined,
      next: rows.length > page * perPage ? at(page + 1) : undefined,
      add: visit.may('addRole') ? consoleAt('access', 'roles', 'new') : undefined,
      addApi: visit.may('addApi') ? consoleAt('access', 'apis', 'new') : undefined,
      changeApi: api && visit.may('changeApi') ? apiAt(api.id, 'edit') : undefined,
    });
    return { title: visit.frame.say('console.access.roles'), content };
  },
});

/** The first page of the room. */
export const accessPages: readonly ConsolePage[] = [matrixPage];
