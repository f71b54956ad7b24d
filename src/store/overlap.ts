import { invalid } from '../kernel/errors.ts';
import type { Collection, Entity } from './port.ts';

/** A credential that is known by its fingerprint, which is its id. Times in seconds. */
export interface Credential extends Entity {
  readonly created: number;
  /** Once another has taken over. */
  readonly expires?: number;
}

const seconds = (): number => Math.floor(Date.now() / 1000);
const day = 24 * 60 * 60;
const longestOverlap = 90 * day;

/** How long an older credential still counts beside a new one (seconds). Throws `invalid`. */
export function checkedOverlap(overlap = day): number {
  if (Number.isSafeInteger(overlap) && overlap >= 0 && overlap <= longestOverlap) return overlap;
  throw invalid(`The overlap is 0 to ${longestOverlap} whole seconds`);
}

/** Whether it counts at this moment. */
export const isLive = ({ expires }: Pick<Credential, 'expires'>): boolean =>
  expires === undefined || expires > seconds();

/** Those that count, in the order in which they were made. */
export const liveOnes = <C extends Credential>(all: readonly C[]): C[] =>
  all.filter(isLive).sort((a, b) => a.created - b.created);

/** The newest of those there were goes on until `end` (seconds), the others end; answers when the newest ends. */
export async function retire<C extends Credential, K extends string>(
  all: Collection<C, K>,
  before: readonly C[],
  end: number,
): Promise<number | undefined> {
  const live = liveOnes(before).reverse();
  const last = live.find(({ expires }) => expires === undefined) ?? live[0];
  const until = Math.min(last?.expires ?? end, end);
  for (const one of before) {
    if (one.id === last?.id && until > seconds()) {
      await all.change(one.id, (now) => ({ ...now, expires: Math.min(now.expires ?? until, until) }));
    } else await all.take(one.id);
  }
  return last && until > seconds() ? until : undefined;
}
