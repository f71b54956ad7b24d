import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Vault } from '../kernel/crypto.ts';
import { Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

/** From where a session was used, for the person to recognise it. Times in seconds. */
export interface SeenSession {
  uid: string;
  account: string;
  /** The last User-Agent header, shortened; whatever a browser says of itself. */
  browser: string;
  ip: string;
  seen: number;
  /** When each client was last signed in to by it. */
  used: Readonly<Record<string, number>>;
}

interface Kept extends Entity {
  readonly account: string;
  /** `SeenSession`. */
  readonly sealed: string;
  /** The person has ended it (seconds). */
  readonly ended?: number;
}

const seconds = (): number => Math.floor(Date.now() / 1000);
/** How exactly a time is kept (seconds): a session that is used all the time is not written all the time. */
const grain = 60;
/** No request takes so long (seconds). */
const endedFor = 600;
const longestBrowser = 300;

/** Where the sessions of people were seen, and which of them they have ended. */
export class SeenSessions {
  readonly #all: Collection<Kept, 'account'>;
  readonly #vault: Vault;
  readonly #ttl: number;

  /** `ttl` in seconds: as long as a session can last. */
  constructor(store: Store, vault: Vault, ttl: number) {
    this.#vault = vault;
    this.#ttl = ttl;
    this.#all = store.collection<Kept, 'account'>({
      name: 'seen-sessions',
      indexes: { account: { key: (one) => one.account } },
    });
  }

  /** Notes what a request for a client has just done with the session; called where the library looks for its grant. */
  async follow(ctx: KoaContextWithOIDC): Promise<void> {
    const { client, session, account } = ctx.oidc;
    if (!session?.uid || account === undefined || client === undefined) return;
    const id = this.#id(session.uid);
    const before = await this.#all.get(id);
    const known = before && this.#opened(before);
    const now = seconds();
    const next: SeenSession = {
      ...{ uid: session.uid, account: account.accountId, ip: String(ctx.state.ip), seen: now },
      browser: ctx.get('user-agent').slice(0, longestBrowser),
      used: { ...(known?.account === account.accountId ? known.used : {}), [client.clientId]: now },
    };
    const signedIn = ctx.oidc.result?.login !== undefined;
    if (known && !signedIn && isNoted(known, next, client.clientId)) return;
    await this.#keep(id, next, session.loginTs ?? 0);
  }

  /** What is known of the sessions of a person, by their public names. */
  async ofAccount(account: string): Promise<Map<string, SeenSession>> {
    const all = await this.#all.find({ account }, { limit: 1000 });
    return new Map(all.map((one) => this.#opened(one)).map((one) => [one.uid, one]));
  }

  /** Whether the person has ended this session, which began at `loginTs` (seconds). */
  async hasEnded(uid: string, loginTs: number): Promise<boolean> {
    const { ended } = (await this.#all.get(this.#id(uid))) ?? {};
    return ended !== undefined && loginTs <= ended;
  }

  /**
   * The session counts no more. Call it before the session itself is taken away: a request of its browser that is under way
   * keeps the session again at its end, and that one is known by this.
   */
  async end({ uid, account }: { uid: string; account: string }): Promise<void> {
    const id = this.#id(uid);
    const nothing: SeenSession = { uid, account, browser: '', ip: '', seen: 0, used: {} };
    await this.#all.put({ id, account, sealed: this.#sealed(id, nothing), ended: seconds() }, endedFor);
  }

  /** Forgets all sessions of a person. */
  async forgetAll(account: string): Promise<void> {
    await this.#all.drop({ account });
  }

  async #keep(id: string, next: SeenSession, loginTs: number): Promise<void> {
    const one: Kept = { id, account: next.account, sealed: this.#sealed(id, next) };
    const edit = (now: Kept): Kept => (now.ended !== undefined && loginTs <= now.ended ? now : one);
    if (await this.#all.change(id, edit)) return;
    try {
      await this.#all.insert(one, this.#ttl);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'taken') throw error;
      await this.#all.change(id, edit);
    }
  }

  #id(uid: string): string {
    return this.#vault.fingerprint('seen session', uid);
  }

  #sealed(id: string, seen: SeenSession): string {
    return this.#vault.seal(JSON.stringify(seen), id);
  }

  #opened({ id, sealed }: Kept): SeenSession {
    return JSON.parse(this.#vault.open(sealed, id)) as SeenSession;
  }
}

/** Whether nothing is new that is worth a write. */
function isNoted(known: SeenSession, next: SeenSession, client: string): boolean {
  const same = known.account === next.account && known.ip === next.ip && known.browser === next.browser;
  return same && next.seen - known.seen < grain && known.used[client] !== undefined;
}
