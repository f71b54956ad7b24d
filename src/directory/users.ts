import type { Trail } from '../audit/trail.ts';
import { hashPassword, needsRehash, passwordFits, randomToken } from '../kernel/crypto.ts';
import { invalid, missing } from '../kernel/errors.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';
import { refuseWeak } from './passwords.ts';

/** Standard claims about a person under their own names (OIDC Core §5.1), without `sub` and the e-mail. */
export type Profile = Record<string, unknown>;

/** A person; the id is the `sub` of their tokens. Times in seconds. */
export interface User extends Entity {
  email: string;
  emailVerified: boolean;
  profile: Profile;
  /** argon2id, PHC string. */
  password?: string;
  state: 'active' | 'disabled';
  created: number;
  updated: number;
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** One spelling for an address, so that it names one person. */
export const normalEmail = (email: string): string => email.trim().normalize('NFC').toLowerCase();

/** The people of this installation. */
export class Users {
  readonly #all: Collection<User, 'email'>;
  readonly #trail: Trail;
  #decoy: Promise<string> | undefined;

  constructor(store: Store, trail: Trail) {
    this.#trail = trail;
    this.#all = store.collection<User, 'email'>({
      name: 'users',
      indexes: { email: { key: (user) => user.email, unique: true } },
      cached: true,
    });
  }

  /** Throws `taken` for a known address and `invalid` for a weak password. */
  async add(
    input: { email: string; name?: string; password?: string; profile?: Profile; emailVerified?: boolean },
    actor: string,
  ): Promise<User> {
    const email = normalEmail(input.email);
    if (!/^[^\s@]+@[^\s@]+$/.test(email) || email.length > 254) throw invalid(`"${email}" is not an e-mail address`);
    if (input.password !== undefined) refuseWeak(input.password, email);
    const user: User = {
      id: randomToken(16),
      email,
      emailVerified: input.emailVerified ?? false,
      profile: { ...input.profile, ...(input.name === undefined ? {} : { name: input.name }) },
      ...(input.password === undefined ? {} : { password: await hashPassword(input.password) }),
      state: 'active',
      created: seconds(),
      updated: seconds(),
    };
    await this.#all.insert(user);
    await this.#trail.record({ type: 'user.created', actor, target: `user:${user.id}` });
    return user;
  }

  get(id: string): Promise<User | undefined> {
    return this.#all.get(id);
  }
  async byEmail(email: string): Promise<User | undefined> {
    return (await this.#all.find({ email: normalEmail(email) }, { limit: 1 }))[0];
  }
  list(page?: Page): Promise<User[]> {
    return this.#all.find({}, page);
  }

  async change(id: string, patch: Partial<Pick<User, 'email' | 'emailVerified' | 'profile'>>, actor: string) {
    const user = await this.#edit(id, (now) => ({ ...now, ...patch }));
    await this.#trail.record({ type: 'user.changed', actor, target: `user:${id}` });
    return user;
  }
  async disable(id: string, actor: string): Promise<User> {
    const user = await this.#edit(id, (now) => ({ ...now, state: 'disabled' }));
    await this.#trail.record({ type: 'user.disabled', actor, target: `user:${id}` });
    return user;
  }
  async enable(id: string, actor: string): Promise<User> {
    const user = await this.#edit(id, (now) => ({ ...now, state: 'active' }));
    await this.#trail.record({ type: 'user.enabled', actor, target: `user:${id}` });
    return user;
  }
  async setPassword(id: string, text: string, actor: string): Promise<void> {
    const user = await this.#all.get(id);
    if (!user) throw missing('This person');
    refuseWeak(text, user.email);
    const password = await hashPassword(text);
    await this.#edit(id, (now) => ({ ...now, password }));
    await this.#trail.record({ type: 'user.password-changed', actor, target: `user:${id}` });
  }
  async remove(id: string, actor: string): Promise<void> {
    if (!(await this.#all.take(id))) throw missing('This person');
    await this.#trail.record({ type: 'user.removed', actor, target: `user:${id}` });
  }

  /** The person, if address and password fit and the person is active; unknown, disabled and wrong cost and tell the same. */
  async signIn(email: string, password: string): Promise<User | undefined> {
    const user = await this.byEmail(email);
    this.#decoy ??= hashPassword(randomToken());
    const fits = await passwordFits(user?.password ?? (await this.#decoy), password);
    if (!fits || user?.password === undefined || user.state !== 'active') return undefined;
    if (needsRehash(user.password)) {
      const renewed = await hashPassword(password);
      await this.#all.change(user.id, (now) => ({ ...now, password: renewed }));
    }
    return user;
  }

  async #edit(id: string, edit: (now: User) => User): Promise<User> {
    const user = await this.#all.change(id, (now) => ({ ...edit(now), updated: seconds() }));
    if (!user) throw missing('This person');
    return user;
  }
}
