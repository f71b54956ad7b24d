import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { newKey } from '../../src/federation/saml-keys.ts';
import { doneOf, password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Page, textOf } from '../support/browser.ts';
import { samlMetadata, sendTo } from '../support/connecting.ts';
import { type Administrator, atConsole, enterWithKey, hidden, newApplication, send } from '../support/console.ts';
import { follow, rowsOf } from '../support/console-forms.ts';
import { describing } from '../support/discovery.ts';
import { newBrowser } from '../support/signing-in.ts';

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

const stateOf = async (id: string) => (await app.parts.clients.get(id))?.state;

describe('the pages of the console', () => {
  it('decide in place, with a tier and a reason, about what was seen', async () => {
    const { id } = await newApplication(app);
    await app.parts.tiers.add('gold', { limits: [], excess: 'reject' }, 'cli');
    const list = await ada.browser.open('/admin/applications?state=pending');
    const [, etag = ''] =
      new RegExp(`/${id}/approve"><input type="hidden" name="etag" value="([^"]+)"`).exec(list.text) ?? [];
    const decoded = etag.replaceAll('&quot;', '"');
    if (etag !== '') {
      await app.parts.clients.change(id, (now) => ({ name: 'Swapped', metadata: now.metadata }), 'cli');
      const late = await ada.browser.send('POST', `/admin/applications/${id}/approve`, { etag: decoded, tier: 'gold' });
      assert.equal(late.status, 412);
      assert.equal(await stateOf(id), 'pending');
    }
    const form = await ada.browser.open(`/admin/applications/${id}/approve`);
    await send(ada.browser, form, { tier: 'gold' });
    const { state, tier } = (await app.parts.clients.get(id)) ?? {};
    assert.deepEqual([state, tier], ['approved', 'gold']);
  });

  it('show a new secret once', async () => {
    const page = await ada.browser.open('/admin/applications/new');
    const shown = await send(ada.browser, page, { name: 'Batch', kind: 'service', redirects: '' });
    const secret = textOf(shown, '<code id="client-secret"') ?? '';
    assert.ok(secret.length > 30);
    const id = textOf(shown, '<code id="client-id"') ?? '';
    for (const tab of ['', '/secrets', '/audit']) {
      const again = await ada.browser.open(`/admin/applications/${id}${tab}`);
      assert.equal(again.status, 200);
      assert.ok(!again.text.includes(secret));
    }
    const rotated = await send(ada.browser, await ada.browser.open(`/admin/applications/${id}/rotate`), {
      overlap: '0',
    });
    assert.notEqual(textOf(rotated, '<code id="client-secret"'), secret);
  });

  it('look after a person: why they may what they may, a reset with a reason, a session that ends', async () => {
    const person = await somebody(app, 'nia@x.test');
    await app.parts.access.assign(`user:${person}`, 'orders-editor', 'cli');
    const at = `/admin/people/${person}`;
    const access = await ada.browser.open(`${at}/access`);
    assert.match(
      access.text.replaceAll(/<\/?a[^>]*>/g, ''),
      /orders:read<\/code><\/th><td>orders-editor → orders-reader/,
    );
    const without = await ada.browser.send('POST', `${at}/reset-factors`, { reason: ' ' });
    assert.equal(without.status, 400);
    await send(ada.browser, await ada.browser.open(`${at}/reset-factors`), { reason: 'lost phone' });
    const [event] = await app.parts.trail.search({ type: 'factors.reset', target: `user:${person}` });
    assert.deepEqual([event?.actor, event?.detail?.reason], [`user:${ada.id}`, 'lost phone']);
    const browser = newBrowser(app);
    // Signed out everywhere a moment ago.
    mock.timers.tick(2000);
    await browser.submit(await browser.open('/account'), { identifier: 'nia@x.test', password });
    const sessions = await ada.browser.open(`${at}/sessions`);
    const [, end = ''] = /href="(\/admin\/sessions\/[^"]+\/end)"/.exec(sessions.text) ?? [];
    assert.equal(doneOf(await send(ada.browser, await ada.browser.open(end), {})), 'The session has ended.');
    assert.equal((await browser.send('GET', '/account/profile')).status, 303);
    const link = await send(ada.browser, await ada.browser.open(`${at}/reset-password`), { reason: 'forgot it' });
    assert.match(textOf(link, '<code id="given"') ?? '', /^http.*\/account\/reset/);
  });

  it('find what happened, say it in a sentence and show the raw event', async () => {
    const { id, name } = await newApplication(app);
    await send(ada.browser, await ada.browser.open(`/admin/applications/${id}/reject`), { reason: 'unknown' });
    const list = await ada.browser.open(
      `/admin/audit?type=client.rejected&target=${encodeURIComponent(`client:${id}`)}`,
    );
    const sentence = textOf(list, '<span class="sentence"');
    assert.equal(sentence, `ada@x.test rejected ${name}`);
    const [, raw = ''] = /href="(\/admin\/audit\/[^"]+)">Raw event/.exec(list.text) ?? [];
    assert.match((await ada.browser.open(raw)).text, /&quot;type&quot;: &quot;client\.rejected&quot;/);
    assert.match((await ada.browser.open('/admin/audit?type=role.removed&days=1')).text, /Nothing fits/);
    const verified = await send(ada.browser, await ada.browser.open('/admin/audit/verify'), {});
    assert.equal(doneOf(verified), 'Every event is there, and as it was recorded.');
  });

  it('show connections and what the provider needs, switch them off and on, and begin a test', async (t) => {
    const provider = await describing();
    t.after(() => provider.close());
    const made = { id: 'corp', name: 'Corp sign-in', preset: 'generic-oidc', from: provider.url, clientId: 'us' };
    await app.parts.connections.add({ ...made, clientSecret: 'secret', domains: ['corp.test'] }, 'cli');
    assert.match((await ada.browser.open('/admin/connections')).text, /href="\/admin\/connections\/corp">Corp sign-in/);
    const page = await ada.browser.open('/admin/connections/corp');
    assert.match(page.text, new RegExp(`>${app.issuer}/federation/corp/callback</code>`));
    assert.match(page.text, />_sallyport\.corp\.test</);
    assert.doesNotMatch(page.text, />secret</);
    const off = await send(ada.browser, await ada.browser.open('/admin/connections/corp/disable'), {});
    assert.equal(doneOf(off), 'Corp sign-in is disabled.');
    assert.equal((await app.parts.connections.get('corp'))?.state, 'disabled');
    assert.match(off.text, /disabled/);
    const on = await send(ada.browser, await ada.browser.open('/admin/connections/corp/enable'), {});
    assert.equal(doneOf(on), 'Corp sign-in is enabled.');
    const form = await ada.browser.open('/admin/connections/corp/test');
    const test = await ada.browser.send('POST', form.url, hidden(form));
    assert.match(String(test.headers.location), /\/admin\/connections\/corp\/test\/[\w-]+\?key=/);
    assert.match((await ada.browser.open('/admin/search?q=corp')).text, /href="\/admin\/connections\/corp"/);
  });

  it('find everything by a part of its name, and speak the language of the person', async () => {
    await newApplication(app, 'approved', 'Quince orchard');
    const found = await ada.browser.open('/admin/search?q=quince');
    assert.match(found.text, />Quince orchard<\/a>/);
    assert.match((await ada.browser.open('/admin/search?q=aud')).text, /href="\/admin\/audit">Audit/);
    const german = await atConsole(app, 'otto@x.test');
    await app.parts.users.change(german.id, { profile: { locale: 'de' } }, 'cli');
    const page = await german.browser.open('/admin');
    assert.match(page.text, /<html lang="de">/);
    assert.equal(textOf(page, '<h1'), 'Übersicht');
  });

  it('count what is going on, and tell what waits', async () => {
    await newApplication(app);
    const page = await ada.browser.open('/admin');
    assert.match(page.text, /<svg class="chart good"/);
    assert.match(page.text, /Applications that wait for approval/);
    const { status } = await ada.browser.send('POST', '/admin', {});
    assert.equal(status, 405);
    assert.equal((await ada.browser.send('GET', '/admin/nothing')).status, 404);
    assert.equal((await ada.browser.send('GET', '/admin/applications/%E0%A4%A')).status, 404);
    assert.equal((await ada.browser.send('GET', '/admin/applications/none')).status, 404);
  });
});

