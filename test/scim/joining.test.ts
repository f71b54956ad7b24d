import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import type { Page } from '../support/browser.ts';
import { begin, connect, person, startProvider, Traveller } from '../support/federation.ts';
import { newUser, patch, pushingOrganization, type ScimClient } from '../support/scim.ts';
import { authorization, introspect, redeem } from '../support/signing-in.ts';

let home: TestApp;
let provider: TestApp;
let acme: ScimClient;
before(async () => {
  home = await startApp();
  provider = await startProvider();
  acme = await pushingOrganization(home, 'acme', 'acme.example', provider);
  await connect(home, provider, 'other', { domains: ['other.example'], name: 'Other SSO' });
  await home.parts.connections.domains.verify('other', 'other.example', 'cli', true);
});
after(() => Promise.all([home.close(), provider.close()]));

async function through(email: string, id = 'acme-sso', browser = new Traveller(home, provider)): Promise<Page> {
  return browser.signIn(await begin(browser, home, {}, id), email);
}
const pushed = async (email: string): Promise<string> => {
  const { status, body } = await acme.send('POST', '/Users', newUser(email));
  assert.equal(status, 201, JSON.stringify(body));
  return body.id;
};
const sub = async (page: Page): Promise<string> => (await redeem(home, page)).claims.sub;
const links = async (id: string) => (await home.parts.identities.ofUser(id)).map(({ connection }) => connection);
const reached = ({ url }: Page): boolean => url.searchParams.has('code');

describe('somebody who was pushed', () => {
  it('is found at the first sign-in through the organisation’s connection, and by the account there from then on', async () => {
    const id = await pushed('Ann@acme.example');
    const there = await person(provider, 'ann@acme.example', { name: 'Ann There' });
    assert.equal(await sub(await through('ann@acme.example')), id);
    assert.deepEqual(await links(id), ['acme-sso']);
    await provider.parts.users.change(there.id, { email: 'ann.new@acme.example', emailVerified: true }, 'cli');
    assert.equal(await sub(await through('ann.new@acme.example')), id);
    // Whoever has the address after her is somebody else.
    await provider.parts.users.change(there.id, { email: 'ann.old@elsewhere.example' }, 'cli');
    await person(provider, 'ann.new@acme.example');
    assert.equal(reached(await through('ann.new@acme.example')), false);
    const [linked] = await home.parts.trail.search({ type: 'identity.linked', target: `user:${id}` });
    assert.equal(linked?.actor, 'connection:acme-sso');
  });

  it('is one person when five first sign-ins end at once', async () => {
    const id = await pushed('ten@acme.example');
    await person(provider, 'ten@acme.example');
    const pages = await Promise.all(Array.from({ length: 5 }, () => through('ten@acme.example')));
    const people = await Promise.all(pages.map(sub));
    assert.deepEqual([...new Set(people)], [id]);
    assert.deepEqual(await links(id), ['acme-sso']);
  });

  it('is not found by an address that the connection cannot confirm, nor by another connection', async () => {
    const unconfirmed = await pushed('bea@acme.example');
    await person(provider, 'bea@acme.example', { emailVerified: false });
    assert.equal(reached(await through('bea@acme.example')), false);
    const elsewhere = await pushed('cy@acme.example');
    await person(provider, 'cy@acme.example');
    assert.equal(reached(await through('cy@acme.example', 'other')), false);
    const guest = await pushed('dee@other.example');
    await person(provider, 'dee@other.example');
    assert.equal(reached(await through('dee@other.example')), false);
    assert.equal(reached(await through('dee@other.example', 'other')), false);
    for (const id of [unconfirmed, elsewhere, guest]) assert.deepEqual(await links(id), []);
    const local = await home.parts.users.add({ email: 'eve@acme.example', emailVerified: true }, 'cli');
    await person(provider, 'eve@acme.example');
    assert.equal(reached(await through('eve@acme.example')), false);
    assert.deepEqual(await links(local.id), []);
  });

  it('is out the moment the organisation says so: session, tokens and the way back in', async () => {
    const id = await pushed('fay@acme.example');
    await person(provider, 'fay@acme.example');
    const browser = new Traveller(home, provider);
    const { access_token: token } = await redeem(home, await through('fay@acme.example', 'acme-sso', browser));
    assert.equal((await introspect(home, token)).active, true);
    await acme.send('PATCH', `/Users/${id}`, patch({ op: 'Replace', path: 'active', value: 'False' }));
    assert.deepEqual(await introspect(home, token), { active: false });
    assert.equal(reached(await browser.open(authorization(home))), false);
    assert.equal(reached(await through('fay@acme.example')), false);
    await acme.send('PATCH', `/Users/${id}`, patch({ op: 'Replace', path: 'active', value: 'True' }));
    const again = await redeem(home, await through('fay@acme.example'));
    assert.equal(again.claims.sub, id);
    assert.equal((await acme.send('DELETE', `/Users/${id}`)).status, 204);
    assert.deepEqual(await introspect(home, again.access_token), { active: false });
    assert.equal(reached(await through('fay@acme.example')), false);
    assert.deepEqual([await home.parts.users.get(id), await links(id)], [undefined, []]);
    assert.notEqual(await pushed('fay@acme.example'), id);
  });
});
