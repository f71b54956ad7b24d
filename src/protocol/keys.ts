import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { Trail } from '../audit/trail.ts';
import type { Vault } from '../kernel/crypto.ts';
import type { Collection, Store } from '../store/port.ts';

/** The JWS algorithms that tokens may be signed with (RFC 7518, RFC 8037); RS256 is the default. */
export const signingAlgorithms = ['RS256', 'ES256', 'EdDSA'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** Verifiers may keep a key set this long (AWS does, 2 hours), so a key is shown that long before and after its use. Seconds. */
const notice = 2 * 60 * 60;

interface KeyRecord {
  /** `ALG.GENERATION`: of several processes that make the next key at once, one succeeds. */
  readonly id: string;
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly created: number;
  /** From when on it signs; it is published from `created` on. */
  readonly from: number;
  readonly sealed: string;
}

/** A signing key as people may see it; times in seconds since the epoch. */
export interface KeyFacts {
  kid: string;
  alg: SigningAlgorithm;
  state: 'next' | 'signing' | 'retired';
  created: number;
  from: number;
  /** When it stops being published; undefined while no later key is planned. */
  until?: number;
}

/** Which keys stand where at `now` (seconds): pure, so that every process comes to the same answer from the same records. */
export function standing(
  records: readonly Pick<KeyRecord, 'kid' | 'alg' | 'created' | 'from'>[],
  now: number,
  longestToken: number,
): KeyFacts[] {
  return records.flatMap((record) => {
    const later = records.filter((other) => other.alg === record.alg && other.from > record.from);
    const end = later.length > 0 ? Math.min(...later.map((other) => other.from)) : undefined;
    const until = end === undefined ? undefined : end + notice + longestToken;
    if (until !== undefined && until <= now) return [];
    const state = record.from > now ? 'next' : end === undefined || end > now ? 'signing' : 'retired';
    const { kid, alg, created, from } = record;
    return [{ kid, alg, state, created, from, ...(until === undefined ? {} : { until }) } as const];
  });
}

const make = promisify(generateKeyPair);

async function privateJwk(alg: SigningAlgorithm): Promise<JWK> {
  const pair =
    alg === 'RS256'
      ? await make('rsa', { modulusLength: 3072 })
      : alg === 'ES256'
        ? await make('ec', { namedCurve: 'P-256' })
        : await make('ed25519');
  const jwk = pair.privateKey.export({ format: 'jwk' }) as JWK;
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg, use: 'sig' };
}

const publicPart = ({ d, p, q, dp, dq, qi, ...rest }: JWK): JWK => rest;
const generation = (id: string): number => Number(id.slice(id.indexOf('.') + 1));
const seconds = (): number => Math.floor(Date.now() / 1000);

/**
 * The signing keys, kept in the store and so shared by every process. A key is published two hours before it signs and
 * stays published for two hours plus the longest token's life after, so no verifier's cache is ever too old.
 */
export class SigningKeys {
  readonly #all: Collection<KeyRecord>;
  readonly #vault: Vault;
  readonly #trail: Trail;
  readonly #longestToken: number;
  readonly #rotation: number;
  /** Opened keys by kid: every signed answer asks for one, and opening costs more than signing. */
  readonly #jwks = new Map<string, JWK>();

  constructor(parts: { store: Store; vault: Vault; trail: Trail; longestToken: number; rotationDays: number }) {
    this.#all = parts.store.collection<KeyRecord>({ name: 'signing-keys', indexes: {}, cached: true });
    this.#vault = parts.vault;
    this.#trail = parts.trail;
    this.#longestToken = parts.longestToken;
    this.#rotation = parts.rotationDays * 86_400;
  }

  /** Makes what is missing: the first keys (used at once), and successors of those that are due; drops what is no longer published. */
  async tend(): Promise<void> {
    const now = seconds();
    const records = await this.#all.find();
    const facts = standing(records, now, this.#longestToken);
    await Promise.all(
      signingAlgorithms.map(async (alg) => {
        const own = facts.filter((key) => key.alg === alg && key.state !== 'retired');
        const newest = Math.max(...own.map((key) => key.from));
        if (own.length === 0) await this.#add(alg, records, now, 'system');
        else if (newest + this.#rotation - notice <= now) await this.#add(alg, records, now + notice, 'system');
      }),
    );
    const shown = new Set(facts.map((key) => key.kid));
    for (const record of records) if (!shown.has(record.kid)) await this.#drop(record);
  }

  async #drop({ id, kid }: KeyRecord): Promise<void> {
    await this.#all.take(id);
    this.#jwks.delete(kid);
  }

  /**
   * Makes the successor of every key. It signs in two hours' time; `atOnce` is for a key that has leaked: the successor
   * signs now, and the old key is neither used nor published any more.
   */
  async rotate(actor: string, { atOnce = false } = {}): Promise<KeyFacts[]> {
    const records = await this.#all.find();
    for (const alg of signingAlgorithms) await this.#add(alg, records, seconds() + (atOnce ? 0 : notice), actor);
    if (atOnce) for (const record of records) await this.#drop(record);
    await this.#trail.record({ type: 'key.rotated', actor, detail: { atOnce } });
    return this.list();
  }

  /** Every key that is published now. */
  async list(): Promise<KeyFacts[]> {
    return standing(await this.#all.find(), seconds(), this.#longestToken);
  }

  /** The public key set (RFC 7517 §5), future keys included. */
  async published(): Promise<{ keys: JWK[] }> {
    return { keys: (await this.#opened(['next', 'signing', 'retired'])).map(publicPart) };
  }

  /** Private keys for signing and for verifying what was signed before; those that sign now come first. */
  async signing(): Promise<{ keys: JWK[] }> {
    return { keys: await this.#opened(['signing', 'retired']) };
  }

  async #opened(states: readonly KeyFacts['state'][]): Promise<JWK[]> {
    const records = await this.#all.find();
    const sealed = new Map(records.map((record) => [record.kid, record]));
    const facts = standing(records, seconds(), this.#longestToken);
    return states
      .flatMap((state) => facts.filter((key) => key.state === state))
      .flatMap(({ kid }) => sealed.get(kid) ?? [])
      .map((record) => this.#open(record));
  }

  #open({ id, kid, sealed }: KeyRecord): JWK {
    const known = this.#jwks.get(kid);
    if (known) return known;
    const jwk: JWK = JSON.parse(this.#vault.open(sealed, `signing-key ${id}`));
    this.#jwks.set(kid, jwk);
    return jwk;
  }

  async #add(alg: SigningAlgorithm, records: readonly KeyRecord[], from: number, actor: string): Promise<void> {
    const last = Math.max(0, ...records.filter((record) => record.alg === alg).map((record) => generation(record.id)));
    const id = `${alg}.${last + 1}`;
    const jwk = await privateJwk(alg);
    const sealed = this.#vault.seal(JSON.stringify(jwk), `signing-key ${id}`);
    // Whoever asks for it was told of by the door that they came by.
    if (actor === 'system') await this.#trail.announce('make-signing-key', `key:${jwk.kid}`);
    try {
      await this.#all.insert({ id, kid: jwk.kid ?? id, alg, created: seconds(), from, sealed });
    } catch (error) {
      if (!isTaken(error)) throw error;
      return; // another process was faster, and its key serves us as well
    }
    await this.#trail.record({ type: 'key.created', actor, target: `key:${jwk.kid}`, detail: { alg, from } });
  }
}

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'taken';
