import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { connect, password, person, startProvider } from '../support/federation.ts';
import { basic, post } from '../support/oauth.ts';
import { telling } from '../support/shown.ts';

let home: TestApp;
let provider: TestApp;
let browser: Browser;
const email = 'ana.with.a.really.long.name.of.many.parts@department.of.something.corp.example';
const verifier = 'a-verifier-of-the-length-that-rfc-7636-wants';

/** The application, on another site than the sign-in. */
const client = createServer((_incoming, outgoing) => {
  outgoing.setHeader('content-type', 'text/html');
  outgoing.end('<link rel="icon" href="data:,"><h1>The application</h1>');
}).listen(0, '127.0.0.1');
await once(client, 'listening');
const redirect_uri = `http://127.0.0.1:${(client.address() as AddressInfo).port}/cb`;

const address = (more: Record<string, string> = {}): string =>
  `${home.issuer}/oauth2/authorize?${new URLSearchParams({
    ...{ client_id: 'portal', redirect_uri, response_type: 'code', scope: 'openid email', state: 's' },
    ...{ code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' },
    ...more,
  })}`;

before(async () => {
  home = await startApp();
  provider = await startProvider();
  const metadata = {
    redirect_uris: [redirect_uri],
    post_logout_redirect_uris: [`${redirect_uri}/left`],
    token_endpoint_auth_method: 'client_secret_basic',
  };
  const name = 'A portal with a remarkably long name, for everything that there is to order';
  await home.parts.clients.add(
    { id: 'portal', name, firstParty: true, secret: 'portal-secret-portal-secret', metadata },
    'cli',
  );
  await connect(home, provider, 'corp', { name: 'The sign-in of a corporation with a long name' });
  await connect(home, provider, 'closed', { provision: false });
  await connect(home, provider, 'strict', { mfa: 'require', evidence: [{ amrAnyOf: ['mfa'] }], name: 'Strict SSO' });
  await home.parts.connections.add(
    {
      ...{ id: 'directory', name: 'Staff directory', preset: 'generic-ldap', from: 'ldap://127.0.0.1:1/dc=corp' },
      ...{ bindDn: 'cn=service,dc=corp', bindPassword: 'secret', shown: false },
    },
    'cli',
  );
  await person(provider, email);
  await home.parts.users.add({ email: 'here@corp.example', password, emailVerified: true }, 'cli');
  await home.parts.users.add({ email: 'open@corp.example', password }, 'cli');
  browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });
});
after(async () => {
  await browser.close();
  await Promise.all([home.close(), provider.close()]);
  client.close().closeAllConnections();
});

async function visit(options: BrowserContextOptions, walk: (page: Page) => Promise<void>): Promise<string[]> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await telling(context, () => walk(page));
  await context.close();
  return complaints;
}

async function enter(page: Page, identifier: string, secret = password): Promise<void> {
  await page.getByLabel('E-mail address').fill(identifier);
  await page.getByLabel('Password').fill(secret);
  await page.locator('button.primary').click();
}

async function tokens(page: Page) {
  await page.waitForURL(`${redirect_uri}**`);
  const code = new URL(page.url()).searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri };
  const credentials = { client_id: 'portal', client_secret: 'portal-secret-portal-secret' };
  return post(`${home.issuer}/oauth2/token`, form, basic(credentials));
}

describe('a sign-in through another site in Chromium', () => {
  it('goes from the client’s redirect to the tokens, and shows no page of ours', async () => {
    const complaints = await visit({}, async (page) => {
      const shown: string[] = [];
      page.on('framenavigated', (frame) => shown.push(new URL(frame.url()).origin));
      await page.goto(address({ idp_hint: 'corp' }));
      assert.equal(new URL(page.url()).origin, provider.issuer);
      await enter(page, email);
      const { status, body } = await tokens(page);
      assert.equal(status, 200);
      assert.ok(body.access_token && body.id_token);
      assert.equal(shown.includes(home.issuer), false, shown.join(' '));
    });
    assert.deepEqual(complaints, []);
  });

  it('works without JavaScript, from a button to the tokens', async () => {
    await visit({ javaScriptEnabled: false }, async (page) => {
      await page.goto(address());
      await page.getByRole('button', { name: 'Continue with The sign-in of' }).click();
      await enter(page, email);
      assert.equal((await tokens(page)).status, 200);
    });
  });

  it('connects an account by keyboard alone', async () => {
    await person(provider, 'here@corp.example');
    await visit({}, async (page) => {
      await page.goto(address({ idp_hint: 'corp' }));
      await enter(page, 'here@corp.example');
      await page.getByRole('heading', { name: 'Connect your account' }).waitFor();
      await page.getByLabel('Password').focus();
      await page.keyboard.type(password);
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Connect' }).focus();
      await page.keyboard.press('Enter');
      assert.equal((await tokens(page)).status, 200);
    });
  });

  it('survives the back button: what was used is over, and the way can be begun again', async () => {
    await visit({}, async (page) => {
      await page.goto(address());
      await page.getByRole('button', { name: 'Continue with The sign-in of' }).click();
      await page.getByLabel('Password').waitFor();
      await page.goBack();
      assert.match((await page.getByRole('heading', { level: 1 }).textContent()) ?? '', /^Sign in to A portal/);
      await page.getByRole('button', { name: 'Continue with The sign-in of' }).click();
      await enter(page, email);
      assert.equal((await tokens(page)).status, 200);
    });
  });
});

