import type { Kept } from '../../src/factors/kept-factors.ts';
import type { Store } from '../../src/store/port.ts';

/** The records of factors, as whoever reads the database finds them. */
export const factorsIn = (store: Store) =>
  store.collection<Kept, 'user' | 'credential'>({
    name: 'factors',
    indexes: { user: { key: (one) => one.user }, credential: { key: (one) => one.credential, unique: true } },
  });
