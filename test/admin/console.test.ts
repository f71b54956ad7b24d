import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { consolePages } from '../../src/console-rooms.ts';
import { password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Browser, type Page, textOf } from '../support/browser.ts';
import { type Administrator, administrator, atConsole, enterWithKey } from '../support/console.ts';
import { addTotp, optionsOn } from '../support/second-factor.ts';
import { newBrowser } from '../support/signing-in.ts';
import { codeOf } from '../support/totp.ts';

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

const title = (page: Page) => textOf(page, '<h1');
const doneOf = (page: Page) => textOf(page, '<p class="done"');
let count = 0;

/** A client that waits, or is approved. */
async function application(state: 'pending' | 'approved' = 'pending', name?: string): Promise<string> {
  count += 1;
  const metadata = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
  const { client } = await app.parts.clients.add(
    { id: `app-${count}`, name: name ?? `App ${count}`, state, metadata },
    'cli',
  );
  return client.id;
}

const stateOf = async (id: string) => (await app.parts.clients.get(id))?.state;

/** A role with these permissions on the administration. */
async function role(id: string, ...permissions: string[]): Promise<string> {
  await app.parts.access.saveRole(
    { id, permissions: permissions.map((one) => `urn:sallyport:admin#${one}`), includes: [] },
    'cli',
  );
  return id;
}

/** Sends the form of a page of the console, after its search and filters; answers the page after it. */
async function send(browser: Browser, page: Page, fields: Record<string, string>): Promise<Page> {
  const sent = await browser.send('POST', page.url, { ...hidden(page), ...fields });
  return sent.headers.location === undefined ? sent : browser.open(new URL(sent.headers.location, page.url));
}

/** The hidden fields of the form of a page. */
const hidden = ({ text }: Page): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/<input type="hidden" name="(etag|was)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value.replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
    ]),
  );

