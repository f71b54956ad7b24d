import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, Browser, type Page, textOf } from '../support/browser.ts';
import { authorization, signIn } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
  await app.parts.clients.add(
    {
      ...{ id: 'stranger', name: 'Fremde Anwendung', registrar: 'demo-registrar' },
      metadata: {
        ...{ application_type: 'native', token_endpoint_auth_method: 'none', redirect_uris: ['http://127.0.0.1/cb'] },
        client_uri: 'https://stranger.example.test/',
      },
    },
    'cli',
  );
});
after(() => app.close());

const strange = { client_id: 'stranger', redirect_uri: 'http://127.0.0.1:1/cb' };
const browserOf = (languages?: string): Browser =>
  new Browser({ origin: app.issuer, headers: languages === undefined ? {} : { 'accept-language': languages } });

const languageOf = (page: Page) => {
  const [, tag = ''] = /<html lang="([^"]*)">/.exec(page.text) ?? [];
  assert.equal(page.headers['content-language'], tag);
  return tag;
};

const cookieOf = ({ cookies }: Browser) => [...cookies.values()].find(({ name }) => name === 'language');

/** Chooses below a page, as its button does. */
async function choose(browser: Browser, page: Page, tag: string, headers = {}): Promise<Page> {
  const [, to = ''] = /<input type="hidden" name="to" value="([^"]*)">/.exec(page.text) ?? [];
  assert.notEqual(to, '');
  const fields = { to: to.replaceAll('&amp;', '&'), language: tag };
  const answer = await browser.send('POST', '/language', fields, headers);
  assert.equal(answer.status, 303);
  return browser.open(String(answer.headers.location));
}

/** What German pages hold only by mistake. */
const englishWords = /\b(?:the|you|your|and|with|this|sign|again|from|password|address|if|of|not|for)\b/i;
const visible = (page: Page): string =>
  page.text
    .replaceAll(
      /<dd lang="en">.*?<\/dd>|<button name="language".*?<\/button>|<code>.*?<\/code>|<head>[\s\S]*?<title>/g,
      ' ',
    )
    .replaceAll(/<[^>]*>/g, ' ');

function assertGerman(page: Page): void {
  assert.equal(languageOf(page), 'de');
  assert.doesNotMatch(visible(page), englishWords);
}

describe('the language of a sign-in', () => {
  const wishes: [string, string | undefined, Record<string, string>, string][] = [
    ['what the client asks for', 'en', { ui_locales: 'de' }, 'de'],
    ['the first that there is of what it asks for', 'en', { ui_locales: 'xx de en' }, 'de'],
    ['the browser’s own', 'de-AT,de;q=0.9', {}, 'de'],
    ['the one that the browser likes best', 'de;q=0.5, en-GB;q=0.7, *;q=0.1', {}, 'en'],
    ['no language that the browser refuses', 'de;q=0, en;q=0.1', {}, 'en'],
    ['the browser’s own, when there is none that the client asks for', 'de', { ui_locales: 'xx' }, 'de'],
    ['English, when there is none of all', 'xx-YY, tlh', { ui_locales: '__proto__ constructor' }, 'en'],
    ['English, when nobody says', undefined, {}, 'en'],
  ];
  for (const [name, languages, more, tag] of wishes) {
    it(`is ${name}`, async () => {
      assert.equal(languageOf(await browserOf(languages).open(authorization(app, more))), tag);
    });
  }

  it('is the same from the first page to the last, in every word', async () => {
    const browser = browserOf();
    const first = await browser.open(
      authorization(app, { ...strange, ui_locales: 'de', scope: 'openid email orders:read' }),
    );
    assertGerman(first);
    assert.equal(textOf(first, '<h1'), 'Bei Fremde Anwendung anmelden');
    const wrong = await browser.submit(first, { identifier: 'alice@example.test', password: 'wrong' });
    assert.equal(wrong.status, 400);
    assertGerman(wrong);
    assert.equal(
      alertOf(wrong),
      'Diese E-Mail-Adresse und dieses Passwort gehören nicht zusammen. Prüfen Sie beides und versuchen Sie es noch einmal.',
    );
    assert.match(wrong.text, /<title>Fehler: Bei Fremde Anwendung anmelden/);
    assertGerman(await browser.submit(wrong, { identifier: '  ' }));
    const consent = await signIn(app, browser, wrong);
    assertGerman(consent);
    assert.match(consent.text, /<li>Ihre E-Mail-Adresse sehen<\/li>/);
    assert.match(consent.text, /<li>„orders“ ansehen<\/li>/);
    assert.match(consent.text, /Danach geht es zurück zu einem Programm auf diesem Gerät \(127\.0\.0\.1:1\)\./);
    const done = await browser.submit(consent, { decision: 'allow' });
    assert.equal(done.url.origin, 'http://127.0.0.1:1');
  });

  it('says in it how long to wait', async () => {
    const browser = browserOf('de');
    let page = await browser.open(authorization(app));
    for (let count = 0; count < 20 && page.status !== 429; count += 1) {
      page = await browser.submit(page, { identifier: 'bob@example.test', password: 'wrong' });
    }
    assert.equal(page.status, 429);
    assertGerman(page);
    assert.match(alertOf(page) ?? '', /Warten Sie (?:eine Sekunde|\d+ Sekunden|\d+ Minuten) und/);
  });
});

