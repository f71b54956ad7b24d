import type { LdapConnection } from './connection.ts';
import { Refused, type Trace } from './connector.ts';
import { dnKey, filled, parseDn, placeholders, within } from './ldap-names.ts';
import { refusal } from './ldap-refusals.ts';

/** An entry as it was read: the values as text, by the lower-case names of the attributes; what is no text is left out. */
export interface DirectoryEntry {
  dn: string;
  values: ReadonlyMap<string, readonly string[]>;
}

/** What is to be read. `most` entries are wanted; one more may come, which shows that there were more. */
export interface Query {
  base: string;
  scope: 'base' | 'sub';
  filter: string;
  attributes: readonly string[];
  most: number;
}

/** Reads entries as the connection's account. */
export type Read = (query: Query) => Promise<DirectoryEntry[]>;

/** A person may be in so many groups; more are not cut off, but refused. */
export const mostGroups = 5000;

/** So many groups are asked for their own groups in one search. */
const together = 50;

const chainRule = '1.2.840.113556.1.4.1941';

const tooMany = (came: string) =>
  refusal('too_many_groups', { check: 'groups', came, wanted: `at most ${mostGroups} groups` });

/** The names of all groups of a person; undefined when the connection does not ask for groups. Throws `refused`. */
export async function groupsOf(
  settings: LdapConnection,
  { person, username, read, trace }: { person: DirectoryEntry; username: string; read: Read; trace: Trace },
): Promise<string[] | undefined> {
  const { groups } = settings;
  if (groups.mode === 'none') return undefined;
  const search = { base: groups.base ?? settings.base, attribute: groups.name, read };
  const found =
    groups.mode === 'memberOf'
      ? await memberOf(person, { ...search, base: groups.base })
      : groups.mode === 'chain'
        ? await find(search, [filled(`(member:${chainRule}:={dn})`, { dn: person.dn })], mostGroups)
        : await nested(search, { template: groups.filter, depth: groups.depth, person, username });
  if (found.length > mostGroups) throw tooMany(`${found.length} groups`);
  const names = found.map((group) => nameOf(group, groups.name));
  const named = names.filter((name) => name !== undefined);
  const nameless =
    named.length < names.length ? `, ${names.length - named.length} without a single ${groups.name}` : '';
  trace.passed('groups', `${named.length}${nameless}`);
  return [...new Set(named)];
}

/** Where groups are looked for, and the attribute that names them. */
interface Search {
  base: string;
  attribute: string;
  read: Read;
}

const find = ({ base, attribute, read }: Search, filters: readonly string[], most: number): Promise<DirectoryEntry[]> =>
  read({
    base,
    scope: 'sub',
    filter: filters.length === 1 ? filters.join() : `(|${filters.join('')})`,
    attributes: [attribute],
    most,
  });

/** Groups with the person as a member, groups with those as members, and so on; a group met twice is not asked again. */
async function nested(
  search: Search,
  from: { template: string; depth: number; person: DirectoryEntry; username: string },
): Promise<DirectoryEntry[]> {
  const { template, depth, person, username } = from;
  const values = Object.fromEntries([...person.values].map(([name, [first = '']]) => [name, first]));
  const lacking = placeholders(template).find(
    (name) => !['dn', 'username'].includes(name) && !values[name.toLowerCase()],
  );
  if (lacking !== undefined)
    throw refusal('misconfigured', { check: 'filter of the groups', came: `the person has no ${lacking}` });
  const own = Object.fromEntries(placeholders(template).map((name) => [name, values[name.toLowerCase()] ?? '']));
  let level = await find(search, [filled(template, { ...own, username, dn: person.dn })], mostGroups);
  const known = new Map(level.map((group) => [dnKey(group.dn), group]));
  const nests = placeholders(template).every((name) => name === 'dn');
  for (let step = 0; nests && step < depth && level.length > 0; step += 1) {
    if (known.size > mostGroups) break;
    const next: DirectoryEntry[] = [];
    for (let at = 0; at < level.length && next.length <= mostGroups; at += together) {
      const filters = level.slice(at, at + together).map(({ dn }) => filled(template, { dn }));
      next.push(...(await find(search, filters, mostGroups)));
    }
    const fresh = new Map(next.map((group) => [dnKey(group.dn), group]));
    level = [...fresh].filter(([key]) => !known.has(key)).map(([, group]) => group);
    for (const group of level) known.set(dnKey(group.dn), group);
  }
  return [...known.values()];
}

/** The groups that the person's entry names. A base leaves out the others: anybody may have made a group of that name there. */
async function memberOf(
  person: DirectoryEntry,
  { base, attribute, read }: { base: string | undefined; attribute: string; read: Read },
): Promise<DirectoryEntry[]> {
  // Active Directory hands out very long lists in parts (MS-ADTS §3.1.1.3.1.3.3).
  const partial = [...person.values.keys()].find((name) => /^memberof;range=/.test(name));
  if (partial !== undefined) throw tooMany(partial);
  const dns = (person.values.get('memberof') ?? []).filter((dn) => base === undefined || within(dn, base));
  if (dns.length > mostGroups) throw tooMany(`${dns.length} groups`);
  const groups: DirectoryEntry[] = [];
  for (const dn of dns) {
    const bare: DirectoryEntry = { dn, values: new Map() };
    groups.push(nameOf(bare, attribute) === undefined ? ((await one(dn, attribute, read)) ?? bare) : bare);
  }
  return groups;
}

/** One group; undefined when the connection's account may not see it. */
async function one(dn: string, attribute: string, read: Read): Promise<DirectoryEntry | undefined> {
  try {
    const found = await read({ base: dn, scope: 'base', filter: '(objectClass=*)', attributes: [attribute], most: 1 });
    return found[0];
  } catch (error) {
    if (error instanceof Refused && error.refusal.reason === 'base_not_found') return undefined;
    throw error;
  }
}

/** A group's one name. The RDN comes first: whoever keeps a group may add names to it, but not move it. */
function nameOf({ dn, values }: DirectoryEntry, attribute: string): string | undefined {
  if (attribute.toLowerCase() === 'dn') return dn;
  const [rdn = []] = parseDn(dn) ?? [];
  const own = rdn.find(({ type }) => type.toLowerCase() === attribute.toLowerCase())?.value;
  const [only, ...more] = values.get(attribute.toLowerCase()) ?? [];
  return own ?? (more.length > 0 ? undefined : only);
}