describe('the way into the console', () => {
  it('leads through the sign-in of Sallyport to the page that was asked for', async () => {
    const one = await administrator(app, 'bea@x.test');
    const page = await one.browser.open('/admin/applications?state=pending');
    assert.match(page.url.pathname, /^\/signin\//);
    assert.match(title(page) ?? '', /Sallyport console/);
    const back = await enterWithKey(one, page);
    assert.equal(`${back.url.pathname}${back.url.search}`, '/admin/applications?state=pending');
    assert.equal(back.headers['cache-control'], 'no-store');
    assert.match(String(back.headers['content-security-policy']), /default-src 'none'.*form-action 'self'/);
    assert.doesNotMatch(back.text, /\sstyle=|<style|<script(?! type="module" src="\/assets\/)|access_token|Bearer/);
    // What the code that came back could be redeemed for is in nobody's hands, and no token is in this browser.
    for (const { value } of one.browser.cookies.values()) assert.ok(value.length < 3000);
  });

  it('sec-278 takes no password alone, and sec-137 lets nobody bind the first factor by it', async () => {
    const id = await somebody(app, 'cleo@x.test');
    await app.parts.access.assign(`user:${id}`, 'administrator', 'cli');
    const browser = newBrowser(app);
    // With a session that is worth a password, which the account pages take.
    const home = await browser.submit(await browser.open('/account'), { identifier: 'cleo@x.test', password });
    assert.equal(title(home), 'Profile');
    const pending = await application();
    assert.match((await browser.open('/admin')).url.pathname, /^\/signin\//);
    const sent = await browser.send('POST', `/admin/applications/${pending}/reject`, { reason: 'x' });
    assert.equal(sent.status, 403);
    assert.equal(await stateOf(pending), 'pending');
    const setUp = await browser.open('/admin');
    assert.equal(title(setUp), 'Set up a second factor');
    assert.doesNotMatch(setUp.text, /data-webauthn|<svg class="qr"/);
    const code = await app.parts.enrolmentCodes.issue(id, 'cli');
    const bind = await browser.submit(setUp, { code });
    assert.doesNotMatch(bind.text, /<svg class="qr"/, 'only what cannot be phished');
    assert.match(bind.text, /data-options=/);
  });

  it('sec-278 asks for more than an authenticator app', async () => {
    const id = await somebody(app, 'dan@x.test');
    await app.parts.access.assign(`user:${id}`, 'administrator', 'cli');
    const secret = await addTotp(app, id);
    const browser = newBrowser(app);
    const second = await browser.submit(await browser.open('/admin'), { identifier: 'dan@x.test', password });
    const third = await browser.submit(second, { code: codeOf(secret) });
    assert.match(third.url.pathname, /^\/signin\//);
    assert.match(third.text, /data-options=/);
    assert.notEqual((await browser.send('GET', '/admin')).status, 200);
  });

  it('is closed to those who administer nothing, who are asked for no factor', async () => {
    await somebody(app, 'eve@x.test');
    const browser = newBrowser(app);
    const page = await browser.submit(await browser.open('/admin/people'), { identifier: 'eve@x.test', password });
    assert.deepEqual([page.status, title(page)], [403, 'The console is not for this account']);
    assert.equal((await browser.send('POST', '/admin/people/new', { email: 'x@x.test' })).status, 403);
  });

  it('belongs to this server: nobody registers, has or removes its client', async () => {
    for (const id of ['sallyport-console', 'SALLYPORT-CONSOLE']) {
      await assert.rejects(app.parts.clients.add({ id, metadata: {} }, 'cli'), /belongs to this server itself/);
    }
    assert.doesNotMatch((await ada.browser.open('/admin/applications')).text, /sallyport-console/);
  });
});

describe('what somebody may do in the console', () => {
  it('sec-267 is what their roles allow, for every page and every form', async () => {
    const nothing = await atConsole(app, 'fay@x.test', await role('looker', 'tiers:read'));
    const [pending, person] = [await application(), await somebody(app, 'gus@x.test')];
    const assignment = await app.parts.access.assign(`user:${person}`, 'orders-reader', 'cli');
    const stranger = newBrowser(app);
    for (const { path, calls, post } of consolePages) {
      const id = path.startsWith('/admin/applications') ? pending : person;
      const at = path.replace(':id', id).replace(':assignment', encodeURIComponent(assignment.id));
      assert.equal((await stranger.send('GET', at)).status, 303, at);
      assert.equal((await nothing.browser.send('GET', at)).status, calls === undefined ? 200 : 403, at);
      if (!post) continue;
      assert.equal((await stranger.send('POST', at, { reason: 'x' })).status, 403, at);
      assert.notEqual(calls, undefined, `${path} does something, so it needs a permission`);
      assert.equal((await nothing.browser.send('POST', at, { reason: 'x' })).status, 403, at);
    }
    assert.equal(await stateOf(pending), 'pending');
    assert.equal((await app.parts.users.get(person))?.state, 'active');
    assert.equal(await app.parts.users.byEmail('x@x.test'), undefined);
  });

  it('shows no room and no button that would be refused', async () => {
    const reader = await atConsole(app, 'hal@x.test', await role('client-reader', 'clients:read'));
    const id = await application();
    const list = await reader.browser.open('/admin/applications');
    assert.match(list.text, new RegExp(`>App ${count}<`));
    assert.match(list.text, /href="\/admin\/applications"/);
    assert.doesNotMatch(list.text, /href="\/admin\/people"|href="\/admin\/audit"|>Approve<|>Add an application/);
    const page = await reader.browser.open(`/admin/applications/${id}`);
    assert.doesNotMatch(page.text, /\/approve"|\/remove"|\/edit"|\/sessions"/);
    assert.equal((await reader.browser.send('POST', `/admin/applications/${id}/approve`, {})).status, 403);
    assert.equal(await stateOf(id), 'pending');
    assert.doesNotMatch((await reader.browser.open('/admin')).text, /class="chart/);
  });

  it('is what they hold at this moment, not when they signed in', async () => {
    const one = await atConsole(app, 'ida@x.test');
    assert.equal((await one.browser.send('GET', '/admin/people')).status, 200);
    await app.parts.access.unassign(`user:${one.id}`, 'administrator', 'cli');
    assert.equal((await one.browser.send('GET', '/admin/people')).status, 403);
    const id = await application();
    assert.equal((await one.browser.send('POST', `/admin/applications/${id}/reject`, {})).status, 403);
    assert.equal(await stateOf(id), 'pending');
  });

  it('ends with the account', async () => {
    const one = await atConsole(app, 'jo@x.test');
    await app.parts.users.disable(one.id, 'cli');
    assert.equal((await one.browser.send('GET', '/admin')).status, 303);
  });

  it('is no more than they may: nobody looks after who may do more', async () => {
    const helper = await atConsole(
      app,
      'kim@x.test',
      await role('helper', 'users:read', 'users:write', 'factors:write'),
    );
    const at = `/admin/people/${ada.id}/disable`;
    const sent = await helper.browser.send('POST', at, {});
    assert.equal(sent.status, 403);
    assert.match(alertOf(sent) ?? '', /power over somebody who may use/);
    assert.equal((await app.parts.users.get(ada.id))?.state, 'active');
  });
});

describe('a form of the console', () => {
  it('sec-276 counts only from our own pages', async () => {
    const id = await application();
    const at = `/admin/applications/${id}/reject`;
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.test' },
    ]) {
      assert.equal((await ada.browser.send('POST', at, {}, headers)).status, 403, JSON.stringify(headers));
      assert.equal(await stateOf(id), 'pending');
    }
    assert.equal((await ada.browser.send('POST', at, {}, { 'sec-fetch-site': 'same-origin' })).status, 303);
    assert.equal(await stateOf(id), 'rejected');
    const event = await app.parts.trail.search({ type: 'client.rejected', target: `client:${id}` });
    assert.equal(event[0]?.actor, `user:${ada.id}`);
  });

  it('that somebody else overtook shows what changed, keeps what was typed, and counts when sent again', async () => {
    const id = await application('approved', 'Before');
    const form = await ada.browser.open(`/admin/applications/${id}/edit`);
    await app.parts.clients.change(id, (now) => ({ name: 'Theirs', metadata: now.metadata }), 'cli');
    const mine = { name: 'Mine', redirects: '', logoutRedirects: '', scope: '', tier: '' };
    const lost = await ada.browser.send('POST', form.url, { ...hidden(form), ...mine });
    assert.equal(lost.status, 412);
    assert.match(lost.text, /Name is now: <strong>Theirs<\/strong>/);
    assert.match(lost.text, /name="name"[^>]* value="Mine"/);
    assert.equal((await app.parts.clients.get(id))?.name, 'Theirs');
    const saved = await ada.browser.send('POST', form.url, { ...hidden(lost), ...mine });
    assert.equal(saved.status, 303);
    assert.equal((await app.parts.clients.get(id))?.name, 'Mine');
  });

  it('with something wrong says what, next to what was typed', async () => {
    const page = await ada.browser.open('/admin/applications/new');
    const wrong = await send(ada.browser, page, { name: 'Portal', kind: 'web', redirects: 'http://evil.test/cb' });
    assert.equal(wrong.status, 400);
    assert.match(alertOf(wrong) ?? '', /https/);
    assert.match(wrong.text, /http:\/\/evil\.test\/cb<\/textarea>/);
  });

  it('shows what a text means and never what it does', async () => {
    const name = '"><img src=x onerror=alert(1)>';
    const id = await application('pending', name).catch(() => application('pending', 'A &lt;b&gt; "quote" \'n\' <i>'));
    const email = 'mo@x.test';
    const person = await somebody(app, email, { profile: { name: '<script>alert(1)</script>' } });
    for (const path of [
      `/admin/applications`,
      `/admin/applications/${id}`,
      `/admin/people/${person}`,
      '/admin/people',
      '/admin/audit',
      '/admin/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E',
    ]) {
      const { text, status } = await ada.browser.open(path);
      assert.equal(status, 200, path);
      assert.doesNotMatch(text, /<img src=x|<script>|<i>/, path);
    }
  });
});

describe('the pages of the console', () => {
  it('decide in place, with a tier and a reason, about what was seen', async () => {
    const id = await application();
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
    assert.match(access.text, /orders:read<\/code><\/th><td>orders-editor → orders-reader/);
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
    const id = await application();
    await send(ada.browser, await ada.browser.open(`/admin/applications/${id}/reject`), { reason: 'unknown' });
    const list = await ada.browser.open(
      `/admin/audit?type=client.rejected&target=${encodeURIComponent(`client:${id}`)}`,
    );
    const sentence = textOf(list, '<span class="sentence"');
    assert.equal(sentence, `ada@x.test rejected App ${count}`);
    const [, raw = ''] = /href="(\/admin\/audit\/[^"]+)">Raw event/.exec(list.text) ?? [];
    assert.match((await ada.browser.open(raw)).text, /&quot;type&quot;: &quot;client\.rejected&quot;/);
    assert.match((await ada.browser.open('/admin/audit?type=role.removed&days=1')).text, /Nothing fits/);
    const verified = await send(ada.browser, await ada.browser.open('/admin/audit/verify'), {});
    assert.equal(doneOf(verified), 'Every event is there, and as it was recorded.');
  });

  it('find everything by a part of its name, and speak the language of the person', async () => {
    await application('approved', 'Quince orchard');
    const found = await ada.browser.open('/admin/search?q=quince');
    assert.match(found.text, />Quince orchard<\/a>/);
    assert.match((await ada.browser.open('/admin/search?q=aud')).text, /href="\/admin\/audit">Audit/);
    const german = await atConsole(app, 'otto@x.test');
    await app.parts.users.change(german.id, { profile: { locale: 'de' } }, 'cli');
    const page = await german.browser.open('/admin');
    assert.match(page.text, /<html lang="de">/);
    assert.equal(title(page), 'Übersicht');
  });

  it('count what is going on, and tell what waits', async () => {
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

describe('a form that matters', () => {
  it('sec-278 that gives power needs a sign-in of the last fifteen minutes; one that takes it does not', async () => {
    const one = await atConsole(app, 'lea@x.test');
    const [first, second] = [await application(), await application('approved')];
    mock.timers.tick(16 * 60_000);
    assert.equal((await one.browser.send('GET', `/admin/applications/${first}`)).status, 200);
    const sent = await one.browser.send('POST', `/admin/applications/${first}/approve`, { tier: 'gold' });
    assert.deepEqual([sent.status, title(sent)], [403, 'Confirm that it is you']);
    assert.equal(await stateOf(first), 'pending');
    const done = await send(one.browser, await one.browser.open(`/admin/applications/${second}/suspend`), {
      reason: 'leak',
    });
    assert.equal(doneOf(done), 'App 2 is suspended.'.replace('2', String(count)));
    assert.equal(await stateOf(second), 'suspended');
    // What was typed comes back after the sign-in.
    const again = await one.browser.open(`/admin/applications/${first}/approve`);
    assert.match(again.url.pathname, /^\/signin\//);
    const form = await enterWithKey(one, again);
    assert.equal(form.url.pathname, `/admin/applications/${first}/approve`);
    const approved = await send(one.browser, form, { tier: '' });
    assert.equal(approved.url.pathname, '/admin/applications');
    assert.equal(await stateOf(first), 'approved');
  });
});

describe('a passkey at the console', () => {
  it('signs in alone', async () => {
    const one = await administrator(app, 'pia@x.test');
    const page = await one.browser.open('/admin');
    const entered = await one.browser.submit(page, { response: one.key.get(optionsOn(page)) });
    assert.equal(entered.url.pathname, '/admin');
  });
});
