import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { Problem, problem } from '../../kernel/errors.ts';
import type { Desk } from '../desk.ts';
import { type Address, type Doc, type Found, type Kind, type Made, textOf, textsOf } from './kind.ts';
import { type Change, line } from './plan.ts';

const reply = z.record(z.string(), z.unknown());

const changed = problem(
  'changed',
  412,
  () => 'somebody has changed it since it was looked at; look at the difference again',
);

/** What was looked at is still so: answers its ETag, which the change then names. Throws `changed`. */
async function unchanged(
  desk: Desk,
  { kind, only }: Change,
  { address, document }: Found,
): Promise<string | undefined> {
  const { get } = kind.operations;
  if (get === undefined) return undefined;
  const { reply: now, etag } = await desk.read(get, { params: address });
  const compared = ([name, value]: [string, unknown]) =>
    value !== undefined && !kind.secrets?.includes(name) && (only?.includes(name) ?? true);
  const open = (one: Doc) => Object.fromEntries(Object.entries(one).filter(compared));
  if (!isDeepStrictEqual(open(kind.document(reply.parse(now))), open(document))) throw changed();
  return etag;
}

const given = (params: Address, match: string | undefined) => ({ params, ...(match === undefined ? {} : { match }) });

const madeOf = (kind: Kind, wanted: Doc): Made => kind.made?.(wanted) ?? { body: wanted };

async function add(desk: Desk, { kind, members }: Change, wanted: Doc): Promise<string | undefined> {
  const { at, body, later = [] } = madeOf(kind, wanted);
  const made = await desk.call(kind.operations.add, reply, { ...(at ? { params: at } : {}), body });
  for (const one of members) {
    if (later.includes(one.name)) await kind.deeds?.[one.name]?.(desk, { id: textOf(made.id) }, one);
  }
  return kind.hint?.(wanted, made);
}

/** The members that have operations of their own come after the others; each change names the state that the one before made. */
async function change(desk: Desk, one: Change, found: Found): Promise<void> {
  const { kind, members, wanted = {} } = one;
  let match = await unchanged(desk, one, found);
  const own = members.filter(({ name }) => kind.deeds?.[name] !== undefined);
  const rest = members.filter((one) => !own.includes(one));
  const { change: name, add: again } = kind.operations;
  if (name === undefined) {
    const { at, body } = madeOf(kind, wanted);
    await desk.tell(again, { ...(at ? { params: at } : {}), body });
  } else if (rest.length > 0) {
    const body = Object.fromEntries(rest.map(({ name: member, after }) => [member, after ?? null]));
    match = (await desk.read(name, { ...given(found.address, match), body })).etag;
  }
  for (const member of own) match = await kind.deeds?.[member.name]?.(desk, found.address, member, match);
}

async function remove(desk: Desk, one: Change, found: Found): Promise<void> {
  const { kind } = one;
  const match = await unchanged(desk, one, found);
  if (kind.operations.remove) await desk.tell(kind.operations.remove, given(found.address, match));
}

/** Does one change, and answers what is left to do by hand. */
async function done(desk: Desk, one: Change): Promise<string | undefined> {
  const { action, wanted = {}, found } = one;
  if (action === 'add' || !found) return add(desk, one, wanted);
  await (action === 'change' ? change(desk, one, found) : remove(desk, one, found));
  return undefined;
}

/** Roles may still have the permissions that an API is to lose: it keeps them until the roles have changed. */
function parted(changes: readonly Change[]): Step[] {
  return changes.flatMap((one): Step[] => {
    const at = one.kind.name === 'apis' ? one.members.findIndex(({ name }) => name === 'permissions') : -1;
    const narrow = one.action === 'change' ? one.members[at] : undefined;
    if (!narrow) return [{ one, told: true, late: one.action === 'remove' }];
    const [before, after] = [textsOf(narrow.before), textsOf(narrow.after)];
    const both = [...after, ...before.filter((name) => !after.includes(name))];
    if (both.length === after.length) return [{ one, told: true, late: false }];
    const wide = one.members.with(at, { ...narrow, after: both });
    const found = one.found && { ...one.found, document: { permissions: both } };
    const last = { ...one, members: [{ name: 'permissions', before: both, after }], found, only: ['permissions'] };
    return [
      { one: { ...one, members: wide }, told: false, late: false },
      { one: last, told: true, late: true, shown: one },
    ];
  });
}

interface Step {
  one: Change;
  /** With it the change is done as people see it. */
  told: boolean;
  late: boolean;
  shown?: Change;
}

/** What became of a change. */
export interface Done {
  readonly change: Change;
  /** What is left to do by hand. */
  readonly hint?: string | undefined;
}

/**
 * Does all of it: what others rest on first, what is removed last and in reverse. `tell` hears of each as it is done. Throws,
 * with the resource that failed, what it failed with.
 */
export async function doAll(desk: Desk, changes: readonly Change[], tell: (done: Done) => void): Promise<void> {
  const steps = parted(changes);
  const gone = steps.filter(({ one }) => one.action === 'remove').reverse();
  const narrowed = steps.filter(({ one, late }) => late && one.action !== 'remove');
  let count = 0;
  for (const { one, told, shown = one } of [...steps.filter(({ late }) => !late), ...narrowed, ...gone]) {
    try {
      const hint = await done(desk, one);
      if (told) tell({ change: shown, hint });
      if (told) count += 1;
    } catch (error) {
      throw error instanceof Problem ? failed(error, shown, count, changes.length) : error;
    }
  }
}

function failed(error: Problem, one: Change, count: number, all: number): Problem {
  const why = error.message.replace(/\.$/, '');
  const sentence = `${line(one)}: ${why}. ${count} of ${all} changes were done before; correct this and apply again, which goes on from there`;
  return new Problem({ code: error.code, status: error.status, sentence, cause: error });
}
