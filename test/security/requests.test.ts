import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { adminApi } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { textOf } from '../support/browser.ts';
import { basic, post } from '../support/oauth.ts';
import { authorization, callback, newBrowser, redeem, signInto, verifier } from '../support/signing-in.ts';

let app: TestApp;
const portal = { client_id: 'portal', redirect_uri: 'https://portal.example.test/cb' };
before(async () => {
  app = await startApp();
  const metadata = { redirect_uris: [portal.redirect_uri] };
  await app.parts.clients.add({ id: 'portal', metadata, firstParty: true }, 'cli');
});
after(() => app.close());

const callbackRequest = () => Object.fromEntries(new URL(authorization(app)).searchParams);

describe('a pushed request (RFC 9126)', () => {
  const push = async (more: Record<string, string> = {}) =>
    post(`${app.issuer}/oauth2/par`, { ...callbackRequest(), ...more }, basic(app.client('demo-web')));
  const use = (request_uri: string, client_id = 'demo-web') =>
    `${app.issuer}/oauth2/authorize?${new URLSearchParams({ client_id, request_uri })}`;
  const uri = async () => String((await push()).body.request_uri);

  it('sec-040 is of no use to another client', async () => {
    const page = await newBrowser(app).open(use(await uri(), 'portal'));
    assert.doesNotMatch(page.url.href, /code=/);
    assert.equal(page.headers.location, undefined);
    assert.equal(textOf(page, '<h1')?.startsWith('Sign in'), false);
  });

  it('sec-040 is not changed by what stands beside it', async () => {
    const browser = newBrowser(app);
    await signInto(app, browser);
    const { url } = await browser.open(
      `${use(await uri())}&${new URLSearchParams({ redirect_uri: 'https://evil.example', state: 'evil' })}`,
    );
    assert.notEqual(url.host, 'evil.example');
    assert.notEqual(url.searchParams.get('state'), 'evil');
  });

  it('sec-040 gives one code, whoever opens it again', async () => {
    const request = await uri();
    const [one, two] = [newBrowser(app), newBrowser(app)];
    for (const browser of [one, two]) await signInto(app, browser);
    const answers = [await one.open(use(request)), await two.open(use(request)), await one.open(use(request))];
    assert.equal(answers.filter(({ url }) => url.searchParams.has('code')).length, 1);
  });

  it('sec-040 ends after its time', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const { body } = await push();
    assert.ok(body.expires_in <= 600);
    t.mock.timers.tick((body.expires_in + 11) * 1000);
    const page = await newBrowser(app).open(use(body.request_uri));
    assert.match(page.url.search + page.text, /invalid_request_uri/);
  });

  it('sec-073 is taken only from the client itself', async () => {
    for (const credentials of [
      {},
      basic({ client_id: 'demo-web', client_secret: 'x' }),
      basic(app.client('demo-service')),
    ]) {
      const { status } = await post(`${app.issuer}/oauth2/par`, callbackRequest(), credentials);
      assert.ok(status === 401 || status === 400, String(status));
    }
  });

  it('sec-026 names a registered address, or is refused', async () => {
    const { status, body } = await push({ redirect_uri: 'https://evil.example/cb' });
    assert.equal(status, 400);
    assert.match(body.error, /^invalid_re(quest|direct_uri)$/);
  });
});

describe('a scope or API that the client may not ask for', () => {
  it('sec-054 is refused: what is beyond the registration', async () => {
    const metadata = { redirect_uris: [callback], scope: 'openid orders:read' };
    await app.parts.clients.add({ id: 'small', metadata, firstParty: true }, 'cli');
    for (const scope of ['openid clients:write', 'openid orders:write', 'openid email']) {
      const { url } = await newBrowser(app).open(authorization(app, { client_id: 'small', scope }));
      assert.equal(url.searchParams.get('error'), 'invalid_scope', scope);
    }
  });

  it('sec-054 is not given to a person who does not hold it, whoever asks', async () => {
    for (const resource of [{}, { resource: 'urn:sallyport:admin' }] as Record<string, string>[]) {
      const scope = 'openid clients:write users:write';
      const page = await signInto(app, newBrowser(app), { scope, ...resource }, 'bob@example.test');
      const answer = await redeem(app, page);
      assert.doesNotMatch(String(answer.scope), /clients|users/);
      const { status } = await adminApi(app, answer.access_token).get('/clients');
      assert.ok(status === 401 || status === 403, String(status));
    }
  });

  it('sec-055 is refused: an API that nobody has', async () => {
    for (const resource of ['https://other.example', 'urn:x#fragment', 'not a uri']) {
      const { url, text } = await newBrowser(app).open(authorization(app, { ...portal, resource }));
      assert.match(url.search + text, /invalid_target/);
    }
  });
});

describe('a parameter that is sent twice (RFC 6749 §3.1)', () => {
  const twice = async (name: string) => {
    const page = await newBrowser(app).open(
      `${authorization(app)}&${new URLSearchParams({ [name]: 'https://evil.example/' })}`,
    );
    assert.notEqual(page.url.host, 'evil.example');
    return page;
  };
  for (const name of ['redirect_uri', 'client_id']) {
    it(`sec-012 is refused on our page: ${name}`, async () => {
      const { status, text } = await twice(name);
      assert.equal(status, 400);
      assert.match(text, /invalid_request/);
    });
  }
  for (const name of ['state', 'scope', 'code_challenge', 'response_type']) {
    it(`sec-012 is refused: ${name}`, async () => {
      const { url } = await twice(name);
      assert.equal(url.searchParams.get('error'), 'invalid_request');
    });
  }
  it('sec-012 is refused at the token endpoint', async () => {
    const back = await signInto(app, newBrowser(app));
    const code = back.url.searchParams.get('code') ?? '';
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: callback,
    });
    form.append('code_verifier', 'another-verifier-of-the-length-that-is-asked-for');
    const { status, body } = await post(`${app.issuer}/oauth2/token`, form.toString(), basic(app.client('demo-web')));
    assert.deepEqual([status, body.error], [400, 'invalid_request']);
  });
});
