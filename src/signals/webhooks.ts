import type { Trail } from '../audit/trail.ts';
import { randomToken, type Vault } from '../kernel/crypto.ts';
import { invalid, missing } from '../kernel/errors.ts';
import { guardedFetch } from '../kernel/fetch.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';
import type { SignalType } from './signal.ts';
import { type Progress, ProgressOfWebhooks } from './webhook-progress.ts';
import { newWebhookSecret, signedHeaders } from './webhook-signature.ts';

/** An address to which signals are sent. Times in seconds. */
export interface Webhook extends Entity {
  url: string;
  /** The only types that it is told of; empty for all. */
  types: readonly SignalType[];
  /** It hears what a gateway for these APIs would; empty for all. */
  audiences: readonly string[];
  enabled: boolean;
  /** Why it was switched off, when it was not by hand. */
  failed?: { at: number; reason: string };
  /** Sealed, the newest first; an older one signs too until its time is over. */
  secrets: readonly { sealed: string; until?: number }[];
  created: number;
}

/** What may be said of a webhook. */
export type WebhookTerms = Partial<Pick<Webhook, 'url' | 'types' | 'audiences' | 'enabled'>>;

/** What a receiver said: undefined is yes, else why not; `gone` when it wants no more (410). */
export interface Answered {
  reason?: string;
  gone?: true;
}

interface Outgoing {
  allowPrivate: boolean;
  maxBytes: number;
}

interface Parts {
  store: Store;
  vault: Vault;
  trail: Trail;
  outgoing: Outgoing;
}

const seconds = (): number => Math.floor(Date.now() / 1000);
const day = 24 * 60 * 60;
const longestOverlap = 30 * day;
/** A receiver has so long to answer (milliseconds); Standard Webhooks ask for 15 to 30 s, a lease is 30 s. */
const patience = 15_000;
/** All outgoing requests share 20 places (kernel/fetch.ts): signing in at providers keeps most of them. */
const mostAtOnce = 8;

