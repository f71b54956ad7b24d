import { events, isAsked } from '../audit/events.ts';
import { isUnsettling, moment, type Recorded, type Trail } from '../audit/trail.ts';
import { randomToken, type Vault } from '../kernel/crypto.ts';
import { invalid, missing } from '../kernel/errors.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';
import type { Answered, Outlet } from './delivery.ts';
import type { Posting } from './posting.ts';
import { type Progress, Progresses } from './progress.ts';
import { audibleTo, type Signal, type SignalType, signalOf } from './signal.ts';
import { newWebhookSecret, signedHeaders } from './webhook-signature.ts';

/** An address to which signals are sent. Times in seconds. */
export interface Webhook extends Entity {
  url: string;
  /** The only types that it is told of; empty for all. */
  types: readonly SignalType[];
  /** It hears what a gateway for these APIs would; empty for all. */
  audiences: readonly string[];
  /**
   * Types of audit events (`client.*`, `signin.failed`, `*`): then it is told of these, and of no signal. Missing in those of
   * before.
   */
  events?: readonly string[];
  enabled: boolean;
  /** Why it was switched off, when it was not by hand. */
  failed?: { at: number; reason: string };
  /** Sealed, the newest first; an older one signs too until its time is over. */
  secrets: readonly { sealed: string; until?: number }[];
  created: number;
}

/** What may be said of a webhook. */
export type WebhookTerms = Partial<Pick<Webhook, 'url' | 'types' | 'audiences' | 'events' | 'enabled'>>;

interface Parts {
  store: Store;
  vault: Vault;
  trail: Trail;
  posting: Posting;
}

