import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TestApp } from '../support/app.ts';
import { startApp } from '../support/app.ts';
import { begin, connect, person, startProvider, Traveller } from '../support/federation.ts';
import { authorization, callback, redeem } from '../support/signing-in.ts';

let home: TestApp;
let provider: TestApp;
before(async () => {
  home = await startApp();
  provider = await startProvider();
  await connect(home, provider);
});
after(() => Promise.all([home.close(), provider.close()]));

const traveller = () => new Traveller(home, provider);

describe('a sign-in through a connection', () => {
  it('takes five requests here and no page of ours, from the client to its tokens', async () => {
    await person(provider, 'ana@corp.example', { profile: { name: 'Ana Example' } });
    const browser = traveller();
    const back = await browser.signIn(await begin(browser, home), 'ana@corp.example');
    assert.equal(back.url.origin + back.url.pathname, callback, back.text);
    assert.deepEqual(browser.at(home).hops, []);
    const { claims } = await redeem(home, back);
    assert.equal(claims.acr, '1fa');
    console.log(authorization(home), claims);
  });
});
