import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { OwnKey } from '../../src/federation/connection.ts';
import { newKey } from '../../src/federation/saml-keys.ts';
import { type Setup, SimpleSamlPhp } from '../support/simplesamlphp.ts';
import {
  type Application,
  application,
  failureOf,
  type Installation,
  install,
  openChromium,
  type Person,
  trailOf,
  walk,
} from '../support/strangers.ts';

const alice = { uid: ['alice-1'], mail: ['alice@corp.example'], displayName: ['Alice There'] };
const withGroups = { ...alice, groups: ['staff', 'editors'] };

let home: Installation;
let idp: SimpleSamlPhp;
let app: Application;
let browser: Browser;
let key: OwnKey;
let nextKey: OwnKey;
let serviceProvider: string;

/** How the provider is now: as it began, but for these. */
const provide = (changes: Partial<Setup> = {}) =>
  idp.configure({ key, serviceProvider, attributes: withGroups, ...changes });

before(async () => {
  [key, nextKey] = await Promise.all([
    newKey('a', 'signing', Date.now() / 1000),
    newKey('b', 'signing', Date.now() / 1000),
  ]);
  [home, idp, browser] = await Promise.all([install(), SimpleSamlPhp.start(() => ({ key })), openChromium()]);
  app = await application(home);
  const mapping = ['--provision', 'on', '--map-group', 'editors=orders-editor'];
  await home.must(['connection', 'add', 'sso', '--preset', 'generic-saml', '--from', idp.metadataUrl, ...mapping]);
  serviceProvider = await (await fetch(`${home.issuer}/federation/sso/metadata`)).text();
  provide();
});
after(async () => {
  app.close();
  await Promise.all([browser.close(), home.stop(), idp.stop()]);
});

async function login(page: Page): Promise<void> {
  await page.locator('#username').fill('alice');
  await page.locator('#password').fill('a password');
  await page.locator('#password').press('Enter');
}

/** From the application to its tokens, through the provider's own login page. */
const signIn = (way: (person: Person) => Promise<void> = async () => {}) =>
  walk(browser, async (person) => {
    await person.page.goto(app.address({ idp_hint: 'sso' }));
    await login(person.page);
    const tokens = await app.redeem(person.page);
    await way(person);
    return tokens;
  });

/** The same, where it ends on a page of ours. */
const failing = () =>
  walk(browser, async ({ page }) => {
    await page.goto(app.address({ idp_hint: 'sso' }));
    await login(page);
    return failureOf(page);
  });

