import { moment, type Trail } from '../audit/trail.ts';
import { randomToken, type Vault } from '../kernel/crypto.ts';
import { invalid, missing, Problem, problem } from '../kernel/errors.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';
import { caepEvents } from './caep.ts';
import type { Posting } from './posting.ts';
import { type Note, Progresses } from './progress.ts';

/** What a stream does with events: tells them, keeps them for later, or neither (SSF 1.0 §8.1.2). */
export const streamStatuses = ['enabled', 'paused', 'disabled'] as const;
export type StreamStatus = (typeof streamStatuses)[number];

/** How events come to the receiver: RFC 8935, with its Authorization header sealed, or RFC 8936. */
export type StreamDelivery = { method: 'push'; url: string; sealed?: string } | { method: 'poll' };

/** A stream of security events to one receiver (SSF 1.0 §8.1.1). Times in seconds. */
export interface Stream extends Entity {
  /** The client that listens; its id is the audience of every SET. */
  client: string;
  description?: string;
  /** Event types as the receiver asked for them, also those that nobody knows. */
  requested: readonly string[];
  delivery: StreamDelivery;
  status: StreamStatus;
  reason?: string;
  /** Nothing from before this place in the trail is told. */
  since: string;
  /** The last time that a verification was asked for. */
  verified: number;
  created: number;
}

/** What a receiver may say of its stream; without an authorization, one for the same address stays, and null takes it away. */
export interface StreamTerms {
  requested: readonly string[];
  description?: string | undefined;
  delivery: { method: 'push'; url: string; authorization?: string | null | undefined } | { method: 'poll' };
}

interface Parts {
  store: Store;
  vault: Vault;
  trail: Trail;
  posting: Posting;
}

/** Seconds between two verifications of a stream. */
export const verificationInterval = 30;
const mostEach = 10;
const mostNotes = 10;
const mostRequested = 100;

const seconds = (): number => Math.floor(Date.now() / 1000);

const tooMany = problem(
  'too_many_streams',
  409,
  () => `A receiver has at most ${mostEach} streams; change one of them, or delete one first`,
);
const tooSoon = (retryAfter: number): Problem =>
  new Problem({
    code: 'too_soon',
    status: 429,
    sentence: `A stream is verified once in ${verificationInterval} s; wait a little`,
    retryAfter,
  });
const unread = problem(
  'too_many',
  429,
  () => `${mostNotes} verifications of this stream wait to be taken; take them first`,
);

/** The events that a stream tells: those that it asked for, of those that there are. */
export const deliveredEvents = ({ requested }: Pick<Stream, 'requested'>): string[] =>
  caepEvents.filter((uri) => requested.includes(uri));

