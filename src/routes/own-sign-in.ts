import type { Context } from 'koa';
import { given } from '../http/given.ts';
import { randomToken, same, type Vault } from '../kernel/crypto.ts';
import type { Said } from './account-page.ts';
import { goOn } from './answer.ts';

/** Pages of this server that sign people in as an application does. */
export interface Area {
  root: '/account' | '/admin';
  /** The id of the client that they are. */
  client: string;
  /** Where somebody goes who asked for no page. */
  first: string;
}

/** What a page needs: a session, or one of a sign-in that was not long ago. */
export type Needs = 'session' | 'fresh';

/** What a browser carries while it signs in for a page. */
interface Errand {
  state: string;
  /** Where it goes then: an address of ours that was asked for, with its query. */
  path: string;
  needs: Needs;
}

/** What the next page of this person has to know. */
export interface Note {
  account: string;
  said?: Said;
  /** What was typed on a page, by its path. */
  typed?: { path: string; fields: Record<string, string> };
}

/** For whom this person administers in this browser. It is a wish: what they hold is looked at with each request. */
export interface Place {
  account: string;
  /** The id of an organization; empty for the whole server. */
  organization: string;
}

/** All that is carried, by its name. */
interface Memories {
  return: Errand;
  note: Note;
  place: Place;
}
type Memory = keyof Memories;

const minute = 60 * 1000;
/** A sign-in does not usually take longer; a place is chosen for a day's work. */
const lives: Record<Memory, number> = { return: 30 * minute, note: 30 * minute, place: 24 * 60 * minute };
const longestPath = 1500;

/** The short memory of a browser: sealed, so that nobody can write it, and nothing that was typed can be read in it. */
export class Carried {
  readonly #vault: Vault;
  /** `account` or `admin`: what one of them carries, the other one does not see. */
  readonly #name: string;
  constructor(vault: Vault, { root }: Area) {
    this.#vault = vault;
    this.#name = root.slice(1);
  }

  keep<M extends Memory>(ctx: Context, what: M, value: Memories[M]): void {
    const maxAge = lives[what];
    const sealed = this.#vault.seal(JSON.stringify({ ...value, until: Date.now() + maxAge }), `${this.#name} ${what}`);
    ctx.cookies.set(this.#cookie(ctx, what), sealed, { ...settings(ctx), maxAge });
  }

  errand(ctx: Context): Errand | undefined {
    return this.#read(ctx, 'return');
  }

  note(ctx: Context): Note | undefined {
    return this.#read(ctx, 'note');
  }

  place(ctx: Context): Place | undefined {
    return this.#read(ctx, 'place');
  }

  forget(ctx: Context, what: Memory): void {
    if (ctx.cookies.get(this.#cookie(ctx, what), { signed: false }) === undefined) return;
    ctx.cookies.set(this.#cookie(ctx, what), null, settings(ctx));
  }

  #read<M extends Memory>(ctx: Context, what: M): Memories[M] | undefined {
    const sealed = ctx.cookies.get(this.#cookie(ctx, what), { signed: false });
    if (sealed === undefined) return undefined;
    try {
      const value = JSON.parse(this.#vault.open(sealed, `${this.#name} ${what}`)) as Memories[M] & { until: number };
      return value.until > Date.now() ? value : undefined;
    } catch {
      return undefined;
    }
  }

  #cookie(ctx: Context, what: Memory): string {
    return `${ctx.secure ? '__Host-' : ''}${this.#name}-${what}`;
  }
}

const settings = (ctx: Context) =>
  ({ path: '/', httpOnly: true, sameSite: 'lax', secure: ctx.secure, signed: false }) as const;

/** How the person is to sign in: who it was, how well, and in which language. */
interface Wish {
  needs: Needs;
  loginHint?: string | undefined;
  acr?: string | undefined;
  maxAge?: number | undefined;
  language: string;
  /** The connection to go through, for one that is to be connected. */
  connection?: string | undefined;
  /** Where the browser goes then, instead of to the page that it asked for. */
  path?: string;
}

/** How pages send a browser to sign in. */
interface Gate {
  area: Area;
  issuer: string;
  carried: Carried;
}

/**
 * Sends the browser to sign in as for any application, to come back to the page that it asked for. The code that comes back
 * is never redeemed, and cannot be: the session in this browser is all that these pages need, a code would say nothing more,
 * and nobody knows the verifier of a challenge that was drawn at random.
 */
export function toSignIn(ctx: Context, { area, issuer, carried }: Gate, wish: Wish): void {
  const state = randomToken(16);
  const { needs, loginHint, acr, maxAge, language, connection, path = pathOf(ctx) } = wish;
  carried.keep(ctx, 'return', { state, path, needs });
  const parameters = given({
    ...{ client_id: area.client, redirect_uri: `${issuer}${area.root}/return`, response_type: 'code', scope: 'openid' },
    ...{ state, code_challenge: randomToken(), code_challenge_method: 'S256', ui_locales: language },
    login_hint: loginHint,
    acr_values: acr,
    max_age: maxAge === undefined ? undefined : String(maxAge),
    ...(connection === undefined ? {} : { idp_hint: connection, prompt: 'login' }),
  });
  goOn(ctx, `/oauth2/authorize?${new URLSearchParams(parameters)}`);
}

const pathOf = (ctx: Context): string => (ctx.url.length > longestPath ? ctx.path : ctx.url);

/** The page that this browser signed in for, when this is the answer to its own request; counts once. */
export function cameBack(ctx: Context, carried: Carried): Errand | undefined {
  const errand = carried.errand(ctx);
  carried.forget(ctx, 'return');
  const { state } = ctx.query;
  return errand && typeof state === 'string' && same(state, errand.state) ? errand : undefined;
}
