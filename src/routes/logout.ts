import type { Context, Middleware } from 'koa';
import { halfSignedOutPage, loggedOutPage, logoutPage, stayPage } from '../../views/signin/logout.ts';
import { wayPage } from '../../views/signin/way.ts';
import type { Trail } from '../audit/trail.ts';
import { calledAs, type Users } from '../directory/users.ts';
import type { LogoutWay } from '../federation/sign-out.ts';
import { field, handOn, readForm } from '../http/form.ts';
import { given } from '../http/given.ts';
import type { Onwards, SigningOut } from '../signin/signing-out.ts';
import { goOn, show } from './answer.ts';
import type { Frames } from './languages.ts';

/** The library's pages around RP-initiated logout, on our card. */
export const logoutPages = (frames: Frames, users: Users) => ({
  enabled: true,
  async logoutSource(ctx: Context, form: string): Promise<void> {
    const user = await users.get(ctx.oidc.session.accountId);
    const about = { form, client: ctx.oidc.client?.clientName, account: user && calledAs(user) };
    show(ctx, logoutPage(frames(ctx), given(about)));
  },
  postLogoutSuccessSource(ctx: Context): void {
    show(ctx, loggedOutPage(frames(ctx)));
  },
});

interface Parts {
  frames: Frames;
  trail: Trail;
  signingOut: SigningOut;
}

/**
 * What the person decided on that page. Our field says `logout` or `stay`, the library's `logout=yes` or nothing; and to
 * stay means here that nothing changes at all, while the library would end what the asking client holds. A session that came
 * through a provider ends there too, before the browser goes on to where the library sends it.
 */
export const logoutDecision =
  ({ frames, trail, signingOut }: Parts): Middleware =>
  async (ctx, next) => {
    if (ctx.method !== 'POST' || ctx.path !== '/oauth2/logout/confirm') return next();
    const form = await readForm(ctx);
    const decision = field(form, 'decision');
    if (decision === 'stay') return show(ctx, stayPage(frames(ctx)));
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
    if (upstream) follow(ctx, frames, await signingOut.onwards(upstream, ctx.response.get('Location'), from));
    return undefined;
  };

/** Sends the browser on after a sign-out: to the provider, or to where it was to go. */
export function follow(ctx: Context, frames: Frames, { connection, way, unsure, goOn: url }: Onwards): void {
  const name = connection?.name ?? '';
  if (way) carry(ctx, frames, way, name);
  else if (unsure) {
    ctx.remove('Location');
    show(ctx, halfSignedOutPage(frames(ctx), { name, goOn: url }));
  } else goOn(ctx, url);
}

/** Sends the browser to a provider with a logout message. */
export function carry(ctx: Context, frames: Frames, way: LogoutWay, name: string): void {
  ctx.remove('Location');
  if (way.by === 'redirect') goOn(ctx, way.url);
  else show(ctx, wayPage(frames(ctx), { url: way.url, fields: way.fields, name }));
}
