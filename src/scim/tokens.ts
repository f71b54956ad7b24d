import type { Trail } from '../audit/trail.ts';
import { randomToken, type Vault } from '../kernel/crypto.ts';
import { type Credential, checkedOverlap, isLive, liveOnes, retire } from '../store/overlap.ts';
import type { Collection, Store } from '../store/port.ts';

/** A long-lived credential with which an organisation's identity provider calls. */
interface ScimToken extends Credential {
  readonly organization: string;
  /** When it was last shown, to within `usedWithin`. */
  readonly lastUsed?: number;
}

/** What may be known of one: times in seconds, never what it is. */
export type ScimTokenTimes = Pick<ScimToken, 'created' | 'expires' | 'lastUsed'>;

const seconds = (): number => Math.floor(Date.now() / 1000);
/** Each request shows a token, so its use is written down no more often than this (seconds). */
const usedWithin = 60;

/**
 * Bearer tokens of organisations: Entra ID and Okta can send nothing else. An organisation has at most two that count: the
 * last one, and the one before until its overlap ends.
 */
export class ScimTokens {
  readonly #all: Collection<ScimToken, 'organization'>;
  readonly #vault: Vault;
  readonly #trail: Trail;

  constructor({ store, vault, trail }: { store: Store; vault: Vault; trail: Trail }) {
    this.#all = store.collection<ScimToken, 'organization'>({
      name: 'scim-tokens',
      indexes: { organization: { key: (one) => one.organization } },
      cached: true,
    });
    this.#vault = vault;
    this.#trail = trail;
  }

  /**
   * Makes one (43 characters, shown here and never again); the one before ends after the overlap (seconds). Whether there is such
   * an organisation is the caller's to know. Throws `invalid`.
   */
  async make(
    organization: string,
    actor: string,
    overlap?: number,
  ): Promise<{ token: string; older: number | undefined }> {
    const span = checkedOverlap(overlap);
    const token = randomToken();
    const before = await this.#of(organization);
    const created = seconds();
    await this.#all.insert({ id: this.#fingerprint(token), organization, created });
    const older = await retire(this.#all, before, created + span);
    const detail = { overlap: span };
    const target = `organization:${organization}`;
    await this.#trail.record({ type: 'organization.scim-token-made', actor, target, detail });
    return { token, older };
  }

  /** Those that count, the oldest first. */
  async list(organization: string): Promise<ScimTokenTimes[]> {
    return liveOnes(await this.#of(organization)).map(({ created, expires, lastUsed }) => ({
      created,
      ...(expires === undefined ? {} : { expires }),
      ...(lastUsed === undefined ? {} : { lastUsed }),
    }));
  }

  /** Ends all of an organisation, at once; says how many there were. */
  async remove(organization: string, actor: string): Promise<number> {
    const count = await this.#all.drop({ organization });
    const target = `organization:${organization}`;
    if (count > 0) await this.#trail.record({ type: 'organization.scim-token-removed', actor, target });
    return count;
  }

  /** The organisation that this is a token of. */
  async organizationOf(token: string): Promise<string | undefined> {
    const found = await this.#all.get(this.#fingerprint(token));
    if (!found || !isLive(found)) return undefined;
    const now = seconds();
    if ((found.lastUsed ?? 0) <= now - usedWithin)
      await this.#all.change(found.id, (one) => ({ ...one, lastUsed: now }));
    return found.organization;
  }

  #of(organization: string): Promise<ScimToken[]> {
    return this.#all.find({ organization }, { limit: 1000 });
  }

  #fingerprint(token: string): string {
    return this.#vault.fingerprint('scim-token', token);
  }
}
