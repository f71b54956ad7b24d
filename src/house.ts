import { Resolver } from 'node:dns/promises';
import { type Recorded, Trail } from './audit/trail.ts';
import { belonging, type Circles } from './belonging.ts';
import { builtInClients } from './clients/built-in.ts';
import { Clients } from './clients/clients.ts';
import { IntrospectionTokens } from './clients/introspection-tokens.ts';
import { Registrars } from './clients/registrars.ts';
import { Spending } from './clients/spending.ts';
import { Tiers } from './clients/tiers.ts';
import type { Config } from './config/schema.ts';
import { Access } from './directory/access.ts';
import { breachedAtApi, breachedInFile } from './directory/breached.ts';
import { Decide } from './directory/decide.ts';
import { EmailChanges } from './directory/email-changes.ts';
import { Identities } from './directory/identities.ts';
import type { Breached } from './directory/passwords.ts';
import { administered, type Guard, refuseRole } from './directory/protected.ts';
import { Rights } from './directory/rights.ts';
import { GatewayRoutes } from './directory/routes.ts';
import { Users } from './directory/users.ts';
import { Attempts } from './factors/attempts.ts';
import { Devices } from './factors/devices.ts';
import { EnrolmentCodes } from './factors/enrolment-codes.ts';
import { Enrolments } from './factors/enrolments.ts';
import { MfaPolicies, type Rules } from './factors/policies.ts';
import type { RelyingParty } from './factors/webauthn.ts';
import { Connections } from './federation/connections.ts';
import type { ResolveTxt } from './federation/domains.ts';
import type { ReadMetadata } from './federation/importing.ts';
import type { Kinds } from './federation/opening.ts';
import type { MakeKey } from './federation/own-keys.ts';
import { Refreshing } from './federation/refreshing.ts';
import { SignOuts } from './federation/sign-outs.ts';
import { TestRuns } from './federation/test-runs.ts';
import { Tickets } from './federation/tickets.ts';
import type { Vault } from './kernel/crypto.ts';
import { Notices } from './notices/notices.ts';
import { Outbox } from './notices/outbox.ts';
import { Endings } from './protocol/endings.ts';
import { SigningKeys } from './protocol/keys.ts';
import { type Records, records } from './protocol/records.ts';
import { TokenStatus } from './protocol/token-status.ts';
import { type Signalling, signalling } from './signalling.ts';
import { Consents } from './signin/consent.ts';
import { Demands } from './signin/demands.ts';
import { PasswordResets } from './signin/password-resets.ts';
import { SeenSessions } from './signin/seen-sessions.ts';
import { UpstreamSessions } from './signin/upstream-sessions.ts';
import { openStore } from './store/index.ts';
import { openKeyring } from './store/keyring.ts';
import type { Store } from './store/port.ts';

/** Every capability on one open store: what the server and the commands share. */
export interface House extends Signalling, Circles {
  store: Store;
  vault: Vault;
  trail: Trail;
  users: Users;
  emailChanges: EmailChanges;
  identities: Identities;
  access: Access;
  decide: Decide;
  gatewayRoutes: GatewayRoutes;
  rights: Rights;
  clients: Clients;
  introspectionTokens: IntrospectionTokens;
  registrars: Registrars;
  tiers: Tiers;
  spending: Spending;
  connections: Connections;
  refreshing: Refreshing;
  attempts: Attempts;
  enrolmentCodes: EnrolmentCodes;
  enrolments: Enrolments;
  devices: Devices;
  mfaPolicies: MfaPolicies;
  demands: Demands;
  consents: Consents;
  tickets: Tickets;
  signOuts: SignOuts;
  testRuns: TestRuns;
  upstreamSessions: UpstreamSessions;
  seenSessions: SeenSessions;
  keys: SigningKeys;
  records: Records;
  status: TokenStatus;
  endings: Endings;
  /** Takes its roles and its policy from a client that is removed: whoever gets the same name inherits nothing. */
  forgetClient(id: string, actor: string): Promise<void>;
  outbox: Outbox;
  notices: Notices;
  passwordResets: PasswordResets;
}

/** Who hears of what went wrong beside a deed that succeeded. A command tells it on standard error. */
type Complain = (what: string, cause: unknown) => void;
const warn: Complain = (what, cause) =>
  process.emitWarning(`${what} (${cause instanceof Error ? cause.message : cause})`);

