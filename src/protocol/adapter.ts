import { type Adapter, type AdapterFactory, type AdapterPayload, errors, Provider } from 'oidc-provider';
import type { Trail } from '../audit/trail.ts';
import { randomToken } from '../kernel/crypto.ts';
import { Problem } from '../kernel/errors.ts';
import { stillAllowed } from './claims.ts';
import { deviceCodes } from './device-codes.ts';
import { followOrganization, keptOrganization } from './organization.ts';
import type { GrantRecord, Payload, Records, SealedRecord, TokenRecord } from './records.ts';
import { refreshState } from './refresh.ts';
import { replays } from './replays.ts';

interface Parts {
  records: Records;
  trail: Trail;
  /** The registration document of a client that may take part, in the library's terms. */
  findClient: Adapter['find'];
  /** How long a repeated rotation gets the same successor, in seconds. */
  refreshGrace: number;
  /** How long a sign-in may take, in seconds. */
  interactionTtl: number;
  /** Called when something that counts once is presented again. */
  replayed(what: 'code' | 'device-code' | 'refresh-token', payload: Payload): Promise<void>;
}

const taken = (error: unknown): boolean => error instanceof Problem && error.code === 'taken';

type Verbs = Partial<Adapter> & Pick<Adapter, 'upsert' | 'find'>;

const failuresPerCode = 5;
const seconds = (): number => Math.floor(Date.now() / 1000);
const bare = ({ jti: _secret, ...payload }: Payload): Payload => payload;
const grantOf = (payload: Payload) => (payload.grantId === undefined ? {} : { grant: payload.grantId });

/** What the library finds of a token or code, without the scopes that its client may not have any more. */
async function found({ findClient }: Parts, value: string, payload: Payload): Promise<AdapterPayload> {
  const client = (await findClient(payload.clientId ?? '')) ?? undefined;
  const scope = stillAllowed(payload.scope, client?.scope);
  followOrganization(payload.organization);
  return { ...payload, ...(scope === undefined ? {} : { scope }), jti: value };
}

/** Access, client credentials and refresh tokens share one collection, so that one read tells what a value is. */
function tokens(parts: Parts, model: string): Verbs {
  const { records, refreshGrace, replayed } = parts;
  const all = records.tokens;
  return {
    async upsert(value, payload, expiresIn) {
      // In its place stands a public name of the token, the `jti` that introspection tells.
      const kept = model === 'RefreshToken' ? keptOrganization() : {};
      const named = { ...payload, ...kept, jti: randomToken(16) };
      const record: TokenRecord = { id: records.tokenId(value), payload: named, ...grantOf(payload) };
      try {
        await all.insert(record, expiresIn);
      } catch (error) {
        // Within the grace two requests rotate one refresh token to the same successor; the first has stored it.
        if (model !== 'RefreshToken' || !taken(error)) throw error;
      }
    },
    async find(value) {
      const record = await all.get(records.tokenId(value));
      if (record?.payload.kind !== model) return undefined;
      const payload = await found(parts, value, record.payload);
      if (model === 'RefreshToken') {
        const state = await refreshState(records, value, refreshGrace);
        if (state.used) {
          // The library ends the family (RFC 9700 §4.14.2) when it sees this.
          payload.consumed = state.at;
          await replayed('refresh-token', payload);
        }
      }
      // A token for an API may carry `openid` too and then asks userinfo; the library knows one audience for a token.
      if (Provider.ctx?.oidc?.route === 'userinfo' && payload.scope?.split(' ').includes('openid')) delete payload.aud;
      return payload;
    },
    // A refresh token is used once its successor is stored (refresh.ts): nothing to write, so nothing to lose by a crash.
    async consume() {},
    async destroy(value) {
      await all.take(records.tokenId(value));
    },
    async revokeByGrantId(grant) {
      await all.drop({ grant });
    },
  };
}

