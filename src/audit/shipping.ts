import type { Log } from '../kernel/log.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import { chains, placeOf } from './link.ts';
import type { Outlet } from './outlet.ts';
import { endOf, type Seal } from './seal.ts';
import type { Recorded, Trail } from './trail.ts';
import type { Turns } from './turns.ts';

/** The place of the last event of each chain that the receiver has. */
export type Places = Readonly<Record<string, number>>;

interface Shipped extends Entity {
  places: Places;
}

interface Parts {
  store: Store;
  trail: Trail;
  turns: Turns;
  log: Log;
  open(): Promise<Outlet>;
  write(event: Recorded): string;
}

const id = 'syslog';
const lease = 30_000;
/** How often it is looked for what other processes have recorded (milliseconds). */
const look = 1000;
/** After a failure: so long at first, twice as long each time, and never longer (milliseconds). */
const [shortest, longest] = [1000, 60_000];
/**
 * What was sent counts as received when the connection still stands so much later (milliseconds): nobody acknowledges syslog,
 * and what was under way when a receiver died is lost with it.
 */
const believed = 2000;
const atOnce = 50;

/** How far shipping is, for whoever must not remove what was not shipped. */
export const shippedPlaces = async (store: Store): Promise<Places> => (await shipped(store).get(id))?.places ?? {};
const shipped = (store: Store): Collection<Shipped> =>
  store.collection<Shipped>({ name: 'audit-shipping', indexes: {} });

/** Sends every event of the trail, at least once each and about in their order; of all processes one does it at a time. */
export class Shipping {
  readonly #parts: Parts;
  readonly #shipped: Collection<Shipped>;
  readonly #timer: NodeJS.Timeout;
  readonly #unlisten: () => void;
  #outlet: Outlet | undefined;
  /** What was sent last on this connection; undefined when it begins where the receiver is known to be. */
  #sent: Places | undefined;
  #unsure: { places: Places; at: number }[] = [];
  #round: Promise<void> | undefined;
  #again = false;
  #failures = 0;
  #due = 0;
  #leaving = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#shipped = shipped(parts.store);
    this.#timer = setInterval(() => this.#wake(), look).unref();
    this.#unlisten = parts.trail.listen(
      () => this.#wake(),
      () => undefined,
    );
    this.#wake();
  }

  /** Sends nothing more; what is not known to have arrived is sent again by whoever goes on. */
  async close(): Promise<void> {
    this.#leaving = true;
    clearInterval(this.#timer);
    this.#unlisten();
    await this.#round;
    this.#outlet?.close();
    await this.#parts.turns.release(id).catch(() => undefined);
  }

  #wake(): undefined {
    this.#again = true;
    if (this.#leaving || this.#round || performance.now() < this.#due) return;
    this.#round = this.#rounds()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#round = undefined;
      });
  }

  async #rounds(): Promise<void> {
    while (this.#again && !this.#leaving) {
      this.#again = false;
      if (!(await this.#parts.turns.take(id, lease))) return this.#rewind();
      if (!this.#outlet?.open) await this.#connect();
      await this.#believe();
      if (await this.#ship()) this.#again = true;
    }
  }

  async #connect(): Promise<void> {
    this.#rewind();
    this.#outlet = await this.#parts.open();
    if (this.#failures > 0) this.#parts.log.info('the audit trail is shipped again');
    this.#failures = 0;
  }

  #rewind(): void {
    this.#outlet?.close();
    this.#outlet = undefined;
    this.#sent = undefined;
    this.#unsure = [];
  }

  #failed(err: unknown): void {
    this.#rewind();
    // Nothing is lost, and one line an outage is enough.
    if (this.#failures === 0) this.#parts.log.warn({ err }, 'the audit trail could not be shipped; trying again');
    this.#due = performance.now() + Math.min(longest, shortest * 2 ** this.#failures);
    this.#failures += 1;
  }

  async #believe(): Promise<void> {
    const now = performance.now();
    const sure = this.#unsure.findLast(({ at }) => now - at >= believed);
    if (!sure) return;
    await this.#shipped.put({ id, places: sure.places });
    this.#unsure = this.#unsure.filter(({ at }) => at > sure.at);
  }

  /** Sends the next events; whether there may be more. */
  async #ship(): Promise<boolean> {
    const places = this.#sent ?? (await shippedPlaces(this.#parts.store));
    const seal = await this.#parts.trail.seals.read();
    const all = Array.from({ length: chains }, (_, chain) => this.#after(chain, places[chain] ?? 0, seal));
    const found = await Promise.all(all);
    const events = found.flatMap((one) => one.events).sort((a, b) => (a.id < b.id ? -1 : 1));
    const next = Object.fromEntries(found.map(({ place }, chain) => [String(chain), place]));
    if (events.length > 0) await this.#outlet?.send(events.map((event) => this.#parts.write(event)));
    else if (found.every(({ place }, chain) => place === (places[chain] ?? 0))) return false;
    this.#sent = next;
    this.#unsure.push({ places: next, at: performance.now() });
    return true;
  }

  async #after(chain: number, place: number, seal: Seal | undefined): Promise<{ events: Recorded[]; place: number }> {
    const { seq: removed } = endOf(seal?.from ?? {}, chain);
    if (removed > place) {
      this.#parts.log.error({ chain, count: removed - place }, 'events were removed before they were shipped');
      return { events: [], place: removed };
    }
    const first = await this.#at(chain, place + 1);
    if (first.length === 0 && endOf(seal?.to ?? {}, chain).seq > place) {
      this.#parts.log.error({ chain, seq: place + 1 }, 'an event is missing; see: sallyport audit verify');
      return { events: [], place: place + 1 };
    }
    if (first.length === 0) return { events: [], place };
    const rest = await Promise.all(
      Array.from({ length: atOnce - 1 }, (_, index) => this.#at(chain, place + 2 + index)),
    );
    const gap = rest.findIndex((one) => one.length === 0);
    const events = [first, ...(gap < 0 ? rest : rest.slice(0, gap))].flat();
    return { events, place: place + events.length };
  }

  #at(chain: number, seq: number): Promise<Recorded[]> {
    return this.#parts.trail.all.find({ link: placeOf(chain, seq) }, { limit: 1 });
  }
}
