import { Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { Client } from './client.ts';
import { Lines } from './line.ts';
import { type Limit, limitsOn, type Tier, type Tiers } from './tiers.ts';

/** What a call came to under the limit that is nearest to its end, or that refuses it for the longest time. */
export interface Spent {
  allowed: boolean;
  tier: string;
  requests: number;
  /** Seconds. */
  period: number;
  /** As far as this process knows. */
  remaining: number;
  /** Seconds until the period ends, at least 1. */
  reset: number;
}

/** How much of a limit all processes together have taken in one period. */
interface Budget extends Entity {
  spent: number;
}

/** What this process has of a limit in one period. */
interface Purse {
  /** Of the budget, which is another one in each period. */
  id: string;
  limit: Limit;
  /** When the period ends (milliseconds since the epoch). */
  ends: number;
  credit: number;
  /** What was left in the budget when it was last seen. */
  left: number;
  /** How many calls wait for credit. */
  wanted: number;
  filling: Promise<void> | undefined;
}

interface Attempt extends Spent {
  ends: number;
}

/** Budgets outlive their period by so long, for processes whose clock is behind (seconds). */
const slack = 300;
/** Up to so many requests are taken one by one, so that what is allowed is exactly the limit. */
const small = 100;
const prunedFrom = 1000;

/**
 * Limits of tiers, counted for all processes together: never more than the limit in a period, whatever the concurrency.
 * Periods follow the clock (a minute begins at second 0, a day at midnight UTC). A process takes part of a budget in one
 * atomic step and spends it from memory; the parts grow smaller towards the end, so that little is left over elsewhere.
 */
export class Spending {
  readonly #budgets: Collection<Budget>;
  readonly #tiers: Tiers;
  readonly #purses = new Map<string, Purse>();
  readonly #lines = new Lines<Attempt>();
  #pruneAt = prunedFrom;

  constructor(store: Store, tiers: Tiers) {
    this.#budgets = store.collection<Budget>({ name: 'budgets', indexes: {} });
    this.#tiers = tiers;
  }

  /**
   * Counts a call of a client on an API, and waits where its tier lets calls wait. Undefined: no limit applies. Throws
   * `unavailable` when the store is away and this process has nothing left to spend.
   */
  async spend(client: Pick<Client, 'id' | 'tier'>, audience: string | undefined): Promise<Spent | undefined> {
    const bounded = await this.#bounded(client, audience);
    if (!bounded) return undefined;
    const { ends: _internal, ...spent } = await this.#pass(client.id, bounded.tier, bounded.limits);
    return spent;
  }

  /** What a call at this moment would come to, as far as the store knows: nothing is counted, and nobody waits. */
  async look(client: Pick<Client, 'id' | 'tier'>, audience: string | undefined): Promise<Spent | undefined> {
    const bounded = await this.#bounded(client, audience);
    if (!bounded) return undefined;
    const { tier, limits } = bounded;
    const purses = await Promise.all(
      limits.map(async (limit): Promise<Purse> => {
        const purse = this.#purse(client.id, limit);
        const spent = (await this.#budgets.get(purse.id))?.spent ?? 0;
        return { ...purse, left: Math.max(0, limit.requests - spent) };
      }),
    );
    const seen = purses.some(isEmpty) ? refused(tier, purses) : told(tier, true, purses.reduce(tighter));
    const { ends: _internal, ...spent } = seen;
    return { ...spent, remaining: Math.max(0, spent.remaining - 1) };
  }

  async #bounded({ tier: name }: Pick<Client, 'tier'>, audience: string | undefined) {
    const tier = name === undefined ? undefined : await this.#tiers.named(name);
    const limits = tier ? limitsOn(tier, audience) : [];
    return tier && limits.length > 0 ? { tier, limits } : undefined;
  }

  #pass(client: string, tier: Tier, limits: readonly Limit[]): Promise<Attempt> {
    const purses = () => limits.map((limit) => this.#purse(client, limit));
    const attempt = () => this.#attempt(tier, purses);
    if (tier.patience === undefined) return attempt();
    const until = Date.now() + tier.patience * 1000;
    return this.#lines.pass(`${client} ${limits.map(({ api }) => api).join(' ')}`, {
      until,
      attempt,
      refusal: () => refused(tier, purses()),
      places: () => Math.min(...purses().map((purse) => placesIn(purse, until))),
    });
  }

  async #attempt(tier: Tier, current: () => readonly Purse[]): Promise<Attempt> {
    for (;;) {
      const purses = current();
      if (purses.some(isEmpty)) return refused(tier, purses);
      const without = purses.find(({ credit }) => credit === 0);
      if (!without) {
        for (const purse of purses) purse.credit -= 1;
        return told(tier, true, purses.reduce(tighter));
      }
      await this.#fill(without);
    }
  }

  /** One step in the store serves all who wait here. */
  async #fill(purse: Purse): Promise<void> {
    purse.wanted += 1;
    try {
      purse.filling ??= this.#take(purse).finally(() => {
        purse.filling = undefined;
      });
      await purse.filling;
    } finally {
      purse.wanted -= 1;
    }
  }

  async #take(purse: Purse): Promise<void> {
    const { id, limit, ends } = purse;
    let taken = 0;
    const take = (now: Budget): Budget => {
      const left = Math.max(0, limit.requests - now.spent);
      taken = Math.min(left, Math.max(purse.wanted, part(left, limit.requests)));
      return { ...now, spent: now.spent + taken };
    };
    const ttl = Math.ceil((ends - Date.now()) / 1000) + slack;
    const budget = (await this.#budgets.change(id, take)) ?? (await this.#begin(take({ id, spent: 0 }), take, ttl));
    purse.credit += taken;
    purse.left = Math.max(0, limit.requests - budget.spent);
  }

  async #begin(first: Budget, take: (now: Budget) => Budget, ttl: number): Promise<Budget> {
    try {
      await this.#budgets.insert(first, ttl);
      return first;
    } catch (error) {
      // Another process began this period at the same moment.
      if (!(error instanceof Problem) || error.code !== 'taken') throw error;
      return (await this.#budgets.change(first.id, take)) ?? take({ ...first, spent: Number.POSITIVE_INFINITY });
    }
  }

  #purse(client: string, limit: Limit): Purse {
    const length = limit.period * 1000;
    const ends = (Math.floor(Date.now() / length) + 1) * length;
    const key = `${client} ${limit.period} ${limit.api ?? ''}`;
    const known = this.#purses.get(key);
    // Of a limit that has changed nothing is carried over but what the store knows.
    if (known?.ends === ends && known.limit.requests === limit.requests) return known;
    if (this.#purses.size >= this.#pruneAt) this.#prune();
    const id = `${ends} ${key}`;
    const purse: Purse = { id, limit, ends, credit: 0, left: limit.requests, wanted: 0, filling: undefined };
    this.#purses.set(key, purse);
    return purse;
  }

  #prune(): void {
    const now = Date.now();
    for (const [key, { ends }] of this.#purses) if (ends <= now) this.#purses.delete(key);
    this.#pruneAt = Math.max(prunedFrom, this.#purses.size * 2);
  }
}

