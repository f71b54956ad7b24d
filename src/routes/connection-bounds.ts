import { beyond } from '../directory/beyond.ts';
import type { Rights } from '../directory/rights.ts';
import type { Connection } from '../federation/connection.ts';
import { presetOf } from '../federation/presets.ts';
import type { By } from '../http/resource.ts';
import { differs } from './connection-reshaping.ts';

type Rule = Connection['groupRules'][number];

const isRule = (one: unknown): one is Rule => typeof one === 'object' && one !== null && 'upstream' in one;

const text = ({ upstream, role, group }: Rule): string => JSON.stringify([upstream, role, group]);

/**
 * Throws `beyond_own_rights` for what a caller may not say of a connection: rules by which it would give more than they hold, and
 * within an organisation a place among the buttons that everybody sees, or a directory. What is so already stays.
 */
export async function refuseBeyond(
  rights: Rights,
  by: By,
  said: Readonly<Record<string, unknown>>,
  before?: Connection,
): Promise<void> {
  const { groupRules } = said;
  const known = new Set(before?.groupRules.map(text));
  const rules = (Array.isArray(groupRules) ? groupRules : []).filter(isRule).filter((one) => !known.has(text(one)));
  const named = (kind: 'role' | 'group') => rules.flatMap((rule) => rule[kind] ?? []);
  await rights.refuseMapping(by, named('role'), named('group'));
  if (by.organization === undefined) return;
  const kind = before?.kind ?? presetOf(String(said.preset))?.kind;
  const now: Readonly<Record<string, unknown>> = { ...before };
  if (kind === 'ldap' && (before === undefined || searches.some((name) => differs(said[name], now[name])))) {
    throw beyond('you a way to directories inside the network of this server');
  }
  if (said.shown === true && before?.shown !== true)
    throw beyond('your provider a button on the sign-in page of everybody');
}

/** What is read of which directory, with an account that belongs to the server. */
const searches = ['from', 'servers', 'startTls', 'base', 'filter', 'groups', 'subject'];

/** What tells where a provider is, and who speaks for it. */
const places = [
  ...['from', 'metadata', 'issuer', 'discovery', 'graph', 'metadataUrl'],
  ...['entityIds', 'signOn', 'certificates'],
];

/**
 * What is said of a new connection, or changed of one, as this caller may say it: within an organisation no address of a provider
 * may be inside our network, it says nothing of the addresses of others, and a new provider gets no button that everybody sees.
 */
export function bounded(
  { organization }: By,
  said: Readonly<Record<string, unknown>>,
  isNew = false,
): Readonly<Record<string, unknown>> {
  if (organization === undefined) return said;
  const confined = places.some((name) => said[name] !== undefined) || isNew;
  return { ...said, ...(confined && { confined: true }), ...(isNew && { shown: false }) };
}

/** Within an organisation nobody's word stands for the proof of a domain: its people may be others'. Throws `beyond_own_rights`. */
export function refuseWord({ organization }: By, byAdministrator: boolean | undefined): void {
  if (organization !== undefined && byAdministrator) throw beyond('you a domain without its proof in DNS');
}
