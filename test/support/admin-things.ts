import assert from 'node:assert/strict';
import { atHome, password } from './account.ts';
import type { AdminApi } from './admin.ts';
import type { TestApp } from './app.ts';
import { codeOf } from './totp.ts';

/** Where the things are made that requests are about. */
export interface World {
  app: TestApp;
  /** With every permission. */
  api: AdminApi;
  /** An identity provider, and a receiver of webhooks. */
  provider: string;
  receiver: string;
  /** The organisation to which everything belongs that can belong to one. */
  place: string | undefined;
  /** Names and ids of what was made: whoever may know none of it is told none of them. */
  made: string[];
}

/** The API of the demo. */
export const orders = 'https://api.example.test/orders';
let count = 0;

/** A name that nothing had before. */
export function fresh({ place, made }: World, kind: string): string {
  count += 1;
  const name = `${kind}-${place ?? 'none'}-${count}`;
  made.push(name);
  return name;
}

async function join({ app, place }: World, subject: string): Promise<void> {
  if (place !== undefined) await app.parts.organizations.join(place, subject, 'test');
}

/** A person who is active. */
export async function user(world: World, more: object = {}): Promise<string> {
  const email = `${fresh(world, 'person')}@example.test`;
  const { id } = await world.app.parts.users.add({ email, ...more }, 'test');
  world.made.push(id);
  await join(world, `user:${id}`);
  return id;
}

/** A client that gets tokens by itself. */
export async function client(
  world: World,
  state: 'pending' | 'approved' = 'approved',
  more: object = {},
): Promise<string> {
  const id = fresh(world, 'client');
  await world.app.parts.clients.add({ id, state, metadata: { grant_types: ['client_credentials'] }, ...more }, 'test');
  await join(world, `client:${id}`);
  return id;
}

/** A connection to the provider of this world. */
export async function connection(world: World): Promise<string> {
  const id = fresh(world, 'connection');
  const { app, place, provider: from } = world;
  const said = { id, preset: 'generic-oidc', from, clientId: 'us', clientSecret: 'secret' };
  await app.parts.connections.add(said, 'test');
  const here = place === undefined ? undefined : await app.parts.organizations.get(place);
  if (here) {
    await app.parts.organizations.change(here.id, { connections: [...here.connections, id] }, 'test');
  }
  return id;
}

/** A role that reads orders. */
export async function role(world: World): Promise<string> {
  const id = fresh(world, 'role');
  await world.app.parts.access.saveRole({ id, permissions: [`${orders}#orders:read`], includes: [] }, 'test');
  return id;
}

/** A group that nobody is in. */
export async function group(world: World): Promise<string> {
  const id = fresh(world, 'group');
  await world.app.parts.groups.save({ id, includes: [] }, 'test');
  return id;
}

/** The organisation that everything belongs to, or a new one. */
export async function organization(world: World): Promise<string> {
  if (world.place !== undefined) return world.place;
  const id = fresh(world, 'organization');
  await world.app.parts.organizations.add({ id, name: id, domains: [], connections: [] }, 'test');
  return id;
}

/** What is made over the API itself, where ids or secrets come from there; answers what it says. */
export async function sent({ api }: World, path: string, body: object) {
  const answer = await api.send('POST', path, body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

/** A registrar. */
export const registrar = async (world: World): Promise<string> =>
  (await sent(world, '/registrars', { id: fresh(world, 'registrar') })).id;
/** An SLA tier without limits. */
export const tier = async (world: World): Promise<string> =>
  (await sent(world, '/tiers', { id: fresh(world, 'tier'), limits: [] })).id;
/** A webhook to the receiver of this world. */
export const webhook = async (world: World): Promise<string> =>
  (await sent(world, '/webhooks', { url: world.receiver })).id;
/** An API without permissions. */
export const api = async (world: World): Promise<string> =>
  (await sent(world, '/apis', { id: `https://${fresh(world, 'api')}.example.test` })).id;

/** Somebody who is signed in, and the session. */
export async function session(world: World): Promise<{ user: string; id: string }> {
  const id = await user(world, { password });
  const { email = '' } = (await world.app.parts.users.get(id)) ?? {};
  await atHome(world.app, email);
  const { body } = await world.api.get(`/sessions?user=${id}`);
  world.made.push(body.items[0].id);
  return { user: id, id: body.items[0].id };
}

/** Somebody with a second factor, and that factor. */
export async function factor(world: World): Promise<{ user: string; id: string }> {
  const id = await user(world);
  const { enrolments } = world.app.parts;
  const place = { person: { id, name: 'somebody' }, binding: 'test' };
  const { secret } = await enrolments.offer('totp', place);
  const seen = { ip: '192.0.2.1', requestId: 'test' };
  await enrolments.accept('totp', place, { answer: { code: codeOf(secret) }, name: 'Phone', seen });
  return { user: id, id: (await enrolments.of(id))[0]?.id ?? '' };
}

/** An assignment of a role to somebody, by its id in addresses. */
export async function assignment(world: World): Promise<string> {
  const subject = `user:${await user(world)}`;
  const bounds = world.place === undefined ? {} : { organization: world.place };
  const { id } = await world.app.parts.access.assign(subject, 'orders-reader', 'test', bounds);
  const outward = Buffer.from(id).toString('base64url');
  world.made.push(outward);
  return outward;
}

/** Somebody with an account at a provider. */
export async function identity(world: World): Promise<{ user: string; connection: string }> {
  const id = await user(world, { password });
  const from = { actor: 'test', ip: '192.0.2.1', requestId: 'test' };
  const one = { connection: 'elsewhere', subject: fresh(world, 'subject'), user: id, origin: false, label: 'x' };
  await world.app.parts.identities.link(one, from);
  return { user: id, connection: 'elsewhere' };
}

/** A stream of security events that nobody takes. */
export async function stream(world: World): Promise<string> {
  const terms = { requested: [], delivery: { method: 'poll' } } as const;
  return (await world.app.parts.streams.add(await client(world), terms)).id;
}