describe('the room of connections', () => {
  const open = (path: string) => ada.browser.open(`/admin/connections/${path}`);

  it('names the tenants that may come in, where one provider serves many', async () => {
    const to = 'https://login.microsoftonline.com';
    const metadata = JSON.stringify({
      issuer: `${to}/{tenantid}/v2.0`,
      authorization_endpoint: `${to}/organizations/oauth2/v2.0/authorize`,
      token_endpoint: `${to}/organizations/oauth2/v2.0/token`,
      jwks_uri: `${to}/organizations/discovery/v2.0/keys`,
    });
    const form = await open('new?preset=entra-oidc');
    assert.doesNotMatch((await open('new?preset=okta-oidc')).text, /name="tenants"/);
    const [one, other] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const;
    const typed = {
      preset: 'entra-oidc',
      id: 'entra',
      name: 'Entra',
      metadata,
      clientId: 'x',
      clientSecret: 's3cret of entra',
    };
    const without = await sendTo(ada.browser, form, 'new', typed);
    assert.match(alertOf(without) ?? '', /every tenant of Entra/);
    const page = await sendTo(ada.browser, without, 'new', { ...typed, tenants: `${one}\r\n${other}\r\n` });
    assert.equal(page.url.pathname, `/admin/connections/entra/setup`, page.text);
    assert.match(page.text, new RegExp(`<textarea id="tenants"[^>]*>\n${one}\n${other}</textarea>`));
    const tenants = async () => {
      const now = await app.parts.connections.get('entra');
      return now?.kind === 'oidc' && now.tenants;
    };
    assert.deepEqual(await tenants(), [one, other]);
    const changed = { name: 'Entra', clientId: 'x', auth: 'client_secret_post', tenants: other };
    assert.equal(doneOf(await sendTo(ada.browser, page, 'entra/source', changed)), 'Entra is saved.');
    assert.deepEqual(await tenants(), [other]);
  });

  it('shows our own keys for it, and rotates them after a question', async () => {
    const { certificate } = await newKey('idp', 'signing', Date.now() / 1000);
    const metadata = samlMetadata('https://idp.corp.test', certificate);
    await app.parts.connections.add({ id: 'sso', name: 'By file', preset: 'generic-saml', metadata }, 'cli');
    assert.match((await open('sso')).text, /href="\/admin\/connections\/sso\/keys"/);
    assert.match((await open('sso/keys')).text, /the first is made when it is needed/);
    const first = await sendTo(ada.browser, await open('sso/keys/rotate'), 'sso/keys/rotate');
    assert.equal(doneOf(first), 'New keys of By file are published; they are in use in 14 days.');
    const states = (page: Page) =>
      rowsOf(page).map(([key = '', state]) => `${/^(Signing|Encryption)/.exec(key)?.[0]}: ${state}`);
    assert.deepEqual(states(first), ['Signing: In use', 'Encryption: In use']);
    const second = await sendTo(ada.browser, await open('sso/keys/rotate'), 'sso/keys/rotate');
    assert.deepEqual(states(second), [
      ...['Signing: In use', 'Signing: Next'],
      ...['Encryption: In use', 'Encryption: Next'],
    ]);
    const third = await sendTo(ada.browser, await open('sso/keys/replace'), 'sso/keys/replace');
    assert.equal(doneOf(third), 'New keys of By file are in use now.');
    assert.equal((await open('nothing/keys')).status, 404);
    assert.equal((await open('nothing/keys/rotate')).status, 404);
  });
});

