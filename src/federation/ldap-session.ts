import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Client, type Entry, FilterParser, ResultCodeError } from 'ldapts';
import { Refused } from './connector.ts';
import type { DirectoryEntry, Query } from './ldap-groups.ts';
import { textOf } from './ldap-names.ts';
import { type LdapReason, refusal, searchReason } from './ldap-refusals.ts';
import type { Server } from './ldap-transport.ts';

/** Entries that are read at a time, when there may be many; Active Directory gives no more than 1000. */
const page = 500;

/** Whether the library can read this as a filter. */
export function isFilter(text: string): boolean {
  try {
    FilterParser.parseString(text);
    return true;
  } catch {
    return false;
  }
}

/** One connection to one server, over a transport that is encrypted already. */
export class Session {
  readonly #server: Server;
  readonly #socket: Socket;
  readonly #timeout: number;
  readonly #client: Client;

  constructor(server: Server, socket: Socket, timeout: number) {
    this.#server = server;
    this.#socket = socket;
    this.#timeout = timeout;
    let used = false;
    const createConnection = () => {
      // The library would connect anew by itself, and go on without encryption and as nobody.
      if (used) throw new Error('the server closed the connection');
      used = true;
      return socket;
    };
    this.#client = new Client({ url: 'ldap://directory', timeout, createConnection });
  }

  /** Proves an account by its password. Throws `refused`, with the reason for the result code and diagnostic message. */
  bind(dn: string, password: string, reasonOf: (code: number, diagnostic: string) => LdapReason): Promise<void> {
    return this.#asked('bind', reasonOf, () => this.#client.bind(dn, password));
  }

  /** Entries that fit, at most one more than `most`. Referrals are not followed. Throws `refused`. */
  read({ base, scope, filter, attributes, most }: Query): Promise<DirectoryEntry[]> {
    const names = [...new Map(attributes.map((name) => [name.toLowerCase(), name])).values()];
    const timeLimit = Math.ceil(this.#timeout / 1000);
    const options = { scope, filter, timeLimit, attributes: names, explicitBufferAttributes: names };
    return this.#asked('search', searchReason, async () => {
      if (most < page) {
        const { searchEntries } = await this.#client.search(base, { ...options, sizeLimit: most });
        return searchEntries.map(entryOf);
      }
      // No size limit here: the library would take a list that the server has cut off for a whole one.
      const found: DirectoryEntry[] = [];
      for await (const { searchEntries } of this.#client.searchPaginated(base, {
        ...options,
        paged: { pageSize: page },
      })) {
        found.push(...searchEntries.map(entryOf));
        if (found.length > most) break;
      }
      return found;
    });
  }

  /** Ends it at once; whoever waits for an answer hears that the server is away. */
  cut(reason: Error): void {
    this.#socket.destroy(reason);
  }

  /** Says goodbye and ends it; waits for neither. */
  async close(): Promise<void> {
    await Promise.race([this.#client.unbind().catch(() => {}), wait(100, undefined, { ref: false })]);
    this.#socket.destroy();
  }

  /** The border to the library: its errors become ours, with what the server said. */
  async #asked<T>(
    check: string,
    reasonOf: (code: number, diagnostic: string) => LdapReason,
    run: () => Promise<T>,
  ): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      if (cause instanceof Refused || cause instanceof TypeError || !(cause instanceof Error)) throw cause;
      const { url } = this.#server;
      if (cause instanceof ResultCodeError)
        throw refusal(reasonOf(cause.code, cause.message), {
          check,
          came: `${url}: code ${cause.code}: ${cause.message}`,
          cause,
        });
      const reason = cause.name === 'MessageParserError' ? 'bad_answer' : 'unreachable';
      throw refusal(reason, { check, came: `${url}: ${cause.message}`, cause });
    }
  }
}

function entryOf({ dn, ...attributes }: Entry): DirectoryEntry {
  const values = Object.entries(attributes).map(([name, value]): [string, string[]] => {
    const bytes = [value].flat().map((each) => (typeof each === 'string' ? Buffer.from(each) : each));
    return [name.toLowerCase(), bytes.map((each) => textOf(name, each)).filter((text) => text !== undefined)];
  });
  return { dn, values: new Map(values.filter(([, texts]) => texts.length > 0)) };
}
