import type { Trail } from '../audit/trail.ts';
import type { User, Users } from '../directory/users.ts';
import { network } from '../factors/attempts.ts';
import type { Seen } from '../factors/factor.ts';
import { randomToken, type Vault } from '../kernel/crypto.ts';
import { invalid, Problem, problem } from '../kernel/errors.ts';
import type { Errand, Letter } from '../notices/letter.ts';
import { letterTo } from '../notices/notices.ts';
import type { Outbox } from '../notices/outbox.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

/** The one reset that a person may have open; the id is the user's, so that a newer one takes its place. */
interface Reset extends Entity {
  /** A fingerprint; the token itself is in the mail only. */
  token: string;
  /** Fingerprints of the address it went to and of the password it is to replace: when either has changed, it is over. */
  email: string;
  password: string;
  client?: string;
  used?: boolean;
}

interface Count extends Entity {
  count: number;
  /** Seconds. */
  until: number;
}

/** A link that still works, and whose it is. */
export interface OpenReset {
  user: User;
  client: string | undefined;
}

interface Parts {
  store: Store;
  vault: Vault;
  trail: Trail;
  users: Users;
  outbox: Outbox;
  issuer: string;
  /** What ends with the old password besides sessions and tokens: remembered devices, a change of address that waits. */
  endings: readonly ((user: string, actor: string) => Promise<unknown>)[];
}

/** Minutes that a link works, and one for somebody who is expected for the first time. */
const life = 30;
const invitationLife = 3 * 24 * 60;

/** How often an hour one person, and one address (or IPv6 network), may ask. */
const hour = 60 * 60;
const most = { person: 5, address: 20 };

/** The link was used, is too old, or was replaced by a newer one. */
export const resetOver = problem(
  'reset_over',
  400,
  () => 'This link was used already, is too old, or was replaced by a newer one; ask for another',
);

const seconds = (): number => Math.floor(Date.now() / 1000);

/**
 * New passwords for people who have forgotten theirs, by a link to the address of the account. Asking only puts an errand
 * into the outbox: whether there is somebody is looked up later, by whoever sends, so nothing in the answer can tell it.
 */
