import { hash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { type Adapter, errors, Provider } from 'oidc-provider';
import type { Trail } from '../audit/trail.ts';
import { Problem } from '../kernel/errors.ts';
import type { Records } from './records.ts';

interface Parts {
  records: Records;
  trail: Trail;
}

/** Whose proof or assertion came again, and where. */
interface Again {
  what: 'assertion' | 'proof';
  client: string;
  /** The `sub` of the person whose token it came with. */
  subject?: string | undefined;
  at: 'gateway' | 'userinfo' | 'token';
}

/** So long what one client sends again, for one person at one place, is told once (seconds): a flood must not fill the trail. */
const quiet = 120;

/** Whether this is the first of its name: the insert itself is the check, so of many at once, in whichever process, one is. */
export async function isFirst(records: Records, kind: string, name: string, ttl?: number): Promise<boolean> {
  try {
    await records.replays.insert({ id: records.idOf(kind, name) }, ttl);
    return true;
  } catch (error) {
    if (error instanceof Problem && error.code === 'taken') return false;
    throw error;
  }
}

/** Tells the trail of what counts once and came again. */
export async function tellAgain({ records, trail }: Parts, { what, client, subject, at }: Again): Promise<void> {
  if (!(await isFirst(records, 'told that it came again', `${what} ${at} ${client} ${subject ?? ''}`, quiet))) return;
  const circumstances = { actor: `client:${client}`, outcome: 'failure' } as const;
  await trail.record(
    what === 'proof'
      ? { type: 'proof.replayed', ...circumstances, detail: { client, subject, at } }
      : { type: 'assertion.replayed', ...circumstances, detail: { client } },
  );
}

/** Ids of assertions and proofs of possession, which count once (RFC 7523 §3, RFC 9449 §11.1). */
export function replays(parts: Parts): Pick<Adapter, 'upsert' | 'find'> {
  const { records } = parts;
  const kind = 'ReplayDetection';
  return {
    async upsert(value, _payload, expiresIn) {
      if (await isFirst(records, kind, value, expiresIn)) return;
      if ((await told(parts, value)) === 'assertion') throw new errors.InvalidClientAuth('assertion already used');
      const { route } = Provider.ctx?.oidc ?? {};
      throw new (route === 'userinfo' ? errors.InvalidToken : errors.InvalidGrant)('proof already used');
    },
    // The library looks for an id only to refuse it.
    async find(value) {
      if (!(await records.replays.get(records.idOf(kind, value)))) return undefined;
      await told(parts, value);
      return {};
    },
  };
}

async function told(parts: Parts, value: string): Promise<Again['what']> {
  const { route, params, client, entities } = Provider.ctx?.oidc ?? {};
  const token = entities?.AccessToken;
  const what = isOf(params?.client_assertion, value) ? 'assertion' : 'proof';
  const at = route === 'userinfo' ? 'userinfo' : 'token';
  const subject = token?.accountId;
  await tellAgain(parts, { what, client: token?.clientId ?? client?.clientId ?? '', subject, at });
  return what;
}

/** The library hashes who made it with its id. The assertion was verified before. */
function isOf(assertion: unknown, value: string): boolean {
  if (typeof assertion !== 'string') return false;
  const { iss, jti } = decodeJwt(assertion);
  return hash('sha256', `${iss}${jti}`, 'base64url') === value;
}
