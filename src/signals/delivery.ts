import { moment } from '../audit/trail.ts';
import { randomToken } from '../kernel/crypto.ts';
import type { Log } from '../kernel/log.ts';
import type { Entity, Page } from '../store/port.ts';
import { type Entry, type Feed, overlap } from './feed.ts';
import { lease, type Note, type Progress, type Progresses, passed, type Step } from './progress.ts';
import type { Signal } from './signal.ts';

/** What a receiver said: undefined is yes, else why not; `gone` when it wants no more. */
export interface Answered {
  reason?: string;
  gone?: true;
}

/** A message for one receiver; it is written when it is sent. */
export interface Message {
  id: string;
  write(): Promise<string>;
}

/** Where signals go: the webhooks, or the streams that are pushed. */
export interface Outlet<T extends Entity> {
  name: 'webhook' | 'stream';
  progress: Progresses;
  list(page: Page): Promise<T[]>;
  get(id: string): Promise<T | undefined>;
  /** Who is told at once when this process changes one. */
  onChange(changed: () => void): void;
  /** Whether anything may be sent to it at this moment. */
  isOpen(to: T): boolean | Promise<boolean>;
  /** The signal as this receiver may hear of it, if it wants to. */
  message(to: T, signal: Signal): Message | undefined;
  /** What is to be said of the stream itself. */
  note?(to: T, note: Note): Message;
  /** Sends when its turn has come; `begin` is asked then, and may call it off by false. */
  send(
    to: T,
    sent: { id: string; body: string; troubled: boolean },
    begin: () => Promise<boolean>,
  ): Promise<Answered | undefined>;
  /** It took nothing for so long that no more is sent. */
  fail(id: string, reason: string): Promise<void>;
}

interface Parts<T extends Entity> {
  outlet: Outlet<T>;
  feed: Feed;
  log: Log;
}

/** How often it is looked whether there are receivers that nobody holds, or that are due again (milliseconds). */
const look = 5000;
/** A signal that processes may not answer by yet is looked at again after this (milliseconds), more than it takes them. */
const settling = 1100;
const second = 1000;
const hour = 60 * 60 * second;
/** A receiver that took nothing for so long is told no more. */
const longest = 3 * 24 * hour;
const pageSize = 100;

/** After a failure: 5 s, 20 s, 80 s, some five minutes, some twenty, then every hour. */
const pause = (tries: number): number => Math.min(hour, 5 * second * 4 ** Math.max(0, tries - 1));

/**
 * Sends signals to receivers, to each in order. Of all processes one holds a receiver and delivers, so that each signal comes
 * once as a rule; when it dies, another one goes on where it was, and sends at most the one again that was under way.
 */
export class Delivery<T extends Entity> {
  readonly #outlet: Outlet<T>;
  readonly #feed: Feed;
  readonly #log: Log;
  readonly #holder = randomToken(9);
  readonly #held = new Map<string, Progress>();
  readonly #rounds = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #unlisten: (() => void) | undefined;
  #leaving = false;

  constructor({ outlet, feed, log }: Parts<T>) {
    this.#outlet = outlet;
    this.#feed = feed;
    this.#log = log;
    this.#timer = setInterval(() => this.look(), look).unref();
    outlet.onChange(() => this.look());
    this.look();
  }

