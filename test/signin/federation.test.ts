import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Page, textOf } from '../support/browser.ts';
import { begin, connect, password, person, startProvider, Traveller } from '../support/federation.ts';
import { authorization, callback, introspect, redeem } from '../support/signing-in.ts';

let home: TestApp;
let provider: TestApp;
before(async () => {
  home = await startApp();
  provider = await startProvider();
  await provider.parts.access.saveRole({ id: 'staff', permissions: [], includes: [] }, 'cli');
  await connect(home, provider, 'corp', {
    ...{ scope: 'openid profile email roles', groups: ['roles'] },
    groupRules: [{ upstream: 'staff', role: 'orders-reader' }],
    domains: ['corp.example'],
  });
  await home.parts.connections.domains.verify('corp', 'corp.example', 'cli', true);
});
after(() => Promise.all([home.close(), provider.close()]));

const traveller = () => new Traveller(home, provider);
const heading = (page: Page) => textOf(page, '<h1');
const atProvider = (page: Page) => assert.equal(page.url.origin, provider.issuer, page.text);

async function signIn(email: string, more: Record<string, string> = {}, browser = traveller()): Promise<Page> {
  return browser.signIn(await begin(browser, home, more), email);
}

describe('a sign-in through a connection', () => {
  it('takes five requests here and no page of ours, from the client to its tokens', async () => {
    const { id } = await person(provider, 'ana@corp.example', { profile: { name: 'Ana Example', locale: 'fr' } });
    const browser = traveller();
    const back = await browser.signIn(await begin(browser, home), 'ana@corp.example');
    assert.equal(back.url.origin + back.url.pathname, callback, back.text);
    assert.deepEqual(browser.at(home).hops, [
      'GET /oauth2/authorize 303',
      'GET /signin/… 303',
      'GET /federation/corp/callback 303',
      'GET /signin/… 303',
      'GET /oauth2/authorize/… 303',
    ]);
    const { claims, access_token } = await redeem(home, back);
    const user = await home.parts.users.get(claims.sub);
    assert.notEqual(claims.sub, id);
    assert.equal(claims.acr, '1fa');
    assert.deepEqual((await introspect(home, access_token)).amr, ['fed']);
    assert.deepEqual(user?.profile, { name: 'Ana Example', locale: 'fr' });
    assert.equal(user?.email, 'ana@corp.example');
    assert.equal(user?.password, undefined);
  });

  it('is silent the next time while the session lasts, and finds the same person without it', async () => {
    await person(provider, 'bea@corp.example');
    const browser = traveller();
    const first = await redeem(home, await signIn('bea@corp.example', {}, browser));
    const silent = await browser.at(home).during(() => browser.open(authorization(home)));
    assert.deepEqual(silent, ['GET /oauth2/authorize 303']);
    const again = await redeem(home, await signIn('bea@corp.example'));
    assert.equal(again.claims.sub, first.claims.sub);
  });

  it('refreshes the mapped claims at each sign-in, and nothing else', async () => {
    const { users } = home.parts;
    const { id: there } = await person(provider, 'cleo@corp.example', { profile: { name: 'Cleo One' } });
    const { claims } = await redeem(home, await signIn('cleo@corp.example'));
    await users.change(claims.sub, { profile: { nickname: 'kept' } }, 'cli');
    await provider.parts.users.change(there, { profile: { name: 'Cleo Two', nickname: 'not mapped' } }, 'cli');
    await signIn('cleo@corp.example');
    assert.deepEqual((await users.get(claims.sub))?.profile, { name: 'Cleo Two', nickname: 'kept' });
    const { updated } = (await users.get(claims.sub)) ?? {};
    await signIn('cleo@corp.example');
    assert.equal((await users.get(claims.sub))?.updated, updated);
  });

  it('gives the roles that the provider says, and takes them when it no longer does', async () => {
    const { id: there } = await person(provider, 'dan@corp.example');
    await provider.parts.access.assign(`user:${there}`, 'staff', 'cli');
    const first = await redeem(home, await signIn('dan@corp.example', { scope: 'openid orders:read' }));
    assert.deepEqual((await introspect(home, first.access_token)).roles, ['orders-reader']);
    await provider.parts.access.unassign(`user:${there}`, 'staff', 'cli');
    await signIn('dan@corp.example');
    assert.deepEqual((await introspect(home, first.access_token)).roles, []);
  });

  it('tells the trail who came, through which connection, and who was taken in', async () => {
    await person(provider, 'eve@corp.example');
    const { claims } = await redeem(home, await signIn('eve@corp.example'));
    const events = await home.parts.trail.search({ target: `user:${claims.sub}` });
    assert.deepEqual(
      events.filter(({ type }) => type !== 'notice.sent').map(({ type, actor, detail }) => [type, actor, detail]),
      [
        ['user.provisioned', 'connection:corp', { connection: 'corp' }],
        [
          'signin.succeeded',
          `user:${claims.sub}`,
          { method: 'corp', client: 'demo-web', acr: '1fa', device: 'new', browser: 'Browser' },
        ],
      ],
    );
  });
});

