import { createHash } from 'node:crypto';
import type Koa from 'koa';
import type { z } from 'zod';
import { Problem, problem } from '../kernel/errors.ts';
import { wrongMethod } from './edge.ts';
import { readJson } from './json.ts';
import { ownOrigin } from './origin.ts';
import { fitting } from './unfit.ts';
import { isRefusal, refusal, type Watch } from './watch.ts';

/** Who calls, and what the token that was shown allows at this moment. */
export interface Caller {
  /** `user:ID` or `client:ID`, as the audit trail names it. */
  readonly actor: string;
  /** On the whole server. */
  readonly permissions: ReadonlySet<string>;
  /** Besides, within one organisation and nowhere else. */
  readonly within?: { readonly organization: string; readonly permissions: ReadonlySet<string> } | undefined;
}

/** For whom an operation is done: with `organization`, what is outside of it does not exist, and nothing is given beyond these permissions. */
export interface By {
  readonly actor: string;
  readonly permissions: ReadonlySet<string>;
  readonly organization?: string | undefined;
}

/** Finds the caller behind a bearer token; undefined when the token is no good here. */
export type Authorize = (token: string, ctx: Koa.Context) => Promise<Caller | undefined>;

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type Reply<S> = S extends z.ZodType ? z.input<S> : unknown;

/** What an operation is run with, checked. */
interface Asked<P = unknown, Q = unknown, B = unknown, V = unknown> {
  params: P;
  query: Q;
  body: B;
  actor: string;
  /** What the token that was shown allows, for what gives rights to others. */
  permissions: ReadonlySet<string>;
  /** Both of these, and for an operation with the scope `organization` the one that it has to keep to. */
  by: By;
  /** Throws `changed` when the request names another state than this one in If-Match; call it inside the change. */
  expect(current: V): void;
}

/** An operation as `resource` and `openapi` see it; `operation()` makes it. */
export interface Operation {
  /** For programs made from the OpenAPI document: `approveClient`. */
  readonly name: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** `/clients/:id/approve` */
  readonly path: string;
  /** One sentence without a full stop. */
  readonly about: string;
  readonly permission: string;
  /** Needed besides, for what shows or does more than one kind of thing. */
  readonly also?: readonly string[];
  /** `organization`: it keeps to `by.organization`, so whoever administers one organisation may ask for it too. No other does. */
  readonly scope?: 'organization';
  readonly params?: z.ZodType | undefined;
  readonly query?: z.ZodType | undefined;
  readonly body?: z.ZodType | undefined;
  /** What may leave; members that are not declared here do not. Without it the answer is 204. */
  readonly reply?: z.ZodType | undefined;
  /** The state that ETag and If-Match speak of (RFC 9110 §8.8.3, §13.1.1). */
  readonly versioned?: z.ZodType | undefined;
  readonly status?: 201;
  /** Whether it changes nothing with this body, though it is no GET: then nobody has to know before. */
  changesNothing?(body: unknown): boolean;
  /** Who hears of it; `watched` sets it. */
  readonly watch?: Watch | undefined;
  run(asked: Asked): Promise<unknown>;
}

/** Declares an operation once; types, checks, permission and documentation follow from it. */
export const operation = <
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R extends z.ZodType | undefined = undefined,
  V extends z.ZodType | undefined = undefined,
>(
  spec: Omit<Operation, 'run' | 'changesNothing' | 'watch' | 'params' | 'query' | 'body' | 'reply' | 'versioned'> & {
    params?: P;
    query?: Q;
    body?: B;
    reply?: R;
    versioned?: V;
    changesNothing?(body: Parsed<B>): boolean;
    run(asked: Asked<Parsed<P>, Parsed<Q>, Parsed<B>, Reply<V>>): Promise<Reply<R>>;
  },
): Operation => ({
  ...spec,
  changesNothing: (body) => spec.changesNothing?.(body as Parsed<B>) ?? spec.method === 'get',
  // The types of what it is run with follow from the schemas that `resource` applies before.
  run: (asked) => spec.run(asked as Parameters<typeof spec.run>[0]),
});

