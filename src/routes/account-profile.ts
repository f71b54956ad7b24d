import { type OwnClaim, ownClaims, profileContent } from '../../views/account/profile.ts';
import type { Identities } from '../directory/identities.ts';
import { changedProfile } from '../directory/profile.ts';
import type { Users } from '../directory/users.ts';
import type { Connections } from '../federation/connections.ts';
import { Problem } from '../kernel/errors.ts';
import { type AccountPage, accountPage, type Shown, type Visit } from './account-page.ts';
import { choose } from './language-choice.ts';
import { languageChoices, languageOf } from './languages.ts';

interface Parts {
  users: Users;
  identities: Identities;
  connections: Connections;
}

type Values = Partial<Record<OwnClaim, string>>;

const zones = Intl.supportedValuesOf('timeZone');

/** The profile: what every person writes themselves. It moves nobody's account, so the session alone is enough. */
export const profilePages = (parts: Parts): AccountPage[] => [
  accountPage({
    path: '/account/profile',
    room: '/account/profile',
    needs: 'session',
    keeps: ownClaims,
    get: (visit) => page(parts, visit, { ...kept(visit), ...Object.fromEntries(visit.typed) }, []),
    async post(visit, form) {
      const values = Object.fromEntries(ownClaims.map((name) => [name, form.get(name)?.trim() ?? '']));
      const wrong = ownClaims.filter((name) => !fits(name, values[name] ?? ''));
      if (wrong.length > 0) return page(parts, visit, values, wrong);
      const change = changeOf(kept(visit), values);
      const { id } = visit.user;
      if (Object.keys(change).length > 0) await parts.users.change(id, { profile: change }, `user:${id}`);
      // A choice below a page of this hour would otherwise hide this one.
      if (typeof change.locale === 'string') choose(visit.ctx, languageOf([change.locale.replace('_', '-')]).tag);
      return { goOn: '/account/profile', said: { key: 'account.profile.saved' } };
    },
  }),
];

function kept({ user: { profile } }: Visit): Values {
  return Object.fromEntries(ownClaims.flatMap((name) => (profile[name] === undefined ? [] : [[name, profile[name]]])));
}

function fits(name: OwnClaim, value: string): boolean {
  if (value === '') return true;
  try {
    changedProfile({}, { [name]: value });
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/** What is new; an empty field takes the claim away, and a new number is not a confirmed one. */
function changeOf(before: Values, after: Values): Record<string, string | null> {
  const changed = ownClaims.filter((name) => (before[name] ?? '') !== (after[name] ?? ''));
  const change: Record<string, string | null> = Object.fromEntries(changed.map((name) => [name, after[name] || null]));
  if (changed.includes('phone_number')) change.phone_number_verified = null;
  return change;
}

async function page(parts: Parts, visit: Visit, values: Values, wrong: readonly OwnClaim[]): Promise<Shown> {
  const { frame, user } = visit;
  const known = await Promise.all(
    [...new Set((await parts.identities.ofUser(user.id)).map(({ connection }) => connection))].map((id) =>
      parts.connections.get(id),
    ),
  );
  const own = (all: readonly (readonly [string, string])[], value: string | undefined) =>
    value === undefined || value === '' || all.some(([one]) => one === value) ? all : [...all, [value, value] as const];
  const content = profileContent(frame, {
    email: user.email,
    verified: user.emailVerified,
    ...{ values, wrong, providers: known.flatMap((connection) => (connection ? [connection.name] : [])) },
    // What a provider has said stays in the list, whatever it is.
    languages: own(languageChoices, values.locale),
    zones: own(
      zones.map((zone) => [zone, zone] as const),
      values.zoneinfo,
    ).map(([zone]) => zone),
  });
  return { title: frame.say('account.nav.profile'), content, wrong: wrong.length > 0 };
}
