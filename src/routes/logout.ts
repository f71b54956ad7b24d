import type { Context, Middleware } from 'koa';
import type { Frame } from '../../views/layout.ts';
import { loggedOutPage, logoutPage, stayPage } from '../../views/signin/logout.ts';
import type { Trail } from '../audit/trail.ts';
import { calledAs, type Users } from '../directory/users.ts';
import { field, handOn, readForm } from '../http/form.ts';
import { given } from '../http/given.ts';
import { show } from './answer.ts';

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

/**
 * What the person decided on that page. Our field says `logout` or `stay`, the library's `logout=yes` or nothing; and to
 * stay means here that nothing changes at all, while the library would end what the asking client holds.
 */
export const logoutDecision =
  (frame: Frame, trail: Trail): Middleware =>
  async (ctx, next) => {
    if (ctx.method !== 'POST' || ctx.path !== '/oauth2/logout/confirm') return next();
    const form = await readForm(ctx);
    const decision = field(form, 'decision');
    if (decision === 'stay') return show(ctx, stayPage(frame));
    const { decision: _ours, ...theirs } = form;
    handOn(ctx, decision === 'logout' ? { ...theirs, logout: 'yes' } : theirs);
    await next();
    const account: unknown = ctx.oidc?.session?.accountId;
    if (ctx.status !== 303 || typeof account !== 'string') return undefined;
    await trail.record({
      type: 'session.ended',
      actor: `user:${account}`,
      target: `user:${account}`,
      ip: ctx.state.ip,
      requestId: ctx.state.requestId,
      detail: { reason: 'logout', client: ctx.oidc.client?.clientId },
    });
    return undefined;
  };
