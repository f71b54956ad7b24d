import type { AuditEvent } from '../audit/events.ts';
import type { Trail } from '../audit/trail.ts';
import type { Client } from '../clients/clients.ts';
import { randomToken } from '../kernel/crypto.ts';
import { problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import { subjectOf } from './claims.ts';
import type { Records } from './records.ts';
import type { TokenStatus } from './token-status.ts';

/** Only the client that a token was issued to may end it (RFC 7009 §2.1). */
const foreign = problem(
  'invalid_request',
  400,
  () => 'This token was issued to another client; only that client may revoke it',
);

/** Lists of APIs as a fact of an event, which is cut when it is long: then nothing is said, and it may be any. */
const audiencesFact = (audiences: readonly string[]): string | undefined => {
  const text = audiences.join(' ');
  return text.length > 300 ? undefined : text;
};

/** What tells of an ending; gateways that keep answers wait for it. */
type Ending = Extract<
  AuditEvent,
  {
    type: 'token.revoked' | 'code.replayed' | 'device-code.replayed' | 'refresh-token.replayed' | 'consent.withdrawn';
  }
>;

/** What is to end: one token, by the id of its record, and grants with all that rests on them. */
interface What {
  token?: string;
  grants: readonly string[];
}

interface Owed extends Entity {
  /** Milliseconds since the epoch. */
  at: number;
  token?: string;
  grants: readonly string[];
  event: string;
}

interface Parts {
  store: Store;
  records: Records;
  status: Pick<TokenStatus, 'endGrant'>;
  trail: Trail;
}

/** So old is an ending that nobody is still busy with (milliseconds). */
const forgotten = 30_000;

/**
 * Ends tokens and grants, and tells of it, both or in the end both: what is to be done is written down first, and whatever stops
 * this process in between, another does the rest. What is told is true by then, so whoever hears of it may ask at once.
 */
export class Endings {
  readonly #owed: Collection<Owed>;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#owed = parts.store.collection<Owed>({ name: 'owed-endings', indexes: {} });
  }

  /** Ends all of it, then records the event, with the APIs that had tokens of the grants. */
  async end(what: What, event: Ending): Promise<void> {
    const id = randomToken(16);
    await this.#owed.insert({ id, at: Date.now(), ...what, event: JSON.stringify(event) });
    await this.#finish(id, what, event, true);
  }

  /**
   * Ends a token for the client that it was issued to; a refresh token takes its whole family along (RFC 7009 §2.1). Unknown
   * values are fine: then there is nothing to say. Throws `invalid_request` for the token of another.
   */
  async revoke(value: string, caller: Client, seen: { ip?: string; requestId?: string } = {}): Promise<void> {
    const { records } = this.#parts;
    const token = records.tokenId(value);
    const record = await records.tokens.get(token);
    if (!record) return;
    const { kind, jti, aud, grantId, clientId } = record.payload;
    if (clientId !== caller.id) throw foreign();
    const refresh = kind === 'RefreshToken';
    const what = refresh && grantId !== undefined ? { grants: [grantId] } : { token, grants: [] };
    await this.end(what, {
      type: 'token.revoked',
      actor: `client:${caller.id}`,
      ...seen,
      detail: {
        client: caller.id,
        kind: refresh ? 'refresh token' : 'access token',
        ...{ jti, subject: subjectOf(record.payload) },
        ...(refresh ? {} : { audiences: typeof aud === 'string' ? aud : '' }),
      },
    });
  }

  /** Does the rest of what was begun and left; safe to repeat, also by several processes at once. */
  async settle(): Promise<void> {
    for (const { id, at, event, ...what } of await this.#owed.find({}, { limit: 1000 })) {
      if (at > Date.now() - forgotten) continue;
      // Which APIs had tokens may not be known any more; then it is told for all.
      await this.#finish(id, what, JSON.parse(event) as Ending, false);
    }
  }

  async #finish(id: string, { token, grants }: What, event: Ending, whole: boolean): Promise<void> {
    const { records, status, trail } = this.#parts;
    if (token !== undefined) await records.tokens.take(token);
    const ended = await Promise.all(grants.map((grantId) => status.endGrant({ grantId })));
    const audiences = audiencesFact([...new Set(ended.flat())]);
    const told = event.type === 'consent.withdrawn' || token !== undefined || !whole;
    await trail.record(told ? event : ({ ...event, detail: { ...event.detail, audiences } } as Ending));
    await this.#owed.take(id);
  }
}
