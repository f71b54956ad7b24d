import type { AdapterPayload } from 'oidc-provider';
import type { Vault } from '../kernel/crypto.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

/** What the library keeps of an artefact; without `jti` wherever that is the secret value itself. */
export type Payload = AdapterPayload;

/** An access, client credentials or refresh token, or an authorization code, under the fingerprint of its value. */
export interface TokenRecord extends Entity {
  payload: Payload;
  grant?: string;
  /** Redemptions of a code that failed on the verifier or the redirect URI. */
  failures?: number;
}

/** A record that nobody who reads the store may read: sessions, interactions, pushed requests. */
export interface SealedRecord extends Entity {
  sealed: string;
  uid?: string;
  account?: string;
  consumed?: number;
}

/** The code of a device that waits for its person; both of its codes are fingerprints here. */
export interface DeviceRecord extends SealedRecord {
  userCode: string;
  grant?: string;
  /** When the device was last told to wait (milliseconds). */
  polled?: number;
}

/** What a person has granted a client; its id never leaves the server. */
export interface GrantRecord extends Entity {
  payload: Payload;
  account?: string;
  client?: string;
}

/** The collections behind the protocol, and the fingerprints under which they keep what must not be readable. */
export interface Records {
  tokens: Collection<TokenRecord, 'grant'>;
  codes: Collection<TokenRecord, 'grant'>;
  grants: Collection<GrantRecord, 'account' | 'client'>;
  sessions: Collection<SealedRecord, 'uid' | 'account'>;
  interactions: Collection<SealedRecord>;
  pushed: Collection<SealedRecord>;
  devices: Collection<DeviceRecord, 'userCode' | 'grant'>;
  replays: Collection<Entity>;
  /** The id of a token's or code's record. */
  tokenId(value: string): string;
  /** The id of any other record of this model. */
  idOf(model: string, value: string): string;
  /** The value that rotation gives the successor of a refresh token: the same for whoever rotates it, in whichever process. */
  successorOf(refreshToken: string): string;
  open(record: SealedRecord): Payload;
  seal(id: string, payload: Payload): string;
}

/** The collections of what is open: whoever presents something that was in them has to begin anew when they are empty. */
export const whatIsOpen: readonly string[] = [
  'tokens',
  'codes',
  'sessions',
  'interactions',
  'pushed-requests',
  'device-codes',
];

/** Declares the protocol's collections on a store. */
export function records(store: Store, vault: Vault): Records {
  const grant = { key: (record: TokenRecord) => record.grant };
  const sealed = (name: string) => store.collection<SealedRecord>({ name, indexes: {} });
  return {
    tokens: store.collection<TokenRecord, 'grant'>({ name: 'tokens', indexes: { grant } }),
    codes: store.collection<TokenRecord, 'grant'>({ name: 'codes', indexes: { grant } }),
    grants: store.collection<GrantRecord, 'account' | 'client'>({
      name: 'grants',
      indexes: { account: { key: (record) => record.account }, client: { key: (record) => record.client } },
    }),
    sessions: store.collection<SealedRecord, 'uid' | 'account'>({
      name: 'sessions',
      indexes: { uid: { key: (record) => record.uid }, account: { key: (record) => record.account } },
    }),
    interactions: sealed('interactions'),
    pushed: sealed('pushed-requests'),
    devices: store.collection<DeviceRecord, 'userCode' | 'grant'>({
      name: 'device-codes',
      indexes: {
        userCode: { key: (record) => record.userCode, unique: true },
        grant: { key: (record) => record.grant },
      },
    }),
    replays: store.collection({ name: 'replays', indexes: {} }),
    tokenId: (value) => vault.fingerprint('token', value),
    idOf: (model, value) => vault.fingerprint(model, value),
    successorOf: (refreshToken) => vault.derive('refresh-successor', refreshToken),
    open: (record) => JSON.parse(vault.open(record.sealed, record.id)) as Payload,
    seal: (id, payload) => vault.seal(JSON.stringify(payload), id),
  };
}
