import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { newKey } from '../../src/federation/saml-keys.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { formOf, type Page, textOf } from '../support/browser.ts';
import { beginTest, checksOf, keptTests, reportOf, startOf } from '../support/connection-test.ts';
import { saml } from '../support/saml-idp.ts';
import { answered, carried, type Keys, makeKeys, provider } from '../support/saml-parts.ts';
import { authorization, newBrowser } from '../support/signing-in.ts';

const email = 'ana@corp.example';
const attributes = saml('email', email) + saml('groups', 'staff', 'other') + saml('hair', 'red');
const heading = (page: Page) => textOf(page, '<h1');

describe('a test of a SAML connection', () => {
  let app: TestApp;
  let keys: Keys;
  before(async () => {
    [keys, app] = await Promise.all([makeKeys(), startApp()]);
    await add('corp', keys.idp.certificate);
  });
  after(() => app.close());

  const service = (binding: string): string =>
    `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-${binding}" Location="https://idp.example.test/${binding}"/>`;
  const metadata = (pem: string): string =>
    `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${provider}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${pem.replaceAll(/-----[^-]+-----|\s/g, '')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>${service('Redirect')}${service('POST')}</md:IDPSSODescriptor></md:EntityDescriptor>`;
  const add = (id: string, pem: string, more: object = {}) =>
    app.parts.connections.add(
      {
        ...{ id, name: `Company ${id}`, preset: 'generic-saml', metadata: metadata(pem), provision: true },
        ...{ mapping: { email: ['email'] }, groups: ['groups'], domains: [`${id}.example`] },
        ...{ groupRules: [{ upstream: 'staff', role: 'orders-reader' }], ...more },
      },
      'cli',
    );
  const answer = (requestId: string, id: string, lies: Parameters<typeof answered>[2] = {}): string => {
    const acs = `${app.issuer}/federation/${id}/acs`;
    const audiences = [`${app.issuer}/federation/${id}/metadata`];
    return answered(requestId, keys, { destination: acs, recipient: acs, attributes, audiences, ...lies });
  };

  /** A whole test, from its link to the page on which it ends. */
  async function tested(id: string, lies: Parameters<typeof answered>[2] = {}) {
    const { run, link } = await beginTest(app, id);
    const browser = newBrowser(app);
    const there = await startOf(browser, await browser.open(link));
    const [, requestId = ''] = / ID="([^"]+)"/.exec(carried({ by: 'redirect', url: there.href })) ?? [];
    const SAMLResponse = answer(requestId, id, lies);
    const form = { SAMLResponse, RelayState: there.searchParams.get('RelayState') ?? '' };
    const filed = await browser.send('POST', `${app.issuer}/federation/${id}/acs`, form, {
      ...{ cookie: '', origin: 'https://idp.example.test' },
    });
    const page = await browser.open(new URL(filed.headers.location ?? '', app.issuer));
    return { run, page, form, report: await reportOf(app, id, run) };
  }

  it('shows metadata and certificates, what came, every check, and who it would be', async () => {
    await app.parts.connections.domains.verify('corp', 'corp.example', 'cli', true);
    const { page, report, form } = await tested('corp');
    assert.equal(heading(page), 'The sign-in with Company corp works');
    const [facts, certificate] = report.steps;
    assert.equal(facts.values.entity_ids, provider);
    assert.match(facts.values.sign_on, /redirect: https:\/\/idp\.example\.test\/Redirect/);
    assert.match(certificate.values.until, /^\d{4}-\d\d-\d\dT/);
    for (const check of ['a signing certificate is in force', 'RelayState', 'used once', 'signed by the provider']) {
      assert.ok(checksOf(report).includes(`✓ ${check}`), `${check}: ${checksOf(report)}`);
    }
    const { person } = report;
    assert.deepEqual(
      [person.subject, person.email, person.verified, person.roles, person.unused],
      ['person-1', email, true, ['orders-reader'], ['hair']],
    );
    assert.match(person.why, /domain corp\.example is verified/);
    const told = JSON.stringify(report) + page.text;
    assert.ok(!told.includes(form.SAMLResponse) && !told.includes(form.RelayState));
    assert.doesNotMatch(JSON.stringify(await keptTests(app)) + app.log.join(), /person-1|ana@corp/);
    const users = (await app.parts.users.list()).map((user) => user.email);
    assert.deepEqual([await app.parts.identities.ofConnection('corp'), users.includes(email)], [[], false]);
  });

  it('names the check that failed, and what to change at the provider', async () => {
    const { page, report } = await tested('corp', { audiences: ['https://somebody.else'] });
    assert.equal(report.failure.reason, 'wrong_audience');
    assert.ok(page.text.includes(report.failure.advice.replaceAll("'", '&#39;')));
    assert.match(page.text, /somebody\.else/);
    const unsigned = await tested('corp', { sign: 'none' });
    assert.equal(unsigned.report.failure.reason, 'unsigned');
  });

  it('uses an assertion up, for sign-ins too', async () => {
    const assertionId = '_one-assertion-for-two';
    assert.equal((await tested('corp', { assertionId })).report.state, 'succeeded');
    const browser = newBrowser(app);
    const there = await browser.open(authorization(app, { idp_hint: 'corp' }));
    const [, requestId = ''] = / ID="([^"]+)"/.exec(carried({ by: 'redirect', url: there.url.href })) ?? [];
    const form = {
      SAMLResponse: answer(requestId, 'corp', { assertionId }),
      RelayState: there.url.searchParams.get('RelayState') ?? '',
    };
    const filed = await browser.send('POST', `${app.issuer}/federation/corp/acs`, form);
    const page = await browser.open(new URL(filed.headers.location ?? '', app.issuer));
    assert.match(heading(page) ?? '', /did not work/);
  });

  it('ends before anybody signs in when every signing certificate has expired', async () => {
    const old = await newKey('idp', 'signing', Date.now() / 1000 - 11 * 365 * 24 * 3600);
    await add('old', old.certificate);
    const { run, link } = await beginTest(app, 'old');
    const page = await newBrowser(app).open(link);
    assert.equal(heading(page), 'The sign-in with Company old does not work');
    const { failure } = await reportOf(app, 'old', run);
    assert.equal(failure.reason, 'certificate_expired');
    assert.match(failure.advice, /Renew the signing certificate at the provider/);
  });

  it('goes to the provider by a form where the connection says so, also when it is switched off', async () => {
    await add('by-post', keys.idp.certificate, { requestBinding: 'post' });
    await app.parts.connections.setState('by-post', 'disabled', 'cli');
    const { run, link } = await beginTest(app, 'by-post');
    const browser = newBrowser(app);
    const way = await browser.submit(await browser.open(link), {});
    const { action, fields } = formOf(way);
    assert.equal(action, 'https://idp.example.test/POST');
    // A policy for where forms go would stop the browser on its way to the provider.
    assert.doesNotMatch(String(way.headers['content-security-policy']), /form-action/);
    const xml = Buffer.from(fields.SAMLRequest ?? '', 'base64').toString();
    const SAMLResponse = answer(/ ID="([^"]+)"/.exec(xml)?.[1] ?? '', 'by-post');
    const form = { SAMLResponse, RelayState: fields.RelayState ?? '' };
    const filed = await browser.send('POST', `${app.issuer}/federation/by-post/acs`, form, { cookie: '' });
    await browser.open(new URL(filed.headers.location ?? '', app.issuer));
    assert.equal((await reportOf(app, 'by-post', run)).state, 'succeeded');
    assert.equal((await browser.send('POST', `${app.issuer}/federation/by-post/acs`, form)).status, 403);
  });
});
