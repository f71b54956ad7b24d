import type { Middleware } from 'koa';
import { formPostPage } from '../../views/signin/form-post.ts';
import { given } from '../http/given.ts';
import { pageHeaders } from '../http/headers.ts';
import { show } from './answer.ts';
import type { Frames } from './languages.ts';

const theirPage = '<title>Submitting Callback</title>';

/**
 * Where the library answers with a form that an inline script sends (`response_mode=form_post`, and on the way through
 * a logout), its form stands on our card, and a script of ours sends it: so the policy of our pages allows no inline
 * script at all. Should a later library write that page otherwise, its own page is shown, which works too.
 */
export const formPost =
  (frames: Frames): Middleware =>
  async (ctx, next) => {
    await next();
    const { body } = ctx;
    if (!/^\/(?:oauth2\/|device$)/.test(ctx.path) || typeof body !== 'string' || !body.includes(theirPage)) return;
    const [form] = /<form method="post"[\s\S]*?(?=<noscript>)/.exec(body) ?? [];
    if (form === undefined) return;
    pageHeaders(ctx.res);
    show(ctx, formPostPage(frames(ctx), given({ form, client: ctx.oidc?.client?.clientName })), ctx.status);
  };
