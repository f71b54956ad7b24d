import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Api } from '../../src/directory/access.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post } from '../support/oauth.ts';
import { authorization, introspect, newBrowser, redeem, signInto } from '../support/signing-in.ts';
import { codeOf } from '../support/totp.ts';

const payments = 'https://api.example.test/payments';
const reports = 'https://api.example.test/reports';
const plain: Omit<Api, 'id'> = { permissions: [], tokenFormat: 'opaque', signingAlg: 'RS256', routes: [] };

let home: TestApp;
before(async () => {
  home = await startApp();
  await home.parts.access.saveApi({ ...plain, id: reports, permissions: ['reports:read'], tokenFormat: 'jwt' }, 'cli');
});
after(() => home.close());
beforeEach(() => pay());

const pay = (demands: Partial<Api> = {}) =>
  home.parts.access.saveApi({ ...plain, id: payments, permissions: ['payments:make'], ...demands }, 'cli');

describe('an API that demands a factor of our own (RFC 9470)', () => {
  const seen = { ip: '192.0.2.1', requestId: 'r-1' };
  const name = 'carol@example.test';
  const wish = { scope: 'openid payments:make' };

  it('has the factor proven, and acr, amr and auth_time move; sec-143 a remembered device does not stand for it', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const { id } = await home.parts.users.add({ email: name, password: 'a lamp beside four rivers' }, 'cli');
    const place = { person: { id, name }, binding: 'session x' };
    const { secret } = await home.parts.enrolments.offer('totp', place);
    await home.parts.enrolments.accept('totp', place, { answer: { code: codeOf(secret) }, name: 'Phone', seen });
    const browser = newBrowser(home);
    const password = { identifier: name, password: 'a lamp beside four rivers' };
    const known = await browser.submit(await browser.open(authorization(home, wish)), password);
    t.mock.timers.tick(60_000);
    const remembered = await browser.submit(known, { code: codeOf(secret), remember: 'on' });
    assert.ok(remembered.url.searchParams.get('code'));
    for (const key of [...browser.cookies.keys()].filter((one) => one.startsWith('session')))
      browser.cookies.delete(key);
    const weak = await redeem(home, await browser.submit(await browser.open(authorization(home, wish)), password));
    const first = await introspect(home, weak.access_token);
    assert.deepEqual([first.acr, first.amr], ['1fa', ['pwd']]);
    await pay({ acr: '2fa' });
    t.mock.timers.tick(60_000);
    const page = await browser.open(authorization(home, wish));
    assert.match(page.text, /name="code"/);
    assert.doesNotMatch(page.text, /name="password"/);
    const strong = await redeem(home, await browser.submit(page, { code: codeOf(secret) }));
    const second = await introspect(home, strong.access_token);
    assert.deepEqual([second.acr, second.auth_time, second.sub], ['2fa', first.auth_time + 60, id]);
    assert.deepEqual(second.amr.toSorted(), ['mfa', 'otp', 'pwd']);
    assert.deepEqual([strong.claims.acr, (await introspect(home, weak.access_token)).acr], ['2fa', '1fa']);
  });
});

describe('what a gateway needs for a challenge (RFC 9470 §6.2)', () => {
  const expected = { acr: '1fa', amr: ['pwd'] };

  it('is in the introspection of an opaque token, on the short way and on the long one', async () => {
    const began = Math.floor(Date.now() / 1000);
    const { access_token } = await redeem(
      home,
      await signInto(home, newBrowser(home), { scope: 'openid payments:make' }),
    );
    const gateway = basic(home.client('demo-gateway'));
    // A request that names its origin goes the long way.
    for (const more of [{}, { origin: home.issuer }]) {
      const form = { token: access_token };
      const { acr, amr, auth_time } = (await post(`${home.issuer}/oauth2/introspect`, form, { ...gateway, ...more }))
        .body;
      assert.deepEqual({ acr, amr }, expected);
      assert.ok(auth_time >= began && auth_time <= began + 60);
    }
  });

  it('is in a JWT access token, and in its introspection', async () => {
    const { access_token } = await redeem(
      home,
      await signInto(home, newBrowser(home), { scope: 'openid reports:read' }),
    );
    const said = await introspect(home, access_token);
    const claims = JSON.parse(Buffer.from(access_token.split('.')[1], 'base64url').toString());
    for (const { acr, amr, auth_time } of [said, claims]) {
      assert.deepEqual({ acr, amr }, expected);
      assert.equal(typeof auth_time, 'number');
    }
  });
});