const toConnect = async (page: Page): Promise<void> => {
  await page.goto(address({ idp_hint: 'closed' }));
  await enter(page, email);
  await page.getByRole('heading', { name: 'Connect your account' }).waitFor();
};

/** Every page that federation adds, and how a person gets there. */
const pages: Record<string, (page: Page) => Promise<unknown>> = {
  chooser: (page) => page.goto(address()),
  directory: (page) => page.goto(address({ idp_hint: 'directory' })),
  'directory with an error': async (page) => {
    await page.goto(address({ idp_hint: 'directory' }));
    await page.getByLabel('User name').fill(' ');
    await page.getByLabel('Password').fill('x');
    await page.locator('button.primary').click();
    await page.getByRole('alert').waitFor();
  },
  connect: toConnect,
  'connect with a wrong password': async (page) => {
    await toConnect(page);
    await enter(page, 'here@corp.example', 'wrong');
    await page.getByRole('alert').waitFor();
  },
  'connect the two?': async (page) => {
    await toConnect(page);
    await enter(page, 'here@corp.example');
    await page.getByRole('button', { name: 'Leave apart' }).waitFor();
  },
  'not connected': async (page) => {
    await toConnect(page);
    await enter(page, 'open@corp.example');
    await page.getByRole('button', { name: 'Go on without connecting' }).waitFor();
  },
  'signed out here only': async (page) => {
    await page.goto(address({ idp_hint: 'corp' }));
    await enter(page, email);
    await page.waitForURL(`${redirect_uri}**`);
    await leave(page);
    await page.waitForURL(`${provider.issuer}/**`);
    const state = new URL(page.url()).searchParams.get('state') ?? '';
    await page.goto(`${home.issuer}/federation/corp/logout?${new URLSearchParams({ state, error: 'server_error' })}`);
    await page.getByRole('alert').waitFor();
  },
  failure: async (page) => {
    await page.goto(address({ idp_hint: 'strict' }));
    await enter(page, email);
    await page.getByRole('button', { name: 'Try again' }).waitFor();
  },
};

/** Signs out of the application, here and then at the provider; answers after the yes here. */
async function leave(page: Page): Promise<void> {
  const query = { client_id: 'portal', post_logout_redirect_uri: `${redirect_uri}/left`, state: 'out' };
  await page.goto(`${home.issuer}/oauth2/logout?${new URLSearchParams(query)}`);
  await page.getByRole('button', { name: 'Sign out' }).click();
}

describe('a sign-out that goes through another site in Chromium', () => {
  it('asks here and there, and is back at the application; the next sign-in asks for a password', async () => {
    const complaints = await visit({}, async (page) => {
      await page.goto(address({ idp_hint: 'corp' }));
      await enter(page, email);
      await tokens(page);
      await leave(page);
      await page.waitForURL(`${provider.issuer}/**`);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.waitForURL(`${redirect_uri}/left?state=out`);
      await page.goto(address({ idp_hint: 'corp' }));
      await page.getByLabel('Password').waitFor();
    });
    assert.deepEqual(complaints, []);
  });
});

describe('every page of federation, in the light and the dark, on a small phone and on a desk', () => {
  for (const [name, way] of Object.entries(pages)) {
    it(`breaks no rule of WCAG 2.2 AA, cuts nothing off, and is easy to hit: ${name}`, async () => {
      await visit({ reducedMotion: 'reduce' }, async (page) => {
        await way(page);
        for (const setting of settings) await checkPage(page, setting);
        assert.equal(await page.locator('main').count(), 1);
        assert.equal(await page.locator('h1').count(), 1);
      });
    });
  }
});
