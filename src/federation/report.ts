import type { Refusal, Trace } from './connector.ts';

/** One thing that came, or one check, in the order in which it happened. Every text is cut and holds no secret. */
export type Step =
  | { received: string; values: Readonly<Record<string, string>> }
  | { check: string; passed: boolean; seen?: string | undefined; wanted?: string | undefined };

/** Who somebody would be here, by the rules of the connection. */
export interface Person {
  subject: string;
  email?: string | undefined;
  verified: boolean;
  /** Why the address counts as verified, or does not. */
  why: string;
  profile: Readonly<Record<string, string>>;
  /** The groups that came with the roles, and groups as `group:NAME`, that each gives; undefined when the provider did not say. */
  groups?: readonly { name: string; roles: readonly string[] }[] | undefined;
  roles: readonly string[];
  /** Roles of these that nobody has made here. */
  unknown: readonly string[];
  /** Groups of ours that the person would be in, and those of them that nobody has made. */
  localGroups?: readonly string[] | undefined;
  unknownGroups?: readonly string[] | undefined;
  /** Claims that no rule of the connection looks at. */
  unused: readonly string[];
  /** How the person was recognised, in the provider's words. */
  evidence: Readonly<Record<string, string>>;
  /** What the evidence rules make of that: `1fa`, `2fa` or `phr`. */
  level: string;
}

/** What a test of a connection has shown so far. Times in seconds. */
export interface Report {
  state: 'waiting' | 'succeeded' | 'failed';
  began: number;
  ended?: number | undefined;
  /** A second factor, and a fresh proof, were asked for. */
  strong: boolean;
  fresh: boolean;
  steps: readonly Step[];
  person?: Person | undefined;
  /** What was wrong; `advice` says to the provider's administrator what to change. */
  failure?: Omit<Refusal, 'cause'> | undefined;
  /** What does not stop a sign-in, but should be known. */
  notes: readonly string[];
}

const masked = '[masked]';
const longest = 300;
const mostValues = 60;
const mostSteps = 200;

/** Values under such names are credentials, or prove something to somebody. */
const secretName =
  /^(?:code|state|nonce|sid|jti|session_?(?:id|index|state)|(?:at|c|s)_hash|saml(?:request|response)|relaystate)$|token|secret|passw|pwd$|cookie|private_?key|assertion$/i;
/** Names of metadata, whose values are addresses and lists of what a provider can do. */
const openName = /_(?:endpoint|supported)$/;
const isSecret = (name: string): boolean => secretName.test(name) && !openName.test(name);
/** Three parts of which the first begins as JSON does: a JWT, whatever it is called. */
const jwt = /\beyJ[\w-]{6,}\.[\w-]+\.[\w-]*/g;
const pem = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** Fewer characters are found in what is no secret at all. */
const shortestSecret = 8;

/** A trace that keeps everything for the report, without its secrets: each is hidden wherever it comes up again. */
export class Recorder implements Trace {
  readonly steps: Step[];
  readonly #secrets = new Set<string>();

  /** Goes on after the steps that were kept before. */
  constructor(before: readonly Step[] = []) {
    this.steps = [...before];
  }

  /** Never shows this text, in whatever value it comes up. */
  hide(...secrets: unknown[]): void {
    for (const secret of secrets) {
      if (typeof secret !== 'string' || secret.length < shortestSecret) continue;
      this.#secrets.add(secret);
      this.#secrets.add(encodeURIComponent(secret));
    }
  }

  received(what: string, value: unknown): void {
    const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
    const all = isRecord ? Object.entries(value) : [['value', value] as const];
    const some = all.filter(([, one]) => one !== undefined).slice(0, mostValues);
    const values = some.map(([name, one]) => [this.text(name, 100), this.#value(name, one)]);
    if (all.length > mostValues) values.push(['…', `${all.length - mostValues} more`]);
    this.#add({ received: this.text(what), values: Object.fromEntries(values) });
  }

  passed(check: string, seen?: string): void {
    this.#add({ check: this.text(check), passed: true, ...this.#said({ seen }) });
  }

  failed({ check, came, wanted }: Pick<Refusal, 'check' | 'came' | 'wanted'>): void {
    // However much came before: this is what the report is read for.
    this.steps.push({ check: this.text(check), passed: false, ...this.#said({ seen: came, wanted }) });
  }

  /** One line of at most 300 characters that shows no secret and steers no terminal. */
  text(value: string, most = longest): string {
    let text = value.toWellFormed().replace(pem, masked).replace(jwt, masked);
    for (const secret of this.#secrets) text = text.replaceAll(secret, masked);
    const line = text.replace(/\p{C}/gu, '\ufffd');
    return line.length > most ? `${line.slice(0, most).toWellFormed()}…` : line;
  }

  #value(name: string, value: unknown): string {
    return isSecret(name) && value !== '' ? masked : this.text(plain(value));
  }

  #said(said: Record<string, string | undefined>): Record<string, string> {
    const given = Object.entries(said).flatMap(([name, one]) => (one === undefined ? [] : [[name, this.text(one)]]));
    return Object.fromEntries(given);
  }

  #add(step: Step): void {
    if (this.steps.length < mostSteps) this.steps.push(step);
  }
}

/** A value on one line. Members with such names are masked at every depth. */
function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return value.map(String).join(', ');
  const hidden = (name: string, one: unknown) => (isSecret(name) ? masked : one);
  return JSON.stringify(value, hidden) ?? String(value);
}
