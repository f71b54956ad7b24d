/** The kinds of second factor. A passkey is a `webauthn` factor that can also be the only one. */
export type FactorKind = 'totp' | 'webauthn' | 'recovery-codes';

/** How sure a proof is: a second factor, or one that cannot be phished (a security key or passkey that verified its user). */
export type FactorLevel = '2fa' | 'phr';

/** Whose factors these are. */
export interface Person {
  /** The id of the user. */
  id: string;
  /** What authenticators show: the e-mail address or the name. */
  name: string;
}

/** Where a request came from, for the audit trail and the counters. */
export interface Seen {
  ip: string;
  requestId: string;
}

/** A factor that somebody has, without anything secret. Times in seconds. */
export interface Enrolled {
  id: string;
  user: string;
  kind: FactorKind;
  /** What the person calls it. */
  name: string;
  level: FactorLevel;
  /** It can be found without a name and verifies its user, so it can sign in alone. */
  passkey: boolean;
  created: number;
  used?: number;
  /** Recovery codes that are left. */
  left?: number;
  /** Too many wrong proofs in a row (NIST SP 800-63B-4 §3.2.2): it counts no more and has to be bound anew. */
  blocked: boolean;
}

/** What the browser sends as proof: a typed code, or the JSON of a WebAuthn response. */
export type Answer = { code: string } | { response: string };

/** What came of a proof. */
export type Proving =
  | { ok: true; factor: Enrolled; amr: readonly string[]; level: FactorLevel }
  | { ok: false; waitSeconds?: number; blocked?: true };
