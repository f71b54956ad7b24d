import type { Context, Middleware } from 'koa';
import { loggedOutPage } from '../../views/signin/logout.ts';
import type { Connection } from '../federation/connection.ts';
import type { Connections } from '../federation/connections.ts';
import { wrongMethod } from '../http/edge.ts';
import { readJson } from '../http/json.ts';
import { invalid, missing, problem } from '../kernel/errors.ts';
import type { EndedThere } from '../signin/ended-there.ts';
import type { SigningOut } from '../signin/signing-out.ts';
import { show } from './answer.ts';
import { replyOf } from './federation.ts';
import type { Frames } from './languages.ts';
import { carry, follow } from './logout.ts';

interface Parts {
  frames: Frames;
  issuer: string;
  connections: Connections;
  signingOut: SigningOut;
  endedThere: EndedThere;
}

type Of<K extends Connection['kind']> = Extract<Connection, { kind: K }>;

/** One address of a connection. */
interface Place<K extends Connection['kind']> {
  kind: K;
  methods: readonly string[];
  run(parts: Parts, ctx: Context, connection: Of<K>): Promise<void>;
}

const invalidToken = problem('invalid_token', 401, () => 'Send the token as Authorization: Bearer');
const wantsToken = problem('invalid_request', 400, () => 'Send logout_token, once, as a form');

const fromOf = (ctx: Context) => ({ ip: String(ctx.state.ip), requestId: String(ctx.state.requestId) });

/** The browser comes back from a provider by OpenID Connect. */
const logout: Place<'oidc'> = {
  kind: 'oidc',
  methods: ['GET'],
  async run({ frames, signingOut }, ctx, connection) {
    follow(ctx, frames, await signingOut.back(connection, await replyOf(ctx), fromOf(ctx)));
  },
};

/** Both halves of single logout: the provider asks for one, or answers ours. */
const slo: Place<'saml'> = {
  kind: 'saml',
  methods: ['GET', 'POST'],
  async run({ frames, signingOut, endedThere }, ctx, connection) {
    const reply = await replyOf(ctx);
    const asks = reply.fields.SAMLRequest !== undefined;
    if (asks === (reply.fields.SAMLResponse !== undefined)) throw invalid('Send either SAMLRequest or SAMLResponse');
    if (!asks) return follow(ctx, frames, await signingOut.back(connection, reply, fromOf(ctx)));
    const way = await endedThere.bySaml(connection, reply, fromOf(ctx));
    if (way) carry(ctx, frames, way, connection.name);
    else show(ctx, loggedOutPage(frames(ctx)));
  },
};

/** The provider tells us itself (OpenID Connect Back-Channel Logout 1.0 §2.5). */
const backchannel: Place<'oidc'> = {
  kind: 'oidc',
  methods: ['POST'],
  async run({ endedThere }, ctx, connection) {
    const { logout_token: token } = (await replyOf(ctx)).fields;
    if (token === undefined) throw wantsToken();
    await endedThere.byLogoutToken(connection, token, fromOf(ctx));
    done(ctx, 200);
  },
};

/** Okta's Universal Logout; nobody learns that a connection without it is there. */
const universal: Place<'oidc'> = {
  kind: 'oidc',
  methods: ['POST'],
  async run({ endedThere, issuer }, ctx, connection) {
    if (!connection.universalLogout) throw missing('This connection');
    const [, token] = /^Bearer ([\w.~+/=-]+)$/i.exec(ctx.get('Authorization')) ?? [];
    if (token === undefined) throw invalidToken();
    const order = { token, endpoint: `${issuer}${ctx.path}`, body: await readJson(ctx) };
    await endedThere.byRevocation(connection, order, fromOf(ctx));
    done(ctx, 204);
  },
};

const done = (ctx: Context, status: 200 | 204): void => {
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = status === 204 ? null : '';
};

/** Asks for the method that a place has. */
function checkMethod(ctx: Context, methods: readonly string[]): void {
  if (methods.includes(ctx.method)) return;
  ctx.set('Allow', methods.join(', '));
  throw wrongMethod(ctx.method);
}

async function arrive<K extends Connection['kind']>(
  place: Place<K>,
  parts: Parts,
  ctx: Context,
  id: string,
): Promise<void> {
  checkMethod(ctx, place.methods);
  const connection = await parts.connections.get(id);
  if (connection?.kind !== place.kind) throw missing('This connection');
  await place.run(parts, ctx, connection as Of<K>);
}

/**
 * Where providers say that a session has ended, and where browsers come back from signing out there. Other origins post
 * here, and no cookie of ours counts: what is believed is signed, or was begun here under a ticket that counts once.
 */
export const federationLogout =
  (parts: Parts): Middleware =>
  async (ctx, next) => {
    const [, id = '', name] =
      /^\/federation\/([a-z0-9-]{1,50})\/(logout|slo|backchannel-logout|universal-logout)$/.exec(ctx.path) ?? [];
    switch (name) {
      case 'logout':
        return arrive(logout, parts, ctx, id);
      case 'slo':
        return arrive(slo, parts, ctx, id);
      case 'backchannel-logout':
        return arrive(backchannel, parts, ctx, id);
      case 'universal-logout':
        return arrive(universal, parts, ctx, id);
      default:
        return next();
    }
  };
