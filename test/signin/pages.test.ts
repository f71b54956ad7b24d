import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { backWords, permissionWords } from '../../views/signin/words.ts';
import { language } from '../../views/words.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, textOf } from '../support/browser.ts';
import { authorization, newBrowser } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

describe('GET /assets/', () => {
  it('serves what pages name, for good, under an address that changes with the content', async () => {
    const { text } = await newBrowser(app).open('/');
    const urls = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, url]) => url);
    assert.deepEqual(
      [...new Set(urls.map((url) => url?.replace(/[0-9a-f]{12}/, '#')))],
      ['/assets/style.#.css', '/assets/mark.#.svg'],
    );
    for (const url of urls) {
      const asset = await newBrowser(app).send('GET', url ?? '');
      assert.equal(asset.status, 200);
      assert.match(String(asset.headers['cache-control']), /max-age=31536000, immutable/);
      assert.equal(asset.headers['x-content-type-options'], 'nosniff');
    }
  });

  it('has one style sheet of less than 20 kB', async () => {
    const [, url = ''] = /href="([^"]+\.css)"/.exec((await newBrowser(app).open('/')).text) ?? [];
    const { text, headers } = await newBrowser(app).send('GET', url);
    assert.ok(Buffer.byteLength(text) < 20_000);
    assert.equal(headers['content-type'], 'text/css; charset=utf-8');
    assert.doesNotMatch(text, /url\(|@import/);
  });

  it('serves nothing else', async () => {
    for (const path of ['/assets/', '/assets/style.css', '/assets/../package.json', '/assets/%2e%2e/layout.ts']) {
      assert.equal((await newBrowser(app).send('GET', path)).status, 404);
    }
  });
});

describe('GET /', () => {
  it('says what this is, and where programs learn more', async () => {
    const page = await newBrowser(app).open('/');
    assert.equal(textOf(page, '<h1'), 'This is a sign-in service');
    assert.match(page.text, new RegExp(`<code>${app.issuer}</code>`));
    assert.match(page.text, /href="\/\.well-known\/openid-configuration"/);
  });
});

describe('an error', () => {
  const errors: [string, () => string, number, string, RegExp][] = [
    [
      'an unknown application',
      () => authorization(app, { client_id: 'nobody' }),
      400,
      'This application is not known here',
      /<code>invalid_client<\/code>: client is invalid/,
    ],
    [
      'an address that is not registered',
      () => authorization(app, { redirect_uri: 'https://evil.example/' }),
      400,
      'You cannot go on to this address',
      /Nothing is wrong with you or your account/,
    ],
    [
      'a request without anything',
      () => '/oauth2/authorize',
      400,
      'The application sent a request that does not work',
      /<code>invalid_request<\/code>: missing required parameter/,
    ],
    ['an address where nothing is', () => '/nowhere', 404, 'Page not found', /nothing at this address/],
  ];
  for (const [name, address, status, title, words] of errors) {
    it(`says for ${name} what happened, what to do, and a reference that the log knows`, async () => {
      const page = await newBrowser(app).open(address());
      assert.equal(page.status, status);
      assert.equal(textOf(page, '<h1'), title);
      assert.ok(alertOf(page));
      assert.match(page.text, words);
      const reference = String(page.headers['x-request-id']);
      assert.match(page.text, new RegExp(`<code>${reference}</code>`));
      assert.match(app.log.join(), new RegExp(reference));
    });
  }
});

describe('words for people', () => {
  const { say } = language('en', {});
  const permissions = [
    ['orders:read', 'See orders'],
    ['purchase-orders:write', 'Add and change purchase orders'],
    ['orders:ship', 'orders:ship'],
    ['dcr', 'dcr'],
  ] as const;
  for (const [permission, words] of permissions) {
    it(`are "${words}" for ${permission}`, () => assert.equal(String(permissionWords(say, permission)), words));
  }

  const places = [
    ['https://app.example.test/cb', 'app.example.test'],
    ['http://127.0.0.1:4000/cb', 'a program on this device (127.0.0.1:4000)'],
    ['com.example.app:/cb', 'the app that opens com.example.app: addresses'],
    ['not an address', 'the application'],
  ] as const;
  for (const [address, words] of places) {
    it(`are "${words}" for ${address}`, () =>
      assert.equal(String(backWords(say, address)), `Then you go back to ${words}.`));
  }
});
