import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { doneOf, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { textOf } from '../support/browser.ts';
import { type Administrator, atConsole, send } from '../support/console.ts';
import { follow } from '../support/console-forms.ts';
import { describing } from '../support/discovery.ts';
import { near } from '../support/logging-out.ts';
import { startReceiver } from '../support/receiver.ts';
import { addTotp } from '../support/second-factor.ts';

let app: TestApp;
let ada: Administrator;
before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  app = await startApp(near);
  ada = await atConsole(app, 'ada@x.test');
});
after(async () => {
  await app.close();
  mock.timers.reset();
});
beforeEach(() => mock.timers.tick(1000));

const open = (path: string) => ada.browser.open(`/admin/settings/${path}`);
/** Opens the page of a form, sends it, and answers the page after it. */
const filled = async (path: string, fields: Record<string, string> = {}) => send(ada.browser, await open(path), fields);

describe('the settings in the console', () => {
  it('make, change and remove organizations, and say how a domain is proven', async (t) => {
    const provider = await describing();
    t.after(() => provider.close());
    const made = { id: 'acme-sso', name: 'Acme', preset: 'generic-oidc', from: provider.url, clientId: 'us' };
    await app.parts.connections.add({ ...made, clientSecret: 's', domains: ['acme.test'] }, 'cli');
    const first = await ada.browser.open('/admin/settings');
    assert.equal(first.url.pathname, '/admin/settings/organizations');
    const page = await filled('organizations/new', { id: 'acme', name: 'Acme Ltd' });
    assert.equal(doneOf(page), 'Acme Ltd is saved.');
    const again = await filled('organizations/new', { id: 'acme', name: 'Acme twice' });
    assert.equal(again.status, 409);
    assert.match(again.text, /value="Acme twice"/);
    const edited = await filled('organizations/acme/edit', {
      ...{ name: 'Acme Inc', domains: 'acme.test\nunclaimed.test', connections: 'acme-sso' },
    });
    assert.match(edited.text, /_sallyport\.acme\.test TXT/);
    assert.match(edited.text, /Add the domain to one of the connections/);
    assert.match(edited.text, /href="\/admin\/connections\/acme-sso"/);
    const person = await somebody(app, 'mia@x.test');
    const members = await filled('organizations/acme/members/new', { subject: 'mia@x.test' });
    assert.equal(doneOf(members), 'mia@x.test is a member.');
    await filled(`organizations/acme/members/user:${person}/give`, { role: 'orders-reader' });
    assert.match((await open('organizations/acme/members')).text, /mia@x\.test<\/a><span class="id">orders-reader/);
    const left = await filled(`organizations/acme/members/user:${person}/remove`);
    assert.equal(doneOf(left), 'mia@x.test is a member no more.');
    assert.equal((await open('organizations/acme/audit')).status, 200);
    const stale = await open('organizations/acme/remove');
    await app.parts.organizations.change('acme', { name: 'Acme now' }, 'cli');
    assert.equal((await send(ada.browser, stale, {})).status, 412);
    assert.equal(doneOf(await filled('organizations/acme/remove')), 'Acme now is removed.');
    assert.equal(await app.parts.organizations.get('acme'), undefined);
  });

  it('make a SCIM token that is shown once, with what Entra ID and Okta ask for, and end it', async () => {
    await app.parts.organizations.add({ id: 'pushed', name: 'Pushed', domains: [], connections: [] }, 'cli');
    const shown = await filled('organizations/pushed/scim/make', { overlap: '0' });
    const token = textOf(shown, '<code id="scim-token"') ?? '';
    assert.equal(textOf(shown, '<code id="scim-address"'), `${app.issuer}/scim/v2/pushed`);
    assert.match(shown.text, /Tenant URL[\s\S]*SCIM connector base URL/);
    const users = () => fetch(`${app.issuer}/scim/v2/pushed/Users`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await users()).status, 200);
    assert.ok(!(await open('organizations/pushed/scim')).text.includes(token));
    await filled('organizations/pushed/scim/end');
    assert.equal((await users()).status, 401);
  });

  it('show the signing keys, and rotate them after a fresh sign-in only', async () => {
    const list = await open('keys');
    assert.match(list.text, /Signs<\/em>/);
    const page = await filled('keys/rotate');
    assert.match(page.text, /Next<\/em>/);
    assert.match(doneOf(page) ?? '', /sign in two hours/);
    const stale = await atConsole(app, 'late@x.test');
    mock.timers.tick(16 * 60 * 1000);
    assert.equal((await stale.browser.send('POST', '/admin/settings/keys/replace', {})).status, 403);
    assert.match((await stale.browser.open('/admin/settings/keys/replace')).url.pathname, /^\/signin\//);
    const { headers } = await stale.browser.send('GET', '/admin/settings/keys/replace');
    const state = new URL(String(headers.location), app.issuer).searchParams.get('state');
    const back = await stale.browser.open(`/admin/return?state=${state}`);
    assert.match(back.text, /a sign-in of the last 15 minutes/);
    ada = await atConsole(app, 'ada2@x.test');
    const before = (await app.parts.keys.list()).map(({ kid }) => kid);
    await filled('keys/replace');
    const kids = (await app.parts.keys.list()).map(({ kid }) => kid);
    assert.deepEqual(
      kids.filter((kid) => before.includes(kid)),
      [],
    );
  });

  it('make webhooks whose secret is shown once, say how they do, and test, turn, change and remove them', async (t) => {
    const receiver = await startReceiver();
    t.after(() => receiver.close());
    const shown = await filled('webhooks/new', { url: receiver.url, events: 'client.*', types: '', audiences: '' });
    const secret = textOf(shown, '<code id="given"') ?? '';
    assert.match(secret, /^whsec_/);
    const [webhook] = await app.parts.webhooks.list();
    const at = `webhooks/${webhook?.id}`;
    assert.ok(!(await open(at)).text.includes(secret));
    assert.match((await open('webhooks')).text, /Nothing sent yet/);
    assert.match(doneOf(await filled(`${at}/test`)) ?? '', /took the test/);
    const off = await filled(`${at}/disable`);
    assert.match(off.text, /badge plain">Off/);
    assert.match(doneOf(await filled(`${at}/enable`)) ?? '', /is enabled/);
    await filled(`${at}/redeliver`, { days: '1' });
    const rotated = await filled(`${at}/rotate`, { overlap: '0' });
    assert.notEqual(textOf(rotated, '<code id="given"'), secret);
    await filled(`${at}/edit`, { url: receiver.url, events: '', types: 'token.revoked', audiences: '' });
    assert.deepEqual((await app.parts.webhooks.get(webhook?.id ?? ''))?.types, ['token.revoked']);
    const wrong = await filled(`${at}/edit`, { url: 'http://10.0.0.1/', events: '', types: 'nonsense', audiences: '' });
    assert.equal(wrong.status, 400);
    assert.match(wrong.text, />\nnonsense<\/textarea>/);
    assert.match(doneOf(await filled(`${at}/remove`)) ?? '', /is removed/);
    assert.deepEqual(await app.parts.webhooks.list(), []);
  });

  it('show the streams of security events, with who listens, and remove them', async () => {
    const { id } = await app.parts.streams.add('demo-gateway', { requested: [], delivery: { method: 'poll' } });
    assert.match((await open('webhooks')).text, new RegExp(`href="/admin/settings/streams/${id}">`));
    assert.match((await open(`streams/${id}`)).text, /Fetched by the receiver/);
    assert.match(doneOf(await filled(`streams/${id}/remove`)) ?? '', /is removed/);
    assert.equal(await app.parts.streams.get(id), undefined);
  });

  it('show what policies of second factors mean, and change them', async () => {
    assert.match((await open('second-factors')).text, /Everybody<\/a>[\s\S]*Asked of whoever has set one up/);
    const made = { subject: 'domain:X.test', second_factor: 'required', level: 'phr', grace: '0,5', remember: '' };
    const page = await filled('second-factors/new', made);
    assert.equal(textOf(page, '<h1'), 'People with an address at x.test');
    const policy = await app.parts.mfaPolicies.get('domain:x.test');
    assert.deepEqual(policy, { id: 'domain:x.test', secondFactor: 'required', level: 'phr', grace: 43_200 });
    const bad = await filled('second-factors/domain%3Ax.test/edit', { ...made, grace: 'soon' });
    assert.equal(bad.status, 400);
    await filled('second-factors/domain%3Ax.test/edit', { ...made, level: '', grace: '' });
    assert.deepEqual(await app.parts.mfaPolicies.get('domain:x.test'), {
      id: 'domain:x.test',
      secondFactor: 'required',
    });
    await filled('second-factors/domain%3Ax.test/remove');
    assert.equal(await app.parts.mfaPolicies.get('domain:x.test'), undefined);
  });

  it('make registrars whose header is shown once, and tiers in the words of limits', async () => {
    const shown = await filled('registrars/new', {
      ...{ id: 'portal', approve: 'pending', limit: '7', grants: 'client_credentials', pkce: 'required' },
      ...{ scopes: 'orders:read', redirect_hosts: '*.portal.test' },
    });
    const [, token = ''] = /^Bearer (\S+)$/.exec(textOf(shown, '<code id="register-header"') ?? '') ?? [];
    const made = await app.parts.registrars.byToken(token);
    assert.deepEqual([made?.limit, made?.grants, made?.redirectHosts], [7, ['client_credentials'], ['*.portal.test']]);
    const rotated = await filled('registrars/portal/rotate');
    assert.equal(await app.parts.registrars.byToken(token), undefined);
    assert.match(textOf(rotated, '<code id="register-header"') ?? '', /^Bearer /);
    await filled('registrars/portal/edit', {
      ...{ approve: 'at-once', limit: '8', grants: '', scopes: '', redirect_hosts: '', pkce: 'optional' },
    });
    assert.equal((await app.parts.registrars.get('portal'))?.approve, 'at-once');
    assert.equal((await filled('registrars/portal/edit', { approve: 'at-once', limit: '' })).status, 400);
    assert.match((await open('registrars/portal')).text, /Count at once/);
    await filled('registrars/portal/remove');
    const tier = { id: 'gold', limits: '100 per minute\n5 per second', excess: 'queue', patience: '3' };
    assert.match((await filled('tiers/new', tier)).text, /100 per minute[\s\S]*at most for seconds: 3/);
    const bad = await filled('tiers/gold/edit', { ...tier, limits: 'a lot' });
    assert.match(textOf(bad, '<p class="alert"') ?? '', /must read like/);
    const { patience: usual } = await app.parts.tiers.add('usual', { limits: [], excess: 'queue' }, 'cli');
    await filled('tiers/gold/edit', { ...tier, patience: '' });
    assert.equal((await app.parts.tiers.get('gold'))?.patience, usual);
    assert.notEqual(usual, 3);
    await filled('tiers/gold/edit', { ...tier, limits: '1 per day', excess: 'reject' });
    assert.deepEqual((await app.parts.tiers.get('gold'))?.limits, [{ requests: 1, period: 86_400 }]);
    assert.match(doneOf(await filled('tiers/gold/remove')) ?? '', /is removed/);
  });

  it('keep to the second what was not touched of a policy, and do not write the configuration into it', async () => {
    const policy = { secondFactor: 'required', grace: 3600, remember: 100 } as const;
    await app.parts.mfaPolicies.change('role:orders-reader', policy, 'cli');
    const at = `second-factors/${encodeURIComponent('role:orders-reader')}/edit`;
    await follow(ada.browser, await open(at), { second_factor: 'if-enrolled' });
    assert.deepEqual(await app.parts.mfaPolicies.get('role:orders-reader'), {
      ...{ id: 'role:orders-reader', secondFactor: 'if-enrolled', grace: 3600, remember: 100 },
    });
    await follow(ada.browser, await open('second-factors/default/edit'), { remember: '1' });
    const [kept] = await app.parts.mfaPolicies.of(['default']);
    assert.deepEqual(kept, { id: 'default', remember: 86_400 });
    await app.parts.mfaPolicies.remove('default', 'cli');
    await app.parts.mfaPolicies.remove('role:orders-reader', 'cli');
  });

  it('show what this server runs with and where it comes from, and no secret, host or file', async () => {
    const { text } = await open('server');
    assert.match(text, /<code>ttl\.code<\/code>[\s\S]{0,200}>60<[\s\S]{0,100}Default/);
    assert.match(text, new RegExp(`SALLYPORT_ISSUER</span></th><td>${app.issuer}<span class="id">Environment</span>`));
    assert.match(text, /SALLYPORT_STORE<\/span><\/th><td>Set<span class="id">Environment/);
    assert.doesNotMatch(text, /sqlite:\/|mongodb:\/\/[^…]/);
    const reader = await limited('keys:read');
    assert.equal((await reader.browser.send('GET', '/admin/settings/server')).status, 403);
    assert.doesNotMatch((await reader.browser.open('/admin/settings/keys')).text, /settings\/(?:server|tiers)|rotate"/);
  });

  it('take one factor from a person, and end all that an application was granted', async () => {
    const person = await somebody(app, 'pip@x.test');
    await addTotp(app, person);
    const tab = await ada.browser.open(`/admin/people/${person}/factors`);
    const [, href = ''] = /href="(\/admin\/people\/[^"]+\/factors\/[^"]+\/remove)"/.exec(tab.text) ?? [];
    assert.equal((await send(ada.browser, await ada.browser.open(href), { reason: '' })).status, 400);
    const done = await send(ada.browser, await ada.browser.open(href), { reason: 'lost' });
    assert.match(doneOf(done) ?? '', /is removed/);
    const [event] = await app.parts.trail.search({ type: 'factor.removed', target: `user:${person}` });
    assert.equal(event?.detail?.reason, 'lost');
    const own = await ada.browser.open('/admin/applications/sallyport-console');
    assert.equal(own.status, 200);
    assert.doesNotMatch(own.text, /sallyport-console\/(?:edit|gateway|suspend|revoke|remove)"/);
    const page = await ada.browser.open('/admin/applications/demo-web/sessions');
    assert.match(page.text, /href="\/admin\/applications\/demo-web\/end"/);
    await send(ada.browser, await ada.browser.open('/admin/applications/demo-web/end'), {});
    const [ended] = await app.parts.trail.search({ type: 'client.signed-out', target: 'client:demo-web' });
    assert.equal(ended?.actor, `user:${ada.id}`);
  });
});

let count = 0;
/** Somebody at the console with these permissions only, on the whole server. */
async function limited(...permissions: string[]): Promise<Administrator> {
  count += 1;
  const id = `limited-${count}`;
  const all = permissions.map((one) => `urn:sallyport:admin#${one}`);
  await app.parts.access.saveRole({ id, permissions: all, includes: [] }, 'cli');
  return atConsole(app, `${id}@x.test`, id);
}