  /** Looks after every receiver, and listens while there is one. */
  look(): void {
    void this.#look().catch((error: unknown) => {
      this.#log.warn({ err: error }, `${this.#outlet.name}s could not be looked after; trying again`);
    });
  }

  /** Begins no further delivery; resolves when those under way are over, and others may go on. */
  async close(): Promise<void> {
    this.#leaving = true;
    clearInterval(this.#timer);
    this.#unlisten?.();
    await Promise.all(this.#rounds.values());
    const held = [...this.#held.keys()].map((id) => this.#outlet.progress.release(id, this.#holder));
    // Whatever cannot be released is free when its time is over.
    await Promise.allSettled(held);
  }

  async #look(): Promise<void> {
    const ids = new Set<string>();
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: T[] = await this.#outlet.list({ after, limit: pageSize });
      for (const one of page) if (await this.#outlet.isOpen(one)) ids.add(one.id);
      after = page.length < pageSize ? undefined : page.at(-1)?.id;
    }
    if (this.#leaving) return;
    if (ids.size > 0) {
      this.#unlisten ??= this.#feed.listen(() => {
        for (const id of this.#held.keys()) this.#wake(id);
      });
    } else {
      this.#unlisten?.();
      this.#unlisten = undefined;
    }
    for (const id of ids) this.#wake(id);
    for (const id of this.#held.keys()) if (!ids.has(id) && !this.#rounds.has(id)) await this.#letGo(id);
  }

  /** Begins a round, or sees to it that another one follows the one that is under way. */
  #wake(id: string): void {
    if (this.#leaving) return;
    if (this.#rounds.has(id)) {
      this.#again.add(id);
      return;
    }
    const round = this.#round(id)
      .catch((error: unknown) => {
        this.#held.delete(id);
        const sentence = `a ${this.#outlet.name} could not be looked after; trying again`;
        this.#log.warn({ err: error, [this.#outlet.name]: id }, sentence);
      })
      .finally(() => {
        this.#rounds.delete(id);
        if (this.#again.delete(id)) this.#wake(id);
      });
    this.#rounds.set(id, round);
  }

  async #round(id: string): Promise<void> {
    if (!(await this.#hold(id)) || !(await this.#sendNotes(id))) return;
    const began = Date.now();
    for (let after = this.#held.get(id)?.cursor; after !== undefined; ) {
      const { entries, end }: { entries: Entry[]; end: string | undefined } = await this.#feed.page(after, pageSize);
      for (const entry of entries) if (!(await this.#handle(id, entry))) return;
      after = end;
    }
    // Whatever was recorded before this is readable by now, and was read.
    this.#pass(id, moment(began - overlap));
  }

  /** Whether this process delivers it, and it is time to. */
  async #hold(id: string): Promise<boolean> {
    const { progress } = this.#outlet;
    const held = this.#held.get(id);
    const now = held && held.lease - Date.now() > lease / 2 ? held : await this.#renewed(id, held);
    // After a failure the store is asked: somebody may have had it tried again at once.
    const current = now && now.due > Date.now() ? await progress.get(id) : now;
    if (current?.holder !== this.#holder) {
      this.#held.delete(id);
      return false;
    }
    this.#held.set(id, current);
    return current.due <= Date.now();
  }

  #renewed(id: string, held: Progress | undefined): Promise<Progress | undefined> {
    const { progress } = this.#outlet;
    if (!held) return progress.take(id, this.#holder);
    return progress.step(id, this.#holder, { cursor: held.cursor, done: held.done });
  }

  /** Whoever it may be sent to; otherwise it is left to the others. */
  async #receiver(id: string): Promise<T | undefined> {
    const to = await this.#outlet.get(id);
    if (this.#leaving || !this.#held.has(id)) return undefined;
    if (to && (await this.#outlet.isOpen(to))) return to;
    await this.#letGo(id);
    return undefined;
  }

  async #letGo(id: string): Promise<void> {
    const held = this.#held.get(id);
    this.#held.delete(id);
    // Where it stands is kept: it goes on there when it is opened again.
    if (held) await this.#outlet.progress.step(id, this.#holder, { cursor: held.cursor, done: held.done });
    await this.#outlet.progress.release(id, this.#holder);
  }

  /** Another process may have been asked for them, so the store is. */
  async #sendNotes(id: string): Promise<boolean> {
    const { note, progress } = this.#outlet;
    if (!note) return true;
    const { notes = [] } = (await progress.get(id)) ?? {};
    for (const one of notes) {
      const to = await this.#receiver(id);
      const sent = to && (await this.#deliver(to, note(to, one), { note: one.id }));
      if (!sent) return false;
    }
    return true;
  }

  /** Answers whether to go on with the next one. */
  async #handle(id: string, { signal, settled }: Entry): Promise<boolean> {
    const to = await this.#receiver(id);
    const held = this.#held.get(id);
    if (!to || !held) return false;
    if (!settled) {
      setTimeout(() => this.#wake(id), settling).unref();
      return false;
    }
    const message = held.done.includes(signal.id) ? undefined : this.#outlet.message(to, signal);
    if (message) return this.#deliver(to, message, { signal });
    if (signal.at < Date.now() - overlap) this.#pass(id, signal.id);
    return true;
  }

  async #deliver(to: T, { id: name, write }: Message, what: { signal: Signal } | { note: string }): Promise<boolean> {
    const { id } = to;
    const troubled = (this.#held.get(id)?.tries ?? 0) > 0;
    const sent = { id: name, body: await write(), troubled };
    const answered = await this.#outlet.send(to, sent, () => this.#stillHeld(id));
    const held = this.#held.get(id);
    if (!answered || !held) return false;
    if (answered.reason !== undefined) return this.#failed(id, held, { ...answered, reason: answered.reason });
    const fine = { due: 0, tries: 0, since: 0, reason: '', delivered: Date.now() };
    if ('note' in what) {
      const without = ({ notes = [] }: Progress): Step => ({ notes: notes.filter((one) => one.id !== what.note) });
      return this.#step(id, (now) => ({ ...fine, ...without(now) }));
    }
    const done = [...held.done, what.signal.id];
    const old = what.signal.at < Date.now() - overlap;
    return this.#step(id, { ...fine, ...(old ? passed({ ...held, done }, what.signal.id) : { done }) });
  }

  async #failed(id: string, held: Progress, { reason, gone }: Answered & { reason: string }): Promise<false> {
    const now = Date.now();
    const since = held.since === 0 ? now : held.since;
    const tries = held.tries + 1;
    const kept = await this.#step(id, { since, tries, reason, due: now + pause(tries) });
    if (!kept) return false;
    const { name } = this.#outlet;
    this.#log.warn({ [name]: id, tries, reason }, `a ${name} did not take a signal`);
    if (gone || now - since >= longest) await this.#outlet.fail(id, reason);
    return false;
  }

  /** After a wait for a turn the lease may be short, or over. */
  async #stillHeld(id: string): Promise<boolean> {
    const held = this.#held.get(id);
    if (!held || this.#leaving) return false;
    return held.lease - Date.now() > lease / 2 || this.#step(id, {});
  }

  async #step(id: string, step: Step | ((now: Progress) => Step)): Promise<boolean> {
    const progress = await this.#outlet.progress.step(id, this.#holder, step);
    if (progress) this.#held.set(id, progress);
    else this.#held.delete(id);
    return progress !== undefined;
  }

  /** Remembers it until the next step or the next lease is written: read again, it costs nothing. */
  #pass(id: string, place: string): void {
    const held = this.#held.get(id);
    if (held) this.#held.set(id, { ...held, ...passed(held, place) });
  }
}
