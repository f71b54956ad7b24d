import { Provider } from 'oidc-provider';
import { mailText } from '../views/mail.ts';
import { accountRooms } from './account-rooms.ts';
import { adminRooms } from './admin-rooms.ts';
import { Activity } from './audit/activity.ts';
import { auditRooms } from './audit-rooms.ts';
import { RegistrationDesk } from './clients/desk.ts';
import type { Config } from './config/schema.ts';
import { consoleRooms } from './console-rooms.ts';
import { adminPermissions } from './directory/built-in.ts';
import { declare } from './federation/declaring.ts';
import { type GatewayRooms, gatewayRooms } from './gateway-rooms.ts';
import type { House } from './house.ts';
import { Edge } from './http/edge.ts';
import { guard } from './http/guard.ts';
import { type Meter, Metrics, measured, meter } from './http/metrics.ts';
import { problems } from './http/problems.ts';
import { shortWay } from './http/short-way.ts';
import { guardedFetch } from './kernel/fetch.ts';
import type { Log } from './kernel/log.ts';
import { delivering, intoLog } from './notices/delivering.ts';
import { Sending } from './notices/sending.ts';
import { findAccount } from './protocol/account.ts';
import { adapter } from './protocol/adapter.ts';
import { findClient } from './protocol/client-model.ts';
import { issued, jwtScope, tokenClaims } from './protocol/issued.ts';
import { MachineTokens } from './protocol/machine-tokens.ts';
import { chooseOrganization } from './protocol/organization.ts';
import { type ProviderParts, provider } from './protocol/provider.ts';
import { metadataCheck, whoMayRegister } from './protocol/registering.ts';
import { Resources } from './protocol/resources.ts';
import { Sessions } from './protocol/sessions.ts';
import { scimRooms } from './provisioning.ts';
import { account } from './routes/account.ts';
import { emailUndo } from './routes/account-email.ts';
import { admin } from './routes/admin.ts';
import { assets } from './routes/assets.ts';
import { connectionTest } from './routes/connection-test.ts';
import { adminConsole } from './routes/console.ts';
import { deviceDecision, devicePages } from './routes/device.ts';
import { federation } from './routes/federation.ts';
import { federationLogout } from './routes/federation-logout.ts';
import { federationMetadata } from './routes/federation-metadata.ts';
import { formPost } from './routes/form-post.ts';
import { frontChannel } from './routes/front-channel.ts';
import { languageChoice } from './routes/language-choice.ts';
import { type Frames, framesOf, languageChoices, languageOf, toldLanguage } from './routes/languages.ts';
import { tokensInAddress } from './routes/legacy.ts';
import { logoutDecision, logoutPages } from './routes/logout.ts';
import { errorPages, home, problemPages } from './routes/pages.ts';
import { passwordReset } from './routes/password-reset.ts';
import { plainCalls } from './routes/plain-calls.ts';
import { refusedClients } from './routes/refusals.ts';
import { registration } from './routes/registration.ts';
import { scim } from './routes/scim.ts';
import { setup } from './routes/setup.ts';
import { signinPages } from './routes/signin.ts';
import { wellKnown } from './routes/well-known.ts';
import type { App } from './server.ts';
import { setupRooms } from './setup-rooms.ts';
import { type SignalRooms, signalRooms } from './signal-rooms.ts';
import { acrOf } from './signin/asked.ts';
import { ConnectionTesting } from './signin/connection-testing.ts';
import { EndedThere } from './signin/ended-there.ts';
import { policy, sessionTtl } from './signin/policy.ts';
import { SigningOut } from './signin/signing-out.ts';
import { Standards } from './signin/standards.ts';
import { signingIn } from './signing-in.ts';

/** How often this process looks whether the keys have changed (milliseconds); a planned change is announced two hours before. */
const lookAtKeys = 15_000;

/** How often it looks what is due for connections (milliseconds); each has its own time (federation/refreshing.ts). */
const lookAtConnections = 60_000;

