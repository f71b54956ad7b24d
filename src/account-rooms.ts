import type { Config } from './config/schema.ts';
import type { User } from './directory/users.ts';
import { forgetPerson } from './forgetting.ts';
import type { House } from './house.ts';
import { BrowserSessions } from './protocol/browser-session.ts';
import { Grants } from './protocol/grants.ts';
import { Sessions } from './protocol/sessions.ts';
import { applicationPages } from './routes/account-applications.ts';
import { dataPages } from './routes/account-data.ts';
import { devicePages } from './routes/account-devices.ts';
import { emailPages } from './routes/account-email.ts';
import { factorPages } from './routes/account-factors.ts';
import { historyPages } from './routes/account-history.ts';
import { newFactorPages } from './routes/account-new-factor.ts';
import { passwordPages } from './routes/account-password.ts';
import { profilePages } from './routes/account-profile.ts';
import { providerPages } from './routes/account-providers.ts';
import { sessionPages } from './routes/account-sessions.ts';
import { Freshness } from './signin/freshness.ts';
import { hasEnded, type Session } from './signin/standing.ts';

/** The pages of people's own accounts, and what they are put together of. */
export function accountRooms(
  { issuer, ttl }: Config,
  house: House,
  provider: ConstructorParameters<typeof BrowserSessions>[0]['provider'],
) {
  const { enrolments, records, status } = house;
  const standing = { ...house, limits: ttl.session };
  const ended = (session: Session) => hasEnded(standing, session);
  const ending = new Sessions({ records, status, provider });
  const parts = {
    ...{ ...house, issuer, ended, ending },
    grants: new Grants({ records, status }),
    hasPasskey: async (user: string) => (await enrolments.of(user)).some(({ passkey, blocked }) => passkey && !blocked),
    factorsOf: (user: string) => factorsOf(house, user),
    pushedOf: (user: string) => house.scim.people.said(user),
    forget: (user: User, actor: string) => forgetPerson(house, user, actor, (account) => ending.endAll(account)),
  };
  const makers = [
    ...[profilePages, emailPages, passwordPages, sessionPages, applicationPages],
    ...[providerPages, historyPages, dataPages, factorPages, newFactorPages, devicePages],
  ];
  return {
    sessions: new BrowserSessions({ provider, ended }),
    freshness: new Freshness({ ...house, levelOf: (user) => enrolments.levelOf(user) }),
    pages: makers.flatMap((pages) => pages(parts)),
  };
}

/** Second factors and remembered devices of a person, as they have them downloaded. */
async function factorsOf({ devices, enrolments }: House, user: string): Promise<object> {
  const [factors, remembered] = await Promise.all([enrolments.of(user), devices.list(user)]);
  return {
    factors: factors.map(({ id: _internal, user: _same, ...factor }) => factor),
    devices: remembered.map(({ id: _internal, user: _same, ...device }) => device),
  };
}
