import type { Collection, Store } from '../../src/store/port.ts';

export interface Person {
  readonly id: string;
  readonly visits: number;
  readonly email?: string;
  readonly city?: string;
  readonly more?: unknown;
}
export type People = Collection<Person, 'email' | 'city'>;

/** A collection with a unique and a plain look-up, for tests of the stores. */
export const people = (store: Store): People =>
  store.collection<Person, 'email' | 'city'>({
    name: 'people',
    indexes: { email: { key: (person) => person.email, unique: true }, city: { key: (person) => person.city } },
  });