/** No setting and no API lets a token live longer (seconds). */
const longestToken = 86_400;

/** Opens the store and its keyring, and furnishes the house. The caller closes the store. */
export async function openHouse(
  config: Config,
  masterKey: (store: Store) => Promise<Buffer>,
  complain = warn,
): Promise<House> {
  const store = await openStore(config.store);
  try {
    const vault = await openKeyring(store, await masterKey(store));
    return furnish(config, { store, vault, complain });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** What bounds our requests to providers. */
const bounds = ({ outgoing: { timeoutMs, maxBytes, allowPrivate } }: Config) => ({ timeoutMs, maxBytes, allowPrivate });

const day = 24 * 60 * 60;

/** What the configuration asks of everybody, in seconds. */
const usualRules = ({ mfa: { secondFactor, level, graceDays, rememberDays } }: Config): Rules => ({
  ...{ secondFactor, level },
  grace: graceDays * day,
  remember: rememberDays * day,
});

/** Each is loaded when the first connection of its kind is opened: a server without any pays nothing for them. */
const kinds: Kinds = {
  oidc: async (settings, around) => (await import('./federation/oidc.ts')).oidc(settings, around),
  saml: async (settings, around) => (await import('./federation/saml.ts')).saml(settings, around),
  ldap: async (settings, around) => (await import('./federation/ldap.ts')).ldap(settings, around),
};
const readMetadata: ReadMetadata = async (xml, options) =>
  (await import('./federation/saml-metadata.ts')).readMetadata(xml, options);
const makeKey: MakeKey = async ({ name, use }) =>
  (await import('./federation/saml-keys.ts')).newKey(name, use, Date.now() / 1000);

/** TXT records from these name servers, or from the system's. */
function resolveTxt(servers: readonly string[]): ResolveTxt {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  return (name) => resolver.resolveTxt(name);
}

/** Where new passwords are looked up among those that were stolen; undefined for nowhere. */
function stolen(config: Config, complain: Complain): Breached | undefined {
  const { breached, breachedFile, breachedUrl } = config.passwords;
  const failed = (cause: unknown) => complain('a new password was not looked up among stolen ones', cause);
  if (breached === 'file' && breachedFile !== undefined) return breachedInFile(breachedFile, failed);
  return breached === 'api' ? breachedAtApi(breachedUrl, bounds(config), failed) : undefined;
}

/** The factors of people; the library for security keys is loaded when one is used first. */
function factors({ issuer, webauthn }: Config, parts: Pick<House, 'store' | 'vault' | 'trail'>): Enrolments {
  let relyingParty: Promise<RelyingParty> | undefined;
  const load = async () => {
    const mdsFile = webauthn.attestation === 'mds' ? webauthn.mdsFile : undefined;
    return new (await import('./factors/webauthn.ts')).RelyingParty({ issuer, mdsFile });
  };
  return new Enrolments({ ...parts, issuer, relyingParty: () => (relyingParty ??= load()) });
}

/** Mail needs a server, or a developer who reads the log. */
const sendsMail = ({ mode, mail }: Config): boolean => mail.url !== undefined || mode === 'development';

/**
 * Mail to people; it is made from what the trail hears, so every deed that is recorded is told. And whoever has a new
 * password has no device that was remembered under the old one, in whatever way it came about.
 */
function writing(
  config: Config,
  { store, vault, trail, users, devices, complain }: Writing,
): Pick<House, 'outbox' | 'notices'> {
  const outbox = new Outbox({ store, vault, trail });
  const notices = new Notices({ users, outbox, trail, able: sendsMail(config) });
  const follow = async (event: Recorded): Promise<void> => {
    const { type, target = '', actor } = event;
    const newPassword = type === 'user.password-changed' || type === 'user.password-reset';
    const forgotten = newPassword ? devices.forgetAll(target.replace(/^user:/, ''), actor) : undefined;
    await Promise.all([forgotten, notices.hear(event)]);
  };
  trail.listen(follow, (cause) => complain('a notice was not written, or a device is still remembered', cause));
  return { outbox, notices };
}

type Ground = Pick<House, 'store' | 'vault'> & { complain: Complain };
type Writing = Ground & Pick<House, 'trail' | 'users' | 'devices'>;

function furnish(config: Config, { store, vault, complain }: Ground): House {
  const trail = new Trail(store, vault);
  const guard: Guard = (...deed) => administered({ access, groups, users, clients }, ...deed);
  const users = new Users(store, trail, stolen(config, complain), guard);
  const devices = new Devices({ store, vault, trail });
  const access = new Access(store, trail);
  const clients = new Clients(store, vault, trail, { builtIn: builtInClients(config.issuer), guard });
  const introspectionTokens = new IntrospectionTokens({ store, vault, trail, clients });
  const tiers = new Tiers(store, trail, {
    isApi: async (audience) => (await access.api(audience)) !== undefined,
    clientsWith: async (tier) => (await clients.list({ tier }, { limit: 4 })).map(({ id }) => id),
  });
  const kept = records(store, vault);
  const mfaPolicies = new MfaPolicies(store, trail, usualRules(config));
  const identities = new Identities(store, vault, trail);
  const belongs = belonging({ store, vault, trail, users, access, mfaPolicies, connections: () => connections });
  const { groups, organizations } = belongs.circles;
  const decide = new Decide({ access, groups, organizations });
  const connections = new Connections({
    store,
    vault,
    trail,
    issuer: config.issuer,
    outgoing: bounds(config),
    kinds,
    readMetadata,
    makeKey,
    resolveTxt: resolveTxt(config.outgoing.nameServers),
    refuseRole: (role) => refuseRole(access, role),
    async forget(id, actor) {
      await belongs.forget({ connection: id }, actor);
      await mfaPolicies.forget(`connection:${id}`, actor);
      const people = await identities.forget({ connection: id }, actor);
      await Promise.all(people.map(async (person) => (await users.get(person)) && users.signOut(person, actor)));
    },
  });
  const status = new TokenStatus({
    ...{ issuer: config.issuer, records: kept },
    ...{ clients, tiers, users, decide, access, organizations },
  });
  const written = writing(config, { store, vault, trail, users, devices, complain });
  const emailChanges = new EmailChanges(store, vault, { users, trail });
  const signals = signalling({ store, vault, trail, outgoing: bounds(config), complain });
  return {
    ...written,
    passwordResets: new PasswordResets({
      ...{ store, vault, trail, users, issuer: config.issuer, outbox: written.outbox },
      endings: [(user) => emailChanges.forget(user), (user, actor) => devices.forgetAll(user, actor)],
    }),
    store,
    vault,
    trail,
    users,
    emailChanges,
    identities,
    access,
    ...belongs.circles,
    decide,
    gatewayRoutes: new GatewayRoutes(access),
    rights: new Rights({ access, groups, organizations, decide, users, clients }),
    clients,
    registrars: new Registrars(store, vault, trail),
    introspectionTokens,
    tiers,
    spending: new Spending(store, tiers),
    connections,
    refreshing: new Refreshing({ store, trail, connections, outgoing: bounds(config), readMetadata }),
    attempts: new Attempts(store, vault),
    enrolmentCodes: new EnrolmentCodes({ store, vault, trail }),
    enrolments: factors(config, { store, vault, trail }),
    devices,
    mfaPolicies,
    demands: new Demands({ store, policies: mfaPolicies, decide, console: config.console.level }),
    consents: new Consents(store, clients),
    tickets: new Tickets(store, vault, config.ttl.interaction),
    signOuts: new SignOuts(store, vault, config.ttl.interaction),
    testRuns: new TestRuns(store, vault),
    upstreamSessions: new UpstreamSessions(store, vault, config.ttl.session.absolute),
    seenSessions: new SeenSessions(store, vault, config.ttl.session.absolute),
    keys: new SigningKeys({
      store,
      vault,
      trail,
      longestToken,
      rotationDays: config.keys.rotationDays,
    }),
    records: kept,
    ...signals,
    async forgetClient(id, actor) {
      await belongs.forget({ subject: `client:${id}` }, actor);
      await mfaPolicies.forget(`client:${id}`, actor);
      await introspectionTokens.remove(id, actor);
      await signals.streams.forget(id, actor);
    },
    status,
    endings: new Endings({ store, trail, records: kept, status }),
  };
}
