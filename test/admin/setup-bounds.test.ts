import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Reach } from '../../src/directory/reach.ts';
import { Calls } from '../../src/http/calls.ts';
import { Problem } from '../../src/kernel/errors.ts';
import { adminConnections } from '../../src/routes/admin-connections.ts';
import { adminSetupLinks } from '../../src/routes/admin-setup-links.ts';
import { somebody } from '../support/account.ts';
import type { TestApp } from '../support/app.ts';
import { samlMetadata } from '../support/connecting.ts';
import { send } from '../support/console.ts';
import { describing } from '../support/discovery.ts';
import { newUser, scimClient } from '../support/scim.ts';
import { SetUp } from '../support/set-up.ts';
import { newBrowser } from '../support/signing-in.ts';

let set: SetUp;
let app: TestApp;
before(async () => {
  set = await SetUp.start();
  ({ app } = set);
});
after(() => set.stop());

const settings = async (id: string) => JSON.stringify(await app.parts.connections.get(id));

describe('whoever has opened a set-up link', () => {
  it('reaches nothing else: no other organisation, no room of the console, no admin API (sec-268, sec-275)', async () => {
    const { browser } = await set.opened();
    const other = await set.opened('cli', 'globex');
    await app.parts.connections.add({ ...set.said('acme-only'), state: 'disabled' }, 'cli');
    await app.parts.organizations.adopt('acme', 'acme-only', 'cli');
    const before = await Promise.all(['globex', 'free', 'acme-only'].map(settings));
    const foreign = [
      ...['globex', 'free', 'nowhere'].map((id) => [browser, id] as const),
      ...['acme-only', 'free'].map((id) => [other.browser, id] as const),
    ];
    for (const [who, id] of foreign) {
      for (const rest of ['setup', 'domains', 'enable', 'source', 'rules', 'remove']) {
        assert.equal((await who.open(`/setup/${id}/${rest}`)).status, 404, `${id} ${rest}`);
      }
      for (const rest of ['domains', 'enable', 'disable', 'refresh', 'remove', 'source', 'rules', 'test']) {
        const { status } = await who.send('POST', `/setup/${id}/${rest}`, { ...set.filled(), domain: 'x.test' });
        assert.equal(status, 404, `POST ${id} ${rest}`);
      }
    }
    assert.deepEqual(await Promise.all(['globex', 'free', 'acme-only'].map(settings)), before);
    assert.equal((await other.browser.open('/setup/globex/setup')).status, 200);
    for (const path of ['/admin', '/admin/connections', '/admin/connections/acme-only/setup', '/account']) {
      assert.match((await browser.open(path)).url.pathname, /^\/signin\//, path);
    }
    const cookie = [...browser.cookies.values()].map(({ name, value }) => `${name}=${value}`).join('; ');
    for (const path of ['connections', 'organizations/acme/setup-links', 'users']) {
      assert.equal((await fetch(`${app.issuer}/admin/api/v1/${path}`, { headers: { cookie } })).status, 401);
    }
    for (const path of ['/setup', '/setup/new', '/setup/acme-only/setup']) {
      assert.equal((await newBrowser(app).open(path)).status, 403, path);
    }
    const forged = await browser.send('POST', '/setup/acme-only/enable', {}, { origin: 'https://evil.example' });
    assert.equal(forged.status, 403);
    assert.equal((await app.parts.connections.get('acme-only'))?.state, 'disabled');
  });

  it('gives nobody roles, a second factor or a domain that is not theirs, whatever is posted', async () => {
    const { browser } = await set.opened();
    const id = 'acme-posted';
    await send(browser, await browser.open('/setup/new?preset=generic-oidc'), set.filled({ id }));
    const rules = { deed: 'save', mfa: 'ignore', 'map-email': 'email', 'map-name': 'name', groups: 'groups' };
    const posted: [string, Record<string, string>][] = [
      [`${id}/source`, { ...set.filled(), clientSecret: '', from: `${set.provider.url}/other` }],
      ['new', set.filled({ id: 'acme-ldap', preset: 'generic-ldap', from: 'ldaps://directory.internal/dc=x' })],
    ];
    for (const [path, form] of posted) {
      const { status, text } = await browser.send('POST', `/setup/${path}`, form);
      assert.ok(status === 403 || status === 400, `${path} ${status} ${text}`);
    }
    assert.match(
      (await browser.send('POST', `/setup/${id}/source`, { ...set.filled(), clientSecret: '', from: 'https://x.test' }))
        .text,
      /Give the client secret again/,
    );
    await browser.send('POST', `/setup/${id}/rules`, {
      ...{ ...rules, shown: 'yes', mfa: 'accept', evidence: 'amr=pwd => phr' },
      'up-0': 'all',
      'gives-0': 'administrator',
    });
    const { groupRules, shown, mfa, evidence } = (await app.parts.connections.get(id)) ?? {};
    assert.deepEqual([groupRules, shown, mfa], [[], false, 'ignore']);
    assert.ok(!JSON.stringify(evidence).includes('pwd'));
    assert.equal(await app.parts.connections.get('acme-ldap'), undefined);
    const caller = {
      ...{ actor: 'setup-link:x', permissions: new Set<string>() },
      within: { organization: 'acme', permissions: new Set(['connections:read', 'connections:write']) },
    };
    await app.parts.access.saveRole({ id: 'empty', permissions: [], includes: [] }, 'cli');
    const parts = { ...app.parts, issuer: app.issuer, reach: new Reach(app.parts) };
    const calls = new Calls([...adminConnections(parts), ...adminSetupLinks(parts)]);
    await assert.rejects(calls.run(caller, 'addSetupLink', { params: { id: 'acme' } }), { code: 'beyond_own_rights' });
    for (const body of [
      ...['administrator', 'orders-reader', 'empty', 'not-there'].map((role) => ({
        group_rules: [{ upstream: 'all', role }],
      })),
      ...[
        { group_rules: [{ upstream: 'all', group: 'staff' }] },
        { shown: true },
        { mfa: 'require' },
        { evidence: [{ amr_any_of: ['pwd'] }] },
        { unsolicited: 'demo-web' },
      ],
    ]) {
      const change = calls.run(caller, 'changeConnection', { params: { id }, body });
      await assert.rejects(change, (error) => error instanceof Problem && [400, 403].includes(error.status));
    }
    const taken = await browser.send('POST', `/setup/${id}/domains`, { domain: 'globex.test' });
    assert.equal(taken.status, 409);
    assert.equal(
      (await send(browser, await browser.open(`/setup/${id}/domains`), { domain: 'acme.test' })).status,
      200,
    );
    const word = await browser.send('POST', `/setup/${id}/domains/acme.test/verify`, { by: 'word' });
    assert.equal(word.status, 403);
    assert.equal((await app.parts.connections.get(id))?.domains[0]?.verified, undefined);
  });

  it('turns no connection to another provider through which others come, or by whose rules they get something', async () => {
    const { browser } = await set.opened();
    const id = 'acme-used';
    await app.parts.connections.add(set.said(id), 'cli');
    await app.parts.organizations.adopt('acme', id, 'cli');
    const change = (form: Record<string, string>) =>
      browser.send('POST', `/setup/${id}/source`, { ...set.filled(), ...form });
    const turned = { from: 'https://other.example', clientId: 'them' };
    const boss = await somebody(app, 'boss@acme.test');
    await app.parts.organizations.join('acme', `user:${boss}`, 'cli');
    const from = { actor: 'cli', ip: '192.0.2.1', requestId: 'r' };
    await app.parts.identities.link({ connection: id, subject: 's', user: boss, origin: false, label: 'b' }, from);
    await app.parts.access.assign(`user:${boss}`, 'orders-reader', 'cli');
    assert.equal((await change(turned)).status, 403);
    assert.equal((await change({ name: 'Renamed', clientSecret: 'renewed' })).status, 303);
    await app.parts.access.unassign(`user:${boss}`, 'orders-reader', 'cli');
    assert.equal((await change({ clientId: 'them' })).status, 303);
    await app.parts.connections.change(id, { groupRules: [{ upstream: 'all', role: 'orders-reader' }] }, 'cli');
    assert.equal((await change({ clientId: 'more' })).status, 403);
    assert.equal((await app.parts.connections.get(id))?.name, 'Acme sign-in');
  });

  it('turns none to another provider whose domain leads to people who were pushed, or whose second factors count', async () => {
    const { browser } = await set.opened();
    const id = 'acme-pushed';
    await app.parts.connections.add({ ...set.said(id), domains: ['pushed.test'] }, 'cli');
    await app.parts.connections.domains.verify(id, 'pushed.test', 'cli', true);
    await app.parts.organizations.add(
      { id: 'pushed', name: 'Pushed', domains: ['pushed.test'], connections: [id] },
      'cli',
    );
    const { token } = await app.parts.scim.tokens.make('pushed', 'cli');
    const made = await scimClient(app, 'pushed', token).send('POST', '/Users', newUser('boss@pushed.test'));
    assert.equal(made.status, 201);
    await app.parts.access.assign(`user:${made.body.id}`, 'orders-reader', 'cli');
    const theirs = await set.opened('cli', 'pushed');
    const turned = { ...set.filled(), clientId: 'them' };
    const change = () => theirs.browser.send('POST', `/setup/${id}/source`, turned);
    assert.equal((await change()).status, 403);
    await app.parts.access.unassign(`user:${made.body.id}`, 'orders-reader', 'cli');
    assert.equal((await change()).status, 303);
    const accepting = { mfa: 'accept', evidence: [{ amrAnyOf: ['mfa'], level: '2fa' as const }] };
    await app.parts.connections.add({ ...set.said('acme-mfa'), ...accepting }, 'cli');
    await app.parts.organizations.adopt('acme', 'acme-mfa', 'cli');
    const other = await describing();
    const second = await browser.send('POST', '/setup/acme-mfa/source', { ...turned, from: other.url });
    other.close();
    assert.equal(second.status, 403, second.text);
    assert.match(second.text, /the word on second factors/);
    assert.equal((await browser.send('POST', '/setup/acme-mfa/source', turned)).status, 303);
  });

  it('says nothing of the addresses of others by other certificates, and reads no more of a directory', async () => {
    const pem = readFileSync(join(import.meta.dirname, '../fixtures/certificates/service.pem'), 'utf8');
    const metadata = samlMetadata('https://idp.acme.test', pem);
    const saml = { id: 'acme-saml', name: 'S', preset: 'generic-saml', metadata };
    const directory = { id: 'acme-dir', name: 'D', preset: 'generic-ldap', from: 'ldaps://dir.internal/ou=acme,dc=x' };
    for (const one of [saml, directory]) {
      await app.parts.connections.add(one, 'cli');
      await app.parts.organizations.adopt('acme', one.id, 'cli');
    }
    const caller = {
      ...{ actor: 'setup-link:x', permissions: new Set<string>() },
      within: { organization: 'acme', permissions: new Set(['connections:read', 'connections:write']) },
    };
    const parts = { ...app.parts, issuer: app.issuer, reach: new Reach(app.parts) };
    const calls = new Calls(adminConnections(parts));
    const change = (id: string, body: object) => calls.run(caller, 'changeConnection', { params: { id }, body });
    await change('acme-saml', { entity_ids: ['https://evil.test'], certificates: [pem] });
    assert.equal((await app.parts.connections.get('acme-saml'))?.confined, true);
    for (const body of [
      ...[{ base: 'dc=x' }, { filter: '(&(uid={username})(userPassword=a*))' }, { subject: 'description' }],
      ...[{ groups: { base: 'dc=x' } }, { start_tls: false }],
    ]) {
      await assert.rejects(change('acme-dir', body), { code: 'beyond_own_rights' }, JSON.stringify(body));
    }
    await change('acme-dir', { name: 'Renamed', base: 'ou=acme,dc=x' });
  });
});

describe('whoever administers one organisation', () => {
  it('lets its provider give no role and no group that they do not have themselves everywhere, if it gives nothing here yet', async () => {
    const boss = await somebody(app, 'admin@acme.test');
    const [subject, id] = [`user:${boss}`, 'acme-rules'];
    await app.parts.organizations.join('acme', subject, 'cli');
    await app.parts.access.assign(subject, 'connector', 'cli', { organization: 'acme' });
    await app.parts.access.saveRole({ id: 'named-only', permissions: [], includes: [] }, 'cli');
    await app.parts.access.assign(subject, 'named-only', 'cli', { organization: 'acme' });
    await app.parts.groups.save({ id: 'finance', includes: [] }, 'cli');
    await app.parts.groups.save({ id: 'own', includes: [] }, 'cli');
    await app.parts.connections.add(set.said(id), 'cli');
    await app.parts.organizations.adopt('acme', id, 'cli');
    const caller = {
      ...{ actor: subject, permissions: new Set<string>() },
      within: { organization: 'acme', permissions: new Set(['connections:read', 'connections:write']) },
    };
    const calls = new Calls(adminConnections({ ...app.parts, issuer: app.issuer, reach: new Reach(app.parts) }));
    const change = (rule: object) =>
      calls.run(caller, 'changeConnection', {
        params: { id },
        body: { group_rules: [{ upstream: 'all', ...rule }] },
      });
    for (const rule of [{ group: 'finance' }, { role: 'named-only' }, { role: 'connector' }]) {
      await assert.rejects(change(rule), { code: 'beyond_own_rights' }, JSON.stringify(rule));
    }
    await app.parts.groups.join(subject, 'own', 'cli');
    await change({ group: 'own' });
    await app.parts.access.assign(subject, 'named-only', 'cli');
    await change({ role: 'named-only' });
  });
});
