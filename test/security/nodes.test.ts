import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, formOf, type Page } from '../support/browser.ts';
import { authorize, introspect, redeem, refresh } from '../support/code-flow.ts';
import { type Answer, basic, post } from '../support/oauth.ts';
import { proxy } from '../support/proxy.ts';
import { authorization, redeem as redeemAt } from '../support/signing-in.ts';
import { storeUrl } from '../support/store.ts';

const alice = 'alice@example.test';

describe('a server whose store goes away and comes back', () => {
  let app: TestApp;
  /** Takes the store away, as far as writing goes, and gives it back. */
  let leave: () => void;
  let comeBack: () => void;
  const ends: (() => unknown)[] = [];
  before(async () => {
    const store = await storeUrl();
    if (store.startsWith('sqlite:')) {
      app = await startApp({ SALLYPORT_STORE: store });
      const other = new DatabaseSync(store.slice('sqlite:'.length));
      leave = () => other.exec('BEGIN IMMEDIATE');
      comeBack = () => other.exec('ROLLBACK');
      ends.push(() => other.close());
    } else {
      const url = new URL(store);
      const between = await proxy(url.hostname, Number(url.port));
      url.port = String(between.port);
      app = await startApp({ SALLYPORT_STORE: url.href });
      leave = () => between.cut();
      comeBack = () => between.mend();
      ends.push(() => between.close());
    }
  });
  after(async () => {
    await app.close();
    for (const end of ends) await end();
  });
  const token = (): Promise<Answer> =>
    post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, basic(app.client('demo-service')));

  it('sec-294 sec-098 answers 503 with Retry-After meanwhile, still shows its keys, and recovers without a restart', async () => {
    const tokens = (await redeem(app, await authorize(app))).body;
    await token();
    // Nobody waits for a use to be noted, so it may be under way; the stand-in for MongoDB answers nobody any more after a cut in it.
    const { uses } = app.parts.clients;
    while (!((await uses.of('demo-web')) && (await uses.of('demo-service')))) assert.equal((await token()).status, 200);
    leave();
    const answers = [
      await token(),
      await refresh(app, tokens.refresh_token),
      await post(`${app.issuer}/oauth2/revoke`, { token: tokens.access_token }, basic(app.client('demo-web'))),
    ];
    for (const { status, headers, body } of answers) {
      assert.equal(status, 503);
      assert.ok(Number(headers.get('retry-after')) > 0);
      assert.equal(body.access_token, undefined);
    }
    for (const path of ['/oauth2/jwks', '/.well-known/openid-configuration']) {
      assert.equal((await fetch(app.issuer + path)).status, 200);
    }
    comeBack();
    // The limit of this test is the promise; each attempt says nothing but that it is away.
    for (let answer = await token(); answer.status !== 200; answer = await token()) assert.equal(answer.status, 503);
    assert.equal((await introspect(app, tokens.access_token)).active, true);
    assert.equal((await refresh(app, tokens.refresh_token)).status, 200);
  });
});

describe('two servers on one store', () => {
  let one: TestApp;
  let two: TestApp;
  let store: string;
  before(async () => {
    store = await storeUrl();
    one = await startApp({ SALLYPORT_STORE: store });
    two = await startApp({ SALLYPORT_STORE: store, SALLYPORT_ISSUER: one.issuer });
  });
  after(() => Promise.all([one.close(), two.close()]));

  /** The same browser, from now on led to another server. */
  function movedTo(server: TestApp, { cookies }: Browser): Browser {
    const browser = new Browser({ origin: one.issuer, through: server.url });
    for (const [key, cookie] of cookies) browser.cookies.set(key, cookie);
    return browser;
  }
  const begin = async (): Promise<{ browser: Browser; page: Page }> => {
    const browser = new Browser({ origin: one.issuer, through: one.url });
    return { browser, page: await browser.open(authorization(one)) };
  };

  it('sec-308 finish at one what began at the other: page, password, code, tokens', async () => {
    const { browser, page } = await begin();
    const named = await movedTo(two, browser).submit(page, { identifier: alice });
    const back = await movedTo(one, browser).submit(named, { password: one.password(alice) });
    const { access_token, refresh_token } = await redeemAt({ ...one, url: two.url }, back);
    assert.equal((await introspect(one, access_token)).active, true);
    const next = await refresh({ ...one, issuer: two.url }, refresh_token);
    assert.ok(next.status === 200 || refresh_token === undefined);
    assert.equal((await introspect({ ...one, issuer: two.url }, access_token)).active, true);
  });

  it('sec-020 sec-309 count wrong passwords together, also after a restart', async () => {
    const { browser, page } = await begin();
    const wrong = { identifier: alice, password: 'not the password of anybody' };
    const guess = (at: TestApp, through = movedTo(at, browser)) => through.send('POST', formOf(page).action, wrong);
    const statuses: number[] = [];
    for (const at of [one, two, one, two, one]) statuses.push((await guess(at)).status);
    assert.deepEqual(statuses, [400, 400, 400, 400, 400]);
    const fresh = await startApp({ SALLYPORT_STORE: store, SALLYPORT_ISSUER: one.issuer });
    for (const at of [one, two, fresh]) {
      const right = { identifier: alice, password: one.password(alice) };
      const answer = await movedTo(at, browser).send('POST', formOf(page).action, right);
      assert.equal(answer.status, 429);
      assert.ok(Number(answer.headers['retry-after']) > 0);
    }
    await fresh.close();
  });
});
