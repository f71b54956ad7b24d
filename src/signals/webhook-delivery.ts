import { moment } from '../audit/trail.ts';
import { randomToken } from '../kernel/crypto.ts';
import type { Log } from '../kernel/log.ts';
import { type Entry, type Feed, overlap } from './feed.ts';
import { audibleTo, type Signal } from './signal.ts';
import { lease, type Progress, type Step } from './webhook-progress.ts';
import type { Answered, Webhook, Webhooks } from './webhooks.ts';

interface Parts {
  webhooks: Webhooks;
  feed: Feed;
  /** A signal as receivers read it. */
  write(signal: Signal): string;
  log: Log;
}

/** How often it is looked whether there are webhooks that nobody holds, or that are due again (milliseconds). */
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
 * Sends signals to webhooks, each in order. Of all processes one holds a webhook and delivers, so that each signal comes once
 * as a rule; when it dies, another one goes on where it was, and sends at most the one again that was under way.
 */
export class WebhookDelivery {
  readonly #parts: Parts;
  readonly #holder = randomToken(9);
  readonly #held = new Map<string, Progress>();
  readonly #rounds = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #unlisten: (() => void) | undefined;
  #leaving = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.look(), look).unref();
    parts.webhooks.onChange(() => this.look());
    this.look();
  }

  /** Looks after every webhook, and listens while there is one. */
  look(): void {
    void this.#look().catch((error: unknown) => {
      this.#parts.log.warn({ err: error }, 'webhooks could not be looked after; trying again');
    });
  }

  /** Begins no further delivery; resolves when those under way are over, and others may go on. */
  async close(): Promise<void> {
    this.#leaving = true;
    clearInterval(this.#timer);
    this.#unlisten?.();
    await Promise.all(this.#rounds.values());
    const held = [...this.#held.keys()].map((id) => this.#parts.webhooks.progress.release(id, this.#holder));
    // Whatever cannot be released is free when its time is over.
    await Promise.allSettled(held);
  }

  async #look(): Promise<void> {
    const ids: string[] = [];
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: Webhook[] = await this.#parts.webhooks.list({ after, limit: pageSize });
      ids.push(...page.filter(({ enabled }) => enabled).map(({ id }) => id));
      after = page.length < pageSize ? undefined : page.at(-1)?.id;
    }
    if (this.#leaving) return;
    if (ids.length > 0) {
      this.#unlisten ??= this.#parts.feed.listen(() => {
        for (const id of this.#held.keys()) this.#wake(id);
      });
    } else {
      this.#unlisten?.();
      this.#unlisten = undefined;
    }
    for (const id of ids) this.#wake(id);
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
        this.#parts.log.warn({ err: error, webhook: id }, 'a webhook could not be looked after; trying again');
      })
      .finally(() => {
        this.#rounds.delete(id);
        if (this.#again.delete(id)) this.#wake(id);
      });
    this.#rounds.set(id, round);
  }

  async #round(id: string): Promise<void> {
    if (!(await this.#hold(id))) return;
    const began = Date.now();
    for (let after = this.#held.get(id)?.cursor; after !== undefined; ) {
      const { entries, end }: { entries: Entry[]; end: string | undefined } = await this.#parts.feed.page(
        after,
        pageSize,
      );
      for (const entry of entries) if (!(await this.#handle(id, entry))) return;
      after = end;
    }
    // Whatever was recorded before this is readable by now, and was read.
    this.#pass(id, moment(began - overlap));
  }

  /** Whether this process delivers it, and it is time to. */
  async #hold(id: string): Promise<boolean> {
    const { progress } = this.#parts.webhooks;
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
    const { progress } = this.#parts.webhooks;
    if (!held) return progress.take(id, this.#holder);
    return progress.step(id, this.#holder, { cursor: held.cursor, done: held.done });
  }

  /** Answers whether to go on with the next one. */
  async #handle(id: string, { signal, settled }: Entry): Promise<boolean> {
    const webhook = await this.#parts.webhooks.get(id);
    const held = this.#held.get(id);
    if (this.#leaving || !held) return false;
    if (!webhook?.enabled) {
      this.#held.delete(id);
      await this.#parts.webhooks.progress.release(id, this.#holder);
      return false;
    }
    if (!settled) {
      setTimeout(() => this.#wake(id), settling).unref();
      return false;
    }
    const audible = concerns(webhook, signal);
    if (audible && !held.done.includes(signal.id)) return this.#deliver(webhook, audible);
    if (signal.at < Date.now() - overlap) this.#pass(id, signal.id);
    return true;
  }

  async #deliver(webhook: Webhook, signal: Signal): Promise<boolean> {
    const { id } = webhook;
    const message = { id: signal.id, body: this.#parts.write(signal) };
    const answered = await this.#parts.webhooks.send(webhook, message, () => this.#stillHeld(id));
    const held = this.#held.get(id);
    if (!answered || !held) return false;
    if (answered.reason !== undefined) return this.#failed(id, held, { ...answered, reason: answered.reason });
    const done = [...held.done, signal.id];
    const old = signal.at < Date.now() - overlap;
    const place = old ? passed({ ...held, done }, signal.id) : { done };
    const fine = { due: 0, tries: 0, since: 0, reason: '', delivered: Date.now() };
    return this.#step(id, { ...place, ...fine });
  }

  async #failed(id: string, held: Progress, { reason, gone }: Answered & { reason: string }): Promise<false> {
    const now = Date.now();
    const since = held.since === 0 ? now : held.since;
    const tries = held.tries + 1;
    const kept = await this.#step(id, { since, tries, reason, due: now + pause(tries) });
    if (!kept) return false;
    this.#parts.log.warn({ webhook: id, tries, reason }, 'a webhook did not take a signal');
    if (gone || now - since >= longest) await this.#parts.webhooks.fail(id, reason);
    return false;
  }

  /** After a wait for a turn the lease may be short, or over. */
  async #stillHeld(id: string): Promise<boolean> {
    const held = this.#held.get(id);
    if (!held || this.#leaving) return false;
    return held.lease - Date.now() > lease / 2 || this.#step(id, {});
  }

  async #step(id: string, step: Step): Promise<boolean> {
    const progress = await this.#parts.webhooks.progress.step(id, this.#holder, step);
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

/** The signal as this webhook may hear of it, if it wants to. */
function concerns({ types, audiences }: Webhook, signal: Signal): Signal | undefined {
  if (types.length > 0 && !types.includes(signal.type)) return undefined;
  return audibleTo(signal, audiences.length === 0 ? 'all' : audiences);
}

const passed = ({ cursor, done }: Progress, place: string): Pick<Progress, 'cursor' | 'done'> =>
  place <= cursor ? { cursor, done } : { cursor: place, done: done.filter((one) => one > place) };
