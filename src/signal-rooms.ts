import type { Middleware } from 'koa';
import { adminApi } from './directory/built-in.ts';
import type { House } from './house.ts';
import type { Log } from './kernel/log.ts';
import { rightsOf } from './protocol/rights.ts';
import { SecurityEvents } from './protocol/security-events.ts';
import { callerBehind } from './routes/admin.ts';
import { AdminWatch } from './routes/admin-watch.ts';
import { ssf } from './routes/ssf.ts';
import { eventBody, webhookBody } from './routes/webhook-document.ts';
import type { ToldClaim } from './signals/caep.ts';
import { Delivery } from './signals/delivery.ts';
import { eventFeed } from './signals/event-feed.ts';
import type { Feed } from './signals/feed.ts';
import { Polls } from './signals/stream-polls.ts';
import { streamOutlet } from './signals/stream-push.ts';
import type { WriteSet } from './signals/stream-sets.ts';
import { eventOutlet, webhookOutlet } from './signals/webhooks.ts';

/** Everything that tells others what was revoked or changed. */
export interface SignalRooms {
  /** Where receivers of security events look after their streams, and poll them. */
  answer: Middleware;
  /** Ends polls that wait, once nobody else is let in. */
  leave(): void;
  /** Resolves when nothing is under way any more. */
  close(): Promise<void>;
}

interface Ground {
  issuer: string;
  house: House;
  feed: Feed;
  log: Log;
}

/** Webhooks, and streams of security events by push and poll. */
export function signalRooms({ issuer, house, feed, log }: Ground): SignalRooms {
  const { clients, decide, posting, streams, webhooks } = house;
  const write = writing(issuer, house);
  const hears = async (id: string): Promise<boolean> => {
    if ((await clients.get(id))?.state !== 'approved') return false;
    const { entitlements } = await decide.held(`client:${id}`, adminApi);
    return entitlements.includes('ssf.manage') || entitlements.includes('ssf.read');
  };
  const polls = new Polls({ streams, feed, write, log });
  const toWebhooks = new Delivery({ outlet: webhookOutlet(webhooks, webhookBody), feed, log });
  const toEvents = new Delivery({ outlet: eventOutlet(webhooks, eventBody), feed: eventFeed(house.trail), log });
  const toStreams = new Delivery({ outlet: streamOutlet({ streams, posting, write, hears }), feed, log });
  return {
    answer: ssf({ issuer, streams, polls }, new AdminWatch(house), (token) =>
      callerBehind(token, { issuer, ...house }),
    ),
    leave: () => polls.close(),
    async close() {
      polls.close();
      await Promise.all([toWebhooks.close(), toEvents.close(), toStreams.close()]);
    },
  };
}

/** Signs events, with the values that claims have when they are told, as tokens would say them. */
function writing(issuer: string, { decide, keys, users }: House): WriteSet {
  const events = new SecurityEvents(keys, issuer);
  const told = async (sub: string, names: readonly ToldClaim[]) => {
    const kind = (await users.get(sub)) ? 'user' : 'client';
    const rights = rightsOf(await decide.held(`${kind}:${sub}`, undefined));
    return Object.fromEntries(names.map((name) => [name, rights[name]]));
  };
  return async ({ claims, ...set }) => {
    if (claims === undefined || !('sub' in set.subject)) return events.sign(set);
    const members = { ...set.members, claims: await told(set.subject.sub, claims) };
    return events.sign({ ...set, members });
  };
}