describe('every other page', () => {
  const pages: [string, string, number][] = [
    ['the start page', '/', 200],
    ['an address where nothing is', '/nowhere', 404],
    ['a sign-in that has ended', '/signin/never', 400],
    ['a sign-out', '/oauth2/logout', 200],
    ['the end of a sign-out', '/oauth2/logout/success', 200],
    ['a fault of the application', '/oauth2/authorize?response_type=code', 400],
    ['an application that is not known', '/oauth2/authorize?client_id=nobody&response_type=code', 400],
    ['a method that is not answered', '/language', 405],
  ];
  for (const [name, path, status] of pages) {
    it(`is in the language of the browser: ${name}`, async () => {
      const page = await browserOf('de').open(path);
      assert.equal(page.status, status);
      assertGerman(page);
      assert.equal(page.headers.vary, 'Accept-Language, Cookie');
    });
  }

  it('is in the language that the request of the protocol asks for', async () => {
    assertGerman(await browserOf('en').open('/oauth2/logout?ui_locales=de'));
    assertGerman(await browserOf('en').open('/oauth2/authorize?client_id=nobody&ui_locales=xx%20de'));
    assert.equal(languageOf(await browserOf('en').open('/?ui_locales=de')), 'en');
  });

  it('is none of an answer to a program', async () => {
    const { headers } = await browserOf('de').send('POST', '/oauth2/token', {}, { accept: '*/*' });
    assert.deepEqual(
      [headers['content-language'], headers['content-type']],
      [undefined, 'application/json; charset=utf-8'],
    );
  });
});

describe('a language that a person chooses', () => {
  it('stays in this browser for a year, and comes before the browser’s own', async () => {
    const browser = browserOf('en');
    assertGerman(await choose(browser, await browser.open('/'), 'de'));
    assertGerman(await browser.open('/nowhere'));
    const line = cookieOf(browser)?.line ?? '';
    assert.match(line, /^language=de\.\d+; path=\/; expires=[^;]+; samesite=lax; httponly$/i);
    const [, expires = ''] = /expires=([^;]+)/i.exec(line) ?? [];
    assert.ok(Math.abs(Date.parse(expires) - Date.now() - 365 * 86_400_000) < 600_000);
  });

  it('is that of the page one was on, with all that belongs to it', async () => {
    const browser = browserOf();
    const page = await choose(
      browser,
      await browser.open(authorization(app, { login_hint: 'bob@example.test' })),
      'de',
    );
    assertGerman(page);
    assert.match(page.url.pathname, /^\/signin\//);
    assert.match(page.text, /value="bob@example\.test"/);
    const wrong = await choose(
      browser,
      await browser.submit(page, { identifier: 'bob@example.test', password: 'x' }),
      'en',
    );
    assert.equal(languageOf(wrong), 'en');
    await signIn(app, browser, wrong, 'alice@example.test');
    const logout = await choose(browser, await browser.open('/oauth2/logout?client_id=demo-web&state=a%26b'), 'de');
    assert.equal(logout.url.search, '?client_id=demo-web&state=a%26b');
  });

  it('counts more than the client’s wish for an hour, and less from then on', async (t) => {
    const browser = browserOf();
    const german = await browser.open(authorization(app, { ui_locales: 'de' }));
    assertGerman(german);
    assert.equal(languageOf(await choose(browser, german, 'en')), 'en');
    assert.equal(languageOf(await browser.open(authorization(app, { ui_locales: 'de' }))), 'en');
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_700_000 });
    assertGerman(await browser.open(authorization(app, { ui_locales: 'de' })));
    assert.equal(languageOf(await browser.open('/')), 'en');
  });

  it('is not taken from another site, nor one that there is not', async () => {
    const browser = browserOf();
    const foreign = await browser.send(
      'POST',
      '/language',
      { language: 'de', to: '/' },
      { 'sec-fetch-site': 'cross-site' },
    );
    assert.equal(foreign.status, 403);
    const unknown = await browser.send('POST', '/language', { language: 'de; path=/x', to: '/' });
    assert.equal(unknown.status, 303);
    assert.equal(cookieOf(browser), undefined);
  });

  it('is nothing that a broken cookie decides', async () => {
    for (const value of ['de.', '../de', 'de.9999999999999', '%00', '']) {
      const page = await browserOf('en').send('GET', '/', undefined, { cookie: `language=${value}` });
      assert.equal(languageOf(page), 'en', value);
    }
  });

  it('leads back to this server only (sec-008)', async () => {
    const elsewhere = [
      ...[
        'https://evil.example/',
        '//evil.example/',
        '/\\evil.example/',
        '\\\\evil.example',
        'http:evil.example',
        '\t//evil.example/',
      ],
      ...[
        '/.//evil.example/',
        '/x/..//evil.example',
        'javascript:alert(1)',
        '@evil.example/',
        '',
        '/%0d%0aSet-Cookie:a=b',
      ],
    ];
    for (const to of elsewhere) {
      const { status, headers } = await browserOf().send('POST', '/language', { language: 'de', to });
      assert.equal(status, 303);
      assert.equal(new URL(String(headers.location)).origin, app.issuer, to);
      assert.equal(headers['set-cookie']?.length, 1);
    }
  });

  it('is not offered where the page would not come again', async () => {
    const browser = browserOf();
    const page = await browser.open(authorization(app, { prompt: 'none', response_mode: 'form_post' }));
    assert.match(page.text, /You are on your way/);
    assert.doesNotMatch(page.text, /action="\/language"/);
  });
});

describe('discovery', () => {
  it('says which languages there are (OIDC Discovery §3)', async () => {
    const { text } = await browserOf().open('/.well-known/openid-configuration');
    assert.deepEqual(JSON.parse(text).ui_locales_supported, ['de', 'en']);
  });
});
