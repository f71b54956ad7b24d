import type { Context } from 'koa';
import type { z } from 'zod';
import type { Room } from '../../views/admin/frame.ts';
import type { Frame } from '../../views/layout.ts';
import type { User } from '../directory/users.ts';
import type { Calls } from '../http/calls.ts';
import type { Caller, Given } from '../http/resource.ts';
import { fitting } from '../http/unfit.ts';
import { Problem } from '../kernel/errors.ts';
import type { Html } from '../kernel/html.ts';
import type { Said } from './account-page.ts';

/** As what somebody administers: the whole server, or one organization. */
export interface Standing {
  caller: Caller;
  organization?: { id: string; name: string };
}

interface Known {
  ctx: Context;
  frame: Frame;
  caller: Caller;
  calls: Calls;
  /** What stands in the address for `:id` and its like. */
  params: Readonly<Record<string, string>>;
  /** What was typed into the form of this page and was not taken, or before a sign-in came between. */
  typed: ReadonlyMap<string, string>;
  problem?: Problem | undefined;
}

/** Somebody on a page of administration, who need not be signed in. What is read and done goes through the operations of the admin API, as this caller. */
export class PageVisit {
  readonly ctx: Context;
  readonly frame: Frame;
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly typed: ReadonlyMap<string, string>;
  /** Why the form of this page was not taken just now. */
  readonly problem: Problem | undefined;
  readonly #known: Known;

  constructor(known: Known) {
    const { ctx, frame, caller, params, typed, problem } = known;
    this.#known = known;
    this.ctx = ctx;
    this.frame = frame;
    this.caller = caller;
    this.params = params;
    this.typed = typed;
    this.problem = problem;
  }

  /** Whether this person may do it, so that no button is shown that would be refused. */
  may(operation: string): boolean {
    return this.#known.calls.may(this.caller, operation);
  }

  /** Does an operation and answers what came of it, by the schema of its reply, with its ETag. Throws as `perform` does. */
  async run<S extends z.ZodType>(
    operation: string,
    schema: S,
    given?: Given,
  ): Promise<{ reply: z.output<S>; etag: string }> {
    const { reply, etag = '' } = await this.#known.calls.run(this.caller, operation, given);
    return { reply: fitting(schema, reply), etag };
  }

  /** The same where only the reply matters. */
  async read<S extends z.ZodType>(operation: string, schema: S, given?: Given): Promise<z.output<S>> {
    return (await this.run(operation, schema, given)).reply;
  }

  /**
   * What a page looks up for itself, to decide what it shows; undefined for what is not there, or not this person's to know. Nobody
   * asked for it, so it is not on the trail as refused.
   */
  async glimpse<S extends z.ZodType>(
    operation: string,
    schema: S,
    params: Readonly<Record<string, string>>,
  ): Promise<z.output<S> | undefined> {
    try {
      return await this.read(operation, schema, { params, unasked: true });
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      return undefined;
    }
  }

  /** The same where nothing of the reply matters. */
  async do(operation: string, given?: Given): Promise<void> {
    await this.#known.calls.run(this.caller, operation, given);
  }

  /** The page again, with what was typed and, if it was not taken, why. */
  again(typed: ReadonlyMap<string, string>, problem?: Problem): PageVisit {
    return new PageVisit({ ...this.#known, typed, problem });
  }
}

type KnownPerson = Omit<Known, 'caller'> & {
  user: User;
  /** As what they act here, and all that they could choose. */
  standing: Standing;
  standings: readonly Standing[];
};

/** An administrator who is signed in, on a page of the console. */
export class ConsoleVisit extends PageVisit {
  readonly user: User;
  readonly standing: Standing;
  readonly standings: readonly Standing[];
  readonly #known: KnownPerson;

  constructor(known: KnownPerson) {
    super({ ...known, caller: known.standing.caller });
    this.#known = known;
    this.user = known.user;
    this.standing = known.standing;
    this.standings = known.standings;
  }

  override again(typed: ReadonlyMap<string, string>, problem?: Problem): ConsoleVisit {
    return new ConsoleVisit({ ...this.#known, typed, problem });
  }
}

/** A page in the frame of the console, below its heading. */
export interface ConsoleShown {
  title: Html;
  /** Begins with the one heading. */
  content: Html;
  status?: number;
}

/**
 * What comes of a form: another page of the console with what was done (and the organization to act for from now on, empty
 * for the whole server), a page, or a file to keep.
 */
export type ConsoleReply = ConsoleShown | { goOn: string; said?: Said; actFor?: string } | ConsoleFile;

/** A file to keep: JSON, or any other text. */
export type ConsoleFile = { file: string; json: string } | { file: string; text: string };

/** Sends a file to be kept. */
export function sendFile(ctx: Context, it: ConsoleFile): void {
  ctx.type = 'json' in it ? 'application/json' : 'text/plain';
  ctx.attachment(it.file);
  ctx.body = 'json' in it ? it.json : it.text;
}

/** One page of the console: where it is, who may open it, what it shows and does. With `PageVisit` it takes those too who are not signed in. */
export interface ConsolePage<V extends PageVisit = ConsoleVisit> {
  /** `/admin/applications/:id` */
  path: string;
  /** The entry of the rail that is marked; the page at its path is the one that the entry leads to. */
  room: Room;
  /** The operation that this page shows or does, or several of which one is enough: whoever may call none is refused. Without one, it is open to all who administer. */
  calls?: string | readonly string[];
  /** Whether the rail lists it for this person; without it, whoever may open it has it there. */
  listed?(visit: V): boolean;
  /** It needs a sign-in of the last fifteen minutes: asked for before the page is shown, and again when its form comes. */
  fresh?: true;
  /** It is the same for whomever somebody acts, so its form may be sent for another than it was made for. */
  forAll?: true;
  /** Fields that are shown again when such a sign-in came between; never a secret. */
  keeps?: readonly string[];
  /** The form with a few of those fields in place of many, which a cookie would not hold. */
  condense?(form: ReadonlyMap<string, string>): ReadonlyMap<string, string>;
  get(visit: V): Promise<ConsoleShown | { goOn: string } | ConsoleFile>;
  /** What it throws is told on the page that `get` then shows, with what was typed. */
  post?(visit: V, form: ReadonlyMap<string, string>): Promise<ConsoleReply>;
}

/** Whether somebody may open a page; `may`: whether they may call an operation. */
export const mayOpen = ({ calls }: Pick<ConsolePage, 'calls'>, may: (operation: string) => boolean): boolean =>
  calls === undefined || [calls].flat().some(may);

/** Declares a page of the console. */
export const consolePage = <V extends PageVisit = ConsoleVisit>(page: ConsolePage<V>): ConsolePage<V> => page;

/** An address of the console; names in it are encoded. */
export const consoleAt = (...names: readonly string[]): string =>
  ['/admin', ...names.map((name) => encodeURIComponent(name))].join('/');

/** What of a form an operation is sent: fields of it that are not empty, without blanks around them. */
export function filled(form: ReadonlyMap<string, string>, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => [name, form.get(name)?.trim() ?? ''] as const).filter(([, value]) => value !== ''),
  );
}

/** A list that was typed one to a line. */
export const lines = (form: ReadonlyMap<string, string>, name: string): string[] =>
  (form.get(name) ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** The state that a form was made of, as If-Match names it. */
export const matchOf = (form: ReadonlyMap<string, string>): string => form.get('etag') ?? '';
