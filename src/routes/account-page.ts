import type { Context } from 'koa';
import type { Room } from '../../views/account/frame.ts';
import type { Frame } from '../../views/layout.ts';
import type { Key } from '../../views/words.ts';
import type { User } from '../directory/users.ts';
import type { Seen } from '../factors/factor.ts';
import type { Html } from '../kernel/html.ts';
import type { BrowserSession } from '../protocol/browser-session.ts';

/** Somebody who is signed in, on a page of their account. */
export interface Visit {
  ctx: Context;
  frame: Frame;
  session: BrowserSession;
  user: User;
  /** For the audit trail and the counters. */
  seen: Seen;
  /** What was typed into the form of this page before a sign-in came between (`keeps`). */
  typed: ReadonlyMap<string, string>;
}

/** What was done, to say on the page that comes next. */
export interface Said {
  key: Key;
  values?: Readonly<Record<string, string>>;
}

/** A page in the frame of the account; `wrong` when the form on it was not taken (status 400). */
export interface Shown {
  title: Html;
  /** Begins with the one heading. */
  content: Html;
  wrong?: boolean;
  status?: number;
}

/** What comes of a form: a page, another page of ours with what was done, a page of its own, or a file to keep. */
export type Reply = Shown | { goOn: string; said?: Said } | { alone: Html } | { file: string; json: string };

/** One page of the account: where it is, what it needs, what it shows and does. */
export interface AccountPage {
  path: string;
  /** The entry of the list that is marked. */
  room: Room;
  /**
   * `fresh`: a sign-in of the last five minutes, at the highest level that the person has. It is asked for before the page is
   * shown and again when its form comes.
   */
  needs: 'session' | 'fresh';
  /** Fields of its form that are shown again when the sign-in has become too old meanwhile; never a secret. */
  keeps?: readonly string[];
  /** `connect`: a sign-in through this connection, to come to `goOn` then; `acr`: one of this level. */
  get(visit: Visit): Promise<Shown | { goOn: string; connect?: string; acr?: '2fa' }>;
  post?(visit: Visit, form: ReadonlyMap<string, string>): Promise<Reply>;
}

/** Declares a page of the account; whoever writes one touches nothing but its own person's things. */
export const accountPage = (page: AccountPage): AccountPage => page;
