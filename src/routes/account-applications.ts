import { type ApplicationView, applicationsContent } from '../../views/account/applications.ts';
import { question } from '../../views/account/frame.ts';
import { accountClientId } from '../clients/built-in.ts';
import type { Clients } from '../clients/clients.ts';
import { missing } from '../kernel/errors.ts';
import type { Endings } from '../protocol/endings.ts';
import type { Granted, Grants } from '../protocol/grants.ts';
import type { Consents } from '../signin/consent.ts';
import type { SeenSessions } from '../signin/seen-sessions.ts';
import { pageOf, parameter } from './account-list.ts';
import { type AccountPage, accountPage, type Visit } from './account-page.ts';

interface Parts {
  clients: Clients;
  consents: Consents;
  grants: Grants;
  seenSessions: SeenSessions;
  endings: Endings;
}

const list = '/account/applications';
/** So many that the page stays below 30 kB with the longest names. */
const perPage = 15;
const withdrawing = '/account/applications/withdraw';

/** Which applications may use the account, and for what; and an end to it. */
export const applicationPages = (parts: Parts): AccountPage[] => [
  accountPage({
    path: list,
    room: list,
    needs: 'session',
    async get(visit) {
      const { ctx, frame, user } = visit;
      const { part, pages } = pageOf(ctx, await applications(parts, visit), perPage);
      const content = applicationsContent(frame, { all: part, pages, timeZone: user.profile.zoneinfo });
      return { title: frame.say('account.nav.applications'), content };
    },
  }),
  accountPage({
    path: withdrawing,
    room: list,
    needs: 'session',
    async get(visit) {
      const { ctx, frame } = visit;
      const { id, name, firstParty } = await own(parts, visit, parameter(ctx, 'client'));
      const title = frame.say('account.applications.withdraw.title', { name });
      const sentence = frame.say(`account.applications.withdraw.${firstParty ? 'own' : 'other'}`, { name });
      const deed = frame.say('account.applications.withdraw');
      return {
        title,
        content: question(frame, { title, sentence, action: withdrawing, fields: { client: id }, deed, back: list }),
      };
    },
    async post(visit, form) {
      const { user, seen } = visit;
      const { id, name } = await own(parts, visit, form.get('client'));
      // The consent first: whoever signs in meanwhile is asked again, and gets no grant that outlives this.
      await parts.consents.withdraw(user.id, id);
      const grants = await parts.grants.between(user.id, id);
      const [actor, target] = [`user:${user.id}`, `client:${id}`];
      await parts.endings.end(
        { grants },
        { type: 'consent.withdrawn', actor, target, ...seen, detail: { client: id } },
      );
      return { goOn: list, said: { key: 'account.applications.withdrawn', values: { name } } };
    },
  }),
];

/** An application of this person; those that others use are not there. Throws `missing`. */
async function own(parts: Parts, visit: Visit, id: string | undefined): Promise<ApplicationView> {
  const one = (await applications(parts, visit)).find((application) => application.id === id);
  if (!one) throw missing('This application');
  return one;
}

/** Whatever holds a grant, or would get one without asking; the last used first. */
async function applications(parts: Parts, { user }: Visit): Promise<ApplicationView[]> {
  const [granted, allowed, seen] = await Promise.all([
    parts.grants.ofAccount(user.id),
    parts.consents.ofAccount(user.id),
    parts.seenSessions.ofAccount(user.id),
  ]);
  const all = new Map<string, Granted>(granted.map((one) => [one.client, one]));
  for (const { client, scopes, claims, resources, given } of allowed) {
    const grant = all.get(client) ?? { client, scopes, claims, resources, since: given, used: given };
    all.set(client, { ...grant, since: Math.min(grant.since, given) });
  }
  all.delete(accountClientId);
  const lately = (client: string) => [...seen.values()].map(({ used }) => used[client] ?? 0);
  const views = await Promise.all(
    [...all.values()].map(async ({ client, used, ...rest }) => {
      const known = await parts.clients.get(client);
      const { name = client, firstParty = false } = known ?? {};
      return { id: client, name, firstParty, ...rest, used: Math.max(used, ...lately(client)) };
    }),
  );
  return views.sort((a, b) => b.used - a.used || a.name.localeCompare(b.name));
}
