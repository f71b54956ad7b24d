import { question } from '../../views/account/frame.ts';
import { onlyWayContent, type ProviderView, providersContent } from '../../views/account/providers.ts';
import type { Access } from '../directory/access.ts';
import type { Groups } from '../directory/groups.ts';
import type { Identities, Identity } from '../directory/identities.ts';
import type { Organizations } from '../directory/organizations.ts';
import type { User } from '../directory/users.ts';
import type { Connections } from '../federation/connections.ts';
import { missing } from '../kernel/errors.ts';
import type { Sessions } from '../protocol/sessions.ts';
import { takenBack } from '../signin/by-provider.ts';
import { mayConnect } from '../signin/joining.ts';
import type { UpstreamSessions } from '../signin/upstream-sessions.ts';
import { pageOf, parameter } from './account-list.ts';
import { type AccountPage, accountPage, type Shown, type Visit } from './account-page.ts';

interface Parts {
  access: Access;
  groups: Groups;
  organizations: Organizations;
  connections: Connections;
  ending: Sessions;
  identities: Identities;
  upstreamSessions: UpstreamSessions;
  /** Whether the person has a passkey, which needs neither password nor provider. */
  hasPasskey(user: string): Promise<boolean>;
}

const list = '/account/providers';
/** So many that the page stays below 30 kB with the longest names. */
const perPage = 25;
const disconnecting = '/account/providers/disconnect';

/**
 * Accounts at providers that open this one. To disconnect one takes a fresh sign-in. To connect one is a sign-in through it,
 * which ends in the step that proves this side too and asks whether both belong together.
 */
export const providerPages = (parts: Parts): AccountPage[] => [
  accountPage({
    path: list,
    room: list,
    needs: 'session',
    async get(visit) {
      const { ctx, frame, user } = visit;
      const all = await providers(parts, visit);
      const { part, pages } = pageOf(ctx, all, perPage);
      const linked = new Set(all.map(({ identity }) => identity.connection));
      const others = (await parts.connections.shown()).filter(({ id }) => !linked.has(id));
      const content = providersContent(frame, {
        all: part.map(({ view }) => view),
        pages,
        others: others.map(({ id, name }) => ({ id, name })),
        mayConnect: mayConnect(user) && user.password !== undefined,
        timeZone: user.profile.zoneinfo,
      });
      return { title: frame.say('account.nav.providers'), content };
    },
  }),
  accountPage({
    path: '/account/providers/connect',
    room: list,
    needs: 'session',
    async get({ ctx }) {
      const id = parameter(ctx, 'connection') ?? '';
      const known = (await parts.connections.shown()).find((connection) => connection.id === id);
      if (!known) throw missing('This provider');
      return { goOn: list, connect: known.id };
    },
  }),
  accountPage({
    path: disconnecting,
    room: list,
    needs: 'fresh',
    async get(visit) {
      const { ctx, frame } = visit;
      const { view } = await own(parts, visit, parameter(ctx, 'identity'));
      if (view.only) return onlyWay(visit, view);
      const title = frame.say('account.providers.disconnect.title', { name: view.name });
      const sentence = frame.say('account.providers.disconnect.sentence', { label: view.label, name: view.name });
      const deed = frame.say('account.providers.disconnect');
      const fields = { identity: view.id };
      return { title, content: question(frame, { title, sentence, action: disconnecting, fields, deed, back: list }) };
    },
    async post(visit, form) {
      const { view, identity } = await own(parts, visit, form.get('identity'));
      if (view.only || !(await disconnect(parts, visit, identity))) return onlyWay(visit, view);
      return { goOn: list, said: { key: 'account.providers.disconnected', values: { name: view.name } } };
    },
  }),
];

/** The person's accounts at providers, and which of them they could not do without. */
async function providers(parts: Parts, { user }: Visit) {
  const { connections, identities } = parts;
  const known = await Promise.all(
    (await identities.ofUser(user.id, { limit: 1000 })).map(async (identity) => ({
      identity,
      connection: await connections.get(identity.connection),
    })),
  );
  const ways = known.filter(({ connection }) => connection?.state === 'enabled');
  const otherwise = await needsNoProvider(parts, user);
  return known.map(({ identity, connection }): { identity: Identity; view: ProviderView } => {
    const { id, label, created: since, lastUsed: used } = identity;
    const only = !otherwise && ways.every((way) => way.identity.id === id);
    return { identity, view: { ...{ id, label, since, used, only }, name: connection?.name ?? identity.connection } };
  });
}

const needsNoProvider = async ({ hasPasskey }: Parts, { id, email, password }: User): Promise<boolean> =>
  (password !== undefined && email !== undefined) || (await hasPasskey(id));

async function hasAnotherWay(parts: Parts, { user }: Visit): Promise<boolean> {
  if (await needsNoProvider(parts, user)) return true;
  const left = await parts.identities.ofUser(user.id, { limit: 1000 });
  const connections = await Promise.all(left.map(({ connection }) => parts.connections.get(connection)));
  return connections.some((connection) => connection?.state === 'enabled');
}

/** One of them; those of others are not there. Throws `missing`. */
async function own(parts: Parts, visit: Visit, id: string | undefined) {
  const one = (await providers(parts, visit)).find(({ identity }) => identity.id === id);
  if (!one) throw missing('This provider');
  return one;
}

function onlyWay({ frame }: Visit, { name }: ProviderView): Shown {
  const title = frame.say('account.providers.disconnect.title', { name });
  return { title, content: onlyWayContent(frame, title), status: 409 };
}

/**
 * With the roles that came with it, and the sessions that came through it: those end with all that rests on them. False when
 * the person would have no way to sign in any more.
 */
async function disconnect(parts: Parts, visit: Visit, identity: Identity): Promise<boolean> {
  const { id, connection, subject } = identity;
  const { user, seen } = visit;
  const actor = `user:${user.id}`;
  const { ending, identities, upstreamSessions } = parts;
  await identities.unlink(id, actor);
  // Two forms at once may both have seen the other way.
  if (!(await hasAnotherWay(parts, visit))) {
    await identities.link(identity, { actor, ...seen });
    return false;
  }
  const left = await identities.ofUser(user.id, { limit: 1000 });
  if (left.every((one) => one.connection !== connection)) await takenBack(parts, user.id, connection, actor);
  for (const { uid } of await ending.list(user.id)) {
    const through = await upstreamSessions.ofSession(uid);
    if (through?.connection === connection && through.subject === subject) await ending.end(uid);
  }
  return true;
}
