import type { Trail } from '../audit/trail.ts';
import { randomToken, same, type Vault } from '../kernel/crypto.ts';
import { invalid, missing } from '../kernel/errors.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';

/** `open`: nobody has opened it; `opened`: the one browser that did may go on. */
export type SetupState = 'open' | 'opened' | 'expired' | 'ended';

/** A link by which somebody at a customer connects the identity provider of their organisation. Times in seconds. */
export interface SetupLink extends Entity {
  readonly organization: string;
  /** Who made it; it does nothing that this one may not do at that moment. */
  readonly by: string;
  /** For whom it is. */
  readonly note?: string;
  readonly made: number;
  /** Nothing of it works any more then. */
  readonly expires: number;
  readonly opened?: number;
  readonly ended?: number;
}

interface Kept extends SetupLink {
  /** Fingerprints of the link's secret, and of the cookie of the one browser that has opened it. */
  readonly key: string;
  readonly browser?: string;
}

interface Parts {
  store: Store;
  vault: Vault;
  trail: Trail;
}

const day = 24 * 60 * 60;
const usualDays = 7;
const mostDays = 30;
const mostNote = 200;
/** So long whoever has opened it may go on (seconds). */
export const setupTime = 8 * 60 * 60;
/** So long one that is over is still told as that, and listed. */
const remembered = 30 * day;

/** In the year 2286. */
const farAway = 10_000_000_000;

const seconds = (): number => Math.floor(Date.now() / 1000);

/** When it ends by itself: for whoever has opened it, after the time for setting up. */
export const setupEnd = ({ expires, opened }: SetupLink): number =>
  opened === undefined ? expires : Math.min(expires, opened + setupTime);

/** How it stands at this moment. */
export function setupState(link: SetupLink): SetupState {
  if (link.ended !== undefined) return 'ended';
  if (seconds() >= setupEnd(link)) return 'expired';
  return link.opened === undefined ? 'open' : 'opened';
}

/** Who does what is done by a link, as the audit trail names it. */
export const setupActor = ({ id }: Pick<SetupLink, 'id'>): string => `setup-link:${id}`;

/**
 * One-time links that open the connection wizard for one organisation, in one browser and for some hours. What is kept of the
 * secrets in link and cookie are fingerprints.
 */
export class SetupLinks {
  readonly #all: Collection<Kept, 'organization'>;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#all = parts.store.collection<Kept, 'organization'>({
      name: 'setup-links',
      indexes: { organization: { key: ({ organization }) => organization } },
    });
  }

  /** Makes one; `key` is the secret of its address, and known to nobody else. Throws `invalid`. */
  async make(
    { organization, days = usualDays, note }: { organization: string; days?: number; note?: string },
    actor: string,
  ): Promise<{ link: SetupLink; key: string }> {
    if (!Number.isInteger(days) || days < 1 || days > mostDays) {
      throw invalid(`A set-up link is good for 1 to ${mostDays} whole days`);
    }
    const made = seconds();
    // Ids sort, so that the newest comes first.
    const [id, key] = [`${(farAway - made).toString(36)}-${randomToken(9)}`, randomToken()];
    const link: SetupLink = {
      ...{ id, organization, by: actor, made, expires: made + days * day },
      ...(note === undefined || note.trim() === '' ? {} : { note: checkedNote(note) }),
    };
    await this.#all.insert({ ...link, key: this.#mark('key', id, key) }, days * day + remembered);
    await this.#record('made', link, { actor, facts: { expires: iso(link.expires) } });
    return { link, key };
  }

  /** Those of an organisation, the newest first; such as are over are listed for 30 days. */
  async of(organization: string, page?: Page): Promise<SetupLink[]> {
    return (await this.#all.find({ organization }, page)).map(shown);
  }

  /** Ends it at once, for whoever has opened it too. Throws `missing`. */
  async end(organization: string, id: string, actor: string): Promise<SetupLink> {
    let first = false;
    const link = await this.#all.change(id, (now) => {
      first = now.organization === organization && now.ended === undefined;
      return first ? { ...now, ended: seconds() } : now;
    });
    if (link?.organization !== organization) throw missing(`The set-up link ${id.slice(0, 100)}`);
    if (first) await this.#record('ended', link, { actor });
    return shown(link);
  }

  /** The link of this address, however it stands; looking does not use it up. Undefined for a wrong key. */
  async look(id: string, key: string): Promise<SetupLink | undefined> {
    const kept = await this.#all.get(id);
    return kept && same(kept.key, this.#mark('key', id, key)) ? shown(kept) : undefined;
  }

  /**
   * Binds it to the browser that takes it first, and answers that browser's own secret; undefined for everybody after that,
   * for a wrong key and for one that is over.
   */
  async take(id: string, key: string, seen: { ip: string; requestId: string }): Promise<string | undefined> {
    const browser = randomToken();
    const [shownKey, mark] = [this.#mark('key', id, key), this.#mark('browser', id, browser)];
    let [fits, mine] = [false, false];
    const link = await this.#all.change(id, (now) => {
      fits = same(now.key, shownKey);
      mine = fits && setupState(now) === 'open';
      return mine ? { ...now, browser: mark, opened: seconds() } : now;
    });
    if (!link || !fits) return undefined;
    // Somebody else who has the link is worth knowing of.
    const told: Told = mine
      ? { actor: setupActor(link), facts: { until: iso(setupEnd(link)) } }
      : { actor: 'anonymous', facts: { state: setupState(link) }, outcome: 'failure' };
    await this.#record('opened', link, { ...told, ...seen });
    return mine ? `${id}.${browser}` : undefined;
  }

  /** The link that this browser has opened, however it stands by now. */
  async ofBrowser(secret: string | undefined): Promise<SetupLink | undefined> {
    const [, id, browser] = /^([\w-]{1,40})\.([\w-]{43})$/.exec(secret ?? '') ?? [];
    const kept = id === undefined ? undefined : await this.#all.get(id);
    if (!kept || browser === undefined || kept.browser === undefined) return undefined;
    return same(kept.browser, this.#mark('browser', kept.id, browser)) ? shown(kept) : undefined;
  }

  /** An organisation is gone; one that gets its name later inherits none. */
  async forget(organization: string): Promise<void> {
    await this.#all.drop({ organization });
  }

  #mark(purpose: 'key' | 'browser', id: string, secret: string): string {
    return this.#parts.vault.fingerprint(`set-up link ${purpose}`, `${id} ${secret}`);
  }

  #record(what: 'made' | 'opened' | 'ended', { id, organization }: SetupLink, event: Told): Promise<void> {
    const { facts, ...who } = event;
    const detail = { link: id, ...facts };
    const type = `setup-link.${what}` as const;
    return this.#parts.trail.record({ type, target: `organization:${organization}`, ...who, detail });
  }
}

/** What is told of an event besides whose link it is. */
interface Told {
  actor: string;
  facts?: { expires?: string; until?: string; state?: string };
  outcome?: 'failure';
  ip?: string;
  requestId?: string;
}

const iso = (time: number): string => new Date(time * 1000).toISOString();

const shown = ({ key: _key, browser: _browser, ...link }: Kept): SetupLink => link;

function checkedNote(note: string): string {
  const text = note.normalize('NFC').trim();
  if (text.length <= mostNote && !/\p{C}/u.test(text)) return text;
  throw invalid(`The note of a set-up link is one line of at most ${mostNote} characters`);
}
