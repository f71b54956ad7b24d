import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TestApp } from '../support/app.ts';
import type { Browser } from '../support/browser.ts';
import { authorize, introspect, redeem, refresh } from '../support/code-flow.ts';
import { Forgetting, fresh, old, type Somebody, set } from '../support/forgetting.ts';
import { addTotp } from '../support/second-factor.ts';
import { authorization, newBrowser } from '../support/signing-in.ts';
import { codeOf } from '../support/totp.ts';

let people: Forgetting;
let app: TestApp;
before(async () => {
  people = await Forgetting.start();
  ({ app } = people);
});
after(() => people.stop());

const over = /link does not work any more/;

describe('a link for a new password', () => {
  it('sec-122 works once, after any number of looks, and of two at the same moment one counts', async () => {
    const { user, browser } = await people.somebody();
    const link = await people.asked(browser, user);
    for (let look = 0; look < 3; look += 1) assert.equal((await browser.open(link)).status, 200);
    const page = await browser.open(link);
    const passwords = Array.from({ length: 4 }, (_, at) => `${fresh} ${at} and one more`);
    const answers = await Promise.all(passwords.map((password) => browser.submit(page, { password })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400, 400]);
    const fits = await Promise.all(passwords.map((password) => app.parts.users.signIn(user.email, password)));
    assert.deepEqual(
      fits.map((one) => one !== undefined),
      answers.map(({ status }) => status === 200),
    );
    for (const again of [await browser.open(link), await browser.submit(page, { password: `${fresh} again` })]) {
      assert.equal(again.status, 400);
      assert.match(again.text, over);
    }
  });

  it('sec-122 is over after half an hour', async (t) => {
    const { user, browser } = await people.somebody();
    const now = Date.now();
    t.mock.timers.enable({ apis: ['Date'], now });
    const link = await people.asked(browser, user);
    t.mock.timers.setTime(now + 29 * 60_000);
    const page = await browser.open(link);
    assert.equal(page.status, 200);
    t.mock.timers.setTime(now + 31 * 60_000);
    assert.match((await browser.open(link)).text, over);
    assert.match((await browser.submit(page, { password: fresh })).text, over);
  });

  it('sec-122 is over when there is a newer one, another address, another password, or the person may not sign in', async () => {
    const { users } = app.parts;
    const ways: [string, (user: Somebody, browser: Browser) => Promise<unknown>][] = [
      ['a newer link', (user, browser) => people.asked(browser, user)],
      ['another address', ({ id, email }) => users.change(id, { email: `new.${email}` }, 'cli')],
      ['another password', ({ id }) => users.setPassword(id, 'another four words of theirs', 'cli')],
      ['disabled', ({ id }) => users.disable(id, 'cli')],
      ['removed', ({ id }) => users.remove(id, 'cli')],
    ];
    for (const [name, end] of ways) {
      const { user, browser } = await people.somebody();
      const link = await people.asked(browser, user);
      const page = await browser.open(link);
      await end(user, browser);
      assert.match((await browser.open(link)).text, over, name);
      assert.match((await browser.submit(page, { password: fresh })).text, over, name);
      assert.equal(await users.signIn(user.email, fresh), undefined, name);
    }
  });

  it('sec-122 opens nothing when it is made up, and nothing in the store or the log is worth one', async () => {
    const { user, browser } = await people.somebody();
    const link = await people.asked(browser, user);
    await browser.open(link);
    const token = link.split('/').at(-1) ?? '';
    for (const wrong of [token.slice(0, -1), `${token}a`, user.id, 'x']) {
      assert.match((await browser.open(`/account/reset/${wrong}`)).text, over);
    }
    const raw = app.parts.store.collection({ name: 'password-resets', indexes: { token: { key: () => undefined } } });
    const kept = JSON.stringify(await raw.get(user.id));
    assert.match(kept, /"token"/);
    assert.ok(!kept.includes(token) && !kept.includes(user.email));
    assert.match((await browser.open(`/account/reset/${JSON.parse(kept).token}`)).text, over);
    assert.ok(app.log.some((line) => line.includes('/account/reset/*')));
    assert.ok(!app.log.some((line) => line.includes(token)));
    const events = JSON.stringify(await app.parts.trail.search({ target: `user:${user.id}` }));
    assert.ok(!events.includes(token) && !events.includes(user.email));
  });

  it('sec-123 signs nobody in, and second factors are asked for as before', async (t) => {
    const { user, browser } = await people.somebody();
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const secret = await addTotp(app, user.id);
    t.mock.timers.setTime(Date.now() + 90_000);
    const signedIn = [...browser.cookies.values()].length;
    await set(browser, await people.asked(browser, user));
    assert.equal([...browser.cookies.values()].length, signedIn, 'no session and nothing else is kept');
    t.mock.timers.setTime(Date.now() + 2000);
    const page = await browser.open(authorization(app));
    const factor = await browser.submit(page, { identifier: user.email, password: fresh });
    assert.match(factor.text, /name="code"/);
    const silent = await browser.open(authorization(app, { prompt: 'none' }));
    assert.equal(silent.url.searchParams.get('error'), 'login_required');
    const back = await browser.submit(factor, { code: codeOf(secret) });
    assert.ok(back.url.searchParams.has('code'), back.text);
  });

  it('sec-124 sec-143 ends every session, every token, remembered devices and a change of address that waits', async () => {
    const { user } = await people.somebody();
    const { email } = user;
    const open = async () => {
      const signedIn = await authorize({ ...app, password: () => old }, { user: email });
      return { ...signedIn, tokens: (await redeem(app, signedIn)).body };
    };
    const two = [await open(), await open()];
    const offline = await authorize(
      { ...app, password: () => old },
      { user: email },
      { scope: 'openid offline_access orders:read', prompt: 'consent' },
    );
    const kept = (await redeem(app, offline)).body;
    const { secret = '' } = await app.parts.emailChanges.begin(user, 'thief@example.test', {
      ip: '192.0.2.1',
      requestId: 'r',
    });
    const { devices } = app.parts;
    const seen = { ip: '192.0.2.1', requestId: 'r' };
    await devices.remember(user.id, 'a browser', { seconds: 3600, name: 'Firefox', seen });
    assert.equal(await devices.recognises(user.id, 'a browser'), true);
    assert.equal((await introspect(app, two[0]?.tokens.access_token)).active, true);
    const browser = newBrowser(app);
    assert.equal((await set(browser, await people.asked(browser, user))).status, 200);
    for (const { tokens, browser: before } of two) {
      assert.equal((await introspect(app, tokens.access_token)).active, false);
      const form = Object.fromEntries(new URL(authorization(app, { prompt: 'none' })).searchParams);
      const silent = await before.ask(`/oauth2/authorize?${new URLSearchParams(form)}`);
      assert.match(silent.location, /error=login_required/);
    }
    for (const token of [two[0]?.tokens.refresh_token, kept.refresh_token].filter((one) => one !== undefined)) {
      assert.equal((await refresh(app, token)).body.error, 'invalid_grant');
    }
    assert.equal((await introspect(app, kept.access_token)).active, false);
    assert.equal(await app.parts.emailChanges.confirm(user, secret, { ip: '192.0.2.1', requestId: 'r' }), undefined);
    assert.equal(await app.parts.emailChanges.pending(user.id), undefined);
    assert.equal(await devices.recognises(user.id, 'a browser'), false);
  });
});
