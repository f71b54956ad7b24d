import { hash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { type Adapter, errors, Provider } from 'oidc-provider';
import { type Again, isFirst, type OnceParts, tellAgain } from './once.ts';

/** Ids of assertions and proofs of possession, which count once (RFC 7523 §3, RFC 9449 §11.1). */
export function replays(parts: OnceParts): Pick<Adapter, 'upsert' | 'find'> {
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

async function told(parts: OnceParts, value: string): Promise<Again['what']> {
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