describe('a form', () => {
  it('that is long comes back after the sign-in too, with all that was typed', async () => {
    const { access, connections } = app.parts;
    const one = await atConsole(app, 'mel@x.test');
    const again = async (path: string, fields: Record<string, string | undefined>) => {
      const form = await one.browser.open(path);
      mock.timers.tick(16 * 60_000);
      assert.equal((await follow(one.browser, formTo(form, path), fields)).status, 403, path);
      return enterWithKey(one, await one.browser.open(path));
    };
    /** The page from the form on that is sent to this address. */
    const formTo = (page: Page, path: string): Page => {
      const at = page.text.indexOf(`<form method="post" action="${path}"`);
      return at === -1 ? page : { ...page, text: `<main>${page.text.slice(at)}` };
    };
    const api = 'https://fleet.example.test/with/a/long/address';
    await access.saveApi(
      { id: api, permissions: ['a'], routes: [], tokenFormat: 'opaque', signingAlg: 'RS256' },
      'cli',
    );
    const routes = Array.from({ length: 80 }, (_, at) => `GET /fleet/${at}/** = a`);
    const path = `/admin/access/apis/${encodeURIComponent(api)}/edit`;
    const form = await again(path, { routes: routes.join('\r\n'), token_ttl: '77' });
    await access.changeApi(api, (now) => ({ ...now, host: 'fleet.example.test' }), 'cli');
    assert.equal((await follow(one.browser, form)).status, 412, 'it is still held against what it was made of');
    assert.equal((await follow(one.browser, await again(path, { token_ttl: '78' }))).status, 200);
    const { host, tokenTtl } = (await access.api(api)) ?? {};
    assert.deepEqual([host, tokenTtl], ['fleet.example.test', 78]);
    const most = await again(path, { permissions: 'a\r\n'.repeat(2000), token_ttl: '79' });
    assert.match(most.text, /name="token_ttl"[^>]* value="79"/, 'what is too long takes nothing else with it');

    const settings = { id: 'staff', preset: 'generic-ldap', from: 'ldaps://ldap.example.test/dc=x', provision: true };
    await connections.add(settings, 'cli');
    const rules = await again('/admin/connections/staff/rules', {
      ...{ 'up-0': 'cn=staff', 'gives-0': 'orders-reader', 'map-name': 'cn', provision: undefined },
    });
    await follow(one.browser, formTo(rules, '/admin/connections/staff/rules'), { deed: 'save' });
    const { groupRules, provision, mapping } = (await connections.get('staff')) ?? {};
    assert.deepEqual(groupRules, [{ upstream: 'cn=staff', role: 'orders-reader' }]);
    assert.deepEqual([provision, mapping?.name, mapping?.email], [false, ['cn'], ['mail']]);
  });
});
