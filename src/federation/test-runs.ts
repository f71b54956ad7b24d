import { randomToken, same, type Vault } from '../kernel/crypto.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { Report } from './report.ts';

/** What is asked of the provider in a test. */
export interface TestWishes {
  /** A second factor. */
  strong: boolean;
  /** A fresh proof, whatever session the provider has. */
  fresh: boolean;
}

/** A test of a connection under way. */
export interface Run {
  id: string;
  connection: string;
  /** Who asked for it. */
  actor: string;
  report: Report;
}

interface Kept extends Entity {
  readonly connection: string;
  readonly actor: string;
  /** Fingerprints of the link's secret, and of the cookie of the one browser that has opened it. */
  readonly key: string;
  readonly browser?: string;
  /** A name and password were tried: one guess is all that a test is worth. */
  readonly tried?: true;
  /** `Report`: it says who somebody is. */
  readonly sealed: string;
}

/** For so long a test may take, and its report is kept (seconds). */
export const testTtl = 15 * 60;

/** Where the browser of a test goes, below the issuer. */
export const placeOf = (connection: string, run: string): string => `/admin/connections/${connection}/test/${run}`;

/** Tests of connections. A link opens one for one browser; what came of it is sealed, and gone after 15 minutes. */
export class TestRuns {
  readonly #all: Collection<Kept, 'connection'>;
  readonly #vault: Vault;

  constructor(store: Store, vault: Vault) {
    this.#vault = vault;
    this.#all = store.collection<Kept, 'connection'>({
      name: 'connection-tests',
      indexes: { connection: { key: ({ connection }) => connection } },
    });
  }

  /** Begins one; `key` is the secret of its link, and known to nobody else. */
  async make(
    connection: string,
    wishes: TestWishes,
    actor: string,
  ): Promise<{ id: string; key: string; expires: number }> {
    const [id, key, began] = [randomToken(12), randomToken(), Math.floor(Date.now() / 1000)];
    const report: Report = { state: 'waiting', began, ...wishes, steps: [], notes: [] };
    const kept = { id, connection, actor, key: this.#mark('key', id, key), sealed: this.#seal(id, report) };
    await this.#all.insert(kept, testTtl);
    return { id, key, expires: began + testTtl };
  }

  /** What it has shown so far; undefined when it is over, or of another connection. */
  async report(connection: string, id: string): Promise<Report | undefined> {
    const kept = await this.#all.get(id);
    return kept?.connection === connection ? this.#report(kept) : undefined;
  }

  /** All tests of a connection that are not over yet, or have ended lately; the newest first. */
  async reports(connection: string): Promise<{ id: string; report: Report }[]> {
    const all = (await this.#all.find({ connection }, { limit: 1000 })).map((kept) => ({
      id: kept.id,
      report: this.#report(kept),
    }));
    return all.sort((a, b) => b.report.began - a.report.began);
  }

  /** Binds the test to the browser that shows the link's secret first; answers that browser's own secret. */
  async claim(connection: string, id: string, key: string): Promise<string | undefined> {
    const browser = randomToken();
    const [shown, mark] = [this.#mark('key', id, key), this.#mark('browser', id, browser)];
    let mine = false;
    await this.#all.change(id, (now) => {
      mine = now.connection === connection && now.browser === undefined && same(now.key, shown);
      return mine ? { ...now, browser: mark } : now;
    });
    return mine ? browser : undefined;
  }

  /** The test, for the browser that it is bound to; undefined for every other one. */
  async open(connection: string, id: string, browser: string | undefined): Promise<Run | undefined> {
    const kept = await this.#all.get(id);
    if (kept?.connection !== connection || kept.browser === undefined || browser === undefined) return undefined;
    if (!same(kept.browser, this.#mark('browser', id, browser))) return undefined;
    return { id, connection, actor: kept.actor, report: this.#report(kept) };
  }

  /** Keeps what was found, unless the test has ended; true for the one that ended it. */
  async write({ id }: Run, edit: (report: Report) => Report): Promise<boolean> {
    let ended = false;
    await this.#all.change(id, (now) => {
      const before = this.#report(now);
      ended = false;
      if (before.state !== 'waiting') return now;
      const next = edit(before);
      ended = next.state !== 'waiting';
      return { ...now, sealed: this.#seal(id, next) };
    });
    return ended;
  }

  /** True for the first who tries a name and password in this test. */
  async tryOnce({ id }: Run): Promise<boolean> {
    let first = false;
    await this.#all.change(id, (now) => {
      first = now.tried === undefined;
      return { ...now, tried: true };
    });
    return first;
  }

  #mark(purpose: 'key' | 'browser', id: string, secret: string): string {
    return this.#vault.fingerprint(`connection test ${purpose}`, `${id} ${secret}`);
  }

  #seal(id: string, report: Report): string {
    return this.#vault.seal(JSON.stringify(report), `connection test ${id}`);
  }

  #report({ id, sealed }: Kept): Report {
    return JSON.parse(this.#vault.open(sealed, `connection test ${id}`)) as Report;
  }
}
