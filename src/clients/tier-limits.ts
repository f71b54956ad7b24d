import { invalid } from '../kernel/errors.ts';

/** So many requests in each period (seconds), counted for one client: on one API, or on all together where none is named. */
export interface Limit {
  /** An audience. */
  api?: string;
  requests: number;
  period: number;
}

const units = { day: 86_400, hour: 3600, minute: 60, second: 1 } as const;
type Unit = keyof typeof units;

const mostLimits = 20;
const mostRequests = 1_000_000_000;
const longestPeriod = 31 * units.day;

const form = /^(\d{1,10}) per (?:(\d{1,7}) )?(second|minute|hour|day)(s?)(?: on (\S+))?$/;
const advice = 'must read like "100 per minute", "5000 per 15 minutes" or "10 per second on https://api.example.com"';

/** A limit as people write it. Throws `invalid` with how to write it. */
export function parseLimit(text: string): Limit {
  const [, requests, count, unit, plural, api] = form.exec(text) ?? [];
  const many = count !== undefined && count !== '1';
  if (unit === undefined || many !== (plural === 's')) throw invalid(`The limit "${text.slice(0, 200)}" ${advice}`);
  const period = Number(count ?? 1) * units[unit as Unit];
  return { ...(api === undefined ? {} : { api }), requests: Number(requests), period };
}

/** The same the other way round. */
export function limitText({ api, requests, period }: Limit): string {
  const [unit, seconds] = Object.entries(units).find(([, length]) => period % length === 0) ?? ['second', 1];
  const count = period / seconds;
  return `${requests} per ${count === 1 ? unit : `${count} ${unit}s`}${api === undefined ? '' : ` on ${api}`}`;
}

/** The limits of a tier. Throws `invalid`. */
export function checkedLimits(limits: readonly Limit[]): Limit[] {
  if (limits.length > mostLimits) throw invalid(`A tier has at most ${mostLimits} limits`);
  const seen = new Set<string>();
  for (const { api = '', requests, period } of limits) {
    if (!Number.isSafeInteger(requests) || requests < 1 || requests > mostRequests) {
      throw invalid(`A limit is 1 to ${mostRequests} requests; a client that may call nothing is suspended`);
    }
    if (!Number.isSafeInteger(period) || period < 1 || period > longestPeriod) {
      throw invalid('The period of a limit is 1 second to 31 days, in whole seconds');
    }
    const key = `${period} ${api}`;
    if (seen.has(key)) throw invalid('Two limits of a tier have the same period and API; keep the lower one');
    seen.add(key);
  }
  return [...limits];
}
