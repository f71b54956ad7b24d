import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { newKey } from '../../src/federation/saml-keys.ts';
import { doneOf } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, textOf } from '../support/browser.ts';
import { clientAt, samlMetadata, sendTo } from '../support/connecting.ts';
import { startOf } from '../support/connection-test.ts';
import { type Administrator, administrator, atConsole, enterWithKey, hidden } from '../support/console.ts';
import { begin, person, startProvider, Traveller } from '../support/federation.ts';

const email = 'ana@corp.test';
const at = '/admin/connections';

let home: TestApp;
let provider: TestApp;
let ada: Administrator;
let secret: string;
before(async () => {
  [home, provider] = await Promise.all([startApp(), startProvider()]);
  ada = await atConsole(home, 'ada@x.test');
  secret = await clientAt(provider, home, 'corp');
  await person(provider, email, { profile: { name: 'Ana There' } });
});
after(async () => {
  await Promise.all([home.close(), provider.close()]);
});

const open = (path: string) => ada.browser.open(`${at}/${path}`);
const connection = async (id = 'corp') => {
  const found = await home.parts.connections.get(id);
  assert.ok(found);
  return found;
};
const usual = () => ({
  ...{ preset: 'generic-oidc', id: 'corp', from: provider.issuer, clientId: 'corp-client', clientSecret: secret },
  name: 'Corp sign-in',
});
/** The form of the fourth step as it is shown, and what is typed into it. */
const rules = (more: Record<string, string> = {}) => ({
  ...{ deed: 'save', mfa: 'ignore', 'map-email': 'email', 'map-email_verified': 'email_verified', 'map-name': 'name' },
  ...{ groups: 'groups', 'up-0': '', 'gives-0': '', ...more },
});
const claims = JSON.stringify({ sub: 'u1', email, email_verified: true, name: 'Ana', groups: ['staff', 'other'] });

