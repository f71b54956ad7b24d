import assert from 'node:assert/strict';
import { atHome, password } from './account.ts';
import type { AdminApi } from './admin.ts';
import type { TestApp } from './app.ts';
import { codeOf } from './totp.ts';

/** A request that an operation of the admin API can be done with, from the path below /admin/api/v1. */
export interface Request {
  path: string;
  body?: object;
}

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

/** Makes what the operation needs, so that it can be done with its permission alone. */
type Fixture = (world: World) => Promise<Request>;

const orders = 'https://api.example.test/orders';
const enc = encodeURIComponent;
let count = 0;

/** A name that nothing had before. */
function fresh({ place, made }: World, kind: string): string {
  count += 1;
  const name = `${kind}-${place ?? 'none'}-${count}`;
  made.push(name);
  return name;
}

async function join({ app, place }: World, subject: string): Promise<void> {
  if (place !== undefined) await app.parts.organizations.join(place, subject, 'test');
}

async function user(world: World, more: object = {}): Promise<string> {
  const email = `${fresh(world, 'person')}@example.test`;
  const { id } = await world.app.parts.users.add({ email, ...more }, 'test');
  world.made.push(id);
  await join(world, `user:${id}`);
  return id;
}

async function client(world: World, state: 'pending' | 'approved' = 'approved', more: object = {}): Promise<string> {
  const id = fresh(world, 'client');
  await world.app.parts.clients.add({ id, state, metadata: { grant_types: ['client_credentials'] }, ...more }, 'test');
  await join(world, `client:${id}`);
  return id;
}

