import { z } from 'zod';
import { given } from '../http/given.ts';
import { newUserReply, userDocument, userReply } from '../routes/user-document.ts';
import { command, misused } from './command.ts';
import { atDesk, type Desk, deskCommand } from './desk.ts';
import { freshPassword } from './fresh-password.ts';
import { columns, facts, moment } from './listing.ts';
import { actor, asked, inHouse } from './office.ts';
import { calledAs, type Person, personOf } from './subject.ts';
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

const printed = (user: Person): string => {
  const { created, updated, ...rest } = user;
  return facts({ ...rest, created: moment(created), updated: moment(updated) });
};

/** `NAME=VALUE` pairs as a change of the profile; `address.` begins the parts of an address, which change one by one. */
function claims(
  pairs: readonly string[],
  name: string | undefined,
  before: Pick<Person, 'address'>,
): object | undefined {
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

/** Elsewhere a person chooses the password alone: whoever looks after people knows none of theirs. */
const noPassword = () =>
  misused(
    "--password-stdin works on the server's own machine only; without it the answer is a link by which they choose one",
  );

const add = command({
  words: ['user', 'add'],
  operands: ['email'],
  options,
  about:
    'Add a person; without --password-stdin a password is made and printed once, with --server a link to choose one',
  anywhere: true,
  async run({ operands: { email }, options, server, stdin, answer }) {
    const profile = claims(options.claim, options.name, {}) ?? {};
    const verified = options['email-verified'];
    if (server !== undefined) {
      if (options['password-stdin']) throw noPassword();
      return atDesk(server, async (desk) => {
        const body = { email, email_verified: verified, ...profile };
        const user = await desk.call('addUser', newUserReply, { body });
        const link = user.invitation ? `\nLink (shown this once): ${user.invitation.link}` : '';
        answer(user, `Added ${calledAs(user)} (sub ${user.id})${link}`);
      });
    }
    return inHouse(async ({ users, trail }) => {
      const made = options['password-stdin'] ? undefined : freshPassword(email);
      const password = made ?? (await stdin());
      await asked({ trail }, 'addUser');
      const user = userDocument(await users.add({ email, password, profile, emailVerified: verified }, actor));
      const once = made === undefined ? '' : `\nPassword (shown this once): ${made}`;
      answer({ ...user, ...given({ password: made }) }, `Added ${calledAs(user)} (sub ${user.id})${once}`);
    });
  },
});

const list = deskCommand({
  words: ['user', 'list'],
  options: {
    organization: { value: 'ID', about: 'Only members of this organization' },
    search: { value: 'TEXT', about: 'Only those whose address or name begins so; three characters at least' },
  },
  about: 'List the people',
  async run({ options: { organization, search: q }, answer }, desk) {
    const all = await desk.all('listUsers', userReply, { query: given({ organization, q }) });
    const rows = all.map((user) => [user.email, user.name, user.state, user.id, moment(user.created)]);
    answer(all, columns(['email', 'name', 'state', 'sub', 'created'], rows));
  },
});

const show = deskCommand({
  words: ['user', 'show'],
  operands: ['email'],
  about: 'Show a person',
  async run({ operands: { email }, answer }, desk) {
    const user = await personOf(email, desk);
    answer(user, printed(user));
  },
});

/** Changes what was named, a password only on the server's own machine. */
async function changed(desk: Desk, before: Person, change: object): Promise<Person> {
  if (Object.keys(change).length === 0) return before;
  return desk.call('changeUser', userReply, { params: { id: before.id }, body: change });
}

const set = deskCommand({
  words: ['user', 'set'],
  operands: ['email'],
  options: {
    email: { value: 'EMAIL', about: 'A new e-mail address; it is not verified unless that is said too' },
    ...options,
  },
  about: 'Change a person; a new password ends their sessions and tokens',
  async run({ operands, options, server, stdin, answer }, desk) {
    const piped = options['password-stdin'];
    if (piped && server !== undefined) throw noPassword();
    const before = await personOf(operands.email, desk);
    const change = {
      ...given({ email: options.email, email_verified: options['email-verified'] || undefined }),
      ...claims(options.claim, options.name, before),
    };
    if (!piped && Object.keys(change).length === 0) throw misused('name what to change');
    const user = await changed(desk, before, change);
    if (piped) {
      const password = await stdin();
      await inHouse(async ({ users, devices, trail }) => {
        await asked({ trail }, 'setPassword', user.id);
        await users.setPassword(user.id, password, actor);
        await devices.forgetAll(user.id, actor);
      });
    }
    answer(await personOf(user.id, desk), `Changed ${calledAs(user)}`);
  },
});

const disable = deskCommand({
  words: ['user', 'disable'],
  operands: ['email'],
  about: 'Keep a person out; their sessions and tokens end at once',
  async run({ operands: { email }, answer }, desk) {
    const { id } = await personOf(email, desk);
    const user = await desk.call('disableUser', userReply, { params: { id } });
    answer(user, `${calledAs(user)} is disabled; sessions and tokens have ended`);
  },
});

const enable = deskCommand({
  words: ['user', 'enable'],
  operands: ['email'],
  about: 'Let a disabled person in again',
  async run({ operands: { email }, answer }, desk) {
    const { id } = await personOf(email, desk);
    const user = await desk.call('enableUser', userReply, { params: { id } });
    answer(user, `${calledAs(user)} may sign in again`);
  },
});

const signOut = deskCommand({
  words: ['user', 'sign-out'],
  operands: ['email'],
  about: 'End all sessions and tokens that a person has now',
  async run({ operands, answer }, desk) {
    const user = await personOf(operands.email, desk);
    await desk.tell('signOutUser', { params: { id: user.id } });
    answer({ id: user.id, ...given({ email: user.email }) }, `Sessions and tokens of ${calledAs(user)} have ended`);
  },
});

const exported = deskCommand({
  words: ['user', 'export'],
  operands: ['email'],
  about: 'Print everything that is kept about a person, as JSON (GDPR, articles 15 and 20)',
  async run({ operands: { email }, answer }, desk) {
    const { id } = await personOf(email, desk);
    const all = await desk.call('exportUser', z.looseObject({}), { params: { id } });
    answer(all, JSON.stringify(all, undefined, 2));
  },
});

const remove = deskCommand({
  words: ['user', 'remove'],
  operands: ['email'],
  about: 'Remove a person and everything of theirs',
  async run({ operands, answer }, desk) {
    const user = await personOf(operands.email, desk);
    await desk.tell('removeUser', { params: { id: user.id } });
    answer({ id: user.id, ...given({ email: user.email }) }, `Removed ${calledAs(user)}`);
  },
});

const unlink = deskCommand({
  words: ['user', 'unlink'],
  operands: ['email', 'connection'],
  about:
    'Take the accounts that a person has at a provider away, with the roles and groups that came with them; sessions end',
  async run({ operands: { email, connection }, answer }, desk) {
    const { id } = await personOf(email, desk);
    await desk.tell('unlinkUserIdentity', { params: { id, connection } });
    answer({ id, email, connection }, `${email} is no longer connected to ${connection}; sessions have ended`);
  },
});

/** `sallyport user …` */
export const userCommands = [
  ...[add, list, show, set, disable, enable, signOut, unlink, exported, remove],
  ...userFactorCommands,
];