const noToken = problem(
  'invalid_token',
  401,
  () => 'Send an access token for urn:sallyport:admin: Authorization: Bearer …',
);
const badToken = problem(
  'invalid_token',
  401,
  () => 'The access token is unknown, expired, revoked or meant for another API; get a new one for urn:sallyport:admin',
);
const notPermitted = problem(
  'insufficient_scope',
  403,
  (permission: string) =>
    `This needs the permission ${permission}; have a role with it assigned, and ask for it as a scope`,
);
/** What is about the whole server is asked for by somebody who looks after one organisation. */
export const beyondOrganization = problem(
  'beyond_organization',
  403,
  (organization: string) =>
    `This is about the whole server, and what your token allows counts within the organization ${organization} only`,
);
/** What somebody wanted to change is not any more what they looked at. */
export const changed = problem(
  'changed',
  412,
  () => 'Somebody has changed this meanwhile; read it again, and send the change with its new ETag in If-Match',
);

const badAddress = problem(
  'missing',
  404,
  () => 'There is nothing at this address; names in it must be percent-encoded UTF-8',
);

/** Answers the operations under `base`; an address that is none of theirs goes to the next middleware. */
export function resource(base: string, operations: readonly Operation[], authorize: Authorize): Koa.Middleware {
  const routes = operations.map((one) => {
    const pattern = new RegExp(`^${base}${one.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`);
    return { one, match: (path: string) => pattern.exec(path) };
  });
  return async (ctx, next) => {
    const here = routes.filter(({ match }) => match(ctx.path));
    if (here.length === 0) return next();
    const method = ctx.method === 'HEAD' ? 'get' : ctx.method.toLowerCase();
    const route = here.find(({ one }) => one.method === method);
    if (route) return answer(route.one, ctx, decoded(route.match(ctx.path)?.groups), authorize);
    ctx.set('Allow', here.map(({ one }) => one.method.toUpperCase()).join(', '));
    throw wrongMethod(ctx.method);
  };
}

function decoded(groups: Record<string, string> | undefined): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups ?? {}).map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    throw badAddress();
  }
}

async function answer(
  one: Operation,
  ctx: Koa.Context,
  inAddress: Record<string, string>,
  authorize: Authorize,
): Promise<void> {
  const caller = await permitted(one, ctx, inAddress, authorize);
  const body = one.body && (await readJson(ctx));
  const given = { params: inAddress, query: { ...ctx.query }, body, match: ctx.get('if-match') };
  const { status, reply, etag } = await perform(one, caller, given);
  ctx.status = status;
  if (etag !== undefined) ctx.set('ETag', etag);
  if (status !== 204) ctx.body = reply;
}

/** What an operation is asked with, as it came. */
export interface Given {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  /** If-Match: the ETag of what was read before; empty, it does not matter what it was. */
  readonly match?: string;
  /** A page looks for itself, to decide what it shows: nobody asked for it, so a refusal is nobody's attempt. It hides no change. */
  readonly unasked?: true;
}

/** What came of it: 204 without a reply, and the ETag of a reply that can be changed later. */
export interface Performed {
  readonly status: number;
  readonly reply?: unknown;
  readonly etag?: string;
}

/**
 * Does one operation for this caller, whichever door it came by; a change not before it is on the trail that it was asked for.
 * Throws `insufficient_scope` without its permission, `beyond_organization` for whoever has it within an organisation only and
 * asks for more, `invalid` for what does not fit, `changed` when `match` is of another state, `unavailable` without a trail, and
 * what the operation throws.
 */