function codes(parts: Parts): Verbs {
  const { records, replayed } = parts;
  const all = records.codes;
  return {
    async upsert(value, payload, expiresIn) {
      await all.insert(
        { id: records.tokenId(value), payload: { ...bare(payload), ...keptOrganization() }, ...grantOf(payload) },
        expiresIn,
      );
    },
    async find(value) {
      const record = await all.get(records.tokenId(value));
      if (!record || (record.failures ?? 0) >= failuresPerCode) return undefined;
      // That it was used is `consume` to find, for all who come: there it is told.
      const { consumed: _used, ...payload } = record.payload;
      return found(parts, value, payload);
    },
    async consume(value) {
      let again: Payload | undefined;
      const changed = await all.change(records.tokenId(value), (record) => {
        again = record.payload.consumed ? record.payload : undefined;
        return again ? record : { ...record, payload: { ...record.payload, consumed: seconds() } };
      });
      // The library looked before; several requests can all have looked. The replay ends what the winner got (RFC 9700 §4.5).
      if (again) {
        await replayed('code', again);
        throw new errors.InvalidGrant('authorization code already consumed');
      }
      if (!changed) throw new errors.InvalidGrant('authorization code not found');
    },
    async destroy(value) {
      await all.take(records.tokenId(value));
    },
    async revokeByGrantId(grant) {
      await all.drop({ grant });
    },
  };
}

function grants({ records }: Parts): Verbs {
  const record = (id: string, payload: Payload): GrantRecord => ({
    id,
    payload,
    ...(payload.accountId === undefined ? {} : { account: payload.accountId }),
    ...(payload.clientId === undefined ? {} : { client: payload.clientId }),
  });
  return {
    upsert: (id, payload, expiresIn) => records.grants.put(record(id, payload), expiresIn),
    // The library edits what it is given.
    find: async (id) => structuredClone((await records.grants.get(id))?.payload),
    async destroy(id) {
      await records.grants.take(id);
    },
  };
}

/** Records that are unreadable in the store; `uid` finds a session by its public name. */
function sealed({ records, interactionTtl }: Parts, model: string): Verbs {
  const all = { Session: records.sessions, Interaction: records.interactions }[model] ?? records.pushed;
  const uidOf = (uid: string) => records.idOf('Session uid', uid);
  const opened = (record: SealedRecord | undefined): AdapterPayload | undefined =>
    record && { ...records.open(record), ...(record.consumed ? { consumed: record.consumed } : {}) };
  return {
    async upsert(value, payload, expiresIn) {
      const id = records.idOf(model, value);
      const record: SealedRecord = {
        id,
        sealed: records.seal(id, payload),
        ...(model === 'Session' && payload.uid ? { uid: uidOf(payload.uid) } : {}),
        ...(model === 'Session' && payload.accountId ? { account: payload.accountId } : {}),
      };
      // A pushed request must be known as used for as long as a sign-in that it began can take.
      await all.put(record, model === 'PushedAuthorizationRequest' ? (expiresIn ?? 0) + interactionTtl : expiresIn);
    },
    async find(value) {
      return opened(await all.get(records.idOf(model, value)));
    },
    async findByUid(uid) {
      const [record] = await records.sessions.find({ uid: uidOf(uid) }, { limit: 1 });
      return opened(record);
    },
    async consume(value) {
      // One pushed request gives one code: whoever marks the record first (RFC 9126 §4).
      await all.change(records.idOf(model, value), (record) => {
        if (record.consumed) throw new errors.InvalidRequestUri('request_uri was already used');
        return { ...record, consumed: seconds() };
      });
    },
    async destroy(value) {
      await all.take(records.idOf(model, value));
    },
  };
}

const refuse = (model: string) => async (): Promise<never> => {
  throw new Error(`${model} has no such verb`);
};

/** The library's storage, on our port. Each verb that counts once is one atomic step of the store. */
export function adapter(parts: Parts): AdapterFactory {
  const verbs = (model: string): Verbs => {
    switch (model) {
      case 'AccessToken':
      case 'ClientCredentials':
      case 'RefreshToken':
        return tokens(parts, model);
      case 'AuthorizationCode':
        return codes(parts);
      case 'DeviceCode':
        return deviceCodes(parts);
      case 'Grant':
        return grants(parts);
      case 'ReplayDetection':
        return replays(parts);
      case 'Client':
        return { find: parts.findClient, upsert: refuse(model) };
      default:
        return sealed(parts, model);
    }
  };
  return (model) => ({
    findByUid: refuse(model),
    findByUserCode: refuse(model),
    consume: refuse(model),
    destroy: refuse(model),
    revokeByGrantId: refuse(model),
    ...verbs(model),
  });
}
