import { DatabaseSync } from 'node:sqlite';
import { chains, placeOf } from '../../src/audit/link.ts';
import type { Recorded } from '../../src/audit/trail.ts';
import { intruder } from './intruder.ts';

const events = 'audit-events';

/** Keeps the audit trail of a store from taking any event, while everything else goes on; answers how to let it again. */
export const withoutTrail = (url: string): Promise<() => Promise<void>> =>
  url.startsWith('sqlite:') ? renamed(url.slice('sqlite:'.length)) : occupied(url);

async function renamed(path: string): Promise<() => Promise<void>> {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  database.exec(`ALTER TABLE "${events}" RENAME TO away`);
  return async () => {
    database.exec(`ALTER TABLE away RENAME TO "${events}"`);
    database.close();
  };
}

/** A server makes what is missing, so the next place of every chain is taken instead. */
async function occupied(url: string): Promise<() => Promise<void>> {
  const bad = await intruder(url);
  const ends = Array.from({ length: chains }, () => 0);
  for (const { link } of (await bad.all<Recorded>(events)).values()) {
    if (link) ends[link.chain] = Math.max(ends[link.chain] ?? 0, link.seq);
  }
  const ids = ends.map((_, chain) => `taken-${chain}`);
  for (const [chain, end] of ends.entries()) {
    await bad.add(events, `taken-${chain}`, { id: `taken-${chain}` }, { link: placeOf(chain, end + 1) });
  }
  return async () => {
    await bad.remove(events, ids);
    await bad.close();
  };
}
