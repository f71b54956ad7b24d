import { isDeepStrictEqual } from 'node:util';
import type { Doc, Found, Kind, Member } from './kind.ts';

/** One thing to do. */
export interface Change {
  readonly kind: Kind;
  readonly action: 'add' | 'change' | 'remove';
  readonly key: string;
  readonly members: readonly Member[];
  /** As the files want it; undefined for what is removed. */
  readonly wanted?: Doc | undefined;
  readonly found?: Found | undefined;
  /** The only members by which it is seen that somebody else changed it meanwhile; usually all. */
  readonly only?: readonly string[];
}

/** What the files want of one kind, and what is there. */
export interface Part {
  readonly kind: Kind;
  readonly wanted: readonly Doc[];
  readonly found: readonly Found[];
  /** Whether what the files do not name goes. */
  readonly prune: boolean;
  /** People (by their addresses) whom the files name. */
  readonly people: ReadonlySet<string>;
}

const isGroup = (value: unknown): value is Doc => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether what is there says the same; `partly`: what the wish leaves out may be anything. */
function says(now: unknown, wish: unknown, partly: boolean): boolean {
  if (wish === undefined || wish === null) return now === undefined || now === null;
  if (!partly) return isDeepStrictEqual(now, wish);
  if (Array.isArray(wish)) {
    return Array.isArray(now) && now.length === wish.length && wish.every((one, at) => says(now[at], one, true));
  }
  if (!isGroup(wish)) return now === wish;
  return isGroup(now) && Object.entries(wish).every(([name, one]) => says(now[name], one, true));
}

/** The members that differ. A secret that files do not name stays. */
export function differences(kind: Kind, wanted: Doc, found: Found): Member[] {
  const { document } = found;
  const said = kind.settled?.(wanted, found) ?? wanted;
  const silent = kind.usual
    ? { ...Object.fromEntries(Object.keys(document).map((name) => [name, undefined])), ...kind.usual(wanted) }
    : {};
  const secret = (name: string) => kind.secrets?.includes(name) === true;
  const whole: Doc = { ...silent, ...said };
  return Object.entries(whole)
    .filter(([name]) => !secret(name) || said[name] !== undefined)
    .filter(([name, wish]) => !says(document[name], wish, !kind.usual))
    .map(([name, after]) => ({ name, before: document[name], after: after ?? undefined }));
}

/** What has to be done for one kind, in an order that works: what others rest on comes first, and goes last. */
export function plan({ kind, wanted, found, prune, people }: Part): Change[] {
  const there = new Map(found.map((one) => [one.key, one]));
  const named = new Set(wanted.map((document) => kind.key(document)));
  const changes = ordered(kind, wanted).flatMap((document): Change[] => {
    const key = kind.key(document);
    const now = there.get(key);
    if (!now) {
      const members = Object.entries(document).map(([name, after]) => ({ name, before: undefined, after }));
      return [{ kind, action: 'add', key, members, wanted: document }];
    }
    const members = differences(kind, document, now);
    return members.length === 0 ? [] : [{ kind, action: 'change', key, members, wanted: document, found: now }];
  });
  const goes = ({ key, foreign, implied, person }: Found): boolean =>
    !named.has(key) && foreign === undefined && implied !== true && (person === undefined || people.has(person));
  const gone = prune && kind.operations.remove ? found.filter(goes) : [];
  const last = ordered(
    kind,
    gone.map((one) => one.document),
  ).map((document) => kind.key(document));
  const removed = last.reverse().flatMap((key): Change[] => {
    const now = there.get(key);
    return now ? [{ kind, action: 'remove', key, members: [], found: now }] : [];
  });
  return [...changes, ...removed];
}

/** Each after those that it names, as far as they are among them. */
function ordered(kind: Kind, documents: readonly Doc[]): Doc[] {
  const byKey = new Map(documents.map((one) => [kind.key(one), one]));
  const [placed, begun] = [new Set<Doc>(), new Set<Doc>()];
  const place = (one: Doc): void => {
    // A circle is refused by the server, in whatever order.
    if (begun.has(one)) return;
    begun.add(one);
    for (const key of kind.after?.(one) ?? []) {
      const before = byKey.get(key);
      if (before) place(before);
    }
    placed.add(one);
  };
  for (const one of documents) place(one);
  return [...placed];
}

const signs = { add: '+', change: '~', remove: '-' };

/** A value on one line. What is printed may come from strangers, so nothing in it can steer the terminal. */
const shown = (value: unknown): string =>
  (typeof value === 'string' ? value : JSON.stringify(value)).replace(/\p{C}/gu, '\ufffd');

function memberText(kind: Kind, { name, before, after }: Member): string {
  if (kind.secrets?.includes(name)) return `${name} set`;
  if (Array.isArray(before) && Array.isArray(after)) {
    const has = (list: unknown[], one: unknown) => list.some((other) => isDeepStrictEqual(one, other));
    const fresh = after.filter((one) => !has(before, one)).map((one) => `+ ${shown(one)}`);
    const gone = before.filter((one) => !has(after, one)).map((one) => `- ${shown(one)}`);
    if (fresh.length + gone.length > 0) return [name, ...fresh, ...gone].join(' ');
  }
  if (before === undefined) return `${name} + ${shown(after)}`;
  return after === undefined ? `${name} - ${shown(before)}` : `${name} ${shown(before)} → ${shown(after)}`;
}

/** A change as people read it: `~ client demo-web: redirect_uris + https://…`. */
export function line({ kind, action, key, members }: Change): string {
  const head = `${signs[action]} ${kind.noun} ${shown(key)}`;
  return action === 'change' ? `${head}: ${members.map((one) => memberText(kind, one)).join('; ')}` : head;
}

/** The same for programs. No values: some are secrets. */
export const summary = ({ kind, action, key, members }: Change) => ({
  ...{ action, kind: kind.name, id: key },
  ...(action === 'change' ? { members: members.map(({ name }) => name) } : {}),
});