export async function perform(one: Operation, caller: Caller, given: Given): Promise<Performed> {
  const watch = given.unasked && one.method === 'get' ? undefined : one.watch;
  const by = await heard({ ...one, watch }, caller, given.params);
  const { actor, permissions } = by;
  const params = one.params && fitting(one.params, given.params ?? {});
  const query = one.query && fitting(one.query, given.query ?? {});
  const body = one.body && fitting(one.body, given.body ?? {});
  const expect = (current: unknown): void => {
    if (one.versioned) checkMatch(given.match ?? '', tag(one.versioned.parse(current)));
  };
  if (!one.changesNothing?.(body)) await watch?.asked(actor, one, given.params ?? {});
  const run = async () => one.run({ params, query, body, actor, permissions, by, expect });
  const result = await run().catch(async (error: unknown) => {
    if (isRefusal(error, by)) await watch?.refused(actor, refusal(one, error.code, given.params));
    throw error;
  });
  if (!one.reply) return { status: 204 };
  // A reply may say more than what counts as a change of state: a new secret, the last use.
  const state = one.versioned?.safeParse(result);
  const etag = state?.success ? { etag: tag(state.data) } : {};
  return { status: one.status ?? 200, reply: one.reply.parse(result), ...etag };
}

/** As what a caller does this: for the whole server, or within its organisation where the operation keeps to that. */
function standing(one: Operation, { actor, permissions, within }: Caller): By {
  const beyond = permissionsFor(one).filter((permission) => !permissions.has(permission));
  if (beyond.length === 0) return { actor, permissions };
  const lacking = beyond.find((permission) => !within?.permissions.has(permission));
  if (!within || lacking !== undefined) throw notPermitted(lacking ?? one.permission);
  const { scope } = one;
  const { organization } = within;
  if (scope !== 'organization') throw beyondOrganization(organization);
  return { actor, organization, permissions: new Set([...permissions, ...within.permissions]) };
}

/** The same; who is refused is told of. */
async function heard(one: Operation, caller: Caller, params?: Readonly<Record<string, string>>): Promise<By> {
  try {
    return standing(one, caller);
  } catch (error) {
    if (error instanceof Problem) await one.watch?.refused(caller.actor, refusal(one, error.code, params));
    throw error;
  }
}

/** Whether a caller may ask for it at all. */
export function allows(one: Operation, { permissions, within }: Caller): boolean {
  const local = one.scope === 'organization' ? within?.permissions : undefined;
  return permissionsFor(one).every((permission) => permissions.has(permission) || local?.has(permission) === true);
}

/** All that must be held for an operation. */
export const permissionsFor = ({ permission, also = [] }: Operation): readonly string[] => [permission, ...also];

/** The caller, if it may do this (RFC 6750 §3). */
async function permitted(
  one: Operation,
  ctx: Koa.Context,
  params: Readonly<Record<string, string>>,
  authorize: Authorize,
): Promise<Caller> {
  const scope = permissionsFor(one).join(' ');
  const [, token] = /^bearer +([\w.~+/-]+=*) *$/i.exec(ctx.get('authorization')) ?? [];
  const challenge = (...members: string[]): void =>
    ctx.set('WWW-Authenticate', [`Bearer realm="${ownOrigin(ctx)}"`, ...members].join(', '));
  if (token === undefined) {
    challenge(`scope="${scope}"`);
    throw noToken();
  }
  const caller = await authorize(token, ctx);
  if (!caller) {
    challenge('error="invalid_token"');
    throw badToken();
  }
  if (!allows(one, caller)) challenge('error="insufficient_scope"', `scope="${scope}"`);
  await heard(one, caller, params);
  return caller;
}

/** A strong validator of what the caller sees. */
const tag = (state: unknown): string =>
  `"${createHash('sha256').update(JSON.stringify(state)).digest('base64url').slice(0, 22)}"`;

function checkMatch(header: string, current: string): void {
  if (header === '' || header.trim() === '*') return;
  if (!header.split(',').some((one) => one.trim() === current)) throw changed();
}
