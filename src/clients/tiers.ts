import type { Trail } from '../audit/trail.ts';
import { invalid, missing, Problem, problem } from '../kernel/errors.ts';
import { type Collection, type Entity, type Page, type Store, taken } from '../store/port.ts';
import { checkedTierName } from './client.ts';
import { checkedLimits, type Limit, limitText } from './tier-limits.ts';

export type { Limit } from './tier-limits.ts';

/** What clients with this tier may call; its id is the name that a client is given on approval. */
export interface Tier extends Entity {
  /** All of those that concern an API must allow a call. */
  limits: Limit[];
  /** What becomes of a call above a limit: refused at once, or held until the next period if that is near. */
  excess: 'reject' | 'queue';
  /** How long a call may be held, in seconds; only with `queue`. */
  patience?: number;
}

/** What may be said of a tier; a patience is not kept where nothing waits. */
export type TierTerms = Omit<Tier, 'id'>;

/** What the tiers ask of others. */
interface Around {
  /** Whether there is an API with this audience. */
  isApi(audience: string): Promise<boolean>;
  /** Ids of some clients that have a tier of this name. */
  clientsWith(tier: string): Promise<string[]>;
}

const held = problem(
  'in_use',
  409,
  (tier: string, clients: string) =>
    `The tier ${tier} is what limits ${clients}; give them another one first, or change its limits instead`,
);

const usualPatience = 2;
/** A server that stops gives its requests 25 seconds; whoever waits must be done by then. */
const longestPatience = 20;
/** So long this process may not know what another one has changed (milliseconds). */
const moment = 900;
const most = 1000;

interface Known {
  tiers: Promise<ReadonlyMap<string, Tier>>;
  /** By the clock and by real time. */
  clock: number;
  real: number;
}

/** The SLA tiers that are defined. A client may have one that is not: then it is a name for gateways, without limits. */
export class Tiers {
  readonly #all: Collection<Tier>;
  readonly #trail: Trail;
  readonly #around: Around;
  /** All of them: they are few, and one that is not there would have to be looked for at every call. */
  #known: Known | undefined;

  constructor(store: Store, trail: Trail, around: Around) {
    this.#all = store.collection<Tier>({ name: 'tiers', indexes: {} });
    this.#trail = trail;
    this.#around = around;
  }

  /** The definition behind a client's tier; a change by this process counts at once, by another within a second. */
  async named(name: string | undefined): Promise<Tier | undefined> {
    return name === undefined ? undefined : (await this.#current()).get(name);
  }

  get(id: string): Promise<Tier | undefined> {
    return this.#all.get(id);
  }

  list(page?: Page): Promise<Tier[]> {
    return this.#all.find({}, page);
  }

  /** Throws `taken`, and `invalid` for terms that no tier can have. */
  async add(id: string, terms: TierTerms, actor: string): Promise<Tier> {
    const tier = await this.#checked({ id: checkedTierName(id), ...terms });
    await this.#written(this.#all.insert(tier)).catch((error: unknown) => {
      throw error instanceof Problem && error.code === 'taken' ? taken(`The tier ${id}`) : error;
    });
    return this.#recorded(tier, actor);
  }

  /** Counts for the next call. `edit` makes the terms out of those before, and may throw. Throws `missing`, `invalid`. */
  async change(id: string, edit: (now: Tier) => TierTerms, actor: string): Promise<Tier> {
    const before = await this.#all.get(id);
    if (!before) throw missing(`The tier ${id}`);
    await this.#refuseUnknown(edit(before).limits);
    const tier = await this.#written(this.#all.change(id, (now) => checkedTier({ ...edit(now), id })));
    if (!tier) throw missing(`The tier ${id}`);
    return this.#recorded(tier, actor);
  }

  /** Throws `missing`, and `in_use` while clients have it: without it they would have no limits at all. */
  async remove(id: string, actor: string): Promise<void> {
    if (!(await this.#all.get(id))) throw missing(`The tier ${id}`);
    const clients = await this.#around.clientsWith(id);
    if (clients.length > 0) throw held(id, told(clients));
    if (!(await this.#written(this.#all.take(id)))) throw missing(`The tier ${id}`);
    await this.#trail.record({ type: 'tier.removed', actor, target: `tier:${id}` });
  }

  async #checked(tier: Tier): Promise<Tier> {
    await this.#refuseUnknown(tier.limits);
    return checkedTier(tier);
  }

  /** A misspelt audience would be a limit that never counts. */
  async #refuseUnknown(limits: readonly Limit[]): Promise<void> {
    for (const { api } of limits) {
      if (api === undefined || (await this.#around.isApi(api))) continue;
      throw invalid(`There is no API ${api.slice(0, 200)}; add it before you limit the calls on it`);
    }
  }

  async #recorded(tier: Tier, actor: string): Promise<Tier> {
    const detail = { limits: tier.limits.map(limitText).join('; '), excess: tier.excess };
    await this.#trail.record({ type: 'tier.saved', actor, target: `tier:${tier.id}`, detail });
    return tier;
  }

  #written<R>(write: Promise<R>): Promise<R> {
    return write.finally(() => {
      this.#known = undefined;
    });
  }

  #current(): Promise<ReadonlyMap<string, Tier>> {
    const [clock, real] = [Date.now(), performance.now()];
    const known = this.#known;
    if (known && Math.max(Math.abs(clock - known.clock), real - known.real) < moment) return known.tiers;
    const next = { clock, real, tiers: this.#every() };
    this.#known = next;
    next.tiers.catch(() => {
      // Whoever asked hears of it; the next who asks looks again.
      if (this.#known === next) this.#known = undefined;
    });
    return next.tiers;
  }

  async #every(): Promise<ReadonlyMap<string, Tier>> {
    const all = new Map<string, Tier>();
    for (let page = await this.#all.find({}, { limit: most }); page.length > 0; ) {
      for (const tier of page) all.set(tier.id, tier);
      page = page.length < most ? [] : await this.#all.find({}, { limit: most, after: page.at(-1)?.id ?? '' });
    }
    return all;
  }
}

/** The limits of a tier that a call on this API has to keep. */
export const limitsOn = ({ limits }: Tier, audience: string | undefined): Limit[] =>
  limits.filter(({ api }) => api === undefined || api === audience);

function checkedTier({ id, excess, patience, limits }: Tier): Tier {
  const tier: Tier = { id, limits: checkedLimits(limits), excess };
  if (excess === 'reject') {
    if (patience !== undefined) throw invalid('Only a tier whose excess is queue has patience; leave it out, or queue');
    return tier;
  }
  const seconds = patience ?? usualPatience;
  if (Number.isSafeInteger(seconds) && seconds >= 1 && seconds <= longestPatience)
    return { ...tier, patience: seconds };
  throw invalid(
    `The patience of a tier is 1 to ${longestPatience} whole seconds, and less than the gateway waits for us`,
  );
}

const told = (clients: readonly string[]): string =>
  clients.length > 3 ? `${clients.slice(0, 3).join(', ')} and others` : clients.join(', ');
