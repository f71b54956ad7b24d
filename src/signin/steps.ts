/** What a sign-in has learnt so far. Facts are only added, so that no impossible state can be stored. */
export interface Facts {
  /** What the person typed to say who they are; proves nothing. */
  identifier?: string;
  /** The id of the person, once proven. */
  user?: string;
  /** How it was proven (RFC 8176). */
  amr: readonly string[];
  /** When, in seconds. */
  authTime?: number;
}

/** What the sign-in waits for, or what came of it. */
export type Step = { name: 'identify' } | { name: 'password'; identifier: string } | { name: 'done'; user: string };

/** Nothing is known yet. */
export const nothing: Facts = { amr: [] };

/** The whole order of a sign-in; no page, handler or route decides what comes next. */
export function nextStep({ identifier, user }: Facts): Step {
  if (user !== undefined) return { name: 'done', user };
  return identifier === undefined ? { name: 'identify' } : { name: 'password', identifier };
}
