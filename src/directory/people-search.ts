import { invalid } from '../kernel/errors.ts';
import type { Page } from '../store/port.ts';
import type { Profile } from './profile.ts';

/** What a person is found by who is searched for. */
interface Named {
  readonly id: string;
  readonly email?: string;
  readonly profile: Profile;
}

/** The store knows equality only: so people are kept by this many characters with which an address or name begins. */
const length = 3;
const folded = (text: string): string => text.normalize('NFKC').toLowerCase();
const start = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : [...folded(text)].slice(0, length).join('');

/** Look-ups by the beginning of the address, of the name and of the family name. */
export const beginnings = {
  mail: { key: ({ email }: Named) => start(email) },
  name: { key: ({ profile }: Named) => start(profile.name) },
  family: { key: ({ profile }: Named) => start(profile.family_name) },
};
/** One of `beginnings`. */
export type Beginning = keyof typeof beginnings;

type Find<T> = (where: { readonly [name in Beginning]?: string }, page: Page) => Promise<T[]>;

/** A search for people by how their address or name begins. Throws `invalid` for less than three characters. */
export function peopleSearch<T extends Named>(text: string, find: Find<T>) {
  const wanted = folded(text.trim());
  const key = start(wanted) ?? '';
  if ([...key].length < length)
    throw invalid(`q needs at least ${length} characters: the first ones of an address or name`);
  const begins = (one: string | undefined): boolean => one !== undefined && folded(one).startsWith(wanted);
  return {
    /** Everybody who may be meant, in the order of ids. */
    async find(page: { limit: number; after?: string }): Promise<T[]> {
      const names = Object.keys(beginnings) as Beginning[];
      const found = await Promise.all(names.map((name) => find({ [name]: key }, page)));
      const all = new Map(found.flat().map((one) => [one.id, one]));
      return [...all.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, page.limit);
    },
    /** Whether somebody is. */
    fits: ({ email, profile }: Named): boolean => [email, profile.name, profile.family_name].some(begins),
  };
}
