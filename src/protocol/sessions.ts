import type { Provider } from 'oidc-provider';
import type { Page } from '../store/port.ts';
import { whole } from '../store/whole.ts';
import type { Payload, Records, SealedRecord } from './records.ts';
import type { TokenStatus } from './token-status.ts';

/** A session that is open, as its person may see it. Times in seconds. */
export interface OpenSession {
  /** A name for forms and addresses; of no use to anybody else. */
  id: string;
  uid: string;
  account: string;
  /** When the person signed in, and when it ends unless it is used. */
  loginTs: number;
  ends: number;
  amr: readonly string[];
  /** The clients that were signed in to by it. */
  clients: string[];
}

/** A session that has ended. */
interface EndedSession {
  account: string | undefined;
  /** Clients that wanted to hear of it (Back-Channel Logout 1.0) and could not be told. */
  untold: string[];
}

/** Where the library is, which tells clients; undefined where no server runs. */
export type WhereProvider = () => Provider | undefined;

interface Parts {
  records: Records;
  status: TokenStatus;
  provider: WhereProvider;
}

interface Authorization {
  sid?: string | undefined;
  grantId?: string | undefined;
  persistsLogout?: boolean | undefined;
}

const opened = ({ uid: id = '' }: SealedRecord, payload: Payload): OpenSession => {
  const { uid = '', accountId: account = '', loginTs = 0, exp: ends = 0, amr = [], authorizations = {} } = payload;
  return { id, uid, account, loginTs, ends, amr, clients: Object.keys(authorizations) };
};

/** Ends sessions from outside of the browser that holds them, with all that rests on them. */
export class Sessions {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Ends one session by its public name, with the tokens and codes of its grants, and tells the clients that want to hear of
   * it. What was granted for use without the person stays (offline_access; OIDC Core §11, Back-Channel Logout 1.0 §2.7), as at
   * a sign-out here. Undefined when there is none: of two callers one ends it.
   */
  async end(uid: string): Promise<EndedSession | undefined> {
    const { records } = this.#parts;
    const [record] = await records.sessions.find({ uid: records.idOf('Session uid', uid) }, { limit: 1 });
    return record && this.#end(record);
  }

  /** One by the name for addresses. */
  async get(id: string): Promise<OpenSession | undefined> {
    const { records } = this.#parts;
    const [record] = await records.sessions.find({ uid: id }, { limit: 1 });
    return record && opened(record, records.open(record));
  }

  /** Those of everybody, or of one person, in the order of ids that are places in this list; some have no person yet. */
  async page(where: { account?: string }, page: Page): Promise<{ id: string; session: OpenSession }[]> {
    const { records } = this.#parts;
    const found = await records.sessions.find(where, page);
    return found.map((record) => ({ id: record.id, session: opened(record, records.open(record)) }));
  }

  /** The sessions of a person, newest first. */
  async list(account: string): Promise<OpenSession[]> {
    const { records } = this.#parts;
    const found = await whole((page) => records.sessions.find({ account }, page));
    return found
      .map((record) => opened(record, records.open(record)))
      .sort((a, b) => b.loginTs - a.loginTs || (a.id < b.id ? -1 : 1));
  }

  /** Ends every session, grant and token of a person, those with offline_access too. */
  async endAll(account: string): Promise<EndedSession[]> {
    const { records, status } = this.#parts;
    const ended: EndedSession[] = [];
    for (;;) {
      const page = await records.sessions.find({ account }, { limit: 100 });
      if (page.length === 0) break;
      const some = await Promise.all(page.map((record) => this.#end(record)));
      ended.push(...some.filter((one) => one !== undefined));
    }
    await status.endGrantsOf(account);
    return ended;
  }

  async #end({ id }: SealedRecord): Promise<EndedSession | undefined> {
    const { records, status } = this.#parts;
    const taken = await records.sessions.take(id);
    if (!taken) return undefined;
    const { accountId: account, authorizations = {} } = records.open(taken);
    const all = Object.entries<Authorization>(authorizations);
    const ending = all.filter(([, { persistsLogout }]) => persistsLogout !== true);
    await Promise.all(ending.map(([, { grantId }]) => grantId && status.endGrant({ grantId })));
    const told = await Promise.all(all.map(([client, { sid }]) => this.#tell(client, account, sid)));
    return { account, untold: all.map(([client]) => client).filter((_, at) => !told[at]) };
  }

  /** False when the client wants to hear of it and could not be told. What has ended stays ended. */
  async #tell(id: string, account: string | undefined, sid: string | undefined): Promise<boolean> {
    try {
      const provider = this.#parts.provider();
      if (!provider) return false;
      const client = await provider.Client.find(id);
      if (client?.backchannelLogoutUri === undefined) return true;
      // The library's own way (lib/actions/end_session.js), which its types do not know.
      const { backchannelLogout } = client;
      if (typeof backchannelLogout !== 'function')
        throw new TypeError('oidc-provider tells clients in another way now');
      await backchannelLogout.call(client, account, sid);
      return true;
    } catch (error) {
      // A client that was removed, or may not take part any more, has nothing to hear. Late: commands never load the library.
      const { errors } = await import('oidc-provider');
      return error instanceof errors.InvalidClient || error instanceof errors.UnauthorizedClient;
    }
  }
}
