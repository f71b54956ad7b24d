import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startApp } from '../support/app.ts';
import { hashFile, sha1, startRangeApi } from '../support/breached.ts';
import { alertOf } from '../support/browser.ts';
import { cli } from '../support/cli.ts';
import { startMailServer } from '../support/mail.ts';
import { newBrowser, signIn } from '../support/signing-in.ts';

const stolen = 'seven quiet owls on a red roof';
const fresh = 'four rivers beside one lamp';
const why = /stolen from other services/;

describe('a stolen password', () => {
  it('sec-113 is taken for nobody on the command line', async () => {
    const others = ['zebra', 'giraffe', 'okapi'].map((one) => `${sha1(one)}:3`);
    const file = hashFile([...others, `${sha1(stolen)}:7`].sort(), { end: '\r\n' });
    const { run, json } = await cli({ SALLYPORT_PASSWORDS_BREACHED: 'file', SALLYPORT_PASSWORDS_BREACHED_FILE: file });
    const add = (email: string, password: string) => run(['user', 'add', email, '--password-stdin'], password);
    const refused = await add('ana@example.test', stolen);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, why);
    assert.equal((await add('ana@example.test', fresh)).status, 0);
    const changed = await run(['user', 'set', 'ana@example.test', '--password-stdin'], stolen);
    assert.equal(changed.status, 1);
    assert.match(changed.stderr, why);
    assert.equal((await json<unknown[]>(['user', 'list'])).length, 1);
  });

  it('sec-113 is refused by a reset and on the account page, with the reason; when the API is away, the log says so', async (t) => {
    const [api, server] = await Promise.all([startRangeApi(stolen), startMailServer()]);
    const app = await startApp({
      SALLYPORT_MAIL_URL: server.url,
      SALLYPORT_PASSWORDS_BREACHED: 'api',
      SALLYPORT_PASSWORDS_BREACHED_URL: api.url,
      SALLYPORT_OUTGOING_ALLOW_PRIVATE: 'true',
      SALLYPORT_OUTGOING_TIMEOUT_MS: '10000',
    });
    t.after(async () => {
      api.stop();
      await Promise.all([app.close(), server.stop()]);
    });
    const email = 'alice@example.test';
    const browser = newBrowser(app);
    const account = await signIn(app, browser, await browser.open('/account/password'), email);
    const form = { password: app.password(email), new: stolen, again: stolen };
    const refused = await browser.submit(account, form);
    assert.equal(refused.status, 400);
    assert.match(alertOf(refused) ?? refused.text, why);

    await browser.submit(await browser.open('/account/forgot'), { identifier: email });
    let link: string | undefined;
    // The sign-in just now is told by mail too.
    for (let count = 1; link === undefined; count += 1) {
      const mails = await server.arrived(count);
      link = mails
        .map(({ text }) => /^http\S+\/account\/reset\/\S+$/m.exec(text)?.[0])
        .find((one) => one !== undefined);
    }
    const page = await browser.submit(await browser.open(link), { password: stolen });
    assert.equal(page.status, 400);
    assert.match(alertOf(page) ?? '', why);
    assert.equal(await app.parts.users.signIn(email, stolen), undefined);

    api.status = 500;
    assert.equal((await browser.submit(page, { password: stolen })).status, 200);
    assert.ok(await app.parts.users.signIn(email, stolen));
    assert.ok(app.log.some((line) => line.includes('not looked up among stolen ones') && !line.includes('owls')));
  });
});
