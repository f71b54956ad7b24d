import { beyond } from '../directory/beyond.ts';
import type { Identities } from '../directory/identities.ts';
import type { Organizations } from '../directory/organizations.ts';
import type { Reach } from '../directory/reach.ts';
import { type Connection, evidenceRule } from '../federation/connection.ts';
import { domainName } from '../federation/mapping.ts';
import type { By } from '../http/resource.ts';
import { invalid, Problem, problem } from '../kernel/errors.ts';
import type { People } from '../scim/people.ts';

interface Parts {
  identities: Identities;
  organizations: Organizations;
  reach: Reach;
  scim: { people: Pick<People, 'all' | 'load'> };
}

const taken = problem('taken', 409, (domain: string) => `The domain ${domain} is already in use; choose another`);

type Said = Readonly<Record<string, unknown>>;

/** What changes neither who comes through a connection nor what is known of them. */
const harmless = new Set(
  `name logout hint clientSecret auth scope shown provision mfa evidence strongRequest unsolicited groupRules
  signRequests signedRequests requestBinding signOut`.split(/\s+/),
);
/** What leads the provider's secret to another place. */
const leads = ['from', 'metadata', 'issuer', 'discovery'];
/** What puts another provider in the place of the one whose word on second factors counts. */
const replaces = [...leads, 'tenants', 'entityIds', 'signOn', 'certificates', 'metadataUrl'];

/**
 * What within an organisation nobody may make of a connection. Whether a second factor elsewhere counts is the server's, as its
 * policies are. And who says from where people come signs in as any of them: that is for whoever may look after all of them, and
 * give what the rules give. Throws `beyond_own_rights`, and `invalid` when a secret would go where it was not meant to.
 */
export async function refuseReshaping(parts: Parts, by: By, said: Said, before?: Connection): Promise<void> {
  if (by.organization === undefined) return;
  refuseTrust(said, before);
  // By a link nobody holds anything that a rule could give; not even a role that gives nothing yet.
  if (by.actor.startsWith('setup-link:') && differs(said.groupRules, before?.groupRules ?? [])) {
    throw beyond('roles or groups by a set-up link');
  }
  const known: Said = { ...before };
  const names = Object.keys(said).filter((name) => !harmless.has(name) && differs(said[name], known[name]));
  if (!before || names.length === 0) return;
  if (before.groupRules.length > 0) throw beyond('roles or groups, by the rules of this connection, to other people');
  if (before.mfa !== 'ignore' && names.some((name) => replaces.includes(name))) {
    throw beyond('another provider the word on second factors');
  }
  await refuseMightier(parts, by, before);
  const kept = before.kind === 'oidc' && before.clientSecret !== undefined && said.clientSecret === undefined;
  if (kept && names.some((name) => leads.includes(name))) {
    throw invalid('Give the client secret again: the one that is kept is not sent to another address');
  }
}

const isGroup = (value: unknown): value is Said => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a change (RFC 7396) says something else than what is so. */
export function differs(said: unknown, now: unknown): boolean {
  if (said === undefined) return false;
  if (isGroup(said) && isGroup(now)) return Object.keys(said).some((name) => differs(said[name], now[name]));
  return JSON.stringify(said) !== JSON.stringify(now);
}

const rulesOf = (said: readonly unknown[]): unknown[] =>
  said.map((one) => {
    const rule = evidenceRule.safeParse(one);
    return rule.success ? rule.data : one;
  });

function refuseTrust(said: Said, before: Connection | undefined): void {
  const { mfa, evidence, unsolicited } = said;
  const says = typeof mfa === 'string' && mfa !== 'ignore' && mfa !== before?.mfa;
  const proves = Array.isArray(evidence) && differs(rulesOf(evidence), before?.evidence ?? []);
  if (says || proves) throw beyond('your provider the word on second factors');
  if (typeof unsolicited === 'string') throw beyond('your provider sign-ins that nobody here began');
}

/** Nobody comes through it, now or at their next sign-in, whom this caller could not look after. */
async function refuseMightier({ identities, reach, scim }: Parts, by: By, { id, domains }: Connection): Promise<void> {
  const refuse = async (user: string): Promise<void> => {
    try {
      await reach.refuseBeyond(by, `user:${user}`, 'This person');
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      throw beyond('power over people who come through this connection and hold more than you');
    }
  };
  const limit = 500;
  for (let after = ''; ; ) {
    const all = await identities.ofConnection(id, { limit, after });
    for (const { user } of all) await refuse(user);
    if (all.length < limit) break;
    after = all.at(-1)?.id ?? '';
  }
  // Whoever was pushed is found by an address of a domain of its (signin/joining.ts), without having come before.
  const own = new Set(domains.filter(({ verified }) => verified !== undefined).map(({ name }) => name));
  if (own.size === 0 || by.organization === undefined) return;
  const people = await scim.people.load(await scim.people.all({ organization: by.organization, base: '' }));
  for (const { user } of people) {
    if (own.has(domainName(user.email?.split('@')[1] ?? '') ?? '')) await refuse(user.id);
  }
}

/** Throws `taken` for a domain that another organisation has among its own, proven or not. */
export async function refuseForeignDomain({ organizations }: Parts, by: By, names: unknown): Promise<void> {
  if (by.organization === undefined || !Array.isArray(names)) return;
  for (const name of names) {
    const holder = typeof name === 'string' ? await organizations.claimant(name) : undefined;
    if (holder && holder.id !== by.organization) throw taken(String(name));
  }
}
