import { adminApi } from './directory/built-in.ts';
import { calledAs } from './directory/users.ts';
import { type SetupLink, setupActor } from './federation/setup-links.ts';
import type { House } from './house.ts';
import { Calls } from './http/calls.ts';
import type { Caller, Operation } from './http/resource.ts';
import { setupPages } from './routes/setup-pages.ts';

/** All that a set-up link can be for, within its organisation. */
const setupPermissions = ['connections:read', 'connections:write'];
const write = 'connections:write';

/** The connection wizard outside the console, and what it is put together of. */
export function setupRooms(house: House, operations: readonly Operation[]) {
  return {
    ...house,
    calls: new Calls(operations),
    callerOf: (link: SetupLink) => callerOf(house, link),
    inviterOf: (link: SetupLink) => inviterOf(house, link),
    pages: setupPages,
  };
}

/**
 * What a link allows at this moment: what it is for, as far as the one who made it holds that now, for the whole server or
 * within the organisation, and may act at all. Without the right to change connections it is dead.
 */
async function callerOf(house: House, link: SetupLink): Promise<Caller | undefined> {
  const { organization } = link;
  if (!(await house.organizations.get(organization))) return undefined;
  const held = await heldBy(house, link);
  const permissions = new Set(setupPermissions.filter((name) => held.has(name)));
  if (!permissions.has(write)) return undefined;
  return { actor: setupActor(link), permissions: new Set(), within: { organization, permissions } };
}

async function heldBy(
  { clients, decide, users }: House,
  { by, organization }: SetupLink,
): Promise<ReadonlySet<string>> {
  // Whoever runs commands on the server's own machine may everything.
  if (by === 'cli') return new Set(setupPermissions);
  const [, kind, id = ''] = /^(user|client):(.+)$/s.exec(by) ?? [];
  const acts = kind === 'user' ? await users.acts(id, false) : kind === 'client' && (await clients.acts(id, false));
  return new Set(acts ? (await decide.held(by, adminApi, organization)).entitlements : []);
}

async function inviterOf({ users }: House, { by }: SetupLink): Promise<string | undefined> {
  const [, id] = /^user:(.+)$/s.exec(by) ?? [];
  const user = id === undefined ? undefined : await users.get(id);
  return user && calledAs(user);
}
