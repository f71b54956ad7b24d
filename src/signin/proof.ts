import type { UpstreamSession } from '../federation/connector.ts';

/** How surely a person was recognised, weakest first; the values of `acr` that mean something here. */
export const levels = ['1fa', '2fa', 'phr'] as const;
/** One of `levels`. */
export type Level = (typeof levels)[number];

/** Whether this text is a level of ours. */
export const isLevel = (text: string | undefined): text is Level => levels.some((level) => level === text);

/** Whether what was proven is worth at least this. */
export const atLeast = (worth: Level | undefined, level: Level): boolean =>
  worth !== undefined && levels.indexOf(worth) >= levels.indexOf(level);

/** Whom a provider has proven, verified and mapped; the whole of what the sign-in keeps of it (sealed). */
export interface Proof {
  connection: string;
  /** Unique within the connection. */
  subject: string;
  /** What the provider calls the person, to show them; proves nothing. */
  label: string;
  email?: string;
  /** The connection may speak for the domain of this address, and did. */
  emailVerified: boolean;
  profile: Record<string, unknown>;
  /** Roles by the connection's rules. Providers leave the claim out when there is no group, so saying nothing gives none. */
  roles: readonly string[];
  /** Groups of ours by the same rules. */
  localGroups?: readonly string[];
  /** All groups that it stated, for the policies of second factors; left out when there are none. */
  groups?: readonly string[];
  /** For our tokens: nothing of the provider's that no rule of the connection confirms. */
  amr: readonly string[];
  level: Level;
  /** When the person proved themselves at the provider, in seconds, where it says so. */
  authTime?: number;
  session?: UpstreamSession;
  /** The provider's session ends at this time, in seconds. */
  sessionEnds?: number;
}
