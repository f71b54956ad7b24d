import type { Client, Clients } from '../clients/clients.ts';
import type { Tiers } from '../clients/tiers.ts';
import type { Access } from '../directory/access.ts';
import type { Decide } from '../directory/decide.ts';
import type { Organizations } from '../directory/organizations.ts';
import type { User, Users } from '../directory/users.ts';
import { inProfile } from './answer.ts';
import { accessTokenClaims, refreshTokenClaims } from './claims.ts';
import type { Payload, Records } from './records.ts';
import { isRotated } from './refresh.ts';
import { slaClaims } from './sla.ts';
import { stillWithin } from './within.ts';

/** A token whose client, person, grant and session all stand. */
export interface LiveToken {
  payload: Payload;
  client: Client;
  user: User | undefined;
}

/** An answer of introspection, as it goes over the wire (RFC 7662 §2.2); the members are those of the API's profile. */
export type Introspection = { active: boolean; [member: string]: unknown };

/** What introspection knows of a live access token before an API's profile is applied. */
export type AccessTokenClaims = Awaited<ReturnType<typeof standardClaims>>;

const inactive = { active: false } as const;
const seconds = (): number => Math.floor(Date.now() / 1000);

interface Parts {
  issuer: string;
  records: Records;
  clients: Clients;
  tiers: Tiers;
  users: Users;
  access: Access;
  organizations: Organizations;
  decide: Decide;
}

/**
 * Is this token alive, and whose. Every token is stored under the fingerprint of its value, a JWT too: so
 * one read answers for all formats, and a token that we did not issue, or that was altered, simply is not there.
 */
export class TokenStatus {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The token behind a value, if everything it rests on stands at this moment. */
  async live(value: string): Promise<LiveToken | undefined> {
    const { records, clients, users } = this.#parts;
    const record = await records.tokens.get(records.tokenId(value));
    if (!record) return undefined;
    const { payload } = record;
    if (payload.exp === undefined || payload.exp <= seconds()) return undefined;
    const client = await clients.get(payload.clientId ?? '');
    // A client that was removed and made again under its old id is another one.
    const begun = payload.iiat ?? payload.iat ?? 0;
    if (client?.state !== 'approved' || begun < client.created) return undefined;
    if (payload.grantId === undefined) return { payload, client, user: undefined };
    const user = await users.get(payload.accountId ?? '');
    if (user?.state !== 'active' || begun < (user.signedOut ?? 0)) return undefined;
    if (!(await this.#grantStands(payload))) return undefined;
    if (payload.kind === 'RefreshToken' && (await isRotated(records, value))) return undefined;
    return { payload, client, user };
  }

  /** What this caller may know of this token (RFC 7662 §2.2); exactly `{ active: false }` when that is nothing. */
  async introspect(value: string, caller: Client): Promise<Introspection> {
    const token = await this.live(value);
    if (!token) return inactive;
    if (token.payload.kind === 'RefreshToken') {
      return token.client.id === caller.id ? refreshTokenClaims(this.#parts.issuer, token) : inactive;
    }
    const claims = await this.#claims(token, caller);
    if (!claims) return inactive;
    const api = claims.aud === undefined ? undefined : await this.#parts.access.api(claims.aud);
    return capped(inProfile(api?.profile ?? 'standard', claims, token.user), caller);
  }

  /** The access token behind a value with all that is said of it, whatever its API's profile; undefined where the caller may know nothing. */
  async known(value: string, caller: Client): Promise<{ token: LiveToken; claims: AccessTokenClaims } | undefined> {
    const token = await this.live(value);
    const claims = token && token.payload.kind !== 'RefreshToken' ? await this.#claims(token, caller) : undefined;
    return token && claims && { token, claims };
  }

  /**
   * Ends a grant and all that rests on it, and says which APIs had tokens of it. The grant goes first: without it nothing that
   * is issued meanwhile is alive.
   */
  async endGrant(payload: Payload): Promise<string[]> {
    const { grants, tokens, codes, devices } = this.#parts.records;
    const grant = payload.grantId;
    if (grant === undefined) return [];
    await grants.take(grant);
    const ending = await tokens.find({ grant }, { limit: 1000 });
    await Promise.all([tokens.drop({ grant }), codes.drop({ grant }), devices.drop({ grant })]);
    return [...new Set(ending.flatMap(({ payload: { aud } }) => (typeof aud === 'string' ? [aud] : [])))];
  }

  /** Ends all grants of a person. */
  async endGrantsOf(account: string): Promise<void> {
    const page = () => this.#parts.records.grants.find({ account }, { limit: 100 });
    for (let grants = await page(); grants.length > 0; grants = await page()) {
      await Promise.all(grants.map(({ id }) => this.endGrant({ grantId: id })));
    }
  }

  async #claims(token: LiveToken, caller: Client): Promise<AccessTokenClaims | undefined> {
    const { payload, client } = token;
    const audience = typeof payload.aud === 'string' ? payload.aud : undefined;
    if (client.id !== caller.id && !mayAskAbout(caller, audience)) return undefined;
    return standardClaims(this.#parts, token, audience);
  }

  async #grantStands(payload: Payload): Promise<boolean> {
    const { records } = this.#parts;
    const grant = await records.grants.get(payload.grantId ?? '');
    if (grant?.account !== payload.accountId || grant?.client !== payload.clientId) return false;
    if (!payload.expiresWithSession) return true;
    const uid = records.idOf('Session uid', payload.sessionUid ?? '');
    const [record] = await records.sessions.find({ uid }, { limit: 1 });
    const session = record && records.open(record);
    return (
      session?.accountId === payload.accountId &&
      session?.authorizations?.[payload.clientId ?? '']?.grantId === payload.grantId
    );
  }
}

/** Whether a gateway may know what tokens of this audience allow. */
export const mayAskAbout = (caller: Client, audience: string | undefined): boolean =>
  caller.introspects === 'all' || (audience !== undefined && caller.introspects.includes(audience));

/** Whose rights count, as `Decide` names subjects. */
export const holderOf = ({ user, client }: LiveToken): string => (user ? `user:${user.id}` : `client:${client.id}`);

/** The organisation that a token is for, while its subject is a member of it. */
export function organizationNow(organizations: Organizations, token: LiveToken): Promise<string | undefined> {
  return stillWithin(organizations, token.payload.extra?.org_id, holderOf(token));
}

/** The roles, permissions and the organisation are those of this moment; all else is as it was issued. */
async function standardClaims(parts: Parts, { payload, client, user }: LiveToken, audience: string | undefined) {
  const { issuer, decide, organizations, tiers } = parts;
  const organization = await organizationNow(organizations, { payload, client, user });
  const held = await decide.held(holderOf({ payload, client, user }), audience, organization);
  const claims = { ...accessTokenClaims({ issuer, payload, client, user, held, organization }), aud: audience };
  const end = decide.endOf(held);
  // Nobody is told when a right has run out, so whoever keeps the answer may not keep it longer than that.
  if (end !== undefined && typeof claims.exp === 'number') claims.exp = Math.min(claims.exp, end);
  return client.tier === undefined ? claims : { ...claims, ...(await slaClaims(tiers, client, audience)) };
}

/** Gateways keep an answer until the token ends: one that has to ask again sooner is told so (RFC 7662 §2.2 lets answers differ). */
function capped(answer: Introspection, { cacheSeconds }: Client): Introspection {
  if (cacheSeconds === undefined || typeof answer.exp !== 'number') return answer;
  return { ...answer, exp: Math.min(answer.exp, seconds() + cacheSeconds) };
}