describe('where somebody has an account', () => {
  const hints: [name: string, Record<string, string>][] = [
    ['idp_hint', { idp_hint: 'corp' }],
    ['kc_idp_hint, as clients of Keycloak send it', { kc_idp_hint: 'corp' }],
    ['domain_hint', { domain_hint: 'CORP.example' }],
    ['the domain of login_hint', { login_hint: 'ana@corp.example' }],
  ];
  for (const [name, more] of hints) {
    it(`is told by ${name}, and no page of ours is shown`, async () => {
      const browser = traveller();
      const page = await browser.open(authorization(home, more));
      atProvider(page);
      assert.deepEqual(browser.at(home).hops, ['GET /oauth2/authorize 303', 'GET /signin/… 303']);
    });
  }

  it('is told by the typed address, and the provider hears it', async () => {
    const browser = traveller();
    const page = await browser.submit(await browser.open(authorization(home)), { identifier: 'new@corp.example' });
    atProvider(page);
    assert.match(page.text, /value="new@corp\.example"/);
  });

  it('is chosen by a button otherwise, also when a hint names nothing', async () => {
    for (const more of [{}, { idp_hint: 'nothing' }, { login_hint: 'ana@elsewhere.example' }]) {
      const browser = traveller();
      const page = await browser.open(authorization(home, more as Record<string, string>));
      assert.match(page.text, /<button name="connection" value="corp">Continue with Corp SSO<\/button>/);
      atProvider(await browser.submit(page, { connection: 'corp' }));
    }
  });

  it('shows nothing of whether a person exists: known and unknown addresses of a domain go the same way', async () => {
    const ways = ['ana@corp.example', 'nobody@corp.example'].map(async (identifier) => {
      const browser = traveller();
      const page = await browser.submit(await browser.open(authorization(home)), { identifier });
      return { at: page.url.origin, hops: browser.at(home).hops };
    });
    const [known, unknown] = await Promise.all(ways);
    assert.deepEqual(known, unknown);
  });

  it('leaves a local password to whoever types one, and still shows the way to the provider', async () => {
    await home.parts.users.add({ email: 'local@corp.example', password }, 'cli');
    const browser = traveller();
    const page = await browser.open(authorization(home));
    const wrong = await browser.submit(page, { identifier: 'local@corp.example', password: 'not this one' });
    assert.equal(wrong.status, 400);
    assert.match(wrong.text, /name="connection" value="corp"/);
    const back = await browser.submit(wrong, { identifier: 'local@corp.example', password });
    assert.match(String(back.url), /code=/);
  });

  it('can be chosen anew in spite of hints', async () => {
    const browser = traveller();
    const page = await begin(browser, home);
    const place =
      browser
        .at(home)
        .cookies.keys()
        .find((key) => key.startsWith('signin /')) ?? '';
    const chooser = await browser.open(new URL(`${place.slice('signin '.length)}?restart`, home.issuer));
    assert.match(chooser.text, /name="connection" value="corp"/);
    atProvider(page);
    atProvider(await browser.submit(chooser, { connection: 'corp' }));
  });
});

describe('a sign-in that does not work at the provider', () => {
  before(async () => {
    await connect(home, provider, 'asks', { consents: true, name: 'Asking SSO', shown: false });
    await person(provider, 'fay@corp.example');
  });
  /** Signs in there and says no. */
  const deny = async (browser: Traveller): Promise<Page> => {
    const consent = await browser.signIn(await begin(browser, home, {}, 'asks'), 'fay@corp.example');
    return browser.submit(consent, { decision: 'deny' });
  };

  it('ends on a page with a reference that the trail knows, and nothing of what the provider said', async () => {
    const page = await deny(traveller());
    assert.equal(page.status, 400);
    assert.match(heading(page) ?? '', /The sign-in with Asking SSO did not work/);
    assert.doesNotMatch(page.text, /access_denied/);
    const events = await home.parts.trail.search({ type: 'signin.failed' });
    const event = events.find(({ requestId }) => requestId === page.headers['x-request-id']);
    assert.equal(page.text.includes(String(event?.requestId)), true);
    assert.equal(event?.detail?.method, 'asks');
    assert.equal(event?.detail?.reason, 'provider_error');
    assert.equal(event?.detail?.client, 'demo-web');
    assert.ok(event?.detail?.check);
  });

  it('can be tried again, be done another way, or be given up', async () => {
    const again = traveller();
    atProvider(await again.submit(await deny(again), { connection: 'asks' }));
    const other = traveller();
    const failed = await deny(other);
    const chooser = await other.open(new URL(/href="([^"]*restart)"/.exec(failed.text)?.[1] ?? '', failed.url));
    assert.match(String((await other.submit(chooser, aliceHere())).url), /code=/);
    const left = traveller();
    const back = await left.submit(await deny(left), { decision: 'cancel' });
    assert.equal(back.url.searchParams.get('error'), 'access_denied');
  });

  const aliceHere = () => ({ identifier: 'alice@example.test', password: home.password('alice@example.test') });

  it('says the same when the provider cannot be reached, and local passwords still work (sec-210)', async () => {
    const gone = await startProvider();
    await connect(home, gone, 'gone');
    await gone.close();
    const browser = new Traveller(home);
    const page = await browser.open(authorization(home, { idp_hint: 'gone' }));
    assert.equal(page.status, 400);
    assert.match(alertOf(page) ?? '', /could not be confirmed/);
    const chooser = await browser.open(new URL('?restart', page.url));
    assert.match(String((await browser.submit(chooser, aliceHere())).url), /code=/);
    await home.parts.connections.remove('gone', 'cli');
  });
});
