import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Page, textOf } from '../support/browser.ts';
import { begin, connect, password, person, startProvider, Traveller } from '../support/federation.ts';
import { redeem } from '../support/signing-in.ts';

let home: TestApp;
let provider: TestApp;
before(async () => {
  home = await startApp();
  provider = await startProvider();
  await connect(home, provider, 'corp', { domains: ['corp.example'] });
  await home.parts.connections.domains.verify('corp', 'corp.example', 'cli', true);
  await connect(home, provider, 'other', { domains: ['other.example'] });
  await home.parts.connections.domains.verify('other', 'other.example', 'cli', true);
  await connect(home, provider, 'silent', { scope: 'openid profile', name: 'Silent SSO' });
});
after(() => Promise.all([home.close(), provider.close()]));

const traveller = () => new Traveller(home, provider);
const heading = (page: Page) => textOf(page, '<h1');

/** Signs in through a connection, to wherever that leads. */
async function through(email: string, id = 'corp', browser = traveller()): Promise<Page> {
  return browser.signIn(await begin(browser, home, {}, id), email);
}

const sub = async (page: Page): Promise<string> => (await redeem(home, page)).claims.sub;
const here = (email: string, more: object = {}) =>
  home.parts.users.add({ email, password, emailVerified: true, ...more }, 'cli');
const linksOf = async (id: string) => (await home.parts.identities.ofUser(id)).map(({ connection }) => connection);

describe('an account that was taken in', () => {
  it('sec-214 sec-215 has a verified address only by a provider that speaks for its domain', async () => {
    const rows = [
      ['pia@corp.example', true, 'corp', true],
      ['pim@corp.example', false, 'corp', false],
      ['pip@sub.corp.example', true, 'corp', false],
      ['pit@other.example', true, 'corp', false],
      ['pix@ｃorp.example', true, 'corp', true],
    ] as const;
    for (const [email, emailVerified, id, verified] of rows) {
      await person(provider, email, { emailVerified });
      const user = await home.parts.users.get(await sub(await through(email, id)));
      assert.equal(user?.emailVerified, verified, email);
    }
  });

  it('follows a new address at its origin, unless somebody else has it', async () => {
    const there = await person(provider, 'quin@corp.example');
    const id = await sub(await through('quin@corp.example'));
    await provider.parts.users.change(there.id, { email: 'quin.new@corp.example', emailVerified: true }, 'cli');
    assert.equal(await sub(await through('quin.new@corp.example')), id);
    assert.equal((await home.parts.users.get(id))?.email, 'quin.new@corp.example');
    await here('quin.taken@corp.example');
    await provider.parts.users.change(there.id, { email: 'quin.taken@corp.example' }, 'cli');
    assert.equal(await sub(await through('quin.taken@corp.example')), id);
    assert.equal((await home.parts.users.get(id))?.email, 'quin.new@corp.example');
  });

  it('takes in whom the provider names without an address, and the address when it comes', async () => {
    await person(provider, 'rae@corp.example', { name: 'Rae' });
    const tokens = await redeem(home, await through('rae@corp.example', 'silent'));
    const user = await home.parts.users.get(tokens.claims.sub);
    assert.deepEqual([user?.email, user?.emailVerified], [undefined, false]);
    const told = await fetch(`${home.issuer}/oauth2/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    assert.deepEqual(await told.json(), { sub: tokens.claims.sub });
    await home.parts.connections.change('silent', { scope: 'openid email' }, 'cli');
    const again = await redeem(home, await through('rae@corp.example', 'silent'));
    assert.equal(again.claims.sub, tokens.claims.sub);
    assert.equal((await home.parts.users.get(again.claims.sub))?.email, 'rae@corp.example');
  });

  it('sec-226 is one account when ten first sign-ins end at the same moment', async () => {
    await person(provider, 'sam@corp.example');
    const comings = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const browser = traveller();
        const page = await begin(browser, home);
        const there = browser.at(provider);
        let answer = await there.send('POST', page.url, { identifier: 'sam@corp.example', password });
        while (!answer.headers.location?.startsWith(home.issuer)) {
          answer = await there.send('GET', new URL(answer.headers.location ?? '', provider.issuer));
        }
        const filed = await browser.at(home).send('GET', answer.headers.location);
        return { browser, back: new URL(filed.headers.location ?? '', home.issuer) };
      }),
    );
    const pages = await Promise.all(comings.map(({ browser, back }) => browser.open(back)));
    const people = new Set(await Promise.all(pages.map((page) => sub(page))));
    assert.equal(people.size, 1);
    const made = await home.parts.trail.search({ type: 'user.provisioned', target: `user:${[...people][0]}` });
    assert.equal(made.length, 1);
    assert.deepEqual(await linksOf([...people][0] ?? ''), ['corp']);
  });

  it('sec-225 is another one for the same subject at another provider', async () => {
    const there = await person(provider, 'tao@corp.example');
    const first = await sub(await through('tao@corp.example'));
    await provider.parts.users.change(there.id, { email: 'tao2@corp.example' }, 'cli');
    const second = await sub(await through('tao2@corp.example', 'other'));
    assert.notEqual(first, second);
    assert.deepEqual([await linksOf(first), await linksOf(second)], [['corp'], ['other']]);
  });

  it('sec-227 lets nobody in once it is disabled, and tells that like every refusal', async () => {
    await person(provider, 'uma@corp.example');
    const id = await sub(await through('uma@corp.example'));
    await home.parts.users.disable(id, 'cli');
    const page = await through('uma@corp.example');
    assert.equal(page.status, 400);
    assert.match(alertOf(page) ?? '', /could not be confirmed/);
    assert.equal((await home.parts.trail.search({ type: 'signin.failed' })).at(-1)?.detail?.reason, 'person_disabled');
  });

  it('is gone for good when it is removed: the next sign-in makes another person', async () => {
    await person(provider, 'val@corp.example');
    const id = await sub(await through('val@corp.example'));
    await home.parts.users.remove(id, 'cli');
    const next = await sub(await through('val@corp.example'));
    assert.notEqual(next, id);
    assert.deepEqual(await linksOf(id), []);
  });

  it('is not found through a connection that was made anew under the old id', async (t) => {
    await person(provider, 'wes@corp.example');
    await connect(home, provider, 'again');
    const id = await sub(await through('wes@corp.example', 'again'));
    await home.parts.access.sync(`user:${id}`, 'again', ['orders-reader'], 'connection:again');
    await home.parts.connections.remove('again', 'cli');
    assert.deepEqual(await linksOf(id), []);
    assert.deepEqual((await home.parts.decide.held(`user:${id}`, undefined)).roles, []);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 2000 });
    await connect(home, provider, 'again');
    assert.equal(heading(await through('wes@corp.example', 'again')), 'Connect your account');
    assert.deepEqual(await linksOf(id), []);
  });
});
