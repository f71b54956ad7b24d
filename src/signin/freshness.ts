import { atLeast, type Level } from './proof.ts';
import { isFederated } from './standing.ts';
import type { UpstreamSessions } from './upstream-sessions.ts';
import { worthOfSession } from './worth.ts';

interface Parts {
  upstreamSessions: Pick<UpstreamSessions, 'ofSession'>;
  /** What such a sign-in must be worth for this person. */
  levelOf(user: string): Promise<Level>;
  /** So old may a sign-in be before a deed that matters (seconds). */
  within: number;
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

  /** So old may it be (seconds). */
  get within(): number {
    return this.#parts.within;
  }

  /** The level to ask of this person. */
  wanted(user: string): Promise<Level> {
    return this.#parts.levelOf(user);
  }

  /** What the library is asked for with `max_age` and `acr_values` (policy.ts), held against a session once more. */
  async isFresh(session: Session): Promise<boolean> {
    const { acr, amr, account, loginTs, uid } = session;
    const worth = worthOfSession({ acr, amr });
    if (seconds() - loginTs > this.within || !atLeast(worth, await this.wanted(account))) return false;
    if (!isFederated(session)) return true;
    // A session here is younger than the proof at the provider that it rests on.
    const authTime = (await this.#parts.upstreamSessions.ofSession(uid))?.authTime;
    return authTime !== undefined && seconds() - authTime <= this.within;
  }
}
