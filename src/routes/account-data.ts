import {
  dataContent,
  deleteContent,
  deletedPage,
  downloadContent,
  lastAdministratorContent,
} from '../../views/account/data.ts';
import { isLastAdministrator } from '../directory/protected.ts';
import { calledAs, normalEmail, type User, type Users } from '../directory/users.ts';
import type { Notices } from '../notices/notices.ts';
import { type AccountPage, accountPage, type Reply, type Shown, type Visit } from './account-page.ts';
import { type PersonParts, personDocument } from './person-document.ts';

interface Parts extends PersonParts {
  users: Users;
  notices: Notices;
  /** Removes a person and everything of theirs (forgetting.ts). */
  forget(user: User, actor: string): Promise<void>;
}

const room = '/account/data';
/** What is kept about somebody, for them to have; and an end to all of it. */
export const dataPages = (parts: Parts): AccountPage[] => [
  accountPage({
    path: room,
    room,
    needs: 'session',
    get: async ({ frame }) => ({ title: frame.say('account.nav.data'), content: dataContent(frame) }),
  }),
  accountPage({
    path: '/account/data/download',
    room,
    needs: 'fresh',
    get: async ({ frame }) => ({ title: frame.say('account.data.download'), content: downloadContent(frame) }),
    async post(visit) {
      const actor = `user:${visit.user.id}`;
      await parts.trail.record({ type: 'user.exported', actor, target: actor, ...visit.seen });
      return {
        file: 'sallyport-account.json',
        json: JSON.stringify(await personDocument(parts, visit.user), undefined, 2),
      };
    },
  }),
  accountPage({
    path: '/account/data/delete',
    room,
    needs: 'fresh',
    get: (visit) => askToDelete(parts, visit),
    post: (visit, form) => remove(parts, visit, form.get('account')?.trim() ?? ''),
  }),
];

async function askToDelete(parts: Parts, { frame, user }: Visit, typed?: string): Promise<Shown> {
  const title = frame.say('account.data.delete');
  if (await isLastAdministrator(parts, user.id)) {
    return { title, content: lastAdministratorContent(frame), status: 409 };
  }
  const wrong = typed !== undefined;
  return { title, content: deleteContent(frame, { account: calledAs(user), typed, wrong }), wrong };
}

async function remove(parts: Parts, visit: Visit, typed: string): Promise<Reply> {
  const { forget, notices } = parts;
  const { frame, user } = visit;
  const named = normalEmail(typed) === normalEmail(calledAs(user));
  if (!named || (await isLastAdministrator(parts, user.id))) return askToDelete(parts, visit, typed);
  // Before the address is gone.
  await notices.sendRemoved(user);
  await forget(user, `user:${user.id}`);
  return { alone: deletedPage(frame) };
}
