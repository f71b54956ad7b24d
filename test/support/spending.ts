import { Trail } from '../../src/audit/trail.ts';
import { Spending, type Spent } from '../../src/clients/spending.ts';
import { Tiers, type TierTerms } from '../../src/clients/tiers.ts';
import { openStore } from '../../src/store/index.ts';
import { openKeyring } from '../../src/store/keyring.ts';
import type { Store } from '../../src/store/port.ts';

/** What counts the calls of clients, as each process has it for itself on the store that all share. */
export interface Counting {
  store: Store;
  tiers: Tiers;
  spending: Spending;
  define(name: string, terms: Partial<TierTerms>): Promise<void>;
  /** Spends so often at once, and says how many were allowed. */
  many(count: number, client?: string, audience?: string): Promise<number>;
  once(client?: string, audience?: string): Promise<Spent | undefined>;
}

/** One process's view of a store. */
export async function counting(url: string): Promise<Counting> {
  const store = await openStore(url, { timeoutMs: 30_000 });
  const vault = await openKeyring(store, Buffer.alloc(32, 7));
  const tiers = new Tiers(store, new Trail(store, vault), { isApi: async () => true, clientsWith: async () => [] });
  const spending = new Spending(store, tiers);
  const once: Counting['once'] = (client = 'app', audience = 'orders') =>
    spending.spend({ id: client, tier: 'gold' }, audience);
  return {
    store,
    tiers,
    spending,
    once,
    async define(name, { limits = [], excess = 'reject', ...rest }) {
      await tiers.add(name, { limits, excess, ...rest }, 'test');
    },
    async many(count, client, audience) {
      const all = await Promise.all(Array.from({ length: count }, () => once(client, audience)));
      return all.filter((spent) => spent?.allowed).length;
    },
  };
}