const seconds = (): number => Math.floor(Date.now() / 1000);
const day = 24 * 60 * 60;
const longestOverlap = 30 * day;
/** The webhooks of this installation. */
export class Webhooks {
  readonly #all: Collection<Webhook>;
  readonly #parts: Parts;
  readonly progress: Progresses;
  readonly #hearers: (() => void)[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
    this.progress = new Progresses(parts.store, 'webhook-progress');
    this.#all = parts.store.collection<Webhook>({ name: 'webhooks', indexes: {}, cached: true });
  }

  /** Who is told at once when this process changes one. */
  onChange(changed: () => void): void {
    this.#hearers.push(changed);
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
    this.#changed();
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
    this.#changed();
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

  #changed(): void {
    for (const changed of this.#hearers) changed();
  }

  /** What was not taken yet, the first ones: nothing is given up, it is sent when the webhook is enabled again. Throws `missing`. */
  async undelivered(id: string, limit: number): Promise<Recorded[]> {
    const [webhook, { cursor, done }] = [await this.#all.get(id), await this.delivery(id)];
    if (!webhook) throw missing(`The webhook ${id}`);
    const { trail } = this.#parts;
    const waiting: Recorded[] = [];
    for (let after: string | undefined = cursor; after !== undefined && waiting.length < limit; ) {
      const page: Recorded[] = await (isAbout(webhook)
        ? trail.all.find({}, { after, limit: 500 })
        : trail.unsettling({ after, limit: 500 }));
      waiting.push(...page.filter((event) => !done.includes(event.id) && wants(webhook, event)));
      after = page.length < 500 ? undefined : page.at(-1)?.id;
    }
    return waiting.slice(0, limit);
  }

  /** Sends everything again that has happened since then (seconds). Throws `missing`. */
  async redeliver(id: string, since: number, actor: string): Promise<void> {
    await this.delivery(id);
    // Whoever delivers at this moment hears that it is no longer theirs.
    const again = { cursor: moment(since * 1000), done: [], due: 0, tries: 0, since: 0, reason: '' };
    await this.progress.restartAt(id, again);
    const detail = { changed: 'cursor' };
    await this.#parts.trail.record({ type: 'webhook.changed', actor, target: `webhook:${id}`, detail });
    this.#changed();
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
    { id, body, troubled }: { id: string; body: string; troubled?: boolean },
    begin: () => Promise<boolean> = async () => true,
  ): Promise<Answered | undefined> {
    const signed = signedHeaders({ id, timestamp: seconds(), body }, this.#secretsOf(webhook));
    const headers = { ...signed, 'content-type': 'application/json' };
    const posted = await this.#parts.posting.post({ url: webhook.url, headers, body, troubled }, begin);
    if (!posted || 'reason' in posted) return posted;
    const { status } = posted;
    if (status >= 200 && status < 300) return {};
    return { reason: `it answered ${status}`, ...(status === 410 ? { gone: true } : {}) };
  }

  #secretsOf({ id, secrets }: Webhook): string[] {
    const live = secrets.filter(({ until }) => until === undefined || until > seconds());
    return live.map(({ sealed }) => this.#parts.vault.open(sealed, bound(id)));
  }

  #checked(webhook: Webhook): Webhook {
    const url = URL.parse(webhook.url);
    const schemes = this.#parts.posting.allowsPrivate ? ['https:', 'http:'] : ['https:'];
    if (!url || !schemes.includes(url.protocol) || url.username !== '' || url.password !== '' || url.hash !== '') {
      throw invalid('The address of a webhook is an https URL without credentials and without a fragment');
    }
    if (webhook.url.length > 2000) throw invalid('The address of a webhook has at most 2000 characters');
    const about = [...new Set(webhook.events ?? [])];
    const strange = about.find((pattern) => !Object.keys(events).some((type) => fits(pattern, type)));
    if (strange !== undefined) {
      throw invalid(`There are no audit events ${strange}; name a type such as client.approved, or client.*, or *`);
    }
    const [types, audiences] = [[...new Set(webhook.types)], [...new Set(webhook.audiences)]];
    return { ...webhook, types, audiences, events: about };
  }
}

const bound = (id: string): string => `webhook ${id}`;

/** The webhooks as signals are delivered to them; `write` is a signal as receivers read it. */
export const webhookOutlet = (webhooks: Webhooks, write: (signal: Signal) => string): Outlet<Webhook> => ({
  name: 'webhook',
  progress: webhooks.progress,
  list: (page) => webhooks.list(page),
  get: (id) => webhooks.get(id),
  onChange: (changed) => webhooks.onChange(changed),
  isOpen: (webhook) => webhook.enabled && !isAbout(webhook),
  message(webhook, signal) {
    const audible = concerns(webhook, signal);
    return audible && { id: audible.id, write: async () => write(audible) };
  },
  send: (webhook, message, begin) => webhooks.send(webhook, message, begin),
  fail: (id, reason) => webhooks.fail(id, reason),
});

/** The same for those that are told of audit events; `write` is an event as receivers read it. */
export const eventOutlet = (webhooks: Webhooks, write: (event: Recorded) => string): Outlet<Webhook, Recorded> => ({
  ...webhookOutlet(webhooks, () => ''),
  isOpen: (webhook) => webhook.enabled && isAbout(webhook),
  message: (webhook, event) => (wants(webhook, event) ? { id: event.id, write: async () => write(event) } : undefined),
});

/** Whether it is told of audit events. */
const isAbout = ({ events = [] }: Webhook): boolean => events.length > 0;

function wants(webhook: Webhook, event: Recorded): boolean {
  if (!isAbout(webhook)) return isUnsettling(event) && concerns(webhook, signalOf(event)) !== undefined;
  return (webhook.events ?? []).some((pattern) => fits(pattern, event.type));
}

/** Whether a pattern (`*`, `client.*`, `client.approved`) is of this type; what was only asked for has to be named. */
const fits = (pattern: string, type: string): boolean =>
  pattern === type ||
  (!isAsked(type) && (pattern === '*' || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)))));

/** The signal as this webhook may hear of it, if it wants to. */
function concerns({ types, audiences }: Webhook, signal: Signal): Signal | undefined {
  if (types.length > 0 && !types.includes(signal.type)) return undefined;
  return audibleTo(signal, audiences.length === 0 ? 'all' : audiences);
}
