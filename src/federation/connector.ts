import { Problem } from '../kernel/errors.ts';

/** JSON that waits in the sign-in between `begin` and `complete` (nonce, verifier, request id), sealed and used once. */
export type Memo = Readonly<Record<string, string | number | boolean>>;

/** One sign-in at a provider, as every kind of connector is asked for it. */
export interface Login {
  /** Random and used once; what the provider hands back as `state` or RelayState. */
  ticket: string;
  /** Who the person may be, as they or the client said; proves nothing. */
  loginHint?: string | undefined;
  domainHint?: string | undefined;
  /** The person must prove themselves anew, whatever session the provider has. */
  fresh: boolean;
  /** How long ago the person may have proven themselves at the provider (seconds). */
  maxAge?: number | undefined;
  /** A second factor at the provider is asked for, in the words that the connection is configured with. */
  strong: boolean;
  /** Languages in order of preference (BCP 47, separated by spaces). */
  uiLocales?: string | undefined;
}

/** Where the browser goes with what, or which fields a page of ours asks for. */
export type Handoff =
  | { by: 'redirect'; url: string; memo: Memo }
  | { by: 'post'; url: string; fields: Readonly<Record<string, string>>; memo: Memo }
  | { by: 'form'; fields: readonly ('username' | 'password')[]; memo: Memo };

/** What came back: query or form fields (a field that is sent twice was refused before), or what the form asked for. */
export interface Reply {
  method: 'GET' | 'POST';
  fields: Readonly<Record<string, string>>;
  /** The query or form exactly as it was sent: signatures over it are checked on these bytes. */
  raw: string;
}

/** Who somebody is at a provider: only what the provider signed, or what a directory said over a verified connection. */
export interface UpstreamIdentity {
  /** Never another person there, and never changed; unique within the connection. */
  subject: string;
  /** The provider's own name: issuer, entity id, or address of the directory. */
  issuer: string;
  /** Claims and attributes by the names that the provider uses; attributes of SAML and LDAP are always lists. */
  claims: Readonly<Record<string, unknown>>;
  /** All groups of the person; undefined when the provider said nothing of groups, which gives no role either. */
  groups?: readonly string[] | undefined;
  /** How the person was recognised, in the provider's own words; nothing here is trusted without a rule (evidence.ts). */
  evidence: Evidence;
  /** What ends this session there and here (single logout, back-channel logout). */
  session?: UpstreamSession | undefined;
  /** The provider's session ends at this time (SessionNotOnOrAfter), in seconds. */
  sessionEnds?: number | undefined;
}

/** What a provider says of the way in which somebody was recognised; each part as signed by it. */
export interface Evidence {
  amr: readonly string[];
  acr?: string | undefined;
  /** Entra's authentication contexts. */
  acrs: readonly string[];
  /** AuthnContextClassRef. */
  authnContext?: string | undefined;
  /** In seconds. */
  authTime?: number | undefined;
}

/** The names of a provider's session, and what its logout wants to hear. */
export interface UpstreamSession {
  /** `sid` or SessionIndex. */
  id?: string | undefined;
  /** The ID token (a hint at logout), or the NameID as XML. Kept sealed. */
  hint?: string | undefined;
  /** What the provider's own logout calls the person (`personAt`, or the NameID), which need not be the subject. */
  name?: string | undefined;
}

/** Hears what came and every check, in order. The audit keeps the last of it on failure; the doctor shows all of it. */
export interface Trace {
  /** Something arrived; credentials are masked before they are shown. */
  received(what: string, value: unknown): void;
  /** A check was passed; `seen` is what satisfied it. */
  passed(check: string, seen?: string): void;
}

/** One provider, opened. Holds no state of a sign-in, so that any process can finish what another began. */
export interface Connector {
  readonly kind: 'oidc' | 'saml' | 'ldap';
  /** Throws `refused` when the provider cannot be asked. */
  begin(login: Login): Promise<Handoff>;
  /** Verifies everything and says who it is. Throws `refused` for whatever is not as it must be. */
  complete(reply: Reply, login: Login, memo: Memo, trace: Trace): Promise<UpstreamIdentity>;
}

/** What was wrong with an answer, for the audit trail and the doctor. */
export interface Refusal {
  /** The closed word that the audit trail knows it by, such as `wrong_audience`. */
  reason: string;
  /** The check that failed, in the words of the trace. */
  check: string;
  /** What came and what was wanted; never a secret. */
  came?: string | undefined;
  wanted?: string | undefined;
  /** One sentence for the provider's administrator: what to change, and where. */
  advice: string;
  cause?: unknown;
}

/** The provider's answer does not prove who this is. The browser hears one sentence for every reason. */
export class Refused extends Problem {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super({
      code: 'upstream_refused',
      status: 400,
      sentence: 'Your organisation’s sign-in could not be confirmed; try again, or sign in another way',
      cause: refusal.cause,
    });
    this.refusal = refusal;
  }
}

/** Throws: `throw refused({ reason: 'wrong_nonce', … })`. */
export const refused = (refusal: Refusal): Refused => new Refused(refusal);
