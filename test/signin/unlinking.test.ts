import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { textOf } from '../support/browser.ts';
import { type Cli, cli } from '../support/cli.ts';
import { begin, connect, password, person, startProvider, Traveller } from '../support/federation.ts';
import { authorization, introspect, redeem } from '../support/signing-in.ts';
import { storeUrl } from '../support/store.ts';

let home: TestApp;
let provider: TestApp;
let sallyport: Cli;
before(async () => {
  const store = await storeUrl();
  home = await startApp({ SALLYPORT_STORE: store });
  provider = await startProvider();
  await connect(home, provider, 'corp');
  // The key of every store under test.
  const key = Buffer.alloc(32, 7).toString('base64');
  sallyport = await cli({ SALLYPORT_STORE: store, SALLYPORT_MASTER_KEY: key, SALLYPORT_ISSUER: home.issuer });
});
after(() => Promise.all([home.close(), provider.close()]));

const through = async (email: string) => {
  const browser = new Traveller(home, provider);
  return browser.signIn(await begin(browser, home), email);
};

describe('sallyport user unlink', () => {
  it('sec-229 leaves nobody without a way to sign in', async () => {
    await person(provider, 'ana@corp.example');
    const { claims } = await redeem(home, await through('ana@corp.example'));
    const said = await sallyport.run(['user', 'unlink', 'ana@corp.example', 'corp']);
    assert.deepEqual([said.status, said.stdout], [1, '']);
    assert.match(said.stderr, /who has no password/);
    assert.equal((await redeem(home, await through('ana@corp.example'))).claims.sub, claims.sub);
  });

  it('sec-229 ends sessions and tokens, takes the roles away, and forgets who it was', async () => {
    const { access, decide, identities, users } = home.parts;
    await person(provider, 'bea@corp.example');
    const { claims, access_token } = await redeem(home, await through('bea@corp.example'));
    await access.sync(`user:${claims.sub}`, 'corp', ['orders-reader'], 'connection:corp');
    await users.setPassword(claims.sub, password, 'cli');
    const { status } = await sallyport.run(['user', 'unlink', 'bea@corp.example', 'corp']);
    assert.equal(status, 0);
    assert.deepEqual(await identities.ofUser(claims.sub), []);
    assert.equal((await introspect(home, access_token)).active, false);
    assert.equal(textOf(await through('bea@corp.example'), '<h1'), 'Connect your account');
    const again = await sallyport.run(['user', 'unlink', 'bea@corp.example', 'corp']);
    assert.match(again.stderr, /does not exist/);
    assert.deepEqual((await decide.held(`user:${claims.sub}`, undefined)).roles, []);
  });
});

describe('a session that came through a connection', () => {
  const signedIn = async (id: string) => {
    await connect(home, provider, id);
    const email = `${id}@corp.example`;
    await person(provider, email);
    const browser = new Traveller(home, provider);
    const { claims } = await redeem(home, await browser.signIn(await begin(browser, home, {}, id), email));
    const silent = async () =>
      (await browser.open(authorization(home, { prompt: 'none' }))).url.searchParams.get('error');
    assert.equal(await silent(), null);
    return { silent, user: claims.sub };
  };

  it('sec-227 ends when the connection is switched off', async () => {
    const { silent } = await signedIn('off');
    await home.parts.connections.setState('off', 'disabled', 'cli');
    assert.equal(await silent(), 'login_required');
  });

  it('sec-229 ends when the identity is taken away', async () => {
    const { silent, user } = await signedIn('apart');
    for (const { id } of await home.parts.identities.ofUser(user)) await home.parts.identities.unlink(id, 'cli');
    assert.equal(await silent(), 'login_required');
  });

  it('sec-229 takes its tokens along when the connection is removed', async () => {
    await connect(home, provider, 'gone');
    await person(provider, 'gil@corp.example');
    const browser = new Traveller(home, provider);
    const page = await browser.signIn(await begin(browser, home, {}, 'gone'), 'gil@corp.example');
    const { access_token } = await redeem(home, page);
    assert.equal((await introspect(home, access_token)).active, true);
    await home.parts.connections.remove('gone', 'cli');
    assert.equal((await introspect(home, access_token)).active, false);
  });

  it('sec-229 ends when the connection is removed, also when another takes its name', async () => {
    const { silent } = await signedIn('gone');
    await home.parts.connections.remove('gone', 'cli');
    assert.equal(await silent(), 'login_required');
    await connect(home, provider, 'gone');
    assert.equal(await silent(), 'login_required');
  });
});
