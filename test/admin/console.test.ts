import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { consolePages } from '../../src/console-rooms.ts';
import { doneOf, password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Page, textOf } from '../support/browser.ts';
import {
  type Administrator,
  administrator,
  atConsole,
  enterWithKey,
  hidden,
  newApplication,
  send,
} from '../support/console.ts';
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
/** The id of a new one. */
const application = async (state?: 'pending' | 'approved', name?: string) =>
  (await newApplication(app, state, name)).id;
const stateOf = async (id: string) => (await app.parts.clients.get(id))?.state;

/** A role with these permissions on the administration. */
async function role(id: string, ...permissions: string[]): Promise<string> {
  await app.parts.access.saveRole(
    { id, permissions: permissions.map((one) => `urn:sallyport:admin#${one}`), includes: [] },
    'cli',
  );
  return id;
}

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
    const nothing = await atConsole(app, 'fay@x.test', await role('looker', 'ssf.read'));
    const [pending, person] = [await application(), await somebody(app, 'gus@x.test')];
    const assignment = await app.parts.access.assign(`user:${person}`, 'orders-reader', 'cli');
    const stranger = newBrowser(app);
    for (const { path, calls, post } of consolePages) {
      const id = path.startsWith('/admin/applications') ? pending : person;
      const at = path.replace(':id', id).replace(':assignment', encodeURIComponent(assignment.id));
      assert.equal((await stranger.send('GET', at)).status, 303, at);
      assert.equal((await nothing.browser.send('GET', at)).status, calls === undefined ? 200 : 403, at);
      // Choosing for whom one acts gives nothing (console-acting.test.ts).
      if (!post || path === '/admin/acting') continue;
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
    const { id, name } = await newApplication(app);
    const list = await reader.browser.open('/admin/applications');
    assert.match(list.text, new RegExp(`>${name}<`));
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
    assert.match(doneOf(done) ?? '', /^App \d+ is suspended\.$/);
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
