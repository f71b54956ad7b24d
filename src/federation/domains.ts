import type { Trail } from '../audit/trail.ts';
import { randomToken } from '../kernel/crypto.ts';
import { invalid, missing, Problem, problem } from '../kernel/errors.ts';
import { type Collection, type Entity, type Store, taken } from '../store/port.ts';
import type { Domain } from './connection.ts';
import { domainName } from './mapping.ts';

/** Asks DNS for the TXT records of a name; each comes in parts (RFC 1035 §3.3.14). */
export type ResolveTxt = (name: string) => Promise<string[][]>;

/** One domain belongs to one connection, because it is the id. Times in seconds. */
interface Kept extends Entity {
  readonly connection: string;
  readonly proof: string;
  readonly verified?: Domain['verified'];
  readonly verifiedAt?: number;
  /** When DNS was last asked, and how often in a row it did not say what it must. */
  readonly checked?: number;
  readonly failures?: number;
}

const day = 24 * 60 * 60;
/** A proof that has been missing at so many daily checks in a row is gone. */
const mostFailures = 3;

/** Whoever may add domains takes no more names from others than this. */
const mostDomains = 100;
const tooMany = problem(
  'invalid',
  400,
  () => `A connection speaks for ${mostDomains} domains at most; remove one first`,
);

const seconds = (): number => Math.floor(Date.now() / 1000);

const notProven = problem(
  'not_proven',
  409,
  (name: string, proof: string, why: string) =>
    `${recordName(name)} does not have the TXT record ${proof} (${why}); add it, wait until DNS shows it, and verify again`,
);

/** Where the proof of a domain has to be in DNS. */
export const recordName = (domain: string): string => `_sallyport.${domain}`;

/** The domains that connections speak for, each proven by its owner in DNS or vouched for by an administrator. */
export class Domains {
  readonly #all: Collection<Kept, 'connection'>;
  readonly #trail: Trail;
  readonly #resolveTxt: ResolveTxt;

