import type { Config } from './config/schema.ts';
import type { User } from './directory/users.ts';
import { forgetPerson } from './forgetting.ts';
import type { House } from './house.ts';
import { Grants } from './protocol/grants.ts';
import { Sessions, type WhereProvider } from './protocol/sessions.ts';
import { hasEnded, type Session } from './signin/standing.ts';

/** What is done about people and what they have open, by themselves or by an administrator. Without a provider no application is told. */
export function peopleParts({ issuer, ttl }: Config, house: House, provider: WhereProvider) {
  const { enrolments, records, status } = house;
  const standing = { ...house, limits: ttl.session };
  const ending = new Sessions({ records, status, provider });
  return {
    ...house,
    issuer,
    ended: (session: Session) => hasEnded(standing, session),
    ending,
    grants: new Grants({ records, status }),
    hasPasskey: async (user: string) => (await enrolments.of(user)).some(({ passkey, blocked }) => passkey && !blocked),
    factorsOf: (user: string) => factorsOf(house, user),
    forget: (user: User, actor: string) => forgetPerson(house, user, actor, (account) => ending.endAll(account)),
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
