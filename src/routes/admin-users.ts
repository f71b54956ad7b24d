import { z } from 'zod';
import type { EmailChanges } from '../directory/email-changes.ts';
import type { Organizations } from '../directory/organizations.ts';
import { peopleSearch } from '../directory/people-search.ts';
import type { Reach } from '../directory/reach.ts';
import { normalEmail, type User, type Users } from '../directory/users.ts';
import { given } from '../http/given.ts';
import { listOf, page, sifted } from '../http/paging.ts';
import { type By, changed, type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import type { Notices } from '../notices/notices.ts';
import type { Sessions } from '../protocol/sessions.ts';
import type { PasswordResets } from '../signin/password-resets.ts';
import { managedUser, seenUser } from './known-user.ts';
import {
  newUserBody,
  newUserReply,
  userChange,
  userChangeBody,
  userDocument,
  userReply,
  userState,
} from './user-document.ts';

interface Parts {
  users: Users;
  organizations: Organizations;
  reach: Reach;
  emailChanges: EmailChanges;
  passwordResets: PasswordResets;
  notices: Notices;
  ending: Sessions;
  /** Removes a person and everything of theirs (forgetting.ts). */
  forget(user: User, actor: string): Promise<void>;
}

const params = z.object({ id: z.string() });
const [read, write] = ['users:read', 'users:write'];
const scope = 'organization';
const text = z.string();

const wanted = page.extend({
  email: text.optional().meta({ description: 'The whole address, in any spelling' }),
  state: userState.optional(),
  organization: text.optional().meta({ description: 'Members of this organization only' }),
  q: text.optional().meta({ description: 'At least the first three characters of the address, name or family name' }),
});
type Wanted = z.output<typeof wanted>;

/** The admin API's operations on people; `sallyport user` makes the same calls. */
export const adminUsers = (parts: Parts): Operation[] => [
  ...reading(parts),
  ...changing(parts),
  state(parts, 'disable', 'Keep a person out; their sessions and tokens end at once'),
  state(parts, 'enable', 'Let a disabled person in again'),
  removing(parts),
];

const reading = (parts: Parts): Operation[] => [
  operation({
    name: 'listUsers',
    method: 'get',
    path: '/users',
    about: 'List people in the order of their ids, or search them; a page may have fewer items than asked for',
    permission: read,
    scope,
    query: wanted,
    reply: listOf(userReply),
    async run({ query, by }) {
      const { items, next } = await found(parts, query, by);
      return { items: items.map(userDocument), next };
    },
  }),
  operation({
    name: 'getUser',
    method: 'get',
    path: '/users/:id',
    about: 'Show a person',
    permission: read,
    scope,
    params,
    reply: userReply,
    versioned: userReply,
    run: async ({ params: { id }, by }) => userDocument(await seenUser(parts, by, id)),
  }),
];

/** The narrowest look-up finds, and what else was asked is looked at one by one. */
async function found({ users, organizations }: Parts, { limit, cursor, ...asked }: Wanted, by: By) {
  const place = by.organization ?? asked.organization;
  if (place !== (asked.organization ?? place) || (place !== undefined && !(await organizations.get(place)))) {
    throw missing(`The organization ${(asked.organization ?? '').slice(0, 200)}`);
  }
  const search =
    asked.q === undefined ? undefined : peopleSearch<User>(asked.q, (where, part) => users.find(where, part));
  const email = asked.email === undefined ? undefined : normalEmail(asked.email);
  const fits = (user: User): boolean =>
    (email === undefined || user.email === email) &&
    (asked.state === undefined || user.state === asked.state) &&
    (search?.fits(user) ?? true);
  const part = given({ limit, cursor });
  if (place !== undefined && email === undefined && search === undefined) {
    let last = cursor?.split('|')[0];
    return sifted(
      part,
      (some) => organizations.members(place, some),
      async ({ member }) => {
        // Somebody who is a member by two words has two memberships, one after the other.
        const again = member === last;
        last = member;
        const user = again || !member.startsWith('user:') ? undefined : await users.get(member.slice('user:'.length));
        return user && fits(user) ? user : undefined;
      },
    );
  }
  const isMember = async (id: string) => place === undefined || organizations.isMember(place, `user:${id}`);
  const find = search?.find ?? ((some: { limit: number }) => users.find(given({ email, state: asked.state }), some));
  return sifted(part, find, async (user) => (fits(user) && (await isMember(user.id)) ? user : undefined));
}

const changing = (parts: Parts): Operation[] => [
  operation({
    name: 'addUser',
    method: 'post',
    path: '/users',
    about: 'Add a person; the answer has a link, shown this once, by which they choose a password themselves',
    permission: write,
    scope,
    body: newUserBody,
    reply: newUserReply,
    status: 201,
    async run({ body: { email, email_verified: emailVerified, invite, ...profile }, actor, by }) {
      const { users, organizations, passwordResets, reach } = parts;
      if (emailVerified) await reach.refuseConfirming(by, email);
      const user = await users.add(given({ email, emailVerified, profile }), actor);
      if (by.organization !== undefined) await organizations.join(by.organization, `user:${user.id}`, actor);
      if (!invite) return userDocument(user);
      const { link, minutes } = await passwordResets.inviteFor(user, actor);
      return { ...userDocument(user), invitation: { link, expires_in: minutes * 60 } };
    },
  }),
  operation({
    name: 'changeUser',
    method: 'patch',
    path: '/users/:id',
    about:
      'Change a person (RFC 7396); a new address is not verified unless that is said too, and the old one hears of it',
    permission: write,
    scope,
    params,
    body: userChangeBody,
    reply: userReply,
    versioned: userReply,
    async run({ params: { id }, body, actor, by, expect }) {
      const before = await managedUser(parts, by, id);
      const confirms = body.email_verified === true && by.organization !== undefined;
      const address = body.email ?? before.email;
      const anew = !before.emailVerified || address !== before.email;
      if (confirms && anew) await parts.reach.refuseConfirming(by, address);
      const look = (now: User): void => {
        expect(userDocument(now));
        // What was looked at is what is confirmed, or what stays so.
        if (confirms && ((body.email ?? now.email) !== address || !(anew || now.emailVerified))) throw changed();
      };
      const user = await parts.users.change(id, userChange(body), actor, look);
      if (user.email !== before.email) await addressChanged(parts, before, actor);
      return userDocument(user);
    },
  }),
];

/** What waited for the old address is over, and whoever reads it is told. */
async function addressChanged({ emailChanges, notices }: Parts, before: User, actor: string): Promise<void> {
  await emailChanges.forget(before.id);
  await notices.sendEmailReplaced(before, actor);
}

const state = (parts: Parts, verb: 'enable' | 'disable', about: string): Operation =>
  operation({
    name: `${verb}User`,
    method: 'post',
    path: `/users/:id/${verb}`,
    about,
    permission: write,
    scope,
    params,
    reply: userReply,
    versioned: userReply,
    async run({ params: { id }, actor, by, expect }) {
      expect(userDocument(await managedUser(parts, by, id)));
      const user = await parts.users[verb](id, actor);
      if (verb === 'disable') await parts.ending.endAll(id);
      return userDocument(user);
    },
  });

const removing = (parts: Parts): Operation =>
  operation({
    name: 'removeUser',
    method: 'delete',
    path: '/users/:id',
    about: 'Remove a person and everything that is kept about them (GDPR, article 17); the audit trail keeps the id',
    permission: write,
    scope,
    params,
    versioned: userReply,
    async run({ params: { id }, actor, by, expect }) {
      const user = await managedUser(parts, by, id);
      expect(userDocument(user));
      await parts.forget(user, actor);
    },
  });
