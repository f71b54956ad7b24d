import type { Context } from 'koa';
import type { Html } from '../kernel/html.ts';

/** Answers with a page. */
export function show(ctx: Context, page: Html, status = 200): void {
  ctx.status = status;
  ctx.type = 'html';
  ctx.body = page.toString();
}

/** Sends the browser on with 303, so that it never repeats a form, least of all a password, elsewhere (RFC 9700 §4.12). */
export function goOn(ctx: Context, url: string): void {
  ctx.status = 303;
  ctx.set('Location', url);
  ctx.body = '';
}
