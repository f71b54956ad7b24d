import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { startApp, type TestApp } from '../support/app.ts';
import { type Browser, formOf, type Page, textOf } from '../support/browser.ts';
import { saml } from '../support/saml-idp.ts';
import { answered, type Keys, makeKeys, provider } from '../support/saml-parts.ts';
import { authorization, introspect, newBrowser, redeem } from '../support/signing-in.ts';

const email = 'ana@corp.example';
const attributes = saml('email', email) + saml('groups', 'staff');

describe('a sign-in through a SAML provider', () => {
  let app: TestApp;
  let keys: Keys;
  before(async () => {
    keys = await makeKeys();
    app = await startApp();
    await add('corp', {});
    await add('second', {});
    await app.parts.clients.add(
      {
        id: 'portal',
        name: 'Portal',
        metadata: {
          redirect_uris: ['https://portal.example/back'],
          initiate_login_uri: 'https://portal.example/start',
        },
      },
      'cli',
    );
    await add('from-there', { unsolicited: 'portal' });
  });
  after(() => app.close());

  const service = (binding: string): string =>
    `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-${binding}" Location="https://idp.example.test/${binding}"/>`;
  const metadata = (): string => {
    const certificate = keys.idp.certificate.replaceAll(/-----[^-]+-----|\s/g, '');
    return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${provider}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>${service('Redirect')}${service('POST')}</md:IDPSSODescriptor></md:EntityDescriptor>`;
  };
  const add = (id: string, more: object) =>
    app.parts.connections.add(
      {
        ...{ id, name: `Company ${id}`, preset: 'generic-saml', metadata: metadata(), provision: true },
        ...{ mapping: { email: ['email'] }, groups: ['groups'] },
        ...{ groupRules: [{ upstream: 'staff', role: 'orders-reader' }], ...more },
      },
      'cli',
    );
  const acs = (id = 'corp'): string => `${app.issuer}/federation/${id}/acs`;

  /** Opens the client's request with a hint, and reads what the provider is asked. */
  async function ask(browser: Browser, id = 'corp') {
    const there = await browser.open(authorization(app, { idp_hint: id, scope: 'openid email orders:read' }));
    const request = inflateRawSync(Buffer.from(there.url.searchParams.get('SAMLRequest') ?? '', 'base64')).toString();
    const [, requestId = ''] = / ID="([^"]+)"/.exec(request) ?? [];
    return { requestId, ticket: there.url.searchParams.get('RelayState') ?? '', url: there.url };
  }
  const answer = (requestId: string, id = 'corp', lies: Parameters<typeof answered>[2] = {}): string =>
    answered(requestId, keys, {
      ...{ destination: acs(id), recipient: acs(id), attributes },
      ...{ audiences: [`${app.issuer}/federation/${id}/metadata`], ...lies },
    });
  /** The form of the provider: it stands on another site, so browsers add none of our cookies. */
  const arrive = (browser: Browser, fields: Record<string, string>, id = 'corp'): Promise<Page> =>
    browser.send('POST', acs(id), fields, { cookie: '', origin: 'https://idp.example.test' });
  const goOn = (browser: Browser, { headers }: Page): Promise<Page> =>
    browser.open(new URL(headers.location ?? '', app.issuer));
  const lastReason = async () => (await app.parts.trail.search({ type: 'signin.failed' })).at(-1)?.detail?.reason;

  it('takes five requests here and no page, and ends in tokens with the roles of the groups', async () => {
    const browser = newBrowser(app);
    const { requestId, ticket, url } = await ask(browser);
    assert.equal(url.origin + url.pathname, 'https://idp.example.test/Redirect');
    const filed = await arrive(browser, { SAMLResponse: answer(requestId), RelayState: ticket });
    const tokens = await redeem(app, await goOn(browser, filed));
    assert.deepEqual(
      browser.hops.map((hop) => hop.replace(/ \d+$/, '')),
      [
        'GET /oauth2/authorize',
        'GET /signin/…',
        'POST /federation/corp/acs',
        'GET /signin/…',
        'GET /oauth2/authorize/…',
      ],
    );
    assert.equal(tokens.claims.email, email);
    const told = await introspect(app, tokens.access_token);
    assert.deepEqual([told.roles, told.scope.includes('orders:read')], [['orders-reader'], true]);
  });

  it('takes the role away at the next sign-in when the provider names the group no more', async () => {
    const signIn = async (groups: string) => {
      const browser = newBrowser(app);
      const { requestId, ticket } = await ask(browser);
      const lies = { attributes: saml('email', email) + groups };
      const SAMLResponse = answer(requestId, 'corp', lies);
      return redeem(app, await goOn(browser, await arrive(browser, { SAMLResponse, RelayState: ticket })));
    };
    const before = await signIn(saml('groups', 'staff'));
    assert.deepEqual((await introspect(app, before.access_token)).roles, ['orders-reader']);
    await signIn(saml('groups', 'visitors'));
    assert.deepEqual((await introspect(app, before.access_token)).roles, []);
  });

  it('sec-177 proves nothing in a browser that did not ask', async () => {
    const [mine, stranger] = [newBrowser(app), newBrowser(app)];
    const { requestId, ticket } = await ask(mine);
    const filed = await arrive(stranger, { SAMLResponse: answer(requestId), RelayState: ticket });
    assert.equal(textOf(await goOn(stranger, filed), '<h1'), 'This sign-in has ended');
    assert.match(String((await goOn(mine, filed)).url), /code=/);
  });

  it('sec-178 counts once, also when it arrives twice', async () => {
    const browser = newBrowser(app);
    const { requestId, ticket } = await ask(browser);
    const form = { SAMLResponse: answer(requestId), RelayState: ticket };
    const filed = await arrive(browser, form);
    assert.match(String((await goOn(browser, filed)).url), /code=/);
    assert.equal((await arrive(browser, form)).status, 400);
  });

  it('sec-178 takes one assertion in one sign-in only, whatever request it is wrapped in', async () => {
    const assertionId = '_the-same-assertion-in-two-answers';
    const outcomes: string[] = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const browser = newBrowser(app);
      const { requestId, ticket } = await ask(browser);
      const SAMLResponse = answer(requestId, 'corp', { assertionId });
      const page = await goOn(browser, await arrive(browser, { SAMLResponse, RelayState: ticket }));
      outcomes.push(page.url.searchParams.has('code') ? 'in' : String(await lastReason()));
    }
    assert.deepEqual(outcomes, ['in', 'replayed']);
  });

  it('sec-197 is refused at the place of another connection, with the same provider behind it', async () => {
    const browser = newBrowser(app);
    const { requestId, ticket } = await ask(browser);
    const SAMLResponse = answer(requestId);
    assert.equal((await arrive(browser, { SAMLResponse, RelayState: ticket }, 'second')).status, 400);
    assert.equal(await lastReason(), 'unknown_ticket');
  });

  it('sec-196 is refused when the connection was switched off meanwhile', async () => {
    await add('short-lived', {});
    const browser = newBrowser(app);
    const { requestId, ticket } = await ask(browser, 'short-lived');
    await app.parts.connections.setState('short-lived', 'disabled', 'cli');
    const SAMLResponse = answer(requestId, 'short-lived');
    assert.equal((await arrive(browser, { SAMLResponse, RelayState: ticket }, 'short-lived')).status, 403);
  });

  it('sec-176 is refused when nobody asked, unless the connection names an application where it may begin', async () => {
    const unsolicited = (id: string) =>
      arrive(newBrowser(app), { SAMLResponse: answer('', id, { inResponseTo: undefined }), RelayState: '/home' }, id);
    assert.equal((await unsolicited('corp')).status, 400);
    const started = new URL((await unsolicited('from-there')).headers.location ?? '');
    assert.equal(started.origin + started.pathname, 'https://portal.example/start');
    assert.equal(started.searchParams.get('iss'), app.issuer);
    // An answer to a request is no beginning, and what cannot be read is nothing.
    const late = { SAMLResponse: answer('_a-request', 'from-there'), RelayState: 'gone' };
    assert.equal((await arrive(newBrowser(app), late, 'from-there')).status, 400);
    assert.equal((await arrive(newBrowser(app), { SAMLResponse: 'x', RelayState: 'y' }, 'from-there')).status, 400);
  });

  it('goes to the provider by a form where the connection says so, which works without scripts', async () => {
    await add('by-post', { requestBinding: 'post' });
    const page = await newBrowser(app).open(authorization(app, { idp_hint: 'by-post' }));
    assert.equal(page.status, 200);
    const { action, fields } = formOf(page);
    assert.equal(action, 'https://idp.example.test/POST');
    assert.match(Buffer.from(fields.SAMLRequest ?? '', 'base64').toString(), /AuthnRequest/);
    assert.match(page.text, /<button/);
  });
});
