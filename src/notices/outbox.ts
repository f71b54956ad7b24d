import type { Trail } from '../audit/trail.ts';
import { randomToken, type Vault } from '../kernel/crypto.ts';
import { Problem } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import { type Errand, type Letter, NotNow, Undeliverable } from './letter.ts';

interface Entry extends Entity {
  /** A letter or an errand as JSON; sealed, since it holds addresses and links. Empty once it is done. */
  content: string;
  /** Not before then (seconds): while it is in somebody's hands, and after a failure. */
  due: number;
  /** Given up then (seconds). */
  until: number;
  /** How often somebody took it, and who has it. */
  tries: number;
  holder?: string;
}

/** Sends what is in an entry. Answers the letter that was sent, or undefined when there was none to send. */
export type Deliver = (content: Letter | Errand, entry: { id: string; first: boolean }) => Promise<Letter | undefined>;

const indexes = { state: { key: ({ content }: Entry) => (content === '' ? undefined : 'waiting') } };

interface Parts {
  store: Store;
  vault: Vault;
  trail: Trail;
}

const hour = 60 * 60;
const day = 24 * hour;

/** That an entry is done is remembered so long (seconds), twice as long as `Notices.catchUp` looks back. */
const remembered = 2 * hour;

/** Whoever took an entry has so long (seconds), more than the mail server is given; then it is another's. */
const lease = 120;

/** After a failure: 15 s, a minute, four minutes, a quarter of an hour, then every hour. */
const patience = (tries: number): number => Math.min(hour, 15 * 4 ** Math.max(0, tries - 1));

const seconds = (): number => Math.floor(Date.now() / 1000);

/**
 * Mail that waits to be sent. An entry is durable before whoever caused it has an answer, so a crash loses none; the process
 * that takes it has it for a time, so no two send it, and what was not sent is tried again for a day. (A process that dies
 * between the mail server's yes and its own note of it makes a second mail, with the same Message-ID.)
 */
export class Outbox {
  readonly #all: Collection<Entry, 'state'>;
  readonly #vault: Vault;
  readonly #trail: Trail;
  #wake: (() => void) | undefined;

  constructor({ store, vault, trail }: Parts) {
    this.#vault = vault;
    this.#trail = trail;
    this.#all = store.collection<Entry, 'state'>({ name: 'outbox', indexes });
  }

  /** Who is told at once when this process puts something in. */
  onPut(wake: () => void): void {
    this.#wake = wake;
  }

  /** Keeps it until it is sent, or given up after `life` seconds. The same `id` a second time changes nothing. */
  async put(content: Letter | Errand, { id = newId(), life = day } = {}): Promise<void> {
    const sealed = this.#vault.seal(JSON.stringify(content), bound(id));
    try {
      await this.#all.insert({ id, content: sealed, due: 0, until: seconds() + life, tries: 0 }, 8 * day);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'taken') throw error;
    }
    this.#wake?.();
  }

  /** Sends all that is due, one after the other, until there is no more or the mail server does not take any. */
  async tend(deliver: Deliver, log: Log, leaving: () => boolean = () => false): Promise<void> {
    let after = '';
    for (;;) {
      const page = await this.#all.find({ state: 'waiting' }, { after, limit: 100 });
      for (const entry of page) {
        if (leaving()) return;
        if (entry.due <= seconds() && !(await this.#handle(entry.id, deliver, log))) return;
      }
      const last = page.at(-1);
      if (page.length < 100 || !last) return;
      after = last.id;
    }
  }

  /** How many wait; for those who run the server. */
  async waiting(): Promise<number> {
    return (await this.#all.find({ state: 'waiting' }, { limit: 1000 })).length;
  }

  /** Answers whether it makes sense to go on with others. */
  async #handle(id: string, deliver: Deliver, log: Log): Promise<boolean> {
    const entry = await this.#take(id);
    if (!entry) return true;
    let content: Letter | Errand | undefined;
    try {
      content = readContent(this.#vault.open(entry.content, bound(id)));
      if (entry.until <= seconds()) throw new Undeliverable('the time was over');
      const sent = await deliver(content, { id, first: entry.tries === 1 });
      await this.#done(entry);
      if (sent) await this.#record('notice.sent', sent);
      return true;
    } catch (error) {
      if (error instanceof Undeliverable) {
        await this.#giveUp(entry, content, error.message);
        return true;
      }
      await this.#later(entry);
      log.warn({ err: error, tries: entry.tries }, 'a mail could not be sent; trying again later');
      return error instanceof NotNow;
    }
  }

  /** Of many who want an entry at the same time exactly one gets it. */
  async #take(id: string): Promise<Entry | undefined> {
    const holder = randomToken(9);
    const entry = await this.#all.change(id, (now) =>
      now.due > seconds() || now.content === ''
        ? now
        : { ...now, holder, tries: now.tries + 1, due: seconds() + lease },
    );
    return entry?.holder === holder ? entry : undefined;
  }

  async #later({ id, holder, tries }: Entry): Promise<void> {
    await this.#all.change(id, (now) =>
      now.holder === holder ? { ...now, due: Math.min(seconds() + patience(tries), now.until) } : now,
    );
  }

  /** Nothing of it is left but its id, so that the event which it told of makes no second one. */
  async #done({ id, tries }: Entry): Promise<void> {
    await this.#all.put({ id, content: '', due: 0, until: 0, tries }, remembered);
  }

  async #giveUp(entry: Entry, content: Letter | Errand | undefined, reason: string): Promise<void> {
    await this.#done(entry);
    const about = content && 'kind' in content ? content : undefined;
    await this.#record('notice.failed', about, reason);
  }

  async #record(type: 'notice.sent' | 'notice.failed', letter?: Letter, reason?: string): Promise<void> {
    const target = letter?.user === undefined ? {} : { target: `user:${letter.user}` };
    const notice = letter?.kind;
    if (type === 'notice.sent') await this.#trail.record({ type, actor: 'system', ...target, detail: { notice } });
    else {
      await this.#trail.record({ type, actor: 'system', outcome: 'failure', ...target, detail: { notice, reason } });
    }
  }
}

/** Ids sort by time, as those of events do, so that mail goes out in the order in which it was written. */
const newId = (): string => `${Date.now().toString(36).padStart(9, '0')}-${randomToken(16)}`;

const bound = (id: string): string => `outbox ${id}`;

function readContent(text: string): Letter | Errand {
  const content: Letter | Errand = JSON.parse(text);
  return content;
}
