import type { Middleware } from 'koa';
import type { Config } from './config/schema.ts';
import type { House } from './house.ts';
import type { Metrics } from './http/metrics.ts';
import type { PlainQuestion } from './http/short-way.ts';
import type { Log } from './kernel/log.ts';
import { Evaluation } from './protocol/evaluation.ts';
import { Gate } from './protocol/gate.ts';
import { Presented } from './protocol/presented.ts';
import { SignedAnswers } from './protocol/signed-answers.ts';
import { authzen } from './routes/authzen.ts';
import { changeStream } from './routes/changes.ts';
import { gateway, plainQuestion } from './routes/gateway.ts';
import { introspection } from './routes/introspection.ts';
import { legacy } from './routes/legacy.ts';
import { Denials } from './routes/refusals.ts';
import { Changes } from './signals/changes.ts';
import { Feed } from './signals/feed.ts';
import { whole } from './store/whole.ts';

/** Everything that gateways ask. */
export interface GatewayRooms {
  /** Forward-auth on the short way. */
  question: PlainQuestion;
  /** In the order in which requests meet them. */
  answers: readonly Middleware[];
  /** Who listens to what is revoked; to be closed when nobody is let in any more. */
  changes: Changes;
  feed: Feed;
}

/** What administration knows of gateways beyond the house: a gate for trials, which counts nothing, and all that they may guard. */
export function gatewayParts({ clientCertificateHeader, ttl }: Config, house: House) {
  const { access, gatewayRoutes: routes, spending } = house;
  const presented = new Presented({ ...house, clientCertificateHeader });
  const looking = { spend: (...call: Parameters<typeof spending.look>) => spending.look(...call) };
  return {
    lifetime: ttl.accessToken,
    everyApi: () => whole((page) => access.apis(page)),
    everyRole: () => whole((page) => access.roles(page)),
    trialGate: new Gate({ ...house, routes, presented, spending: looking }),
  };
}

/** Introspection and what came before it, forward-auth, AuthZEN, and the stream of changes. */
export function gatewayRooms(
  { issuer, clientCertificateHeader, legacy: old }: Config,
  house: House,
  { log, metrics }: { log: Log; metrics: Metrics },
): GatewayRooms {
  const { clients, endings, gatewayRoutes: routes, introspectionTokens, keys, status, trail } = house;
  const count = metrics.introspected;
  const presented = new Presented({ ...house, clientCertificateHeader });
  const asked = { gate: new Gate({ ...house, routes, presented }), count: metrics.asked };
  const unread = (err: unknown) => log.warn({ err }, 'what was revoked elsewhere could not be read; trying again');
  const feed = new Feed(trail, unread);
  const changes = new Changes(feed);
  return {
    question: plainQuestion(asked),
    changes,
    feed,
    answers: [
      introspection({
        ...{ clients, tokens: introspectionTokens, status, endings, count },
        signed: new SignedAnswers(keys, issuer),
        denials: new Denials(trail),
      }),
      legacy({ legacy: old, clients, status, count }),
      gateway(asked),
      authzen({ issuer, clients, evaluation: new Evaluation({ ...house, routes }) }),
      changeStream({ clients, changes }),
    ],
  };
}
