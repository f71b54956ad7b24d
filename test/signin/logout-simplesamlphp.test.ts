import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ourMetadata } from '../../src/federation/saml-metadata.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { makeKeys, settingsOf, surroundings } from '../support/saml-parts.ts';
import { authorization, introspect, newBrowser, redeem } from '../support/signing-in.ts';
import { browserAt, SimpleSamlPhp } from '../support/simplesamlphp.ts';

describe('logout with SimpleSAMLphp', () => {
  let home: TestApp;
  let idp: SimpleSamlPhp;
  before(async () => {
    const keys = await makeKeys();
    home = await startApp();
    // The provider's alice has the address of ours, which is somebody else's.
    const alice = await home.parts.users.byEmail('alice@example.test');
    await home.parts.users.change(alice?.id ?? '', { email: 'alice@here.example' }, 'cli');
    const nobody = await ourMetadata(settingsOf(keys), surroundings(keys));
    idp = await SimpleSamlPhp.start(() => ({ key: keys.idp, serviceProvider: nobody }));
    await home.parts.connections.add(
      {
        ...{ id: 'partner', name: 'Partner', preset: 'generic-saml', metadata: await idp.metadata(), provision: true },
        ...{ mapping: { email: ['mail'] }, nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent' },
      },
      'cli',
    );
    const serviceProvider = await (await fetch(`${home.issuer}/federation/partner/metadata`)).text();
    idp.configure({ key: keys.idp, serviceProvider });
  });
  after(async () => {
    await idp.stop();
    await home.close();
  });

  /** Signs alice in through the provider, whose page asks for her password. */
  async function signedIn() {
    const [browser, go] = [newBrowser(home), browserAt(idp.url)];
    const way = await browser.open(authorization(home, { idp_hint: 'partner' }));
    const page = await go(way.url.href);
    const { form } = await go(page.form.action, { ...page.form.fields, username: 'alice', password: 'a password' });
    const filed = await browser.send('POST', form.action, form.fields, { origin: new URL(idp.url).origin });
    const back = await browser.open(new URL(filed.headers.location ?? '', home.issuer));
    const { access_token: token } = await redeem(home, back);
    assert.ok((await introspect(home, token)).active, back.text);
    return { browser, go, token };
  }
  const asksForPassword = async (go: ReturnType<typeof browserAt>) => {
    const way = await newBrowser(home).open(authorization(home, { idp_hint: 'partner' }));
    return (await go(way.url.href)).form.fields.username !== undefined;
  };

  it('goes from the application through us to the provider and back, by the metadata that we serve', async () => {
    const { browser, go } = await signedIn();
    assert.equal(await asksForPassword(go), false);
    const query = { client_id: 'demo-web', post_logout_redirect_uri: 'http://localhost:8080/', state: 'out' };
    const asked = await browser.open(`${home.issuer}/oauth2/logout?${new URLSearchParams(query)}`);
    const way = await browser.submit(asked, { decision: 'logout' });
    assert.ok(way.url.href.startsWith(idp.url), way.text);
    const answer = await go(way.url.href);
    assert.ok(answer.url.startsWith(`${home.issuer}/federation/partner/slo?`), answer.html);
    assert.equal((await browser.open(answer.url)).url.href, 'http://localhost:8080/?state=out');
    assert.equal(await asksForPassword(go), true);
  });

  it('comes from the provider, ends the session here, and the provider takes our answer', async () => {
    const { go, token } = await signedIn();
    const begun = `${idp.url}saml2/idp/initSLO.php?RelayState=${encodeURIComponent(`${idp.url}logout.php`)}`;
    const request = await go(begun);
    assert.ok(request.url.startsWith(`${home.issuer}/federation/partner/slo?`), request.html);
    const answer = await newBrowser(home).open(request.url);
    assert.equal((await introspect(home, token)).active, false);
    assert.match((await go(answer.url.href)).url, /logout\.php/);
    assert.equal(await asksForPassword(go), true);
  });
});
