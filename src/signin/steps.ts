import type { Proof } from './proof.ts';

/** What a sign-in has learnt so far. Facts are only added, so that no impossible state can be stored. */
export interface Facts {
  /** What the person typed to say who they are; proves nothing. */
  identifier?: string;
  /** The connection whose directory asks for user name and password on a page of ours. */
  connection?: string;
  /** Hints were set aside: the person wants to choose the way. */
  choosing?: true;
  /** Whom a provider has proven. */
  upstream?: Proof;
  /** Whom the provider has proven is the person: linked before, taken in, or connected just now. */
  joined?: true;
  /** The id of the person, once proven. */
  user?: string;
  /** How it was proven here (RFC 8176); what a provider says of that stays in `upstream`. */
  amr: readonly string[];
  /** When, in seconds. */
  authTime?: number;
}

/** What the sign-in waits for, or what came of it. */
export type Step =
  | { name: 'identify' }
  | { name: 'password'; identifier: string }
  | { name: 'federation'; connection: string; identifier?: string }
  | { name: 'connect'; upstream: Proof; identifier?: string }
  | { name: 'link'; upstream: Proof; user: string }
  | { name: 'done'; user: string };

/** Nothing is known yet. */
export const nothing: Facts = { amr: [] };

/** The whole order of a sign-in; no page, handler or route decides what comes next. */
export function nextStep({ identifier, connection, upstream, joined, user }: Facts): Step {
  const typed = identifier === undefined ? {} : { identifier };
  if (user !== undefined) return upstream && !joined ? { name: 'link', upstream, user } : { name: 'done', user };
  if (upstream !== undefined) return { name: 'connect', upstream, ...typed };
  if (connection !== undefined) return { name: 'federation', connection, ...typed };
  return identifier === undefined ? { name: 'identify' } : { name: 'password', identifier };
}
