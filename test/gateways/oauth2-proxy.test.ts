import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Browser, type Page } from '../support/browser.ts';
import { GatewayRig } from '../support/gateway-rig.ts';
import { startOauth2Proxy } from '../support/oauth2-proxy.ts';
import { freePort } from '../support/ports.ts';
import { signIn } from '../support/signing-in.ts';

describe('oauth2-proxy with the configuration that we write', () => {
  let rig: GatewayRig;
  let port: number;
  before(async () => {
    rig = await GatewayRig.start();
    port = await freePort();
    // Renewed at each second, so that a role that is taken away is seen while this test runs.
    await rig.app.parts.clients.change(
      'demo-web',
      (now) => ({
        ...now,
        cacheSeconds: 1,
        metadata: { ...now.metadata, redirect_uris: [`http://127.0.0.1:${port}/oauth2/callback`] },
      }),
      'cli',
    );
    await rig.guard('oauth2-proxy', startOauth2Proxy, { client: 'demo-web', port });
  });
  after(() => rig.stop());

  /** Opens the application as a person; answers their browser and where they came to. */
  async function enter(email: string): Promise<{ browser: Browser; page: Page }> {
    const browser = new Browser({ origin: `http://127.0.0.1:${port}` });
    const away = await browser.open('/');
    assert.equal(away.url.origin, rig.app.issuer, away.text);
    const here = new Browser({ origin: rig.app.issuer });
    const back = await signIn(rig.app, here, await here.open(away.url), email);
    assert.equal(back.url.pathname, '/oauth2/callback', back.text);
    return { browser, page: await browser.open(back.url) };
  }

  const cookies = (browser: Browser): string =>
    [...browser.cookies.values()].map(({ name, value }) => `${name}=${value}`).join('; ');

  it('lets nobody in who has not signed in', async () => {
    const { status, seen } = await rig.call({ path: '/' });
    assert.deepEqual([status, seen], [302, undefined]);
  });

  it('lets nobody in without a role', async () => {
    const { page } = await enter('bob@example.test');
    assert.equal(page.status, 403, rig.said());
  });

  it('lets in who has a role, tells the application who it is, and shuts them out when it is taken away', async () => {
    const { browser, page } = await enter('alice@example.test');
    assert.deepEqual([page.status, page.text], [200, 'served'], rig.said());
    const alice = await rig.app.parts.users.byEmail('alice@example.test');
    assert.ok(alice);
    const forged = { 'x-forwarded-user': 'mallory', 'x-forwarded-groups': 'mallory', 'x-forwarded-email': 'mallory' };
    const { seen } = await rig.call({ path: '/', headers: { cookie: cookies(browser), ...forged } });
    assert.equal(seen?.headers['x-forwarded-user'], alice.id);
    assert.equal(seen?.headers['x-forwarded-groups'], 'orders-editor,orders-reader');
    assert.doesNotMatch(JSON.stringify(seen?.headers), /mallory/);

    await rig.app.parts.access.unassign(`user:${alice.id}`, 'orders-editor', 'cli');
    let status = 200;
    for (let tries = 0; status === 200 && tries < 200; tries += 1) {
      await wait(100);
      ({ status } = await browser.open('/'));
    }
    assert.equal(status, 403, rig.said());
  });
});
