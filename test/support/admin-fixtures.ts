import { password } from './account.ts';
import {
  api,
  assignment,
  client,
  connection,
  factor,
  fresh,
  group,
  identity,
  orders,
  organization,
  registrar,
  role,
  sent,
  session,
  stream,
  tier,
  user,
  type World,
  webhook,
} from './admin-things.ts';

/** A request that an operation of the admin API can be done with, from the path below /admin/api/v1. */
export interface Request {
  path: string;
  body?: object;
}

/** Makes what the operation needs, so that it can be done with its permission alone. */
type Fixture = (world: World) => Promise<Request>;

const enc = encodeURIComponent;

const at =
  (noun: string, make: (world: World) => Promise<string>, rest = '', body?: object): Fixture =>
  async (world) => ({ path: `/${noun}/${enc(await make(world))}${rest}`, ...(body === undefined ? {} : { body }) });
const just =
  (path: string, body?: object): Fixture =>
  async () => ({ path, ...(body === undefined ? {} : { body }) });
const named =
  (path: string, kind: string, more: object = {}): Fixture =>
  async (world) => ({ path, body: { id: fresh(world, kind), ...more } });

const giving =
  (path: string): Fixture =>
  async (world) => ({
    path,
    body: {
      subject: `user:${await user(world)}`,
      role: 'orders-reader',
      ...(world.place === undefined ? {} : { organization: world.place }),
    },
  });

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
  checkClientSecret: at('clients', client, '/secrets/check', { client_secret: 'a guess' }),
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
  listConnectionKeys: at('connections', connection, '/keys'),
  rotateConnectionKeys: at('connections', connection, '/keys', {}),
  checkConnectionSecret: at('connections', connection, '/secrets/check', { name: 'client_secret', secret: 'secret' }),
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
  previewConnection: at('connections', connection, '/preview', { claims: { email: 'a@b.test' } }),
  testConnection: at('connections', connection, '/test', {}),
  listConnectionTests: at('connections', connection, '/tests'),
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
  async impersonateUser(world) {
    const id = await user(world);
    await world.app.parts.access.assign(`user:${id}`, 'orders-reader', 'test');
    return { path: `/users/${id}/impersonate`, body: { audience: orders, client_id: 'demo-web', ...reason } };
  },
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

  listUndelivered: at('webhooks', webhook, '/undelivered'),
  redeliver: at('webhooks', webhook, '/redeliver', { since: 0 }),

  listAuditEvents: just('/audit-events'),
  async getAuditEvent({ app }) {
    const [event] = await app.parts.trail.search({}, { limit: 1 });
    return { path: `/audit-events/${event?.id}` };
  },
  verifyAuditEvents: just('/audit-events/verify', {}),
  sealAuditEvents: just('/audit-events/checkpoint'),
  rotateAuditKey: just('/audit-events/key'),

  getSettings: just('/settings'),
  getOverview: just('/overview'),

  listStreams: just('/streams'),
  getStream: at('streams', stream),
  removeStream: at('streams', stream),

  listGatewayKinds: just('/gateways'),
  configureGateway: just('/gateways/kong/configuration', { client: 'demo-gateway', port: 8000 }),
  tryGateway: just('/gateways/try', { token: 'no-token', method: 'GET', uri: 'api.example.test/orders/1' }),

  listApis: just('/apis'),
  getApi: at('apis', api),
  addApi: async (world) => ({ path: '/apis', body: { id: `https://${fresh(world, 'api')}.example.test` } }),
  changeApi: at('apis', api, '', { permissions: ['a:read'] }),
  removeApi: at('apis', api),

  listRoles: just('/roles'),
  getRole: at('roles', role),
  addRole: named('/roles', 'role'),
  changeRole: at('roles', role, '', { permissions: [] }),
  previewRole: at('roles', role, '/preview', { permissions: [] }),
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
  listScimTokens: at('organizations', organization, '/scim-tokens'),
  addScimToken: at('organizations', organization, '/scim-tokens', {}),
  removeScimTokens: at('organizations', organization, '/scim-tokens'),
  listSetupLinks: at('organizations', organization, '/setup-links'),
  addSetupLink: at('organizations', organization, '/setup-links', {}),
  async endSetupLink(world) {
    const id = await organization(world);
    const { link } = await world.app.parts.setupLinks.make({ organization: id }, 'test');
    return { path: `/organizations/${id}/setup-links/${link.id}` };
  },
  listOrganizationDomains: at('organizations', organization, '/domains'),
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
  addAssignment: giving('/assignments'),
  previewAssignment: giving('/assignments/preview'),
  removeAssignment: at('assignments', assignment),
  explainAccess: async (world) => ({
    path: `/access/explain?subject=${enc(`user:${await user(world)}`)}&audience=${enc(orders)}`,
  }),
};
