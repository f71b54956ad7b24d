import { inUse } from '../directory/access.ts';
import type { Profile } from '../directory/profile.ts';
import { calledAs, type User } from '../directory/users.ts';
import { forgetPerson } from '../forgetting.ts';
import { given } from '../http/given.ts';
import { missing } from '../kernel/errors.ts';
import { takenBack } from '../signin/by-provider.ts';
import { command, misused } from './command.ts';
import { freshPassword } from './fresh-password.ts';
import { columns, everything, facts, moment } from './listing.ts';
import { actor, inHouse } from './office.ts';
import { personOf } from './subject.ts';
import { userFactorCommands } from './user-factors.ts';

const options = {
  name: { value: 'NAME', about: 'The name of the person' },
  'password-stdin': { about: 'Read the password from standard input' },
  'email-verified': { about: 'The e-mail address is known to be theirs' },
  claim: {
    value: 'NAME=VALUE',
    repeat: true,
    about: 'A standard claim of OIDC Core §5.1: given_name=Ada, address.locality=London; nothing after = takes it away',
  },
} as const;

/** A person as the CLI shows them. */
const shown = ({ id, email, emailVerified, state, profile, password, created, updated }: User) => ({
  id,
  email,
  email_verified: emailVerified,
  state,
  has_password: password !== undefined,
  ...profile,
  created,
  updated,
});

const printed = (user: User): string => {
  const { created, updated, ...rest } = shown(user);
  return facts({ ...rest, created: moment(created), updated: moment(updated) });
};

/** `NAME=VALUE` pairs as a change of the profile; `address.` begins the parts of an address, which change one by one. */
function claims(pairs: readonly string[], name: string | undefined, before: Profile): object | undefined {
  const change: Record<string, unknown> = given({ name });
  for (const pair of pairs) {
    const [, claim = '', part, text = ''] = /^([a-z_]+)(?:\.([a-z_]+))?=(.*)$/s.exec(pair) ?? [];
    if (claim === '') throw misused('--claim must be NAME=VALUE, such as given_name=Ada');
    const value = text === '' ? null : claim.endsWith('_verified') ? text === 'true' : text;
    if (part === undefined) change[claim] = value;
    else change.address = withPart(change.address ?? before.address, part, value);
  }
  return Object.keys(change).length > 0 ? change : undefined;
}

function withPart(address: unknown, part: string, value: unknown): object | null {
  const parts = { ...(typeof address === 'object' ? address : {}), [part]: value ?? undefined };
  return Object.values(parts).some((one) => one !== undefined) ? JSON.parse(JSON.stringify(parts)) : null;
}

const add = command({
  words: ['user', 'add'],
  operands: ['email'],
  options,
  about: 'Add a person; without --password-stdin a password is made and printed once',
  run: ({ operands: { email }, options, stdin, answer }) =>
    inHouse(async ({ users }) => {
      const made = options['password-stdin'] ? undefined : freshPassword(email);
      const password = made ?? (await stdin());
      const profile = claims(options.claim, options.name, {});
      const verified = options['email-verified'];
      const user = await users.add(given({ email, password, profile, emailVerified: verified }), actor);
      const once = made === undefined ? '' : `\nPassword (shown this once): ${made}`;
      answer({ ...shown(user), ...given({ password: made }) }, `Added ${calledAs(user)} (sub ${user.id})${once}`);
    }),
});

const list = command({
  words: ['user', 'list'],
  about: 'List the people',
  run: ({ answer }) =>
    inHouse(async ({ users }) => {
      const all = await everything((page) => users.list(page));
      const rows = all.map((user) => [user.email, user.profile.name, user.state, user.id, moment(user.created)]);
      answer(all.map(shown), columns(['email', 'name', 'state', 'sub', 'created'], rows));
    }),
});

const show = command({
  words: ['user', 'show'],
  operands: ['email'],
  about: 'Show a person',
  run: ({ operands, answer }) =>
    inHouse(async (house) => {
      const user = await personOf(operands.email, house);
      answer(shown(user), printed(user));
    }),
});

const set = command({
  words: ['user', 'set'],
  operands: ['email'],
  options: {
    email: { value: 'EMAIL', about: 'A new e-mail address; it is not verified unless that is said too' },
    ...options,
  },
  about: 'Change a person; a new password ends their sessions and tokens',
  run: ({ operands, options, stdin, answer }) =>
    inHouse(async (house) => {
      const { id, profile: before } = await personOf(operands.email, house);
      const profile = claims(options.claim, options.name, before);
      const emailVerified = options['email-verified'] || undefined;
      const change = given({ email: options.email, emailVerified, profile });
      const password = options['password-stdin'] ? await stdin() : undefined;
      if (password === undefined && Object.keys(change).length === 0) throw misused('name what to change');
      if (Object.keys(change).length > 0) await house.users.change(id, change, actor);
      if (password !== undefined) {
        await house.users.setPassword(id, password, actor);
        await house.devices.forgetAll(id, actor);
      }
      const user = await house.users.get(id);
      if (user) answer(shown(user), `Changed ${calledAs(user)}`);
    }),
});

const disable = command({
  words: ['user', 'disable'],
  operands: ['email'],
  about: 'Keep a person out; their sessions and tokens end at once',
  run: ({ operands, answer }) =>
    inHouse(async (house) => {
      const { id } = await personOf(operands.email, house);
      const user = await house.users.disable(id, actor);
      answer(shown(user), `${calledAs(user)} is disabled; sessions and tokens have ended`);
    }),
});

const enable = command({
  words: ['user', 'enable'],
  operands: ['email'],
  about: 'Let a disabled person in again',
  run: ({ operands, answer }) =>
    inHouse(async (house) => {
      const { id } = await personOf(operands.email, house);
      const user = await house.users.enable(id, actor);
      answer(shown(user), `${calledAs(user)} may sign in again`);
    }),
});

const remove = command({
  words: ['user', 'remove'],
  operands: ['email'],
  about: 'Remove a person and everything of theirs',
  run: ({ operands, answer }) =>
    inHouse(async (house) => {
      const user = await personOf(operands.email, house);
      const { id, email } = user;
      await forgetPerson(house, user, actor);
      answer({ id, email }, `Removed ${calledAs(user)}`);
    }),
});

const unlink = command({
  words: ['user', 'unlink'],
  operands: ['email', 'connection'],
  about:
    'Take the accounts that a person has at a provider away, with the roles and groups that came with them; sessions end',
  run: ({ operands: { email, connection }, answer }) =>
    inHouse(async (house) => {
      const { id, password } = await personOf(email, house);
      const all = await house.identities.ofUser(id, { limit: 1000 });
      const gone = all.filter((one) => one.connection === connection);
      if (gone.length === 0) throw missing(`An account of ${email} at ${connection}`);
      // Nobody is left without a way to sign in.
      if (password === undefined && gone.length === all.length) {
        throw inUse(`The connection ${connection}`, `${email} to sign in, who has no password`);
      }
      for (const one of gone) await house.identities.unlink(one.id, actor);
      await takenBack(house, id, connection, actor);
      await house.users.signOut(id, actor);
      answer({ id, email, connection }, `${email} is no longer connected to ${connection}; sessions have ended`);
    }),
});

/** `sallyport user …` */
export const userCommands = [add, list, show, set, disable, enable, unlink, remove, ...userFactorCommands];