  constructor(store: Store, trail: Trail, resolveTxt: ResolveTxt) {
    this.#trail = trail;
    this.#resolveTxt = resolveTxt;
    this.#all = store.collection<Kept, 'connection'>({
      name: 'connection-domains',
      indexes: { connection: { key: ({ connection }) => connection } },
      cached: true,
    });
  }

  /** The domains of a connection, in their order. */
  async of(connection: string): Promise<Domain[]> {
    return (await this.#all.find({ connection }, { limit: 1000 })).map(shown);
  }

  /** The connection that speaks for this very domain; a domain below it is another one. */
  async speaker(text: string): Promise<string | undefined> {
    const name = domainName(text);
    const domain = name === undefined ? undefined : await this.#all.get(name);
    return domain?.verified === undefined ? undefined : domain.connection;
  }

  /** Throws `invalid` for what is no domain, and `taken` when another connection has it. */
  async refuseTaken(connection: string, text: string): Promise<void> {
    const id = checked(text);
    const known = await this.#all.get(id);
    if (known && known.connection !== connection) throw taken(`The domain ${id}`);
  }

  /** Adds a domain, which counts once it is verified. Throws `taken` when another connection has it, `invalid` beyond a hundred. */
  async add(connection: string, text: string, actor: string): Promise<Domain> {
    const id = checked(text);
    const proof = `sallyport-domain-verification=${randomToken(24)}`;
    const held = await this.of(connection);
    if (held.length >= mostDomains && !held.some(({ name }) => name === id)) throw tooMany();
    try {
      await this.#all.insert({ id, connection, proof });
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'taken')) throw error;
      const known = await this.#all.get(id);
      if (known?.connection === connection) return shown(known);
      throw taken(`The domain ${id}`);
    }
    await this.#trail.record({ type: 'domain.added', actor, target: `domain:${id}`, detail: { connection } });
    return { name: id, proof };
  }

  /** Looks for the proof in DNS, or takes the administrator's word. Throws `not_proven`, `missing`. */
  async verify(connection: string, text: string, actor: string, byAdministrator = false): Promise<Domain> {
    const id = checked(text);
    const domain = await this.#known(connection, id);
    const why = byAdministrator ? undefined : await this.#lacks(domain);
    if (why !== undefined) throw notProven(id, domain.proof, why);
    const method = byAdministrator ? 'administrator' : 'dns';
    const now = seconds();
    const changed = await this.#all.change(id, ({ failures: _none, ...one }) => {
      if (one.connection !== connection) throw missing(`The domain ${id} of ${connection}`);
      return { ...one, verified: method, verifiedAt: now, checked: now };
    });
    if (!changed) throw missing(`The domain ${id} of ${connection}`);
    const detail = { connection, method };
    await this.#trail.record({ type: 'domain.verified', actor, target: `domain:${id}`, detail });
    return shown(changed);
  }

  /** Throws `missing`. */
  async remove(connection: string, text: string, actor: string): Promise<void> {
    const id = checked(text);
    await this.#known(connection, id);
    await this.#all.take(id);
    await this.#trail.record({ type: 'domain.removed', actor, target: `domain:${id}`, detail: { connection } });
  }

  /** For a connection that goes. */
  async forget(connection: string): Promise<void> {
    await this.#all.drop({ connection });
  }

  /**
   * Looks again, once a day, for the proofs that DNS gave; one that is missing three times in a row no longer counts. Of
   * several processes one does it.
   */
  async recheck(): Promise<void> {
    for (const { id, verified, checked: last = 0 } of await this.#every()) {
      if (verified !== 'dns' || last > seconds() - day) continue;
      let mine = false;
      const domain = await this.#all.change(id, (one) => {
        mine = one.verified === 'dns' && (one.checked ?? 0) <= seconds() - day;
        return mine ? { ...one, checked: seconds() } : one;
      });
      if (mine && domain) await this.#settle(domain, (await this.#lacks(domain)) === undefined);
    }
  }

  async #settle({ id, connection, failures: before = 0 }: Kept, proven: boolean): Promise<void> {
    let lapsed = false;
    if (!proven && before + 1 >= mostFailures) await this.#trail.announce('end-domain', `domain:${id}`);
    await this.#all.change(id, ({ failures = 0, ...one }) => {
      lapsed = !proven && one.verified === 'dns' && failures + 1 >= mostFailures;
      if (proven) return one;
      if (!lapsed) return { ...one, failures: failures + 1 };
      const { verified: _was, verifiedAt: _when, ...rest } = one;
      return rest;
    });
    if (!lapsed) return;
    const detail = { connection };
    await this.#trail.record({ type: 'domain.lapsed', actor: 'system', target: `domain:${id}`, detail });
  }

  /** Why the proof is not there; undefined when it is. An answer that does not come is no proof either. */
  async #lacks({ id, proof }: Kept): Promise<string | undefined> {
    try {
      const records = await this.#resolveTxt(recordName(id));
      if (records.some((parts) => parts.join('').trim() === proof)) return undefined;
      return records.length === 0 ? 'it has none' : 'it has another';
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (['ENOTFOUND', 'ENODATA'].includes(code)) return 'there is no such record';
      if (error instanceof Error && code !== '') return `DNS did not answer: ${code}`;
      throw error;
    }
  }

  async #known(connection: string, id: string): Promise<Kept> {
    const domain = await this.#all.get(id);
    if (domain?.connection !== connection) throw missing(`The domain ${id} of ${connection}`);
    return domain;
  }

  async #every(): Promise<Kept[]> {
    const all: Kept[] = [];
    for (let after = ''; ; ) {
      const page = await this.#all.find({}, { limit: 1000, after });
      all.push(...page);
      after = page.at(-1)?.id ?? '';
      if (page.length < 1000) return all;
    }
  }
}

const shown = ({ id, proof, verified, verifiedAt }: Kept): Domain => ({
  name: id,
  proof,
  ...(verified === undefined ? {} : { verified }),
  ...(verifiedAt === undefined ? {} : { verifiedAt }),
});

function checked(text: string): string {
  const name = domainName(text);
  if (name !== undefined) return name;
  throw invalid(`"${text.slice(0, 100)}" is no domain; give it as in an address, such as example.com`);
}
