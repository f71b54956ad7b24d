import { identityScopes } from './claims.ts';
import type { GrantRecord, Records } from './records.ts';
import type { TokenStatus } from './token-status.ts';

/** What a client may do for a person at this moment, all its grants taken together. Times in seconds. */
export interface Granted {
  client: string;
  scopes: string[];
  claims: string[];
  /** Permissions by API (its audience). */
  resources: Record<string, string[]>;
  since: number;
  /** When it last got a token, as far as one of its tokens still stands. */
  used: number;
}

interface Parts {
  records: Records;
  status: TokenStatus;
}

const most = 1000;
const isIdentityScope = new Set(identityScopes);
const words = (text: unknown): string[] => (typeof text === 'string' && text !== '' ? text.split(' ') : []);
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The grants of people: what their applications may do. */
export class Grants {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What a person's clients may do, one entry for each client. */
  async ofAccount(account: string): Promise<Granted[]> {
    const all = new Map<string, Granted>();
    for (const grant of await this.#every(account)) {
      const { client } = grant;
      if (client === undefined) continue;
      all.set(client, together(all.get(client), { ...partOf(grant, client), used: await this.#used(grant) }));
    }
    return [...all.values()];
  }

  /** The ids of all grants between a person and a client. */
  async between(account: string, client: string): Promise<string[]> {
    return (await this.#every(account)).flatMap((grant) => (grant.client === client ? [grant.id] : []));
  }

  /** Ends all grants that people have given a client, with every token and code; says how many there were. */
  async endOfClient(client: string): Promise<number> {
    const { grants } = this.#parts.records;
    let count = 0;
    for (let page = await grants.find({ client }, { limit: 100 }); page.length > 0; ) {
      await Promise.all(page.map(({ id }) => this.#parts.status.endGrant({ grantId: id })));
      count += page.length;
      page = await grants.find({ client }, { limit: 100 });
    }
    return count;
  }

  async #every(account: string): Promise<GrantRecord[]> {
    const { grants } = this.#parts.records;
    const all: GrantRecord[] = [];
    for (let page = await grants.find({ account }, { limit: most }); page.length > 0; ) {
      all.push(...page);
      page = page.length < most ? [] : await grants.find({ account }, { limit: most, after: page.at(-1)?.id ?? '' });
    }
    return all;
  }

  async #used({ id, payload }: GrantRecord): Promise<number> {
    const tokens = await this.#parts.records.tokens.find({ grant: id }, { limit: most });
    return Math.max(payload.iat ?? 0, ...tokens.map((token) => token.payload.iat ?? 0));
  }
}

/** A grant in our words: each API has the identity scopes too (signin/consent.ts), which are about the person. */
function partOf({ payload }: GrantRecord, client: string): Granted {
  const { openid, resources, iat: since = 0 } = payload;
  const own = isRecord(openid) ? openid : {};
  const claims = Array.isArray(own.claims) ? own.claims.filter((one) => typeof one === 'string') : [];
  const apis = isRecord(resources) ? resources : {};
  return {
    ...{ client, scopes: words(own.scope), claims, since, used: since },
    resources: Object.fromEntries(
      Object.entries(apis).map(([name, scope]) => [name, words(scope).filter((one) => !isIdentityScope.has(one))]),
    ),
  };
}

const union = (one: readonly string[], other: readonly string[]): string[] => [...new Set([...one, ...other])];

function together(one: Granted | undefined, other: Granted): Granted {
  if (!one) return other;
  const audiences = union(Object.keys(one.resources), Object.keys(other.resources));
  return {
    client: one.client,
    scopes: union(one.scopes, other.scopes),
    claims: union(one.claims, other.claims),
    resources: Object.fromEntries(
      audiences.map((name) => [name, union(one.resources[name] ?? [], other.resources[name] ?? [])]),
    ),
    since: Math.min(one.since, other.since),
    used: Math.max(one.used, other.used),
  };
}
