import { atLeast, type Level } from './proof.ts';
import { isFederated } from './standing.ts';
import type { UpstreamSessions } from './upstream-sessions.ts';
import { worthOfSession } from './worth.ts';

/** So old may a sign-in be before a deed that matters (seconds). */
export const freshFor = 300;

interface Parts {
  upstreamSessions: Pick<UpstreamSessions, 'ofSession'>;
  /** The highest level that this person's factors reach. */
  levelOf(user: string): Promise<Level>;
}

interface Session {
  uid: string;
  account: string;
  loginTs: number;
  acr: string | undefined;
  amr: readonly string[];
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** Whether somebody has proven who they are lately, and as well as they can: what a deed needs that a stolen session must not do. */
export class Freshness {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The level to ask of this person. */
  wanted(user: string): Promise<Level> {
    return this.#parts.levelOf(user);
  }

  /** What the library is asked for with `max_age` and `acr_values` (policy.ts), held against a session once more. */
  async isFresh(session: Session): Promise<boolean> {
    const { acr, amr, account, loginTs, uid } = session;
    const worth = worthOfSession({ acr, amr });
    if (seconds() - loginTs > freshFor || !atLeast(worth, await this.wanted(account))) return false;
    if (!isFederated(session)) return true;
    // A session here is younger than the proof at the provider that it rests on.
    const authTime = (await this.#parts.upstreamSessions.ofSession(uid))?.authTime;
    return authTime !== undefined && seconds() - authTime <= freshFor;
  }
}