describe('SimpleSAMLphp behind a connection that was added on the command line, in Chromium', () => {
  it('signs a person in with five requests to us, and no page of ours', async () => {
    const { claims, roles } = await signIn(async ({ asked, shown, requests }) => {
      assert.deepEqual(await asked(home.issuer), [
        'GET /oauth2/authorize 303',
        'GET /signin/… 303',
        'POST /federation/sso/acs 303',
        'GET /signin/…/return 303',
        'GET /oauth2/authorize/… 303',
      ]);
      assert.equal(shown.includes(home.issuer), false, shown.join());
      const posted = requests.find((request) => request.url().endsWith('/federation/sso/acs'));
      const headers = await posted?.allHeaders();
      assert.equal(headers?.cookie, undefined, 'a POST from another site brings no cookie');
      const back = requests.find((request) => request.url().includes('/return'));
      assert.match((await back?.allHeaders())?.cookie ?? '', /signin=/);
    });
    assert.equal(claims.email, 'alice@corp.example');
    assert.deepEqual(roles, ['orders-editor', 'orders-reader']);
  });

  it('finds the same person again', async () => {
    const [first, second] = [await signIn(), await signIn()];
    assert.equal(first.claims.sub, second.claims.sub);
  });

  for (const [name, groups] of [
    ['another group only', ['staff']],
    ['no groups at all', undefined],
  ] as const) {
    it(`takes the role away at the next sign-in when the provider says ${name}`, async () => {
      provide();
      assert.ok((await signIn()).roles.includes('orders-editor'));
      provide({ attributes: groups ? { ...alice, groups } : alice });
      const { roles, introspection } = await signIn();
      assert.deepEqual(roles, []);
      assert.equal(introspection.scope, 'openid email');
      provide();
    });
  }

  it('takes encrypted assertions, and no plain ones where they are demanded', async () => {
    const file = join(home.sallyport.directory, 'settings.json');
    const demand = (encrypted: boolean) => {
      writeFileSync(file, JSON.stringify({ encrypted }));
      return home.must(['connection', 'set', 'sso', '--settings-file', file]);
    };
    provide({ encrypt: true });
    assert.equal((await signIn()).claims.email, 'alice@corp.example');
    await demand(true);
    assert.equal((await signIn()).claims.email, 'alice@corp.example');
    provide();
    const { reference } = await failing();
    assert.equal((await trailOf(home, reference)).reason, 'not_encrypted');
    await demand(false);
  });

  it('follows a roll-over of its certificate that was announced', async () => {
    provide({ nextKey });
    await home.must(['connection', 'refresh', 'sso']);
    provide({ key: nextKey });
    await signIn();
    await home.must(['connection', 'refresh', 'sso']);
    provide();
    const { reference } = await failing();
    assert.equal((await trailOf(home, reference)).reason, 'bad_signature');
    await home.must(['connection', 'refresh', 'sso']);
    await signIn();
  });

  it('tells of one that was not, with a way on, and goes on after a refresh', async () => {
    provide({ key: nextKey });
    await walk(browser, async ({ page }) => {
      await page.goto(app.address({ idp_hint: 'sso' }));
      await login(page);
      const { heading, alert, reference } = await failureOf(page);
      assert.match(heading, /^The sign-in with .* did not work$/);
      assert.match(alert, /Try again, or sign in another way/);
      const { type, method, reason, advice } = await trailOf(home, reference);
      assert.deepEqual({ type, method, reason }, { type: 'signin.failed', method: 'sso', reason: 'bad_signature' });
      assert.match(String(advice), /metadata|certificate/);
      await home.must(['connection', 'refresh', 'sso']);
      await page.getByRole('button', { name: 'Try again' }).click();
      assert.equal((await app.redeem(page)).claims.email, 'alice@corp.example');
    });
    provide();
    await home.must(['connection', 'refresh', 'sso']);
  });

  it('takes nobody in where that is switched off, and whoever is known goes on', async () => {
    await home.must(['connection', 'set', 'sso', '--provision', 'off']);
    await signIn();
    provide({ attributes: { ...withGroups, uid: ['stranger-7'], mail: ['stranger@corp.example'] } });
    await walk(browser, async ({ page }) => {
      await page.goto(app.address({ idp_hint: 'sso' }));
      await login(page);
      await page.getByRole('heading', { name: 'Connect your account' }).waitFor();
      assert.doesNotMatch(await page.content(), /no account|not exist|unknown/i);
    });
    const { items } = { items: await home.sallyport.json<{ email: string }[]>(['user', 'list']) };
    assert.equal(
      items.some(({ email }) => email === 'stranger@corp.example'),
      false,
    );
    await home.must(['connection', 'set', 'sso', '--provision', 'on']);
    assert.equal((await signIn()).claims.email, 'stranger@corp.example');
    provide();
  });
});

describe('metadata that will not do', () => {
  const add = async (from: string) => {
    const { status, stderr } = await home.sallyport.run([
      ...['connection', 'add', 'wrong', '--preset', 'generic-saml', '--from', from],
    ]);
    assert.equal(status, 1, stderr);
    return stderr;
  };
  const written = (text: string) => {
    const file = join(home.sallyport.directory, 'wrong.xml');
    writeFileSync(file, text);
    return add(file);
  };

  it('is refused with a sentence that says what to change', async () => {
    const xml = await idp.metadata();
    assert.match(await add(`${idp.url}logout.php`), /metadata/);
    assert.match(await add(`${home.issuer}/nowhere`), /answers with 404; correct the address/);
    assert.match(await add(`${idp.url}nowhere`), /could not be read: it redirects to .*frontpage_welcome\.php/);
    assert.match(await add('http://127.0.0.1:1/metadata'), /could not be read: connect ECONNREFUSED/);
    assert.match(await add('http://idp.example.test/metadata'), /https address/);
    assert.match(await add('nowhere.xml'), /--from: nowhere\.xml cannot be read/);
    assert.match(await written('{"issuer": "https://idp.example.test"}'), /metadata/);
    assert.match(await written(xml.slice(0, -30)), /metadata/);
    assert.match(await written(serviceProvider), /identity provider|IDPSSODescriptor/);
    assert.match(await written(xml.replaceAll(/<md:KeyDescriptor[\s\S]*?<\/md:KeyDescriptor>/g, '')), /certificate/);
    assert.match(await written(xml.replaceAll(/<md:SingleSignOnService[^>]*>/g, '')), /SingleSignOnService|sign-on/);
    assert.match(await written(xml.replaceAll('http://127.0.0.1', 'http://idp.example.test')), /https address/);
    assert.doesNotMatch(await home.must(['connection', 'list']), /wrong/);
  });
});
