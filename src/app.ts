import type Koa from 'koa';
import type { Provider } from 'oidc-provider';
import type { Config } from './config/schema.ts';
import type { House } from './house.ts';
import { guard } from './http/guard.ts';
import { Metrics, measured } from './http/metrics.ts';
import { problems } from './http/problems.ts';
import { guardedFetch } from './kernel/fetch.ts';
import type { Log } from './kernel/log.ts';
import { findAccount } from './protocol/account.ts';
import { adapter } from './protocol/adapter.ts';
import { findClient } from './protocol/client-model.ts';
import { issued, tokenClaims } from './protocol/issued.ts';
import { provider } from './protocol/provider.ts';
import { Resources } from './protocol/resources.ts';
import { SignedAnswers } from './protocol/signed-answers.ts';
import { admin } from './routes/admin.ts';
import { frontChannel } from './routes/front-channel.ts';
import { introspection } from './routes/introspection.ts';
import { wellKnown } from './routes/well-known.ts';
import type { App } from './server.ts';

/** How often this process looks whether the keys have changed (milliseconds); a planned change is announced two hours before. */
const lookAtKeys = 15_000;

/** Puts the house together for HTTP. Everything a request meets stands here, in the order in which it meets it. */
export async function createApp(config: Config, house: House, log: Log): Promise<App> {
  const metrics = new Metrics();
  const build = async (): Promise<{ kids: string; handler: App['handler'] }> => {
    const jwks = await house.keys.signing();
    const koa = compose({ config, house, log, metrics, koa: library(config, house, jwks) });
    return { kids: jwks.keys.map((key) => key.kid).join(' '), handler: koa.callback() };
  };
  await house.keys.tend();
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

  return {
    metrics,
    handler: (request, response) => current.handler(request, response),
    ready: () => house.store.ping(),
    async close() {
      clearInterval(timer);
      await house.store.close();
    },
  };
}

/** The OAuth library with everything of ours that it asks back. */
function library(config: Config, house: House, jwks: Awaited<ReturnType<House['keys']['signing']>>): Provider {
  const { access, clients, decide, records, status, trail, users, vault } = house;
  const { idle, absolute, grace } = config.ttl.refreshToken;
  return provider({
    issuer: config.issuer,
    jwks,
    vault,
    clients,
    resources: new Resources(access, decide),
    ttl: { ...config.ttl, refreshToken: { idle, absolute } },
    clientCertificateHeader: config.clientCertificateHeader,
    findAccount: findAccount(users, decide),
    tokenClaims: tokenClaims(clients, decide),
    fetch: (url, init) => guardedFetch(String(url), init, config.outgoing),
    signin: { sessionTtl: () => config.ttl.session.idle, logout: { enabled: true } },
    adapter: adapter({
      records,
      findClient: findClient(clients),
      refreshGrace: grace,
      interactionTtl: config.ttl.interaction,
      async replayed(what, payload) {
        if (what === 'code') await status.endGrant(payload);
        await trail.record({
          type: what === 'code' ? 'code.replayed' : 'assertion.replayed',
          actor: payload.clientId ? `client:${payload.clientId}` : 'anonymous',
          outcome: 'failure',
        });
      },
    }),
  });
}

/** Everything a request meets, in the order in which it meets it; what none of it answers is the library's. */
function compose(parts: { config: Config; house: House; log: Log; metrics: Metrics; koa: Provider }): Koa {
  const { config, house, log, metrics, koa } = parts;
  const { clients, keys, records, status } = house;
  koa.use(measured(metrics, log));
  koa.use(problems(koa, { page: (problem) => problem.message, log }));
  koa.use(guard(koa, config));
  koa.use(
    introspection({
      clients,
      status,
      signed: new SignedAnswers(keys, config.issuer),
      count: (result) => metrics.introspected(result),
    }),
  );
  koa.use(frontChannel);
  koa.use(admin({ issuer: config.issuer, ...house }));
  koa.use(wellKnown(keys));
  koa.use(issued(records, (grant, format) => metrics.tokenIssued(grant, format)));
  return koa;
}
