import type { KoaContextWithOIDC } from 'oidc-provider';
import type { UpstreamSession } from '../federation/connector.ts';
import type { Vault } from '../kernel/crypto.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { Proof } from './proof.ts';

/** Through which connection a session of ours came, and which session there it rests on. */
export interface FederatedSession {
  /** Our session, as the protocol library names it. */
  uid: string;
  /** The person here. */
  account: string;
  connection: string;
  /** Who it is at the provider. */
  subject: string;
  session?: UpstreamSession;
  /** The groups that the provider stated, for the policies that name them. */
  groups?: readonly string[];
  /** When the person proved themselves there, and when the session there ends (seconds), where the provider says so. */
  authTime?: number;
  ends?: number;
}

/** What a finished sign-in hands on to the session that it makes. */
export type Origin = Omit<FederatedSession, 'uid' | 'account'>;

interface Kept extends Entity {
  readonly account: string;
  readonly connection: string;
  /** Fingerprints, so that the store does not tell who has a session. */
  readonly subject: string;
  readonly sid?: string;
  readonly name?: string;
  /** `FederatedSession`. */
  readonly sealed: string;
}

type Lookup = 'account' | 'connection' | 'subject' | 'sid' | 'name';

/** The session that a proof becomes. */
export const originOf = ({ connection, subject, session, groups, authTime, sessionEnds: ends }: Proof): Origin => ({
  connection,
  subject,
  ...(groups === undefined ? {} : { groups }),
  ...(session === undefined ? {} : { session }),
  ...(authTime === undefined ? {} : { authTime }),
  ...(ends === undefined ? {} : { ends }),
});

/** The same of a session that there is, for the one that takes its place. */
export const originOfSession = ({ uid: _uid, account: _account, ...origin }: FederatedSession): Origin => origin;

const isOrigin = (value: unknown): value is Origin =>
  typeof value === 'object' && value !== null && 'connection' in value && 'subject' in value;

/** Which of our sessions came through which session of a provider: what a logout, here or there, has to find. */
export class UpstreamSessions {
  readonly #all: Collection<Kept, Lookup>;
  readonly #vault: Vault;
  readonly #ttl: number;

  /** `ttl` in seconds: as long as a session of ours can last. */
  constructor(store: Store, vault: Vault, ttl: number) {
    this.#vault = vault;
    this.#ttl = ttl;
    this.#all = store.collection<Kept, Lookup>({
      name: 'upstream-sessions',
      indexes: {
        account: { key: (one) => one.account },
        connection: { key: (one) => one.connection },
        subject: { key: (one) => one.subject },
        sid: { key: (one) => one.sid },
        name: { key: (one) => one.name },
      },
    });
  }

  /** Keeps it in the place of what was known of this session. */
  async remember(session: FederatedSession): Promise<void> {
    const { uid, account, connection, subject } = session;
    const id = this.#id(uid);
    const { id: sid, name } = session.session ?? {};
    await this.#all.put(
      {
        id,
        ...{ account, connection, subject: this.#name(connection, 'subject', subject) },
        ...(sid === undefined ? {} : { sid: this.#name(connection, 'sid', sid) }),
        ...(name === undefined ? {} : { name: this.#name(connection, 'name', name) }),
        sealed: this.#vault.seal(JSON.stringify(session), id),
      },
      this.#ttl,
    );
  }

  /** Sessions of a person at the provider, by subject or by what its logout calls them, or of one session there; all that is given must fit. */
  async find(
    connection: string,
    by: { subject?: string; sid?: string | undefined; name?: string | undefined },
  ): Promise<FederatedSession[]> {
    const where = {
      ...(by.name === undefined ? {} : { name: this.#name(connection, 'name', by.name) }),
      ...(by.subject === undefined ? {} : { subject: this.#name(connection, 'subject', by.subject) }),
      ...(by.sid === undefined ? {} : { sid: this.#name(connection, 'sid', by.sid) }),
    };
    if (Object.keys(where).length === 0) return [];
    return (await this.#all.find(where, { limit: 1000 })).map((one) => this.#opened(one));
  }

  async ofSession(uid: string): Promise<FederatedSession | undefined> {
    const kept = await this.#all.get(this.#id(uid));
    return kept && this.#opened(kept);
  }

  async forget(uid: string): Promise<void> {
    await this.#all.take(this.#id(uid));
  }

  /** Forgets all sessions of a person here. */
  async forgetAll(account: string): Promise<void> {
    await this.#all.drop({ account });
  }

  /**
   * Follows what a sign-in has just done to the session: called when the library resumes, which is the first moment at
   * which the name of the session is known. A sign-in here takes the place of one through a provider.
   */
  async follow({ oidc }: KoaContextWithOIDC): Promise<void> {
    const { result, session, account } = oidc;
    if (result?.login === undefined || session?.uid === undefined || account === undefined) return;
    const { upstream } = result;
    if (isOrigin(upstream)) await this.remember({ uid: session.uid, account: account.accountId, ...upstream });
    else await this.forget(session.uid);
  }

  #id(uid: string): string {
    return this.#vault.fingerprint('upstream session', uid);
  }

  #name(connection: string, kind: 'subject' | 'sid' | 'name', value: string): string {
    return this.#vault.fingerprint(`upstream ${kind}`, JSON.stringify([connection, value]));
  }

  #opened({ id, sealed }: Kept): FederatedSession {
    return JSON.parse(this.#vault.open(sealed, id)) as FederatedSession;
  }
}