/** Puts the house together for HTTP. Everything a request meets stands here, in the order in which it meets it. */
export async function createApp(config: Config, house: House, log: Log): Promise<App & { follow(): Promise<void> }> {
  const activity = new Activity(house.store);
  house.trail.listen(
    (event) => activity.hear(event),
    () => undefined,
  );
  const metrics = new Metrics(() => activity.count('tokens'));
  const edge = new Edge({ ...config, tokensInAddress: tokensInAddress(config.legacy) });
  const answered = meter(metrics, log, config.log.requests);
  const frames = framesOf(config.issuer);
  const resources = new Resources({ ...house, jwtLifetime: config.ttl.jwt });
  const gateways = gatewayRooms(config, house, { log, metrics });
  const signals = signalRooms({ issuer: config.issuer, house, feed: gateways.feed, log });
  const calls = shortCalls(config, house, { metrics, resources });
  const short = shortWay({ edge, meter: answered, calls, question: gateways.question });
  const build = async (): Promise<{ kids: string; handler: App['handler'] }> => {
    const jwks = await house.keys.signing();
    const koa = library(config, house, { jwks, resources, frames });
    compose(koa, { config, house, log, metrics, edge, answered, frames, gateways, signals });
    return { kids: jwks.keys.map((key) => key.kid).join(' '), handler: koa.callback() };
  };
  const { endings, keys, clients } = house;
  await Promise.all([
    keys.tend(),
    endings.settle(),
    clients.uses.begin(),
    declare(config.connections, { ...house, log }),
  ]);
  let current = await build();

  // The library's key set is fixed for the life of a provider, so new keys mean a new app; begun requests end in the old one.
  const follow = async (): Promise<void> => {
    await house.keys.tend();
    const { keys } = await house.keys.signing();
    if (keys.map((key) => key.kid).join(' ') !== current.kids) current = await build();
  };
  const timer = setInterval(() => {
    follow().catch((error: unknown) => log.warn({ err: error }, 'keys could not be looked after; trying again'));
  }, lookAtKeys).unref();
  const tending = setInterval(() => {
    house.refreshing.tend(log).catch((error: unknown) => {
      log.warn({ err: error }, 'connections could not be looked after; trying again');
    });
    house.endings.settle().catch((error: unknown) => {
      log.warn({ err: error }, 'what was left half ended could not be ended; trying again');
    });
  }, lookAtConnections).unref();
  const sending = house.notices.able ? await sendingMail(config, house, log) : undefined;
  const audit = auditRooms(config, house, log);

  return {
    metrics,
    follow,
    handler: async (request, response) => {
      if (!(await short(request, response))) await current.handler(request, response);
    },
    ready: () => house.store.ping(),
    leave() {
      gateways.changes.close();
      signals.leave();
    },
    async close() {
      gateways.changes.close();
      clearInterval(timer);
      clearInterval(tending);
      await Promise.all([sending?.close(), signals.close(), audit.close(), activity.settle().catch(() => undefined)]);
      // Without the store there is nothing to write down, and nothing to keep the process for.
      await house.trail.settle().catch((error: unknown) => log.warn({ err: error }, 'the audit trail was not sealed'));
      await house.store.close();
    },
  };
}

/** Mail that waits goes out from now on: to the mail server, or in development without one into the log. */
async function sendingMail({ issuer, mail }: Config, house: House, log: Log): Promise<Sending> {
  const { url, from = `no-reply@${new URL(issuer).hostname}` } = mail;
  const post = url === undefined ? intoLog(log) : (await import('./notices/smtp.ts')).smtp({ ...mail, url, from });
  const deliver = delivering({
    write: (letter) => mailText(languageOf([(letter.locale ?? '').replace('_', '-')]), { ...letter, issuer }),
    post,
    run: (errand, entry) => house.passwordResets.letterFor(errand, entry),
  });
  return new Sending({ outbox: house.outbox, deliver, log, catchUp: () => house.notices.catchUp() });
}

/** The OAuth library with everything of ours that it asks back. */
function library(
  config: Config,
  house: House,
  { frames, ...parts }: Pick<ProviderParts, 'jwks' | 'resources'> & { frames: Frames },
): Provider {
  const { clients, consents, endings, records, seenSessions, trail, upstreamSessions, users, vault } = house;
  const connectionOf = async (uid: string) => (await upstreamSessions.ofSession(uid))?.connection;
  const { idle, absolute, grace } = config.ttl.refreshToken;
  return provider({
    ...parts,
    issuer: config.issuer,
    vault,
    clients,
    ttl: { ...config.ttl, refreshToken: { idle, absolute } },
    clientCertificateHeader: config.clientCertificateHeader,
    findAccount: findAccount(house),
    tokenClaims: tokenClaims({ ...house, issuer: config.issuer }),
    jwtScope: jwtScope(house.access),
    fetch: (url, init) => guardedFetch(String(url), init, config.outgoing),
    signin: {
      interactions: {
        policy: policy({ ...house, limits: config.ttl.session, standards: new Standards(house) }),
        url: (_ctx, { uid }) => `/signin/${uid}`,
      },
      async loadExistingGrant(ctx) {
        await Promise.all([upstreamSessions.follow(ctx), seenSessions.follow(ctx)]);
        await chooseOrganization({ organizations: house.organizations, connectionOf }, ctx);
        return consents.existing(ctx);
      },
      sessionTtl: sessionTtl(config.ttl.session),
      acrOf,
      renderError: errorPages(problemPages(frames)),
      logout: logoutPages(frames, users),
      device: devicePages(frames, problemPages(frames)),
    },
    adapter: adapter({
      ...{ records, trail },
      findClient: findClient(clients),
      refreshGrace: grace,
      interactionTtl: config.ttl.interaction,
      async replayed(what, payload) {
        // A refresh token in a stranger's hands ends nothing (RFC 9700 §4.14.2).
        const own =
          what === 'code' || what === 'device-code' || Provider.ctx?.oidc.client?.clientId === payload.clientId;
        const { clientId: client = '', grantId: grant = '', accountId: subject } = payload;
        await endings.end(
          { grants: own && grant !== '' ? [grant] : [] },
          {
            type: `${what}.replayed`,
            actor: client === '' ? 'anonymous' : `client:${client}`,
            outcome: 'failure',
            detail: { client, grant, subject },
          },
        );
      },
    }),
  });
}

