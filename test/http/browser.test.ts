import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type Koa from 'koa';
import Provider from 'oidc-provider';
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { ownOrigin, sameOrigin } from '../../src/http/origin.ts';
import { renderError } from '../../src/http/problems.ts';
import { html } from '../../src/kernel/html.ts';
import { chromiumPath } from '../support/chromium.ts';
import { edge, page as problemPage } from './edge.ts';

/** A client on another origin: shows what it was sent, and frames whatever /frame?URL names. */
const client = createServer(async (incoming, outgoing) => {
  const body = Buffer.concat(await incoming.toArray()).toString();
  const { pathname, search } = new URL(incoming.url ?? '', 'http://client');
  outgoing.setHeader('content-type', 'text/html');
  const shown = pathname === '/frame' ? `<iframe src="${decodeURIComponent(search.slice(1))}"></iframe>` : '';
  outgoing.end(
    `<h1>${incoming.method} ${new URLSearchParams(body || search).has('code') ? 'code' : 'nothing'}</h1>${shown}`,
  );
}).listen(0, '127.0.0.1');
await once(client, 'listening');
const clientOrigin = `http://127.0.0.1:${(client.address() as AddressInfo).port}`;

const uidPath = /^\/signin\/([\w-]+)$/;
let forgedForms = 0;

/** One page with one form, and the way on through the library to the client. */
const signin =
  (library: Provider): Koa.Middleware =>
  async (ctx, next) => {
    if (!uidPath.test(ctx.path)) return next();
    if (ctx.method === 'GET') {
      ctx.type = 'html';
      ctx.body =
        html`<h1>Sign in</h1><form method="post" action="${ctx.path}"><button>Continue</button></form>`.toString();
      return undefined;
    }
    if (!sameOrigin(ctx)) {
      forgedForms += 1;
      ctx.throw(403, 'forged');
    }
    const { prompt, params } = await library.interactionDetails(ctx.req, ctx.res);
    const grant = new library.Grant({ accountId: 'ana', clientId: String(params.client_id) });
    grant.addOIDCScope('openid');
    const result =
      prompt.name === 'login' ? { login: { accountId: 'ana' } } : { consent: { grantId: await grant.save() } };
    ctx.status = 303;
    ctx.set('Location', await library.interactionResult(ctx.req, ctx.res, result));
    ctx.body = '';
    return undefined;
  };

const library = new Provider('http://localhost', {
  routes: { authorization: '/oauth2/authorize' },
  clients: [{ client_id: 'web', client_secret: 's', redirect_uris: [`${clientOrigin}/callback`] }],
  features: { devInteractions: { enabled: false } },
  cookies: { keys: ['k'] },
  ttl: { Interaction: 60, Session: 60, Grant: 60, IdToken: 60, AuthorizationCode: 60, AccessToken: 60 },
  interactions: { url: (_ctx, interaction) => `/signin/${interaction.uid}` },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  renderError: renderError(problemPage),
});

let open: Awaited<ReturnType<typeof edge>>;
let browser: Browser;
before(async () => {
  open = await edge(signin(library), {}, library);
  browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] });
});
after(async () => {
  await browser.close();
  open.close();
  client.close().closeAllConnections();
});

const authorize = (responseMode: string) =>
  `http://localhost:${open.port}/oauth2/authorize?${new URLSearchParams({
    ...{ client_id: 'web', redirect_uri: `${clientOrigin}/callback`, response_type: 'code', scope: 'openid' },
    ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256', response_mode: responseMode, state: 'a' },
  })}`;

async function visit(options: BrowserContextOptions = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  // The browser asks for an icon by itself.
  await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
  return { page, complaints, close: () => context.close() };
}

describe('a code flow in Chromium under our content security policy (sec-007)', () => {
  for (const [mode, method] of [
    ['query', 'GET'],
    ['form_post', 'POST'],
  ] as const) {
    it(`reaches the client by ${mode}, with nothing blocked`, async () => {
      const { page, complaints, close } = await visit();
      await page.goto(authorize(mode));
      await page.getByRole('button', { name: 'Continue' }).click();
      // The first answer was the login, the second is the consent.
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.waitForURL(`${clientOrigin}/callback**`);
      assert.equal(await page.getByRole('heading').textContent(), `${method} code`);
      assert.deepEqual(complaints, []);
      await close();
    });
  }

  it('reaches the client by form_post without JavaScript, by a button', async () => {
    const { page, close } = await visit({ javaScriptEnabled: false });
    await page.goto(authorize('form_post'));
    for (let step = 0; step < 3; step += 1) await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(`${clientOrigin}/callback`);
    assert.equal(await page.getByRole('heading').textContent(), 'POST code');
    await close();
  });
});

describe('a page of another site in Chromium', () => {
  it('cannot show ours in a frame, nor our errors (sec-024)', async () => {
    for (const path of ['/signin/abc', '/oauth2/authorize', '/account']) {
      const { page, close } = await visit();
      // It may complain of other things as well, such as an icon that is not there.
      const complaint = page.waitForEvent('console', (one) => /frame-ancestors|X-Frame-Options/.test(one.text()));
      await page.goto(`${clientOrigin}/frame?${encodeURIComponent(`http://localhost:${open.port}${path}`)}`);
      await complaint;
      await page.frames()[1]?.waitForURL(/^chrome-error:/);
      await close();
    }
  });

  it('cannot post our forms', async () => {
    const { page, close } = await visit();
    await page.goto(clientOrigin);
    await page.evaluate((action) => {
      const form = Object.assign(document.createElement('form'), { method: 'post', action });
      document.body.append(form);
      form.submit();
    }, `http://localhost:${open.port}/signin/abc`);
    await page.waitForURL('**/signin/abc');
    assert.equal(forgedForms, 1);
    await close();
  });
});

describe('ownOrigin', () => {
  it('is the issuer, whatever the Origin header says', async () => {
    const mirror = await edge((ctx) => {
      ctx.body = ownOrigin(ctx);
    });
    const headers = { host: `localhost:${mirror.port}`, origin: 'https://evil.example' };
    assert.equal((await mirror.ask('/x', { headers })).body, `http://localhost:${mirror.port}`);
    mirror.close();
  });
});