async function connection(world: World): Promise<string> {
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

async function role(world: World): Promise<string> {
  const id = fresh(world, 'role');
  await world.app.parts.access.saveRole({ id, permissions: [`${orders}#orders:read`], includes: [] }, 'test');
  return id;
}

async function group(world: World): Promise<string> {
  const id = fresh(world, 'group');
  await world.app.parts.groups.save({ id, includes: [] }, 'test');
  return id;
}

/** The organisation that everything belongs to, or a new one. */
async function organization(world: World): Promise<string> {
  if (world.place !== undefined) return world.place;
  const id = fresh(world, 'organization');
  await world.app.parts.organizations.add({ id, name: id, domains: [], connections: [] }, 'test');
  return id;
}

/** What is made over the API itself, where ids or secrets come from there; answers what it says. */
async function sent({ api }: World, path: string, body: object) {
  const answer = await api.send('POST', path, body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

const registrar = async (world: World): Promise<string> =>
  (await sent(world, '/registrars', { id: fresh(world, 'registrar') })).id;
const tier = async (world: World): Promise<string> =>
  (await sent(world, '/tiers', { id: fresh(world, 'tier'), limits: [] })).id;
const webhook = async (world: World): Promise<string> => (await sent(world, '/webhooks', { url: world.receiver })).id;
const api = async (world: World): Promise<string> =>
  (await sent(world, '/apis', { id: `https://${fresh(world, 'api')}.example.test` })).id;

/** Somebody who is signed in, and the session. */
async function session(world: World): Promise<{ user: string; id: string }> {
  const id = await user(world, { password });
  const { email = '' } = (await world.app.parts.users.get(id)) ?? {};
  await atHome(world.app, email);
  const { body } = await world.api.get(`/sessions?user=${id}`);
  world.made.push(body.items[0].id);
  return { user: id, id: body.items[0].id };
}

async function factor(world: World): Promise<{ user: string; id: string }> {
  const id = await user(world);
  const { enrolments } = world.app.parts;
  const place = { person: { id, name: 'somebody' }, binding: 'test' };
  const { secret } = await enrolments.offer('totp', place);
  const seen = { ip: '192.0.2.1', requestId: 'test' };
  await enrolments.accept('totp', place, { answer: { code: codeOf(secret) }, name: 'Phone', seen });
  return { user: id, id: (await enrolments.of(id))[0]?.id ?? '' };
}

async function assignment(world: World): Promise<string> {
  const subject = `user:${await user(world)}`;
  const bounds = world.place === undefined ? {} : { organization: world.place };
  const { id } = await world.app.parts.access.assign(subject, 'orders-reader', 'test', bounds);
  const outward = Buffer.from(id).toString('base64url');
  world.made.push(outward);
  return outward;
}

async function identity(world: World): Promise<{ user: string; connection: string }> {
  const id = await user(world, { password });
  const from = { actor: 'test', ip: '192.0.2.1', requestId: 'test' };
  const one = { connection: 'elsewhere', subject: fresh(world, 'subject'), user: id, origin: false, label: 'x' };
  await world.app.parts.identities.link(one, from);
  return { user: id, connection: 'elsewhere' };
}

const at =
  (noun: string, make: (world: World) => Promise<string>, rest = '', body?: object): Fixture =>
  async (world) => ({ path: `/${noun}/${enc(await make(world))}${rest}`, ...(body === undefined ? {} : { body }) });
const just =
  (path: string, body?: object): Fixture =>
  async () => ({ path, ...(body === undefined ? {} : { body }) });
const named =
  (path: string, kind: string, more: object = {}): Fixture =>
  async (world) => ({ path, body: { id: fresh(world, kind), ...more } });

const reason = { reason: 'asked for' };

/** One for each operation of the admin API, by its name in the OpenAPI document. */
export const fixtures: Readonly<Record<string, Fixture>> = {
  listClients: just('/clients'),
  getClient: at('clients', client),
  addClient: async (world) => ({
    path: '/clients',
    body: { client_id: fresh(world, 'client'), grant_types: ['client_credentials'] },
  }),
  changeClient: at('clients', client, '', { client_name: 'Another' }),
  rotateClientSecret: at('clients', client, '/secrets', {}),
  removeClient: at('clients', client),
  cleanUpClients: just('/clients/clean-up', { unused_since: 1 }),
  approveClient: at('clients', (world) => client(world, 'pending'), '/approve', { tier: 'gold' }),
  rejectClient: at('clients', (world) => client(world, 'pending'), '/reject', reason),
  suspendClient: at('clients', client, '/suspend', reason),
  async resumeClient(world) {
    const id = await client(world);
    await world.app.parts.clients.decide(id, 'suspend', 'test');
    return { path: `/clients/${id}/resume`, body: {} };
  },
  revokeClient: at('clients', client, '/revoke', reason),
  listIntrospectionTokens: at('clients', client, '/introspection-tokens'),
  addIntrospectionToken: at(
    'clients',
    (world) => client(world, 'approved', { introspects: 'all' }),
    '/introspection-tokens',
    {},
  ),
  removeIntrospectionTokens: at('clients', client, '/introspection-tokens'),

  listRegistrars: just('/registrars'),
  getRegistrar: at('registrars', registrar),
  addRegistrar: named('/registrars', 'registrar'),
  changeRegistrar: at('registrars', registrar, '', { limit: 3 }),
  rotateRegistrarToken: at('registrars', registrar, '/token', {}),
  removeRegistrar: at('registrars', registrar),

  listTiers: just('/tiers'),
  getTier: at('tiers', tier),
  addTier: named('/tiers', 'tier', { limits: [] }),
  changeTier: at('tiers', tier, '', { limits: [{ requests: 1, period: 60 }] }),
  removeTier: at('tiers', tier),

  listConnections: just('/connections'),
  getConnection: at('connections', connection),
  addConnection: async (world) => {
    const body = {
      id: fresh(world, 'connection'),
      preset: 'generic-oidc',
      from: world.provider,
      client_id: 'us',
      client_secret: 's',
    };
    return { path: '/connections', body };
  },
  changeConnection: at('connections', connection, '', { name: 'Another' }),
  removeConnection: at('connections', connection),
  enableConnection: at('connections', connection, '/enable'),
  disableConnection: at('connections', connection, '/disable'),
  refreshConnection: at('connections', connection, '/refresh'),
  rotateConnectionKeys: at('connections', connection, '/keys', {}),
  addConnectionDomain: async (world) => ({
    path: `/connections/${await connection(world)}/domains`,
    body: { name: `${fresh(world, 'domain')}.test` },
  }),
  async verifyConnectionDomain(world) {
    const [id, name] = [await connection(world), `${fresh(world, 'domain')}.test`];
    await world.app.parts.connections.domains.add(id, name, 'test');
    return { path: `/connections/${id}/domains/${name}/verify`, body: { by_administrator: true } };
  },
  async removeConnectionDomain(world) {
    const [id, name] = [await connection(world), `${fresh(world, 'domain')}.test`];
    await world.app.parts.connections.domains.add(id, name, 'test');
    return { path: `/connections/${id}/domains/${name}` };
  },
  testConnection: at('connections', connection, '/test', {}),
  async getConnectionTest(world) {
    const id = await connection(world);
    const { run } = await sent(world, `/connections/${id}/test`, {});
    return { path: `/connections/${id}/test/${run}` };
  },

  listUsers: just('/users'),
  getUser: at('users', user),
  addUser: async (world) => ({ path: '/users', body: { email: `${fresh(world, 'person')}@example.test` } }),
  changeUser: at('users', user, '', { name: 'Another' }),
  disableUser: at('users', user, '/disable'),
  enableUser: at('users', user, '/enable'),
  removeUser: at('users', user),
  inviteUser: at('users', user, '/invitation'),
  resetUserPassword: at('users', (world) => user(world, { password }), '/password-reset', reason),
  issueEnrolmentCode: at('users', user, '/enrolment-code'),
  signOutUser: at('users', user, '/sign-out'),
  exportUser: at('users', user, '/export'),
  listUserIdentities: at('users', user, '/identities'),
  async unlinkUserIdentity(world) {
    const one = await identity(world);
    return { path: `/users/${one.user}/identities/${one.connection}` };
  },
  listFactors: at('users', user, '/factors'),
  async removeFactor(world) {
    const one = await factor(world);
    return { path: `/users/${one.user}/factors/${one.id}?reason=lost` };
  },
  resetFactors: at('users', user, '/factors/reset', reason),

  listSessions: just('/sessions'),
  getSession: at('sessions', async (world) => (await session(world)).id),
  endSession: at('sessions', async (world) => (await session(world)).id),
  endSessions: async (world) => ({ path: '/sessions/end', body: { user: await user(world) } }),

  listMfaPolicies: just('/mfa-policies'),
  getMfaPolicy: just('/mfa-policies/default'),
  changeMfaPolicy: at('mfa-policies', async (world) => `role:${await role(world)}`, '', { second_factor: 'required' }),
  async removeMfaPolicy(world) {
    const id = `role:${await role(world)}`;
    await world.app.parts.mfaPolicies.change(id, { secondFactor: 'required' }, 'test');
    return { path: `/mfa-policies/${enc(id)}` };
  },

  listKeys: just('/keys'),
  rotateKeys: just('/keys/rotate', {}),

  listWebhooks: just('/webhooks'),
  getWebhook: at('webhooks', webhook),
  getWebhookDelivery: at('webhooks', webhook, '/delivery'),
  addWebhook: async ({ receiver: url }) => ({ path: '/webhooks', body: { url } }),
  changeWebhook: at('webhooks', webhook, '', { enabled: false }),
  removeWebhook: at('webhooks', webhook),
  testWebhook: at('webhooks', webhook, '/test'),
  rotateWebhookSecret: at('webhooks', webhook, '/secret', {}),

  listApis: just('/apis'),
  getApi: at('apis', api),
  addApi: async (world) => ({ path: '/apis', body: { id: `https://${fresh(world, 'api')}.example.test` } }),
  changeApi: at('apis', api, '', { permissions: ['a:read'] }),
  removeApi: at('apis', api),

  listRoles: just('/roles'),
  getRole: at('roles', role),
  addRole: named('/roles', 'role'),
  changeRole: at('roles', role, '', { permissions: [] }),
  removeRole: at('roles', role),

  listGroups: just('/groups'),
  getGroup: at('groups', group),
  addGroup: named('/groups', 'group'),
  changeGroup: at('groups', group, '', { includes: [] }),
  removeGroup: at('groups', group),
  listGroupMembers: at('groups', group, '/members'),
  addGroupMember: async (world) => ({
    path: `/groups/${await group(world)}/members`,
    body: { subject: `user:${await user(world)}` },
  }),
  async removeGroupMember(world) {
    const [id, subject] = [await group(world), `user:${await user(world)}`];
    await world.app.parts.groups.join(subject, id, 'test');
    return { path: `/groups/${id}/members/${enc(subject)}` };
  },

  listOrganizations: just('/organizations'),
  getOrganization: at('organizations', organization),
  addOrganization: named('/organizations', 'organization'),
  changeOrganization: at('organizations', organization, '', { name: 'Another' }),
  async removeOrganization(world) {
    return { path: `/organizations/${await organization({ ...world, place: undefined })}` };
  },
  listOrganizationMembers: at('organizations', organization, '/members'),
  addOrganizationMember: async (world) => ({
    path: `/organizations/${await organization(world)}/members`,
    body: { subject: `user:${await user({ ...world, place: undefined })}` },
  }),
  async removeOrganizationMember(world) {
    const place = await organization(world);
    return { path: `/organizations/${place}/members/${enc(`user:${await user({ ...world, place })}`)}` };
  },

  listAssignments: just('/assignments'),
  getAssignment: at('assignments', assignment),
  addAssignment: async (world) => ({
    path: '/assignments',
    body: {
      subject: `user:${await user(world)}`,
      role: 'orders-reader',
      ...(world.place === undefined ? {} : { organization: world.place }),
    },
  }),
  removeAssignment: at('assignments', assignment),
  explainAccess: async (world) => ({
    path: `/access/explain?subject=${enc(`user:${await user(world)}`)}&audience=${enc(orders)}`,
  }),
};
