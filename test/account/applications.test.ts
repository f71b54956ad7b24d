import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { atHome, doneOf, linksOf, rowsOf, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { type Browser, textOf } from '../support/browser.ts';
import { basic, post } from '../support/oauth.ts';
import { authorization, callback, introspect, redeem, verifier } from '../support/signing-in.ts';

let app: TestApp;
let secret = '';
before(async () => {
  app = await startApp();
  const made = await app.parts.clients.add(
    {
      ...{ id: 'other', name: 'Other & Sons', registrar: 'demo-registrar' },
      metadata: {
        ...{ redirect_uris: [callback], scope: 'openid profile email orders:read' },
        grant_types: ['authorization_code', 'refresh_token'],
      },
    },
    'cli',
  );
  secret = made.secret ?? '';
});
after(() => app.close());

/** Allows the other application what it asks for, in this browser. */
async function allow(browser: Browser, scope = 'openid profile orders:read') {
  const page = await browser.open(authorization(app, { client_id: 'other', scope }));
  return redeem(app, page.status === 0 ? page : await browser.submit(page, { decision: 'allow' }), {
    client: 'other',
    secret,
  });
}
const withdraw = async (browser: Browser, client: string) =>
  browser.submit(await browser.open(`/account/applications/withdraw?client=${client}`), {});

describe('/account/applications', () => {
  it('shows who may do what in plain words, and not itself', async () => {
    await somebody(app, 'ana@example.test');
    const browser = await atHome(app, 'ana@example.test');
    assert.match((await browser.open('/account/applications')).text, /No application uses your account/);
    await redeem(app, await browser.open(authorization(app)));
    await allow(browser);
    const rows = rowsOf(await browser.open('/account/applications')).sort();
    assert.equal(rows.length, 2);
    assert.match(String(rows[0]), /^Demo web application Of this service Since .* See your e-mail address/);
    assert.match(
      String(rows[1]),
      /^Other &amp; Sons Since .* See your name .* See orders \(api\.example\.test\) Withdraw access/,
    );
  });

  it('withdraws: every token dead at once, in every session, and asked anew', async () => {
    const id = await somebody(app, 'bea@example.test');
    const [one, two] = [await atHome(app, 'bea@example.test'), await atHome(app, 'bea@example.test')];
    const tokens = [await allow(one), await allow(two)];
    const untouched = await redeem(app, await one.open(authorization(app)));
    const question = await one.open('/account/applications/withdraw?client=other');
    assert.equal(textOf(question, '<h1'), 'Withdraw the access of Other &amp; Sons?');
    assert.match(question.text, /you are asked again/);
    assert.equal((await introspect(app, tokens[0].access_token)).active, true, 'a question does nothing');
    const done = await one.submit(question, {});
    assert.equal(doneOf(done), 'Other &amp; Sons can use your account no more.');
    for (const { access_token, refresh_token } of tokens) {
      assert.deepEqual(await introspect(app, access_token), { active: false });
      const form = { grant_type: 'refresh_token', refresh_token };
      const { body } = await post(
        `${app.url}/oauth2/token`,
        form,
        basic({ client_id: 'other', client_secret: secret }),
      );
      assert.equal(body.error, 'invalid_grant');
    }
    assert.equal((await introspect(app, untouched.access_token)).active, true);
    const silent = await two.open(authorization(app, { client_id: 'other', scope: 'openid profile', prompt: 'none' }));
    assert.equal(silent.url.searchParams.get('error'), 'consent_required');
    const events = await app.parts.trail.search({ type: 'consent.withdrawn', actor: `user:${id}` });
    assert.deepEqual(
      events.map(({ target, detail }) => [target, detail]),
      [['client:other', { client: 'other' }]],
    );
  });

  it('makes a code that was not redeemed yet worthless', async () => {
    await somebody(app, 'cleo@example.test');
    const browser = await atHome(app, 'cleo@example.test');
    await allow(browser);
    const page = await browser.open(authorization(app, { client_id: 'other', scope: 'openid profile' }));
    await withdraw(browser, 'other');
    const code = page.url.searchParams.get('code') ?? '';
    const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: callback };
    const { body } = await post(`${app.url}/oauth2/token`, form, basic({ client_id: 'other', client_secret: secret }));
    assert.equal(body.error, 'invalid_grant');
  });

  it('says of the service’s own applications that they get their access again', async () => {
    await somebody(app, 'dora@example.test');
    const browser = await atHome(app, 'dora@example.test');
    const { access_token } = await redeem(app, await browser.open(authorization(app)));
    const question = await browser.open('/account/applications/withdraw?client=demo-web');
    assert.match(question.text, /gets its access again when you open it/);
    await browser.submit(question, {});
    assert.deepEqual(await introspect(app, access_token), { active: false });
    assert.equal(rowsOf(await browser.open('/account/applications')).length, 0);
    await redeem(app, await browser.open(authorization(app)));
    assert.equal(rowsOf(await browser.open('/account/applications')).length, 1);
  });

  it('touches nobody else’s, and nothing that is not there', async () => {
    await somebody(app, 'victim@example.test');
    await somebody(app, 'mallory@example.test');
    const { access_token } = await allow(await atHome(app, 'victim@example.test'));
    const mallory = await atHome(app, 'mallory@example.test');
    for (const client of ['other', 'sallyport-account', 'nobody', '']) {
      assert.equal((await mallory.open(`/account/applications/withdraw?client=${client}`)).status, 404);
      assert.equal((await mallory.send('POST', '/account/applications/withdraw', { client })).status, 404);
    }
    assert.equal((await introspect(app, access_token)).active, true);
  });

  it('stays short with sixty applications of the longest names', async () => {
    const id = await somebody(app, 'eva@example.test');
    const browser = await atHome(app, 'eva@example.test');
    const { clients, records } = app.parts;
    for (let count = 0; count < 60; count += 1) {
      const client = `long-${String(count).padStart(2, '0')}-${'x'.repeat(60)}`;
      await clients.add(
        { id: client, name: `${'Wide name '.repeat(6)}${count}`, metadata: { redirect_uris: [callback] } },
        'cli',
      );
      const scope = Array.from({ length: 30 }, (_, at) => `a-rather-long-permission-${at}:write`).join(' ');
      const payload = {
        ...{ kind: 'Grant', jti: `g${count}`, accountId: id, clientId: client, iat: 1_700_000_000 + count },
        ...{ openid: { scope: 'openid profile email' }, resources: { 'https://api.example.test/orders': scope } },
      };
      await records.grants.put({ id: `g${count}`, payload, account: id, client }, 3600);
    }
    const page = await browser.open('/account/applications');
    assert.ok(page.text.length < 30_000, String(page.text.length));
    assert.equal(linksOf(page, '/account/applications?page=').length, 1);
  });
});