/** What is answered without Koa and the library, when it is plain. */
function shortCalls(config: Config, house: House, parts: { metrics: Metrics; resources: Resources }) {
  const { clients, introspectionTokens: tokens, records, status } = house;
  const { metrics, resources } = parts;
  const { introspected, tokenIssued } = metrics;
  const machineTokens = new MachineTokens({ clients, records, resources, lifetime: config.ttl.accessToken });
  return plainCalls({ clients, tokens, status, machineTokens, introspected, tokenIssued });
}

/** Where clients register others, with what the protocol and the directory have to say to it. */
function registrationDesk(config: Config, house: House, koa: Provider): RegistrationDesk {
  const { clients, registrars, status, trail } = house;
  return new RegistrationDesk({
    clients,
    registrars,
    trail,
    usual: config.registration,
    reserved: adminPermissions,
    whoMayRegister: whoMayRegister(status),
    checkMetadata: metadataCheck(koa, (url, init) => guardedFetch(url, init, config.outgoing)),
    forget: (id) => house.forgetClient(id, 'system'),
  });
}

interface Rooms {
  config: Config;
  house: House;
  log: Log;
  metrics: Metrics;
  edge: Edge;
  answered: Meter;
  frames: Frames;
  gateways: GatewayRooms;
  signals: SignalRooms;
}

/** Everything a request meets, in the order in which it meets it; what none of it answers is the library's. */
function compose(
  koa: Provider,
  { config, house, log, metrics, edge, answered, frames, gateways, signals }: Rooms,
): void {
  const { clients, connections, keys, records, status, trail } = house;
  const { issuer } = config;
  const signingOut = new SigningOut(house);
  const ending = new Sessions({ records, status, provider: () => koa });
  const endedThere = new EndedThere({ ...house, ending });
  koa.use(measured(answered));
  koa.use(toldLanguage);
  koa.use(problems(koa, { page: problemPages(frames), log, failed: metrics.failed }));
  koa.use(refusedClients(house));
  koa.use(guard(koa, edge));
  for (const answer of gateways.answers) koa.use(answer);
  koa.use(signals.answer);
  koa.use(issued(house, metrics.tokenIssued));
  koa.use(wellKnown(keys));
  koa.use(frontChannel);
  koa.use(logoutDecision({ frames, trail, signingOut }));
  koa.use(deviceDecision(house));
  koa.use(registration({ issuer, desk: registrationDesk(config, house, koa) }));
  const operations = adminRooms(config, house, () => koa);
  koa.use(admin(operations, { issuer, ...house }));
  koa.use(scim({ ...house, ...scimRooms(house, (user) => ending.endAll(user)), tokens: house.scim.tokens, issuer }));
  koa.use(federation({ issuer, ...house }));
  koa.use(federationMetadata(connections));
  koa.use(federationLogout({ frames, issuer, connections, signingOut, endedThere }));
  koa.use(connectionTest({ issuer, frames, ...house, testing: new ConnectionTesting(house) }));
  koa.use(signinPages({ ...signingIn(house, () => koa), canReset: house.notices.able, clients, frames }));
  const endAll = (user: string) => ending.endAll(user);
  koa.use(passwordReset({ ...house, issuer, frames, resets: house.passwordResets, endAll }));
  koa.use(emailUndo({ ...house, frames }));
  koa.use(account({ ...house, ...accountRooms(config, house, () => koa), issuer, frames }));
  koa.use(adminConsole({ ...house, ...consoleRooms(config, house, () => koa, operations), issuer, frames }));
  koa.use(setup({ ...setupRooms(house, operations), frames }));
  koa.use(languageChoice(languageChoices.map(([tag]) => tag)));
  koa.use(assets);
  koa.use(home(frames));
  koa.use(formPost(frames));
}
