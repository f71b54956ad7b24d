import type { Spent } from '../clients/spending.ts';
import { calledAs } from '../directory/users.ts';
import { subjectOf } from '../protocol/claims.ts';
import type { Passage } from '../protocol/gate.ts';

type Header = readonly [name: string, value: string];

/** Characters of all X-Auth-* values together: NGINX takes 4 KiB of headers by default, and there are others. */
const most = 3000;
/** A single value that is longer is left out. */
const longest = 300;

/** What stands in a header as it is: printable ASCII; all else, and %, as UTF-8 in percent-encoding. */
const encoded = (value: string): string =>
  /^[\x20-\x24\x26-\x7e]*$/.test(value) ? value : value.replace(/[^\x20-\x24\x26-\x7e]+/gu, encodeURIComponent);

/**
 * Who it is that may pass, for the server behind the gateway. Lists are separated by spaces; names that do not fit any more are
 * left out, and X-Auth-Truncated names the headers that are cut.
 */
export function passageHeaders({ token, held, organization, scope, spent }: Passage): Header[] {
  const { payload, client, user } = token;
  const single: Record<string, string | undefined> = {
    'X-Auth-Subject': subjectOf(payload),
    'X-Auth-Client': client.id,
    'X-Auth-Username': user && calledAs(user),
    'X-Auth-Organization': organization,
    'X-Auth-Tier': client.tier,
  };
  const lists: Record<string, readonly string[]> = {
    'X-Auth-Scope': scope.split(' '),
    'X-Auth-Roles': held.roles,
    'X-Auth-Entitlements': held.entitlements,
    'X-Auth-Groups': held.groups,
  };
  const headers: Header[] = [];
  const cut: string[] = [];
  let left = most;
  for (const [name, value] of Object.entries(single)) {
    const written = value === undefined ? '' : encoded(value);
    if (written === '' || written.length > longest) continue;
    headers.push([name, written]);
    left -= written.length;
  }
  for (const [name, values] of Object.entries(lists)) {
    const written = fitting(values, left);
    if (written.length < values.join(' ').length) cut.push(name);
    if (written === '') continue;
    headers.push([name, written]);
    left -= written.length;
  }
  if (cut.length > 0) headers.push(['X-Auth-Truncated', cut.join(', ')]);
  return spent === undefined ? headers : [...headers, ...quotaHeaders(spent)];
}

/** As many of the names, which have no spaces and are ASCII, as fit. */
function fitting(names: readonly string[], room: number): string {
  const whole = names.join(' ');
  if (whole.length <= room) return whole;
  return whole.slice(0, Math.max(0, whole.lastIndexOf(' ', room)));
}

/** What is left of the client's quota (draft-ietf-httpapi-ratelimit-headers-10 §2). */
export function quotaHeaders({ tier, requests, period, remaining, reset }: Spent): Header[] {
  const name = `"${encoded(tier).replace(/["\\]/g, '\\$&')}"`;
  return [
    ['RateLimit-Policy', `${name};q=${requests};w=${period}`],
    ['RateLimit', `${name};r=${remaining};t=${reset}`],
  ];
}
