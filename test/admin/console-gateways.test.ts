import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { guides } from '../../src/gateways/guides.ts';
import { doneOf } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Page, textOf } from '../support/browser.ts';
import { type Administrator, atConsole, newApplication, send } from '../support/console.ts';
import { basic, post } from '../support/oauth.ts';

const orders = 'https://api.example.test/orders';
let app: TestApp;
let ada: Administrator;
before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  app = await startApp();
  ada = await atConsole(app, 'ada@x.test');
});
after(async () => {
  await app.close();
  mock.timers.reset();
});
beforeEach(() => mock.timers.tick(1000));

const open = (path: string): Promise<Page> => ada.browser.open(`/admin/gateways${path}`);
const heading = (page: Page) => textOf(page, '<h1');
const decoded = (text = '') =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
const files = ({ text }: Page) =>
  [...text.matchAll(/<code id="file-\d+">([\s\S]*?)<\/code>/g)].map(([, all]) => decoded(all));
const links = ({ text }: Page) => [...text.matchAll(/href="([^"]*)"/g)].map(([, href]) => decoded(href));

describe('the room of gateways', () => {
  it('lists every product by the way in which it asks, and has its place in the rail', async () => {
    const page = await open('');
    assert.equal(heading(page), 'Gateways');
    for (const { kind } of guides) assert.ok(links(page).includes(`/admin/gateways/${kind}`), kind);
    assert.match(page.text, /href="\/admin\/gateways" aria-current="page"/);
    assert.match(page.text, /when the token ends, after 600 s at most/);
    assert.match((await ada.browser.open('/admin/search?q=gateways')).text, /<main[\s\S]*href="\/admin\/gateways"/);
  });

  it('is closed to whoever may not read clients and APIs both', async () => {
    for (const one of ['apis:read', 'clients:read']) {
      const role = `only-${one.slice(0, 4)}`;
      await app.parts.access.saveRole({ id: role, permissions: [`urn:sallyport:admin#${one}`], includes: [] }, 'cli');
      const { browser } = await atConsole(app, `${role}@x.test`, role);
      for (const path of ['', '/nginx', '/nginx/file', '/try'])
        assert.equal((await browser.send('GET', `/admin/gateways${path}`)).status, 403, path);
      assert.equal((await browser.send('POST', '/admin/gateways/try', { token: 'x', uri: '/' })).status, 403);
      assert.doesNotMatch((await browser.open('/admin')).text, /href="\/admin\/gateways"/);
    }
  });
});

describe('the page of a product', () => {
  it('writes the whole configuration, to copy and to keep, with a placeholder for the secret', async () => {
    const asked = 'client=demo-gateway&upstream=http%3A%2F%2F10.0.0.7%3A9000&port=8443';
    const page = await open(`/nginx-njs?${asked}`);
    const [conf = '', script = '', ...more] = files(page);
    assert.deepEqual(more, []);
    assert.match(conf, /listen 8443[\s\S]*proxy_pass http:\/\/10\.0\.0\.7:9000/);
    assert.match(script, /"scope": "orders:read"/);
    assert.match(page.text, /stands for base64 of <code>demo-gateway:SECRET<\/code>/);
    assert.ok(links(page).includes('/admin/applications/demo-gateway/rotate'));
    const kept = links(page).filter((href) => href.includes('/nginx-njs/file?'));
    assert.equal(kept.length, 2);
    const file = await ada.browser.send('GET', kept[0] ?? '');
    assert.equal(file.text, conf);
    assert.match(String(file.headers['content-disposition']), /attachment; filename="sallyport\.conf"/);
    assert.match(String(file.headers['content-type']), /^text\/plain/);
    const spring = await open('/spring?client=demo-gateway');
    assert.match(spring.text, /read from the variable <code>SALLYPORT_CLIENT_SECRET<\/code>/);
  });

  it('names only applications that fit, and says of others what to change and where', async () => {
    const { id } = await newApplication(app);
    const page = await open('/kong?client=demo-service');
    assert.match(page.text, /<option value="demo-gateway">/);
    assert.doesNotMatch(page.text, /<option value="demo-service"|sallyport client set/);
    assert.match(page.text, /Demo service does not fit yet/);
    assert.deepEqual(files(page), []);
    for (const href of ['/admin/applications/demo-service/gateway', `/admin/applications/${id}/approve`])
      assert.ok(links(page).includes(href), href);
    const form = await ada.browser.open('/admin/applications/demo-service/gateway');
    const wrong = await send(ada.browser, form, { whose: 'some', audiences: orders, keep: 'x' });
    assert.equal(wrong.status, 400);
    const saved = await send(ada.browser, form, { whose: 'some', audiences: `${orders}\n`, keep: '5' });
    assert.match(doneOf(saved) ?? '', /is saved/);
    const { introspects, cacheSeconds } = (await app.parts.clients.get('demo-service')) ?? {};
    assert.deepEqual([introspects, cacheSeconds], [[orders], 5]);
    const written = await open('/kong?client=demo-service');
    assert.match(files(written)[0] ?? '', /client_id: \[demo-service\]/);
    assert.match(written.text, /after 5 seconds at most/);
  });

  it('loses no change of somebody else by a slip of the pen', async () => {
    const at = '/admin/applications/demo-service/gateway';
    const { introspects = [], cacheSeconds } = (await app.parts.clients.get('demo-service')) ?? {};
    const form = await ada.browser.open(at);
    await app.parts.clients.change('demo-service', { introspects: 'all' }, 'cli');
    const wrong = await send(ada.browser, form, { whose: 'none', audiences: '', keep: 'x' });
    assert.equal(wrong.status, 400);
    const again = await send(ada.browser, wrong, { whose: 'none', audiences: '', keep: '5' });
    assert.equal(again.status, 412);
    assert.equal((await app.parts.clients.get('demo-service'))?.introspects, 'all');
    await app.parts.clients.change('demo-service', { introspects, cacheSeconds }, 'cli');
  });

  it('says what keeps the APIs from being guarded', async () => {
    const page = await open('/krakend?client=demo-gateway');
    assert.match(page.text, /no API with routes has JWTs/);
    const named = await open(`/aws?client=demo-gateway&api=${encodeURIComponent(orders)}`);
    assert.match(named.text, new RegExp(`Tokens of ${orders} are opaque`));
    assert.match(named.text, /type="checkbox" name="api" value="[^"]*" checked/);
    const sees = await open('/oauth2-proxy?client=demo-gateway');
    assert.match(sees.text, /no address after sign-in/);
    assert.match(sees.text, /<option value="demo-web">/);
  });

  it('tells what was typed wrong, and is not there for what is no product', async () => {
    const wrong = await open('/nginx?client=demo-gateway&upstream=ftp%3A%2F%2Fx');
    assert.equal(wrong.status, 400);
    assert.match(alertOf(wrong) ?? '', /upstream must be an address such as/);
    assert.match(wrong.text, /name="upstream"[^>]* value="ftp:\/\/x"/);
    assert.equal((await open('/toaster')).status, 404);
    assert.equal((await open('/nginx?client=nobody')).status, 404);
  });
});

