import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';

/** Who is signed in in a browser, and how. Times in seconds. */
export interface BrowserSession {
  /** The session's public name; the cookie holds another, secret one. */
  uid: string;
  /** The id of the person. */
  account: string;
  /** When the person proved who they are. */
  loginTs: number;
  acr: string | undefined;
  amr: readonly string[];
}

interface Parts {
  provider: () => Provider;
  /** Whether what a session rests on is gone (signin/standing.ts). */
  ended(session: { uid: string; accountId: string; loginTs: number; amr: readonly string[] }): Promise<boolean>;
}

/**
 * The library's session of a browser, for pages of ours outside of the protocol. Reading it changes nothing: it is neither
 * prolonged nor kept again, so a page that is open at the wrong moment cannot bring back a session that somebody has ended.
 */
export class BrowserSessions {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The session of this request's cookie, which we have signed, if it still counts. */
  async of(ctx: Context): Promise<BrowserSession | undefined> {
    const { provider, ended } = this.#parts;
    const { uid, accountId, loginTs = 0, acr, amr = [] } = await provider().Session.get(ctx);
    if (accountId === undefined || (await ended({ uid, accountId, loginTs, amr }))) return undefined;
    return { uid, account: accountId, loginTs, acr, amr };
  }
}