describe('connecting a provider in the console', () => {
  it('begins with a choice, and says what to enter at the provider before anything is there', async () => {
    assert.match((await ada.browser.open(at)).text, /href="\/admin\/connections\/new"/);
    const choice = await open('new');
    for (const name of ['entra-oidc', 'okta-saml', 'active-directory'])
      assert.match(choice.text, new RegExp(`preset=${name}"`));
    const page = await open('new?preset=generic-oidc&id=corp');
    assert.match(page.text, new RegExp(`<code id="[^"]+">${home.issuer}/federation/corp/callback</code>`));
    const saml = await open('new?preset=entra-saml');
    assert.match(saml.text, /Basic SAML Configuration[\s\S]*\/federation\/entra\/acs</);
    assert.equal((await open('new?preset=nothing')).status, 200);
  });

  it('says what is wrong with a file, and keeps all that was typed but the secret', async () => {
    const metadata = '<html>\n</html>';
    const typed = { ...usual(), metadata, name: 'Mine & yours' };
    const page = await sendTo(ada.browser, await open('new?preset=generic-oidc'), 'new', typed);
    assert.equal(page.status, 400);
    assert.match(alertOf(page) ?? '', /holds no discovery document/);
    for (const kept of [
      '&lt;html&gt;',
      'corp-client',
      'Mine &amp; yours',
      provider.issuer,
      '/federation/corp/callback',
    ]) {
      assert.ok(page.text.includes(kept), kept);
    }
    assert.ok(!page.text.includes(secret));
    const away = { ...usual(), from: `${provider.issuer}/nowhere` };
    assert.match(alertOf(await sendTo(ada.browser, page, 'new', away)) ?? '', /answers with 404; correct the address/);
    assert.equal(await home.parts.connections.get('corp'), undefined);
  });

  it('adds one by its address, switched off, and never shows the secret', async () => {
    const page = await sendTo(ada.browser, await open('new?preset=generic-oidc'), 'new', usual());
    assert.equal(page.url.href, `${home.issuer}${at}/corp/setup`);
    assert.match(doneOf(page) ?? '', /^Corp sign-in is added/);
    const { state, kind, provision } = await connection();
    assert.deepEqual([state, kind, provision], ['disabled', 'oidc', false]);
    for (const path of ['corp/setup', 'corp/source', 'corp']) assert.ok(!(await open(path)).text.includes(secret));
    assert.ok(!home.log.join('').includes(secret));
    const again = await sendTo(ada.browser, page, 'new', usual());
    assert.deepEqual([again.status, alertOf(again)], [409, 'The connection corp is already in use; choose another']);
  });

  it('adds one by a file of metadata, and names the address for the next id', async () => {
    const { certificate } = await newKey('idp', 'signing', Date.now() / 1000);
    const typed = { preset: 'generic-saml', id: 'sso', name: 'By file', from: '' };
    const metadata = samlMetadata('https://idp.corp.test', certificate);
    const wrong = await sendTo(ada.browser, await open('new?preset=generic-saml'), 'new', {
      ...typed,
      metadata: '<a/>',
    });
    assert.equal(wrong.status, 400);
    assert.match(alertOf(wrong) ?? '', /EntityDescriptor/);
    const page = await sendTo(ada.browser, wrong, 'new', { ...typed, metadata });
    assert.equal(page.url.pathname, `${at}/sso/setup`);
    const one = await connection('sso');
    assert.deepEqual(one.kind === 'saml' && [one.entityIds, one.state], [['https://idp.corp.test'], 'disabled']);
    assert.match((await open('new?preset=generic-saml')).text, /federation\/sso-2\/acs/);
  });

  it('adds a directory with the account that searches, and drops that account again', async () => {
    const typed = {
      preset: 'generic-ldap',
      id: 'staff',
      name: 'Staff',
      from: 'ldaps://ldap.corp.test/dc=corp,dc=test',
    };
    const bound = { ...typed, bindDn: 'cn=reader', bindPassword: 's3cret of the reader' };
    const page = await sendTo(ada.browser, await open('new?preset=generic-ldap'), 'new', bound);
    assert.ok(page.text.includes('cn=reader') && !page.text.includes('s3cret'));
    assert.match(page.text, /ldaps:\/\/ldap\.corp\.test\/dc=corp,dc=test"/);
    const kept = await sendTo(ada.browser, page, 'staff/source', { ...bound, bindPassword: '', name: 'Staff there' });
    assert.equal(doneOf(kept), 'Staff there is saved.');
    assert.ok(await home.parts.connections.secretFits('staff', 'bindPassword', 's3cret of the reader'));
    await sendTo(ada.browser, kept, 'staff/source', typed);
    const one = await connection('staff');
    assert.deepEqual(one.kind === 'ldap' && [one.bindDn, one.bindPassword, one.base], [
      '',
      undefined,
      'dc=corp,dc=test',
    ]);
    assert.match((await open('staff/setup')).text, /name="claims"[\s\S]*entryUUID/);
  });

  it('previews rules that are not saved, and saves none that gives the administration', async () => {
    const page = await open('corp/setup');
    const typed = rules({ claims, 'up-0': 'staff', 'gives-0': 'orders-editor', 'up-1': 'x*', 'gives-1': 'group:crew' });
    const seen = await sendTo(ada.browser, page, 'corp/rules', { ...typed, deed: 'preview' });
    assert.equal(seen.status, 200);
    const shown = textOf(seen, '<div role="status"') ?? seen.text;
    assert.match(seen.text, /Who this would be here[\s\S]*u1[\s\S]*<dd>orders-editor<\/dd>[\s\S]*other/);
    assert.match(seen.text, /name="up-1"[^>]*value="x\*"/, shown);
    assert.deepEqual((await connection()).groupRules, []);
    const bad = await sendTo(ada.browser, page, 'corp/rules', { ...typed, deed: 'preview', claims: '{"sub": u}' });
    assert.deepEqual([bad.status, bad.text.includes('{&quot;sub&quot;: u}')], [400, true]);
    const half = await sendTo(ada.browser, page, 'corp/rules', rules({ 'up-0': 'staff' }));
    assert.match(alertOf(half) ?? '', /&quot;staff&quot; stands alone/);
    const much = await sendTo(ada.browser, page, 'corp/rules', { ...typed, 'gives-0': 'administrator' });
    assert.match(alertOf(much) ?? '', /administers this server/);
    const odd = await sendTo(ada.browser, page, 'corp/rules', { ...typed, evidence: 'anything' });
    assert.match(alertOf(odd) ?? '', /no rule of evidence/);
  });

  it('saves rules, people and what a second factor counts, and shows them as they are', async () => {
    const typed = rules({
      ...{ 'up-0': 'staff', 'gives-0': 'orders-editor', 'up-1': 'CN=a=b', 'gives-1': 'group:crew', provision: 'yes' },
      ...{
        shown: 'yes',
        mfa: 'accept',
        evidence: 'amr=mfa\nacr=a | b => phr\nattribute:x=y',
        'map-name': 'name, display',
        request: 'acr=a\nacrs=c1',
      },
    });
    const saved = await sendTo(ada.browser, await open('corp/setup'), 'corp/rules', typed);
    assert.equal(doneOf(saved), 'Corp sign-in is saved.');
    const { groupRules, provision, mfa, evidence, mapping, strongRequest } = await connection();
    assert.deepEqual(groupRules, [
      { upstream: 'staff', role: 'orders-editor' },
      { upstream: 'CN=a=b', group: 'crew' },
    ]);
    assert.deepEqual([provision, mfa, mapping.name], [true, 'accept', ['name', 'display']]);
    assert.deepEqual(evidence, [
      { amrAnyOf: ['mfa'], level: '2fa' },
      { acrIn: ['a', 'b'], level: 'phr' },
      { attribute: { name: 'x', anyOf: ['y'] }, level: '2fa' },
    ]);
    assert.deepEqual(strongRequest, { acrValues: ['a'], acrs: ['c1'], authnContext: [] });
    assert.match(saved.text, />\nacr=a\nacrs=c1</);
    assert.match(saved.text, /amr=mfa\nacr=a \| b =&gt; phr\nattribute:x=y/);
    await sendTo(ada.browser, saved, 'corp/rules', { ...typed, mfa: 'ignore', evidence: '', request: '' });
    assert.deepEqual((await connection()).evidence, []);
  });

  it('tests it with the doctor, and begins the preview with what came', async () => {
    const page = await open('corp/test');
    const begun = await ada.browser.send('POST', page.url, hidden(page));
    const traveller = new Traveller(home, provider);
    const start = await traveller.open(new URL(begun.headers.location ?? '', page.url));
    assert.match((await open('corp/test')).text, /under way/);
    const form = await traveller.open(await startOf(traveller.at(home), start));
    await traveller.signIn(form, email);
    const seen = await open('corp/setup');
    assert.match(seen.text, /The last test went well[\s\S]*<textarea id="claims"[\s\S]*ana@corp\.test/);
    assert.match(seen.text, /&quot;email_verified&quot;: true/);
  });

  it('switches it on, and somebody signs in through it', async () => {
    const question = await open('corp/enable');
    const on = await sendTo(ada.browser, question, 'corp/enable');
    assert.equal(doneOf(on), 'Corp sign-in is enabled.');
    const traveller = new Traveller(home, provider);
    const back = await traveller.signIn(await begin(traveller, home), email);
    assert.equal(back.url.searchParams.get('error'), null, back.url.href);
    assert.ok(back.url.searchParams.has('code'), back.url.href);
  });

  it('changes the secret and keeps it where none is typed, and loses no update of somebody else', async () => {
    const before = await open('corp/source');
    const { preset: _preset, id: _id, clientSecret: _secret, ...typed } = usual();
    const asIs = { ...typed, auth: 'client_secret_basic', clientSecret: '' };
    const asked = provider.log.length;
    const kept = await sendTo(ada.browser, before, 'corp/source', { ...asIs, name: 'Renamed' });
    assert.equal(doneOf(kept), 'Renamed is saved.');
    assert.ok(await home.parts.connections.secretFits('corp', 'clientSecret', secret));
    assert.equal(provider.log.length, asked, 'an address that stays is not read again');
    const late = await sendTo(ada.browser, before, 'corp/source', { ...asIs, name: 'Too late' });
    assert.equal(late.status, 412);
    assert.match(late.text, /<strong>Renamed<\/strong>[\s\S]*value="Too late"/);
    const next = await sendTo(ada.browser, late, 'corp/source', { ...asIs, name: 'Corp', clientSecret: ' next one ' });
    assert.ok(!next.text.includes('next one'));
    assert.ok(await home.parts.connections.secretFits('corp', 'clientSecret', ' next one '));
    const keyed = await sendTo(ada.browser, next, 'corp/source', { ...asIs, auth: 'private_key_jwt' });
    assert.equal(doneOf(keyed), 'Corp sign-in is saved.');
    assert.equal(Object(await connection()).clientSecret, undefined);
  });

  it('adds a domain with the record that proves it, verifies and removes it', async () => {
    const added = await sendTo(ada.browser, await open('corp/domains'), 'corp/domains', { domain: 'Corp.test' });
    const [domain] = (await connection()).domains;
    assert.ok(domain && added.text.includes(`>${domain.proof}<`) && added.text.includes('>_sallyport.corp.test<'));
    const wrong = await sendTo(ada.browser, added, 'corp/domains', { domain: 'no domain' });
    assert.deepEqual([wrong.status, wrong.text.includes('value="no domain"')], [400, true]);
    const path = 'corp/domains/corp.test';
    await sendTo(ada.browser, await open(`${path}/verify`), `${path}/verify`, { by: 'word' });
    assert.equal((await connection()).domains[0]?.verified, 'administrator');
    assert.equal((await open('corp/domains/other.test/verify')).status, 404);
    const gone = await sendTo(ada.browser, await open(`${path}/remove`), `${path}/remove`);
    assert.equal(doneOf(gone), 'corp.test is removed.');
    assert.deepEqual((await connection()).domains, []);
  });

  it('shows nobody what they may not do, and takes it from nobody', async () => {
    const permissions = ['connections:read', 'roles:read'].map((one) => `urn:sallyport:admin#${one}`);
    await home.parts.access.saveRole({ id: 'onlooker', permissions, includes: [] }, 'cli');
    const { browser } = await atConsole(home, 'onlooker@x.test', 'onlooker');
    const page = await browser.open(`${at}/corp/setup`);
    assert.equal(page.status, 200);
    for (const word of ['/source"', '/rules"', '/enable"', '/disable"', '/remove"', '/test"']) {
      assert.ok(!page.text.includes(`corp${word}`), word);
    }
    for (const path of ['new', 'corp/source', 'corp/rules', 'corp/test', 'corp/remove']) {
      assert.equal((await browser.send('POST', `${at}/${path}`, {})).status, 403, path);
    }
  });

  it('serves whoever looks after one organisation: what is made belongs to it, and gives no roles', async () => {
    const { access, organizations } = home.parts;
    const permissions = ['connections:read', 'connections:write'].map((one) => `urn:sallyport:admin#${one}`);
    await access.saveRole({ id: 'bystander', permissions: [], includes: [] }, 'cli');
    await access.saveRole({ id: 'connector', permissions, includes: [] }, 'cli');
    await organizations.add({ id: 'acme', name: 'Acme', domains: [], connections: [] }, 'cli');
    const oz = await administrator(home, 'oz@x.test', 'bystander');
    await organizations.join('acme', `user:${oz.id}`, 'cli');
    await access.assign(`user:${oz.id}`, 'connector', 'cli', { organization: 'acme' });
    const page = await enterWithKey(oz, await oz.browser.open(`${at}/new?preset=generic-saml`));
    const { certificate } = await newKey('acme', 'signing', Date.now() / 1000);
    const typed = { preset: 'generic-saml', id: 'acme', name: 'Acme', from: provider.issuer };
    const inside = await sendTo(oz.browser, page, 'new', typed);
    assert.match(alertOf(inside) ?? '', /could not be read/, 'what is inside our network is not theirs to ask');
    const metadata = samlMetadata('https://idp.acme.test', certificate);
    const made = await sendTo(oz.browser, inside, 'new', { ...typed, metadata });
    assert.equal(made.url.pathname, `${at}/acme/setup`, made.text);
    assert.equal((await organizations.ofConnection('acme'))?.id, 'acme');
    assert.ok(!made.text.includes('name="up-0"'));
    assert.equal((await oz.browser.open(`${at}/corp/setup`)).status, 404);
    assert.doesNotMatch((await oz.browser.open(at)).text, /\/corp"/);
  });

  it('removes it', async () => {
    const gone = await sendTo(ada.browser, await open('corp/remove'), 'corp/remove');
    assert.deepEqual([gone.url.pathname, doneOf(gone)], [at, 'Corp sign-in is removed.']);
    assert.equal(await home.parts.connections.get('corp'), undefined);
    assert.equal((await open('corp/setup')).status, 404);
  });
});