/** The webhooks of this installation. */
export class Webhooks {
  readonly #all: Collection<Webhook>;
  readonly #parts: Parts;
  readonly progress: ProgressOfWebhooks;
  readonly #waiting: (() => void)[] = [];
  #sending = 0;
  #changed: (() => void) | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.progress = new ProgressOfWebhooks(parts.store);
    this.#all = parts.store.collection<Webhook>({ name: 'webhooks', indexes: {}, cached: true });
  }

  /** Who is told at once when this process changes one. */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  get(id: string): Promise<Webhook | undefined> {
    return this.#all.get(id);
  }

  list(page?: Page): Promise<Webhook[]> {
    return this.#all.find({}, page);
  }

  /** How its deliveries go. Throws `missing`. */
  async delivery(id: string): Promise<Progress> {
    const progress = await this.progress.get(id);
    if (!progress) throw missing(`The webhook ${id}`);
    return progress;
  }

  /** Makes one that is told of what happens from now on; the secret is shown here and never again. Throws `invalid`. */
  async add(terms: WebhookTerms & { url: string }, actor: string): Promise<{ webhook: Webhook; secret: string }> {
    const id = `wh_${randomToken(12)}`;
    const secret = newWebhookSecret();
    const secrets = [{ sealed: this.#parts.vault.seal(secret, bound(id)) }];
    const usual = { types: [], audiences: [], enabled: true };
    const webhook = this.#checked({ ...usual, ...terms, id, secrets, created: seconds() });
    await this.progress.begin(id);
    await this.#all.insert(webhook);
    // The path of an address is often what keeps it secret.
    const detail = { url: new URL(webhook.url).origin };
    await this.#parts.trail.record({ type: 'webhook.created', actor, target: `webhook:${id}`, detail });
    this.#changed?.();
    return { webhook, secret };
  }

  /** `look` sees what is changed, and may throw. Whoever is enabled again gets what it missed. Throws `missing`, `invalid`. */
  async change(
    id: string,
    terms: WebhookTerms,
    actor: string,
    look: (now: Webhook) => void = () => undefined,
  ): Promise<Webhook> {
    const webhook = await this.#all.change(id, (now) => {
      look(now);
      const { failed, ...rest } = now;
      return this.#checked({ ...(terms.enabled === undefined ? now : rest), ...terms });
    });
    if (!webhook) throw missing(`The webhook ${id}`);
    await this.progress.refresh(id);
    const detail = { changed: Object.keys(terms).join(' ') };
    await this.#parts.trail.record({ type: 'webhook.changed', actor, target: `webhook:${id}`, detail });
    this.#changed?.();
    return webhook;
  }

  /** A new secret; both sign for `overlap` seconds, then the older one does not any more. Throws `missing`, `invalid`. */
  async rotateSecret(id: string, actor: string, overlap = day): Promise<{ webhook: Webhook; secret: string }> {
    if (!Number.isSafeInteger(overlap) || overlap < 0 || overlap > longestOverlap) {
      throw invalid('The overlap is a whole number of seconds, at most 30 days');
    }
    const secret = newWebhookSecret();
    const sealed = this.#parts.vault.seal(secret, bound(id));
    const until = seconds() + overlap;
    const webhook = await this.#all.change(id, (now) => {
      const older = now.secrets.slice(0, 1).map((one) => ({ sealed: one.sealed, until }));
      return { ...now, secrets: [{ sealed }, ...(overlap === 0 ? [] : older)] };
    });
    if (!webhook) throw missing(`The webhook ${id}`);
    await this.#parts.trail.record({
      type: 'webhook.secret-rotated',
      actor,
      target: `webhook:${id}`,
      detail: { overlap },
    });
    return { webhook, secret };
  }

  /** Nothing more is sent. Throws `missing`. */
  async remove(id: string, actor: string): Promise<void> {
    if (!(await this.#all.take(id))) throw missing(`The webhook ${id}`);
    await this.progress.forget(id);
    await this.#parts.trail.record({ type: 'webhook.removed', actor, target: `webhook:${id}` });
  }

  /** Switches it off because it did not take what was sent. */
  async fail(id: string, reason: string): Promise<void> {
    const failed = { at: seconds(), reason };
    const webhook = await this.#all.change(id, (now) => ({ ...now, enabled: false, failed }));
    if (!webhook) return;
    await this.#parts.trail.record({
      type: 'webhook.failed',
      actor: 'system',
      target: `webhook:${id}`,
      outcome: 'failure',
      detail: { reason },
    });
  }

  /** Sends one message, signed, when its turn has come; `begin` is asked then, and may call it off by false. */
  async send(
    webhook: Webhook,
    message: { id: string; body: string },
    begin: () => Promise<boolean> = async () => true,
  ): Promise<Answered | undefined> {
    await this.#place();
    try {
      return (await begin()) ? await this.#post(webhook, message) : undefined;
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#sending -= 1;
    }
  }

  /** Waits for one of few places; whoever leaves hands over its own. */
  async #place(): Promise<void> {
    if (this.#sending < mostAtOnce) this.#sending += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #post(webhook: Webhook, { id, body }: { id: string; body: string }): Promise<Answered> {
    const { outgoing } = this.#parts;
    const headers = signedHeaders({ id, timestamp: seconds(), body }, this.#secretsOf(webhook));
    try {
      const { status } = await guardedFetch(
        webhook.url,
        { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body, redirect: 'manual' },
        { ...outgoing, timeoutMs: patience },
      );
      if (status >= 200 && status < 300) return {};
      return { reason: `it answered ${status}`, ...(status === 410 ? { gone: true } : {}) };
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error) };
    }
  }

  #secretsOf({ id, secrets }: Webhook): string[] {
    const live = secrets.filter(({ until }) => until === undefined || until > seconds());
    return live.map(({ sealed }) => this.#parts.vault.open(sealed, bound(id)));
  }

  #checked(webhook: Webhook): Webhook {
    const url = URL.parse(webhook.url);
    const schemes = this.#parts.outgoing.allowPrivate ? ['https:', 'http:'] : ['https:'];
    if (!url || !schemes.includes(url.protocol) || url.username !== '' || url.password !== '' || url.hash !== '') {
      throw invalid('The address of a webhook is an https URL without credentials and without a fragment');
    }
    if (webhook.url.length > 2000) throw invalid('The address of a webhook has at most 2000 characters');
    return { ...webhook, types: [...new Set(webhook.types)], audiences: [...new Set(webhook.audiences)] };
  }
}

const bound = (id: string): string => `webhook ${id}`;