describe('a trial in the console', () => {
  const tokenOf = async () => {
    const form = { grant_type: 'client_credentials', resource: orders };
    return (await post(`${app.issuer}/oauth2/token`, form, basic(app.client('demo-service')))).body.access_token;
  };
  const attempt = async (token: string, fields: Record<string, string> = {}): Promise<Page> => {
    const said = { token, method: 'GET', uri: 'api.example.test/orders/7', caller: 'demo-gateway', kind: 'kong' };
    const page = await ada.browser.send('POST', '/admin/gateways/try', { ...said, ...fields });
    assert.ok(!page.text.includes(token) && !page.url.href.includes(token));
    return page;
  };
  const badges = ({ text }: Page) => [...text.matchAll(/<em class="badge \w+">([^<]*)<\/em>/g)].map(([, word]) => word);

  it('shows what the doors answer, as words and as commands', async () => {
    const token = await tokenOf();
    const passed = await attempt(` Bearer ${token}\n`.trimEnd());
    assert.deepEqual(badges(passed), ['200 Let through', '200 active']);
    assert.match(passed.text, /<dt>X-Auth-Subject<\/dt><dd><code>demo-service<\/code>/);
    assert.match(passed.text, /<dt>aud<\/dt><dd><code>https:\/\/api\.example\.test\/orders<\/code>/);
    const command = decoded(textOf(passed, '<code id="introspect"'));
    assert.match(command, /-u 'demo-gateway':"\$SECRET" \\\n {2}--data-urlencode "token=\$TOKEN"$/);
    assert.match(passed.text, /name="token" type="password" autocomplete="off"/);
    assert.match(passed.text, /href="\/admin\/gateways\/kong"/);
    const refused = await attempt(token, { method: 'PUT' });
    assert.deepEqual(badges(refused), ['403 Refused', '200 active']);
    assert.match(refused.text, /<code>orders:write<\/code>[\s\S]*error=&quot;insufficient_scope&quot;/);
    const quoted = await attempt(token, { uri: "api.example.test/it's", caller: '' });
    assert.deepEqual(badges(quoted), ['403 Refused']);
    assert.match(quoted.text, /No route of an API takes this request/);
    assert.ok(decoded(textOf(quoted, '<code id="forward"')).includes(`api.example.test/it'\\''s'`));
  });

  it('says at the next try that a role is gone, and that a token has ended', async () => {
    const token = await tokenOf();
    const { access } = app.parts;
    await access.unassign('client:demo-service', 'orders-reader', 'cli');
    assert.deepEqual(badges(await attempt(token)), ['403 Refused', '200 active']);
    await access.assign('client:demo-service', 'orders-reader', 'cli');
    assert.deepEqual(badges(await attempt(token)), ['200 Let through', '200 active']);
    mock.timers.tick(601_000);
    const ended = await attempt(token);
    assert.deepEqual(badges(ended), ['401 Not let in', '200 inactive']);
    assert.match(ended.text, /unknown, expired or revoked/);
  });

  it('tells what cannot be asked, and keeps what was typed but the token', async () => {
    const page = await attempt('a-secret-token', { uri: 'two hosts/x' });
    assert.equal(page.status, 400);
    assert.match(alertOf(page) ?? '', /The host of the request must be one name/);
    assert.match(page.text, /name="uri"[^>]* value="two hosts\/x"/);
    assert.ok(!app.log.join().includes('a-secret-token'));
  });
});
