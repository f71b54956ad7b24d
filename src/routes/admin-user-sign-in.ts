import { z } from 'zod';
import type { Trail } from '../audit/trail.ts';
import { inUse } from '../directory/access.ts';
import type { Reach } from '../directory/reach.ts';
import { calledAs, type Users } from '../directory/users.ts';
import type { EnrolmentCodes } from '../factors/enrolment-codes.ts';
import { type Operation, operation } from '../http/resource.ts';
import { invalid, missing } from '../kernel/errors.ts';
import { takenBack } from '../signin/by-provider.ts';
import type { PasswordResets } from '../signin/password-resets.ts';
import { managedUser, wholeUser } from './known-user.ts';
import { type PersonParts, personDocument } from './person-document.ts';
import { linkReply } from './user-document.ts';

interface Parts extends PersonParts {
  users: Users;
  reach: Reach;
  enrolmentCodes: EnrolmentCodes;
  passwordResets: PasswordResets;
  trail: Trail;
}

const params = z.object({ id: z.string() });
const write = 'users:write';
const scope = 'organization';
const reason = z.string().trim().min(1).max(300).meta({ description: 'Why, for the audit trail' });
const most = 1000;
const text = z.string();
const time = z.int().meta({ description: 'Seconds since the epoch' });

/** The admin API's operations on how people come in, and on what is known of them; `sallyport user` makes the same calls. */
export const adminUserSignIn = (parts: Parts): Operation[] => [...links(parts), ...ending(parts), ...identities(parts)];

const links = (parts: Parts): Operation[] => [
  operation({
    name: 'inviteUser',
    method: 'post',
    path: '/users/:id/invitation',
    about: 'Make another link by which somebody without a password chooses the first one',
    permission: write,
    scope,
    params,
    reply: linkReply,
    status: 201,
    async run({ params: { id }, actor, by }) {
      const user = await managedUser(parts, by, id);
      const [elsewhere] = await parts.identities.ofUser(id, { limit: 1 });
      if (elsewhere)
        throw invalid(`${calledAs(user)} signs in through ${elsewhere.connection}, and needs no password here`);
      const { link, minutes } = await parts.passwordResets.inviteFor(user, actor);
      return { link, expires_in: minutes * 60 };
    },
  }),
  operation({
    name: 'resetUserPassword',
    method: 'post',
    path: '/users/:id/password-reset',
    about: 'Make a link by which a person chooses a new password; what they have open ends then',
    permission: write,
    scope,
    params,
    body: z.strictObject({ reason }),
    reply: linkReply,
    status: 201,
    async run({ params: { id }, body, actor, by }) {
      const user = await managedUser(parts, by, id);
      const { link, minutes } = await parts.passwordResets.linkFor(user, actor, body.reason);
      return { link, expires_in: minutes * 60 };
    },
  }),
  operation({
    name: 'issueEnrolmentCode',
    method: 'post',
    path: '/users/:id/enrolment-code',
    about: 'Make the code with which a person without a factor may bind the first one; good once',
    permission: 'factors:write',
    scope,
    params,
    reply: z.object({ code: text, expires_in: z.int().meta({ description: 'Seconds' }) }),
    status: 201,
    async run({ params: { id }, actor, by }) {
      await managedUser(parts, by, id);
      return { code: await parts.enrolmentCodes.issue(id, actor), expires_in: 600 };
    },
  }),
];

const ending = (parts: Parts): Operation[] => [
  operation({
    name: 'signOutUser',
    method: 'post',
    path: '/users/:id/sign-out',
    about: 'End all sessions and tokens that a person has now, everywhere',
    permission: 'sessions:write',
    scope,
    params,
    async run({ params: { id }, actor, by }) {
      await managedUser(parts, by, id);
      await parts.users.signOut(id, actor);
      await parts.ending.endAll(id);
    },
  }),
  operation({
    name: 'exportUser',
    method: 'post',
    path: '/users/:id/export',
    about: 'Give everything that is kept about a person, as their own page does (GDPR, articles 15 and 20)',
    permission: write,
    scope,
    params,
    reply: z.looseObject({}).meta({ description: 'The same document as on the page for one’s own account' }),
    async run({ params: { id }, actor, by }) {
      const user = await wholeUser(parts, by, id);
      await parts.trail.record({ type: 'user.exported', actor, target: `user:${id}` });
      return { ...(await personDocument(parts, user)) };
    },
  }),
];

const identities = (parts: Parts): Operation[] => [
  operation({
    name: 'listUserIdentities',
    method: 'get',
    path: '/users/:id/identities',
    about: 'List the accounts that a person has at providers',
    permission: 'users:read',
    scope,
    params,
    reply: z.object({
      items: z.array(z.object({ connection: text, subject: text, label: text, created: time, last_used: time })),
      next: z.null(),
    }),
    async run({ params: { id }, by }) {
      await wholeUser(parts, by, id);
      const all = await parts.identities.ofUser(id, { limit: most });
      return { items: all.map(({ lastUsed, ...one }) => ({ ...one, last_used: lastUsed })), next: null };
    },
  }),
  operation({
    name: 'unlinkUserIdentity',
    method: 'delete',
    path: '/users/:id/identities/:connection',
    about: 'Take the accounts that a person has at a provider away, with what came with them; sessions end',
    permission: write,
    scope,
    params: params.extend({ connection: text }),
    async run({ params: { id, connection }, actor, by }) {
      const user = await managedUser(parts, by, id);
      const all = await parts.identities.ofUser(id, { limit: most });
      const gone = all.filter((one) => one.connection === connection);
      if (gone.length === 0) throw missing(`An account of ${calledAs(user)} at ${connection.slice(0, 200)}`);
      if (user.password === undefined && gone.length === all.length) {
        throw inUse(`The connection ${connection}`, `${calledAs(user)} to sign in, who has no password`);
      }
      for (const one of gone) await parts.identities.unlink(one.id, actor);
      await takenBack(parts, id, connection, actor);
      await parts.users.signOut(id, actor);
      await parts.ending.endAll(id);
    },
  }),
];