const part = (left: number, requests: number): number => (requests <= small ? 1 : Math.max(1, Math.floor(left / 50)));

const isEmpty = ({ credit, left }: Purse): boolean => credit === 0 && left === 0;
const remaining = ({ credit, left }: Purse): number => credit + left;

const tighter = (a: Purse, b: Purse): Purse => (remaining(b) < remaining(a) ? b : a);
const later = (a: Purse, b: Purse): Purse => (b.ends > a.ends ? b : a);

/** By the limit that is used up for the longest time: before it ends nothing goes through. */
function refused(tier: Tier, purses: readonly Purse[]): Attempt {
  const empty = purses.filter(isEmpty);
  return told(tier, false, (empty.length > 0 ? empty : purses).reduce(later));
}

const told = (tier: Tier, allowed: boolean, purse: Purse): Attempt => ({
  allowed,
  tier: tier.id,
  requests: purse.limit.requests,
  period: purse.limit.period,
  remaining: remaining(purse),
  reset: Math.max(1, Math.ceil((purse.ends - Date.now()) / 1000)),
  ends: purse.ends,
});

/** How many calls this limit can let through now and in the periods that begin before then. */
function placesIn(purse: Purse, until: number): number {
  const { limit, ends } = purse;
  const periods = until < ends ? 0 : 1 + Math.floor((until - ends) / (limit.period * 1000));
  return Math.max(1, remaining(purse) + periods * limit.requests);
}
