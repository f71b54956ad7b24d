import type { Context, Middleware } from 'koa';
import { deviceCodePage, deviceConfirmPage, deviceDeniedPage, deviceDonePage } from '../../views/signin/device.ts';
import type { Key } from '../../views/words.ts';
import type { Trail } from '../audit/trail.ts';
import type { Attempts } from '../factors/attempts.ts';
import { field, handOn, readForm } from '../http/form.ts';
import { tooManyFailures } from '../http/limits.ts';
import type { ProblemPage } from '../http/problems.ts';
import { devicePage } from '../protocol/device-codes.ts';
import { show } from './answer.ts';
import type { Frames } from './languages.ts';
import { errorPages } from './pages.ts';
import { refuseForeign } from './sent-form.ts';

/** What the library calls the reasons for which it shows the page again. */
const reasons: Readonly<Record<string, Key>> = {
  NotFoundError: 'device.unknown',
  ExpiredError: 'device.expired',
  AlreadyUsedError: 'device.used',
  NoCodeError: 'device.no-code',
};

/** The fields of the library's own form, with its protection against forged ones. */
const hiddenIn = (form: string): string => (form.match(/<input type="hidden"[^>]*>/g) ?? []).join('\n');

interface Named {
  clientId: string;
  clientName?: string | undefined;
}

interface Asking {
  ip?: unknown;
}

/** The library's pages for people with a device that cannot show a sign-in itself (RFC 8628 §3.3), on our card. */
export const devicePages = (frames: Frames, problemPage: ProblemPage) => ({
  enabled: true,
  charset: 'base-20' as const,
  mask: '****-****',
  deviceInfo: (ctx: Context) => ({ ip: ctx.state.ip }),
  async userCodeInputSource(ctx: Context, form: string, out?: { error: string }, error?: Error): Promise<void> {
    const frame = frames(ctx);
    ctx.state.unknownCode = error?.name === 'NotFoundError';
    if (error?.name === 'AbortedError') return show(ctx, deviceDeniedPage(frame));
    const reason = error && reasons[error.name];
    if (error && out && !reason) return errorPages(problemPage)(ctx, out, error);
    const view = { action: devicePage, hidden: hiddenIn(form), error: reason && frame.say(reason) };
    return show(ctx, deviceCodePage(frame, view), reason ? 400 : 200);
  },
  async userCodeConfirmSource(
    ctx: Context,
    form: string,
    ...[client, { ip }, code]: [client: Named, device: Asking, code: string]
  ): Promise<void> {
    const about = { client: client.clientName ?? client.clientId, code, ip: typeof ip === 'string' ? ip : undefined };
    show(ctx, deviceConfirmPage(frames(ctx), { action: devicePage, hidden: hiddenIn(form), ...about }));
  },
  async successSource(ctx: Context): Promise<void> {
    const { clientId = '', clientName = clientId } = ctx.oidc.client ?? {};
    show(ctx, deviceDonePage(frames(ctx), clientName));
  },
});

interface Parts {
  attempts: Attempts;
  trail: Trail;
}

/**
 * What was typed or decided on those pages. Codes are few enough to be guessed by whoever may try for ever, so wrong ones
 * slow down the address they come from (RFC 8628 §5.1). Our field says `allow` or `deny`, the library's `confirm` or `abort`.
 */
export const deviceDecision =
  ({ attempts, trail }: Parts): Middleware =>
  async (ctx, next) => {
    if (ctx.method !== 'POST' || ctx.path !== devicePage) return next();
    refuseForeign(ctx);
    const sent = await readForm(ctx);
    const { decision: _ours, confirm: _theirs, abort: _too, ...form } = sent;
    const decision = field(sent, 'decision');
    handOn(ctx, {
      ...form,
      ...(decision === 'allow' ? { confirm: 'yes' } : {}),
      ...(decision === 'deny' ? { abort: 'yes' } : {}),
    });
    const { ip, requestId } = ctx.state;
    const guesser = `device code from ${ip}`;
    const allowance = await attempts.allowed(guesser, ip);
    if (!allowance.ok) throw tooManyFailures(allowance.retryAfter);
    await next();
    if (ctx.state.unknownCode) return attempts.failed(guesser, ip);
    if (decision !== 'deny') return undefined;
    const client = ctx.oidc?.entities.DeviceCode?.clientId;
    const account = ctx.oidc?.session?.accountId;
    await trail.record({
      type: 'consent.denied',
      actor: account ? `user:${account}` : 'anonymous',
      ...(client === undefined ? {} : { target: `client:${client}` }),
      ...{ ip, requestId, detail: { client } },
    });
    return undefined;
  };
