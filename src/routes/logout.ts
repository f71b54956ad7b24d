import type { Context, Middleware } from 'koa';
import type { Frame } from '../../views/layout.ts';
import { halfSignedOutPage, loggedOutPage, logoutPage, stayPage } from '../../views/signin/logout.ts';
import { wayPage } from '../../views/signin/way.ts';
import type { Trail } from '../audit/trail.ts';
import { calledAs, type Users } from '../directory/users.ts';
import type { LogoutWay } from '../federation/sign-out.ts';
import { field, handOn, readForm } from '../http/form.ts';
import { given } from '../http/given.ts';
import type { Onwards, SigningOut } from '../signin/signing-out.ts';
import { goOn, show } from './answer.ts';

/** The library's pages around RP-initiated logout, on our card. */
export const logoutPages = (frame: Frame, users: Users) => ({
  enabled: true,
  async logoutSource(ctx: Context, form: string): Promise<void> {
    const user = await users.get(ctx.oidc.session.accountId);
    show(ctx, logoutPage(frame, given({ form, client: ctx.oidc.client?.clientName, account: user && calledAs(user) })));
  },
  postLogoutSuccessSource(ctx: Context): void {
    show(ctx, loggedOutPage(frame));
  },
});

interface Parts {
  frame: Frame;
  trail: Trail;
  signingOut: SigningOut;
}

/**
 * What the person decided on that page. Our field says `logout` or `stay`, the library's `logout=yes` or nothing; and to
 * stay means here that nothing changes at all, while the library would end what the asking client holds. A session that came
 * through a provider ends there too, before the browser goes on to where the library sends it.
 */
export const logoutDecision =
  ({ frame, trail, signingOut }: Parts): Middleware =>
  async (ctx, next) => {
    if (ctx.method !== 'POST' || ctx.path !== '/oauth2/logout/confirm') return next();
    const form = await readForm(ctx);
    const decision = field(form, 'decision');
    if (decision === 'stay') return show(ctx, stayPage(frame));
    const { decision: _ours, ...theirs } = form;
    handOn(ctx, decision === 'logout' ? { ...theirs, logout: 'yes' } : theirs);
    await next();
    const { accountId, uid, destroyed }: { accountId?: unknown; uid?: unknown; destroyed?: unknown } =
      ctx.oidc?.session ?? {};
    if (ctx.status !== 303 || typeof accountId !== 'string') return undefined;
    const from = { ip: ctx.state.ip, requestId: ctx.state.requestId };
    const upstream = destroyed === true ? await signingOut.upstreamOf(String(uid)) : undefined;
    const actor = `user:${accountId}`;
    const detail = { reason: 'logout', client: ctx.oidc.client?.clientId, connection: upstream?.connection };
    await trail.record({ type: 'session.ended', actor, target: actor, ...from, detail });
    if (upstream) follow(ctx, frame, await signingOut.onwards(upstream, ctx.response.get('Location'), from));
    return undefined;
  };

/** Sends the browser on after a sign-out: to the provider, or to where it was to go. */
export function follow(ctx: Context, frame: Frame, { connection, way, unsure, goOn: url }: Onwards): void {
  const name = connection?.name ?? '';
  if (way) carry(ctx, frame, way, name);
  else if (unsure) {
    ctx.remove('Location');
    show(ctx, halfSignedOutPage(frame, { name, goOn: url }));
  } else goOn(ctx, url);
}

/** Sends the browser to a provider with a logout message. */
export function carry(ctx: Context, frame: Frame, way: LogoutWay, name: string): void {
  ctx.remove('Location');
  if (way.by === 'redirect') goOn(ctx, way.url);
  else show(ctx, wayPage(frame, { url: way.url, fields: way.fields, name }));
}