export class PasswordResets {
  readonly #parts: Parts;
  readonly #resets: Collection<Reset, 'token'>;
  readonly #counts: Collection<Count>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#resets = parts.store.collection<Reset, 'token'>({
      name: 'password-resets',
      indexes: { token: { key: ({ token }) => token } },
    });
    this.#counts = parts.store.collection<Count>({ name: 'password-reset-counts', indexes: {} });
  }

  /**
   * Asks for a link. Answers how many seconds this address has to wait when it has asked too often; that somebody else asked
   * too often for one person is kept quiet, since the links that were sent do.
   */
  async ask(errand: Omit<Errand, 'errand'>): Promise<{ waitSeconds: number } | undefined> {
    const here = await this.#count(`address ${network(errand.ip)}`, most.address);
    if (here > 0) return { waitSeconds: here };
    if ((await this.#count(`person ${errand.identifier}`, most.person)) > 0) return undefined;
    await this.#parts.outbox.put({ errand: 'password-reset', ...errand }, { life: hour });
    return undefined;
  }

  /** The letter that an errand ends in: a link, a word to somebody who has no password here, or none. */
  async letterFor(errand: Errand, { id, first }: { id: string; first: boolean }): Promise<Letter | undefined> {
    const user = await this.#parts.users.byEmail(errand.identifier);
    const reachable = user?.state === 'active' && user.email !== undefined;
    if (first) await this.#recordAsked(errand, user, reachable);
    if (!reachable || user.email === undefined) return undefined;
    const at = { at: Date.now(), ip: errand.ip };
    if (user.password === undefined) return { ...letterTo(user, user.email, 'reset-elsewhere', {}), ...at };
    const link = await this.#open(user, errand, id);
    return { ...letterTo(user, user.email, 'reset-link', { link, minutes: String(life) }), ...at };
  }

  /**
   * A link for whoever an administrator hands it to: nobody but the person chooses the password (ASVS 6.4.6). Throws `invalid`
   * for somebody who has no password here, or is disabled.
   */
  async linkFor(user: User, actor: string, reason?: string): Promise<{ link: string; minutes: number }> {
    if (user.state !== 'active') throw invalid('This person is disabled; enable them first');
    if (user.password === undefined) {
      throw invalid(
        'This person has no password here: they sign in through their organisation, which can reset theirs',
      );
    }
    const link = await this.#open(user, {}, randomToken());
    const detail = { reason };
    await this.#parts.trail.record({ type: 'user.password-reset-asked', actor, target: `user:${user.id}`, detail });
    return { link, minutes: life };
  }

  /**
   * A link by which somebody who was added chooses the first password; a newer one takes its place. Throws `invalid` for
   * somebody who has a password, or is disabled. Whether they sign in elsewhere is the caller's to know.
   */
  async inviteFor(user: User, actor: string): Promise<{ link: string; minutes: number }> {
    if (user.state !== 'active') throw invalid('This person is disabled; enable them first');
    if (user.password !== undefined) throw invalid('This person has a password already; have it reset instead');
    const link = await this.#open(user, {}, randomToken(), invitationLife);
    await this.#parts.trail.record({ type: 'user.invited', actor, target: `user:${user.id}` });
    return { link, minutes: invitationLife };
  }

  /** Whose link this is, while it works; looking does not use it up. */
  async look(token: string): Promise<OpenReset | undefined> {
    const [reset] = await this.#resets.find({ token: this.#fingerprint(token) }, { limit: 1 });
    const user = reset && (await this.#parts.users.get(reset.id));
    return user && this.#fits(reset, user) ? { user, client: reset.client } : undefined;
  }

  /**
   * Sets the password, once for each link; ends all sessions and tokens, and opens none: second factors are asked for as
   * before. A password that is refused does not use the link up. Throws `reset_over`, `weak_password`.
   */
  async reset(token: string, password: string, seen: Seen): Promise<OpenReset> {
    const open = await this.look(token);
    if (!open) throw resetOver();
    const { id } = open.user;
    const actor = `user:${id}`;
    await this.#parts.users.setPassword(id, password, actor, {
      type: 'user.password-reset',
      seen,
      confirm: async () => {
        await this.#use(id, token);
        for (const end of this.#parts.endings) await end(id, actor);
      },
    });
    return open;
  }

  /** Puts the one open reset of this person into the store; the same entry gives the same link, should it be sent again. */
  async #open(user: User, { client }: Pick<Errand, 'client'>, entry: string, minutes = life): Promise<string> {
    const { issuer, vault } = this.#parts;
    const token = vault.derive('password reset', entry);
    const { email = '', password = '' } = user;
    const reset: Reset = {
      id: user.id,
      token: this.#fingerprint(token),
      ...{ email: this.#fingerprint(email), password: this.#fingerprint(password) },
      ...(client === undefined ? {} : { client }),
    };
    await this.#resets.put(reset, minutes * 60);
    return `${issuer}/account/reset/${token}`;
  }

  /** Of many at the same moment exactly one goes on. Throws `reset_over`. */
  async #use(id: string, token: string): Promise<void> {
    const fingerprint = this.#fingerprint(token);
    const used = await this.#resets.change(id, (now) => {
      if (now.used || now.token !== fingerprint) throw resetOver();
      return { ...now, used: true };
    });
    if (!used) throw resetOver();
  }

  #fits({ email, password }: Reset, user: User): boolean {
    return (
      user.state === 'active' &&
      email === this.#fingerprint(user.email ?? '') &&
      password === this.#fingerprint(user.password ?? '')
    );
  }

  #fingerprint(secret: string): string {
    return this.#parts.vault.fingerprint('password reset', secret);
  }

  async #recordAsked({ ip, requestId }: Errand, user: User | undefined, reachable: boolean): Promise<void> {
    await this.#parts.trail.record({
      type: 'user.password-reset-asked',
      actor: 'anonymous',
      outcome: reachable ? 'success' : 'failure',
      ...(user ? { target: `user:${user.id}` } : {}),
      ...{ ip, requestId },
    });
  }

  /** Counts one more, also of those who come at the same moment; answers how many seconds to wait when it is too many. */
  async #count(what: string, limit: number): Promise<number> {
    const id = this.#parts.vault.fingerprint('password reset count', what);
    const more = (now: Count): Count => ({ ...now, count: now.count + 1 });
    const counted = (await this.#counts.change(id, more)) ?? (await this.#first(id, more));
    return counted.count > limit ? Math.max(1, counted.until - seconds()) : 0;
  }

  async #first(id: string, more: (now: Count) => Count): Promise<Count> {
    const one: Count = { id, count: 1, until: seconds() + hour };
    try {
      await this.#counts.insert(one, hour);
      return one;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'taken') throw error;
      // Somebody else's was first; ours is added to it.
      return (await this.#counts.change(id, more)) ?? one;
    }
  }
}
