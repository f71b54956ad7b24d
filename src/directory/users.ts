import type { Trail } from '../audit/trail.ts';
import { hashPassword, needsRehash, passwordFits, randomToken } from '../kernel/crypto.ts';
import { invalid, missing, Problem } from '../kernel/errors.ts';
import { type Collection, type Page, type Store, taken } from '../store/port.ts';
import { type Breached, refuseBreached, refuseWeak, tooLong } from './passwords.ts';
import { changedProfile } from './profile.ts';
import type { Guard } from './protected.ts';
import { nextSecond, untilThen } from './signed-out.ts';
import {
  keptUsers,
  type NewUser,
  type PasswordChange,
  type ProvisionedUser,
  type User,
  type UserChange,
  type UserLookUp,
} from './user.ts';

export type { User, UserChange } from './user.ts';

/** The beginning of every person's id; no client id begins like it, so one subject is never two (RFC 9700 §4.15). */
export const userIdPrefix = 'usr_';

const seconds = (): number => Math.floor(Date.now() / 1000);
/** One spelling for an address, so that it names one person. */
export const normalEmail = (email: string): string => email.trim().normalize('NFC').toLowerCase();

/** The spelling under which an address is kept. Throws `invalid` for what is no e-mail address. */
export function checkedEmail(text: string): string {
  const email = normalEmail(text);
  const [, local = ''] = /^([^@]+)@[^@]+$/.exec(email) ?? [];
  if (
    email.length > 254 ||
    local.length > 64 ||
    !/^[^\s@<>()"\p{C}]+@[^\s@<>()"\p{C}.][^\s@<>()"\p{C}]*$/u.test(email)
  ) {
    throw invalid('The e-mail address must look like name@example.com');
  }
  return email;
}

/** An id that nobody had before. */
export const newUserId = (): string => `${userIdPrefix}${randomToken(16)}`;

/** What people are called where somebody has to recognise them: by address, else by a name, else by their id. */
export const calledAs = ({ id, email, profile }: User): string =>
  email ?? text(profile.preferred_username) ?? text(profile.name) ?? id;

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function newUser(id: string, input: ProvisionedUser): User {
  const address =
    input.email === undefined
      ? { emailVerified: false }
      : { email: checkedEmail(input.email), emailVerified: input.emailVerified ?? false };
  return {
    id,
    ...address,
    profile: changedProfile({}, input.profile ?? {}),
    state: 'active',
    created: seconds(),
    updated: seconds(),
  };
}

/** The people of this installation. */
export class Users {
  readonly #all: Collection<User, UserLookUp>;
  readonly #trail: Trail;
  readonly #breached: Breached;
  readonly #guard: Guard;
  #decoy: Promise<string> | undefined;

  /** `breached` says of a password whether it was stolen somewhere, without it none is; `guard` keeps the last administrator in. */
  constructor(store: Store, trail: Trail, breached: Breached = async () => false, guard: Guard = (deed) => deed()) {
    this.#trail = trail;
    this.#guard = guard;
    this.#breached = breached;
    this.#all = store.collection(keptUsers);
  }

  /** Throws `taken` for a known address, `weak_password`, `invalid_profile`. */
  async add(input: NewUser, actor: string): Promise<User & { email: string }> {
    const named = input.name === undefined ? {} : { name: input.name };
    const email = checkedEmail(input.email);
    const user = { ...newUser(newUserId(), { ...input, profile: { ...input.profile, ...named } }), email };
    if (input.password !== undefined) refuseWeak(input.password, input.email);
    // Before the hash is made, which costs more than everything else here.
    if (await this.byEmail(input.email)) throw addressTaken();
    if (input.password !== undefined) {
      await refuseBreached(input.password, this.#breached);
      user.password = await hashPassword(input.password);
    }
    await unlessTaken(this.#all.insert(user));
    await this.#trail.record({ type: 'user.created', actor, target: `user:${user.id}`, detail: { state: user.state } });
    return user;
  }

  /**
   * Takes in a person whom a provider has proven, under an id that was set aside for them: of many at once the first makes
   * the person, and all get the same. Throws `taken` when the address is somebody else's, `invalid`, `invalid_profile`.
   */
  async provision(id: string, input: ProvisionedUser, connection: string): Promise<User> {
    const { user, made } = await this.#insertOnce(newUser(id, input));
    const told = { actor: `connection:${connection}`, target: `user:${id}`, detail: { connection } };
    if (made) await this.#trail.record({ type: 'user.provisioned', ...told });
    return user;
  }

  /** The same by somebody else's word; answers whether this call made the person. Throws `taken`, `invalid`, `invalid_profile`. */
  async bring(id: string, input: ProvisionedUser, actor: string): Promise<boolean> {
    const { user, made } = await this.#insertOnce(newUser(id, input));
    if (made)
      await this.#trail.record({ type: 'user.created', actor, target: `user:${id}`, detail: { state: user.state } });
    return made;
  }

  get(id: string): Promise<User | undefined> {
    return this.#all.get(id);
  }

  /** By address in any spelling, or by id. */
  async known(name: string): Promise<User | undefined> {
    return name.startsWith(userIdPrefix) && !name.includes('@') ? this.get(name) : this.byEmail(name);
  }

  /** By address in any spelling. */
  async byEmail(email: string): Promise<User | undefined> {
    const [user] = await this.#all.find({ email: normalEmail(email) }, { limit: 1 });
    return user;
  }

  list(page?: Page): Promise<User[]> {
    return this.#all.find({}, page);
  }

  /** Those that look-ups find, in the order of ids. */
  find(where: { readonly [name in UserLookUp]?: string }, page?: Page): Promise<User[]> {
    return this.#all.find(where, page);
  }

  /**
   * `look` sees the person before, and may throw. A new address is not verified until that is said too. Throws `missing`,
   * `taken`, `invalid`, `invalid_profile`.
   */
  async change(id: string, change: UserChange, actor: string, look: (now: User) => void = () => {}): Promise<User> {
    const email = change.email === undefined ? undefined : checkedEmail(change.email);
    const user = await unlessTaken(
      this.#edit(id, (now) => {
        look(now);
        const next: User = { ...now, profile: changedProfile(now.profile, change.profile ?? {}) };
        if (email !== undefined && email !== now.email) Object.assign(next, { email, emailVerified: false });
        if (change.emailVerified !== undefined) next.emailVerified = change.emailVerified;
        return next;
      }),
    );
    const changed = [...Object.keys(change), ...Object.keys(change.profile ?? {})].filter((name) => name !== 'profile');
    await this.#trail.record({
      type: 'user.changed',
      actor,
      target: `user:${id}`,
      detail: { changed: changed.join(' ') },
    });
    return user;
  }

  /** Whether somebody is there and active; `sure`: as the store itself says, whatever is remembered. */
  async acts(id: string, sure: boolean): Promise<boolean> {
    const user = await (sure ? this.#all.change(id, (now) => now) : this.get(id));
    return user?.state === 'active';
  }

  /** Takes from somebody what can still be given back, before what cannot. Throws what the guard throws, and `missing`. */
  async #setAside(id: string): Promise<void> {
    let before: User['state'] = 'disabled';
    const deed = () =>
      this.#edit(id, (now) => {
        before = now.state;
        return { ...now, state: 'disabled' };
      });
    await this.#guard(deed, () => this.#edit(id, (now) => ({ ...now, state: before })), `user:${id}`);
  }

  /**
   * Ends everything the person has open: `signedOut` says from when on nothing older counts. Throws `missing`, and
   * `last_administrator` as `remove` does.
   */
  async disable(id: string, actor: string): Promise<User> {
    await this.#setAside(id);
    const user = await this.#edit(id, (now) => ({ ...now, state: 'disabled', signedOut: nextSecond() }));
    await this.#trail.record({ type: 'user.disabled', actor, target: `user:${id}` });
    return user;
  }

  /** Ends all sessions and tokens that the person has now. Throws `missing`. */
  async signOut(id: string, actor: string): Promise<void> {
    const user = await this.#edit(id, (now) => ({ ...now, signedOut: nextSecond() }));
    await this.#trail.record({ type: 'user.signed-out', actor, target: `user:${id}` });
    await untilThen(user);
  }

  async enable(id: string, actor: string): Promise<User> {
    const user = await this.#edit(id, (now) => ({ ...now, state: 'active' }));
    await untilThen(user);
    await this.#trail.record({ type: 'user.enabled', actor, target: `user:${id}` });
    return user;
  }

  /** Ends what was opened with the old password too. Throws `missing`, `weak_password`. */
  async setPassword(id: string, text: string, actor: string, how: PasswordChange = {}): Promise<void> {
    const { type = 'user.password-changed', seen, confirm } = how;
    const user = await this.#all.get(id);
    if (!user) throw missing('This person');
    refuseWeak(text, calledAs(user));
    await refuseBreached(text, this.#breached);
    const password = await hashPassword(text);
    await confirm?.();
    const changed = await this.#edit(id, (now) => ({ ...now, password, signedOut: nextSecond() }));
    await this.#trail.record({ type, actor, target: `user:${id}`, ...seen });
    await untilThen(changed);
  }

  async remove(id: string, actor: string): Promise<void> {
    await this.#setAside(id);
    if (!(await this.#all.take(id))) throw missing('This person');
    await this.#trail.record({ type: 'user.removed', actor, target: `user:${id}` });
  }

  /** The person, if address and password fit and the person is active; unknown, disabled and wrong cost and tell the same. */
  async signIn(email: string, password: string): Promise<User | undefined> {
    if (tooLong(password)) return undefined;
    this.#decoy ??= hashPassword(randomToken());
    const [user, decoy] = await Promise.all([this.byEmail(email), this.#decoy.catch((error) => this.#noDecoy(error))]);
    const fits = await passwordFits(user?.password ?? decoy, password);
    if (!fits || user?.password === undefined || user.state !== 'active') return undefined;
    if (needsRehash(user.password)) await this.#renewHash(user, password);
    return user;
  }

  #noDecoy(error: unknown): never {
    this.#decoy = undefined;
    throw error;
  }

  /** Hashes at today's cost, unless the password was changed meanwhile. */
  async #renewHash(user: User, text: string): Promise<void> {
    const password = await hashPassword(text);
    await this.#all.change(user.id, (now) => (now.password === user.password ? { ...now, password } : now));
  }

  /** The user, or whom somebody else has made under the same id, read in the store itself. Throws `taken` when only the address is in use. */
  async #insertOnce(user: User): Promise<{ user: User; made: boolean }> {
    try {
      await unlessTaken(this.#all.insert(user));
    } catch (error) {
      const same = error instanceof Problem ? await this.#all.change(user.id, (now) => now) : undefined;
      if (!same) throw error;
      return { user: same, made: false };
    }
    return { user, made: true };
  }

  async #edit(id: string, edit: (now: User) => User): Promise<User> {
    const user = await this.#all.change(id, (now) => ({ ...edit(now), updated: seconds() }));
    if (!user) throw missing('This person');
    return user;
  }
}

const addressTaken = (): Problem => taken('This e-mail address');

/** The store knows the look-up's name only; people know it as their address. */
async function unlessTaken<R>(write: Promise<R>): Promise<R> {
  try {
    return await write;
  } catch (error) {
    throw error instanceof Problem && error.code === 'taken' ? addressTaken() : error;
  }
}
