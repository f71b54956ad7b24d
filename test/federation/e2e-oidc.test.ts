import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { storeUrl } from '../support/store.ts';
import {
  type Application,
  application,
  failureOf,
  front,
  type Installation,
  install,
  openChromium,
  trailOf,
  walk,
} from '../support/strangers.ts';

const email = 'ana@corp.example';
const password = 'a lamp beside four rivers';

let provider: Installation;
/** Two processes on one store, behind one address. */
let one: Installation;
let two: Installation;
let balancer: Awaited<ReturnType<typeof front>>;
/** Which process answers at which path. */
let choose: (path: string) => Installation;
let app: Application;
let browser: Browser;

/** Adds a connection to the provider, where we are a client of this name already or become one. */
async function connect(id: string, ...more: string[]): Promise<void> {
  const callback = `${balancer.issuer}/federation/${id}/callback`;
  const grants = ['--grant', 'authorization_code', '--redirect-uri', callback];
  const made = await provider.sallyport.json<{ client_secret: string }>(['client', 'add', `home-${id}`, ...grants]);
  const from = ['--from', provider.issuer, '--client-id', `home-${id}`, '--client-secret-stdin'];
  await one.must(['connection', 'add', id, '--preset', 'generic-oidc', ...from, ...more], made.client_secret);
}

before(async () => {
  balancer = await front((path) => choose(path).url);
  const shared = {
    SALLYPORT_ISSUER: balancer.issuer,
    SALLYPORT_STORE: await storeUrl(),
    SALLYPORT_MASTER_KEY: randomBytes(32).toString('base64'),
  };
  [one, provider, browser] = await Promise.all([install('localhost', shared), install('127.0.0.1'), openChromium()]);
  two = await install('localhost', shared);
  choose = () => one;
  app = await application(one);
  await provider.must(['user', 'add', email, '--name', 'Ana Example', '--password-stdin'], password);
  await provider.must(['role', 'add', 'staff']);
  await provider.must(['assign', email, 'staff']);
  const roles = [
    '--scope',
    'openid profile email roles',
    '--map',
    'groups=roles',
    '--map-group',
    'staff=orders-editor',
  ];
  await connect('corp', '--name', 'Corp SSO', '--provision', 'on', '--domain', 'corp.example', ...roles);
  await one.must(['connection', 'domain', 'verify', 'corp', 'corp.example', '--by-administrator']);
  await connect('other', '--name', 'Other SSO', '--domain', 'other.example');
  await one.must(['connection', 'domain', 'verify', 'other', 'other.example', '--by-administrator']);
});
after(async () => {
  app.close();
  balancer.close();
  await Promise.all([browser.close(), one.stop(), two.stop(), provider.stop()]);
});

async function login(page: Page, identifier = email, secret = password): Promise<void> {
  await page.getByLabel('E-mail address').fill(identifier);
  await page.getByLabel('Password').fill(secret);
  await page.locator('button.primary').click();
}

/** Where the browser ends up after the request of the application with these parameters: a connection, or a page of ours. */
const whereTo = (more: Record<string, string>) =>
  walk(browser, async ({ page }) => {
    await page.goto(app.address(more));
    return new URL(page.url()).origin === provider.issuer ? clientAt(page) : page.locator('h1').textContent();
  });

/** As which client the browser stands before the provider, which asks for a password. */
const clientAt = async (page: Page) =>
  /home-\w+/.exec((await page.getByRole('heading', { level: 1 }).textContent()) ?? '')?.[0];