/** The streams of security events, and who listens to them. */
export class Streams {
  readonly #all: Collection<Stream, 'client'>;
  readonly #parts: Parts;
  readonly progress: Progresses;
  readonly #changed = new Set<() => void>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.progress = new Progresses(parts.store, 'stream-progress');
    this.#all = parts.store.collection<Stream, 'client'>({
      name: 'streams',
      indexes: { client: { key: ({ client }) => client } },
      cached: true,
    });
  }

  /** Who is told at once when this process changes one. */
  onChange(changed: () => void): void {
    this.#changed.add(changed);
  }

  get(id: string): Promise<Stream | undefined> {
    return this.#all.get(id);
  }

  list(page?: Page): Promise<Stream[]> {
    return this.#all.find({}, page);
  }

  /** All that a client has made. */
  of(client: string): Promise<Stream[]> {
    return this.#all.find({ client }, { limit: 1000 });
  }

  /** One that this client has made. Throws `missing`, also for another's. */
  async own(client: string, id: string): Promise<Stream> {
    const stream = await this.#all.get(id);
    if (stream?.client !== client) throw missing('This stream');
    return stream;
  }

  /** Makes one that tells what happens from now on. Throws `invalid`, `too_many_streams`. */
  async add(client: string, terms: StreamTerms): Promise<Stream> {
    if ((await this.of(client)).length >= mostEach) throw tooMany();
    const id = `st_${randomToken(12)}`;
    const begun = {
      id,
      client,
      status: 'enabled',
      since: moment(Date.now()),
      verified: 0,
      created: seconds(),
    } as const;
    const stream: Stream = { ...begun, ...this.#checked(id, terms, undefined) };
    await this.progress.begin(id);
    await this.#all.insert(stream);
    await this.#record('stream.created', id, {
      actor: `client:${client}`,
      detail: { delivery: terms.delivery.method },
    });
    return stream;
  }

  /** Changes what is named; `look` sees what is changed, and may throw. Throws `missing`, `invalid`. */
  async change(
    client: string,
    id: string,
    terms: Partial<StreamTerms>,
    look: (now: Stream) => void = () => undefined,
  ): Promise<Stream> {
    await this.own(client, id);
    const stream = await this.#all.change(id, (now) => {
      look(now);
      const { description, requested, delivery } = { ...now, ...terms };
      const { description: _before, ...rest } = now;
      const next = { description, requested, delivery: 'delivery' in terms ? delivery : undefined };
      return { ...rest, ...this.#checked(id, next, now.delivery) };
    });
    if (!stream) throw missing('This stream');
    await this.progress.refresh(id);
    await this.#record('stream.changed', id, {
      actor: `client:${client}`,
      detail: { changed: Object.keys(terms).join(' ') },
    });
    return stream;
  }

  /** Paused, it keeps events for a week; disabled, it keeps none. What failed is tried again at once. Throws `missing`. */
  async setStatus(client: string, id: string, { status, reason }: Pick<Stream, 'status' | 'reason'>): Promise<Stream> {
    await this.own(client, id);
    const stream = await this.#all.change(id, ({ reason: _before, ...now }) => ({
      ...now,
      status,
      ...(now.status === 'disabled' && status !== 'disabled' ? { since: moment(Date.now()) } : {}),
      ...(reason === undefined ? {} : { reason }),
    }));
    if (!stream) throw missing('This stream');
    await this.progress.refresh(id);
    await this.#record('stream.changed', id, { actor: `client:${client}`, detail: { changed: 'status' } });
    return stream;
  }

  /** Sends an event with this state soon, so that the receiver sees that its stream works. Throws `missing`, `invalid`, 429. */
  async verify(client: string, id: string, state?: string): Promise<void> {
    const { status } = await this.own(client, id);
    if (status !== 'enabled') throw invalid(`The stream is ${status}; enable it before it is verified`);
    if (((await this.progress.get(id))?.notes ?? []).length >= mostNotes) throw unread();
    await this.#all.change(id, (now) => {
      const wait = now.verified + verificationInterval - seconds();
      if (wait > 0) throw tooSoon(wait);
      return { ...now, verified: seconds() };
    });
    const note: Note = { id: `note_${randomToken(12)}`, at: Date.now(), ...(state === undefined ? {} : { state }) };
    await this.progress.change(id, ({ notes = [] }) => ({ notes: [...notes, note] }));
    this.#announce();
  }

  /** Nothing more is told. Throws `missing`. */
  async remove(id: string, actor: string): Promise<void> {
    if (!(await this.#all.take(id))) throw missing('This stream');
    await this.progress.forget(id);
    await this.#record('stream.removed', id, { actor });
  }

  /** Removes all that a client has made. */
  async forget(client: string, actor: string): Promise<void> {
    for (const { id } of await this.of(client)) await this.remove(id, actor);
  }

  /** Pauses a stream that took nothing for long, so that its receiver gets what it missed when it comes back. */
  async fail(id: string, reason: string): Promise<void> {
    const stream = await this.#all.change(id, (now) => ({ ...now, status: 'paused', reason }));
    if (!stream) return;
    await this.#record('stream.changed', id, { actor: 'system', outcome: 'failure', detail: { changed: 'status' } });
  }

  /** The Authorization header that the receiver asked for (SSF 1.0 §6.1.1). */
  authorizationOf({ id, delivery }: Stream): string | undefined {
    const sealed = delivery.method === 'push' ? delivery.sealed : undefined;
    return sealed === undefined ? undefined : this.#parts.vault.open(sealed, bound(id));
  }

  async #record(
    type: 'stream.created' | 'stream.changed' | 'stream.removed',
    id: string,
    event: { actor: string; outcome?: 'failure'; detail?: Record<string, string> },
  ): Promise<void> {
    await this.#parts.trail.record({ type, target: `stream:${id}`, ...event });
    this.#announce();
  }

  #announce(): void {
    for (const changed of this.#changed) changed();
  }

  /** What is stored of terms; `delivery` undefined is what it was. */
  #checked(
    id: string,
    terms: Omit<StreamTerms, 'delivery'> & { delivery: StreamTerms['delivery'] | undefined },
    before: StreamDelivery | undefined,
  ): Pick<Stream, 'requested' | 'delivery' | 'description'> {
    const { description, delivery } = terms;
    const requested = [...new Set(terms.requested)];
    if (requested.length > mostRequested) throw invalid(`A stream asks for at most ${mostRequested} types of events`);
    return {
      requested,
      delivery: delivery === undefined ? (before ?? { method: 'poll' }) : this.#checkedDelivery(id, delivery, before),
      ...(description === undefined ? {} : { description }),
    };
  }

  #checkedDelivery(id: string, delivery: StreamTerms['delivery'], before: StreamDelivery | undefined): StreamDelivery {
    if (delivery.method === 'poll') return delivery;
    const { url: address, authorization } = delivery;
    const url = URL.parse(address);
    const schemes = this.#parts.posting.allowsPrivate ? ['https:', 'http:'] : ['https:'];
    if (!url || !schemes.includes(url.protocol) || url.username !== '' || url.password !== '' || url.hash !== '') {
      throw invalid('delivery/endpoint_url is an https URL without credentials and without a fragment');
    }
    if (address.length > 2000) throw invalid('delivery/endpoint_url has at most 2000 characters');
    if (typeof authorization === 'string') {
      if (!/^[\x21-\x7e][\x20-\x7e]{0,3999}$/.test(authorization)) {
        throw invalid('delivery/authorization_header is one line of printable ASCII, at most 4000 characters');
      }
      return { method: 'push', url: address, sealed: this.#parts.vault.seal(authorization, bound(id)) };
    }
    // A secret that was given for one address is not sent to another.
    const same = authorization === undefined && before?.method === 'push' && before.url === address;
    return same ? before : { method: 'push', url: address };
  }
}

const bound = (id: string): string => `stream ${id}`;