describe('another Sallyport as provider, on another site, in Chromium', () => {
  it('signs a person in with five requests to us, no page of ours, and the roles of its groups', async () => {
    await walk(browser, async ({ page, asked, shown }) => {
      await page.goto(app.address({ idp_hint: 'corp' }));
      await login(page);
      const { claims, roles } = await app.redeem(page);
      assert.equal(claims.email, email);
      assert.deepEqual(roles, ['orders-editor', 'orders-reader']);
      assert.deepEqual(await asked(balancer.issuer), [
        'GET /oauth2/authorize 303',
        'GET /signin/… 303',
        'GET /federation/corp/callback 303',
        'GET /signin/…/return 303',
        'GET /oauth2/authorize/… 303',
      ]);
      assert.equal(shown.includes(balancer.issuer), false, shown.join());
    });
  });

  it('takes the role away at the next sign-in when the provider no longer says it', async () => {
    await provider.must(['unassign', email, 'staff']);
    await walk(browser, async ({ page }) => {
      await page.goto(app.address({ idp_hint: 'corp' }));
      await login(page);
      assert.deepEqual((await app.redeem(page)).roles, []);
    });
  });

  const ways: [name: string, paths: RegExp][] = [
    ['begins at one, comes back to the other, and goes on at the first', /^\/federation\//],
    ['begins at one, and all that follows the callback is the other’s', /^\/federation\/|\/return|\/authorize\/./],
    ['begins at one, and is picked up by the other', /\/return/],
    ['begins at one, and every other page is the other’s', /^\/(?:signin|federation)\//],
  ];
  for (const [name, others] of ways) {
    it(`finishes a sign-in that two processes share: it ${name}`, async () => {
      const met = new Set<Installation>();
      choose = (path) => {
        const server = others.test(path) ? two : one;
        met.add(server);
        return server;
      };
      await walk(browser, async ({ page }) => {
        await page.goto(app.address({ idp_hint: 'corp' }));
        await login(page);
        assert.equal((await app.redeem(page)).claims.email, email);
      });
      assert.equal(met.size, 2);
      choose = () => one;
    });
  }
});

describe('where the person is sent', () => {
  it('is what idp_hint says, then domain_hint, then the domain of login_hint', async () => {
    const domains = { domain_hint: 'other.example', login_hint: email };
    assert.equal(await whereTo({ idp_hint: 'corp', ...domains, login_hint: 'x@other.example' }), 'home-corp');
    assert.equal(await whereTo(domains), 'home-other');
    assert.equal(await whereTo({ login_hint: email }), 'home-corp');
    assert.match((await whereTo({ idp_hint: 'nobody', login_hint: 'x@unknown.example' })) ?? '', /^Sign in to portal/);
  });

  it('is what was chosen: by a button, or by an address of a domain, whoever that is', async () => {
    for (const step of [
      (page: Page) => page.locator('button[name=connection][value=corp]').click(),
      (page: Page) => identify(page, email),
      (page: Page) => identify(page, 'nobody.is.called.so@corp.example'),
    ]) {
      await walk(browser, async ({ page }) => {
        await page.goto(app.address());
        await step(page);
        await page.waitForURL(`${provider.issuer}/**`);
        assert.equal(await clientAt(page), 'home-corp');
      });
    }
  });

  it('is nowhere for people who were added here: they sign in by their password', async () => {
    await one.must(['user', 'add', 'local@example.test', '--password-stdin'], password);
    await walk(browser, async ({ page }) => {
      await page.goto(app.address());
      await login(page, 'local@example.test');
      assert.equal((await app.redeem(page)).claims.email, 'local@example.test');
    });
  });

  it('is not told who exists: a wrong password of somebody and of nobody look alike', async () => {
    await one.must(['user', 'add', 'exists@example.test', '--password-stdin'], password);
    const told = (identifier: string) =>
      walk(browser, async ({ page }) => {
        await page.goto(app.address());
        await login(page, identifier, 'wrong');
        const text = await page.locator('main').textContent();
        return (text ?? '').replaceAll(identifier, '').replace(/[\w-]{36}/, '');
      });
    assert.equal(await told('exists@example.test'), await told('nobody@example.test'));
  });
});

/** Types an address on the first page, and goes on. */
async function identify(page: Page, identifier: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(identifier);
  await page.getByLabel('E-mail address').press('Enter');
}

describe('a provider that does not answer', () => {
  it('ends on a page with a way on, and a reference by which the trail is found', async () => {
    await provider.stop();
    await walk(browser, async ({ page }) => {
      await page.goto(app.address({ idp_hint: 'corp' }));
      const { heading, reference } = await failureOf(page);
      assert.match(heading, /^The sign-in with Corp SSO did not work$/);
      const { type, method, reason, advice } = await trailOf(one, reference);
      assert.deepEqual({ type, method }, { type: 'signin.failed', method: 'corp' });
      assert.ok(reason && advice);
      await page.getByRole('link', { name: 'Sign in another way' }).click();
      await login(page, 'alice@example.test', one.demo.users['alice@example.test']?.password);
      assert.equal((await app.redeem(page)).claims.email, 'alice@example.test');
    });
  });
});
