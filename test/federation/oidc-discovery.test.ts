import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { oidc } from '../../src/federation/oidc.ts';
import { connectionTo, login, reasonOf, signInAt, surroundings, type TestSurroundings } from '../support/federating.ts';
import { type HostileProvider, hostileProvider, rsa } from '../support/hostile-provider.ts';

let provider: HostileProvider;

before(async () => {
  provider = await hostileProvider();
});
beforeEach(() => provider.reset());
after(() => provider.close());

const tokenPath = '/organizations/token';
const discoveryPath = '/.well-known/openid-configuration';
const begun = ({ around }: { around: TestSurroundings }) => oidc(connectionTo(provider.issuer), around).begin(login());

describe('what is known of an OIDC provider', () => {
  it('is asked for once, however many ask at once', async () => {
    const around = surroundings();
    await Promise.all(Array.from({ length: 8 }, () => begun({ around })));
    assert.equal(provider.count(discoveryPath), 1);
    await Promise.all(Array.from({ length: 8 }, () => signInAt(provider, { around })));
    assert.deepEqual([provider.count(discoveryPath), provider.count('/keys')], [1, 1]);
  });

  it('is asked for again after an hour, and serves for a day while the provider is away', async () => {
    const around = surroundings();
    await begun({ around });
    around.clock += 3601;
    await begun({ around });
    assert.equal(provider.count(discoveryPath), 2);
    provider.lies = { status: { [discoveryPath]: 503 } };
    around.clock += 23 * 3600;
    await begun({ around });
    assert.equal(provider.count(discoveryPath), 3);
    await begun({ around });
    assert.equal(provider.count(discoveryPath), 3, 'not asked again at once');
    around.clock += 3600;
    assert.equal(await reasonOf(begun({ around })), 'wrong_discovery');
  });

  it('is not asked for again within ten seconds of a failure', async () => {
    const around = surroundings();
    provider.lies = { status: { [discoveryPath]: 503 } };
    for (const _ of [1, 2, 3]) assert.equal(await reasonOf(begun({ around })), 'wrong_discovery');
    assert.equal(provider.count(discoveryPath), 1);
    provider.lies = {};
    around.clock += 10;
    await begun({ around });
  });

  it('finds a new key at once, and asks for unknown ones at most every five minutes', async () => {
    const around = surroundings();
    const old = provider.key;
    await signInAt(provider, { around });
    around.clock += 299;
    provider.key = rsa('k2');
    assert.equal(await reasonOf(signInAt(provider, { around })), 'unknown_key');
    assert.equal(provider.count('/keys'), 1);
    around.clock += 1;
    assert.equal((await signInAt(provider, { around })).subject, 'person-1');
    assert.equal(provider.count('/keys'), 2);
    provider.lies = { header: (said) => ({ ...said, kid: 'k3' }) };
    for (const _ of [1, 2, 3]) assert.equal(await reasonOf(signInAt(provider, { around })), 'unknown_key');
    assert.equal(provider.count('/keys'), 2);
    provider.key = old;
  });

  it('includes keys that are not asked for again within an hour', async () => {
    const around = surroundings();
    await signInAt(provider, { around });
    around.clock += 3500;
    provider.now += 3500;
    await signInAt(provider, { around });
    assert.equal(provider.count('/keys'), 1);
    provider.now -= 3500;
  });

  it('may be given as a file', async () => {
    const discovery = {
      issuer: provider.issuer,
      authorization_endpoint: `${provider.issuer}/authorize`,
      token_endpoint: `${provider.issuer}${tokenPath}`,
      jwks_uri: `${provider.issuer}/keys`,
    };
    assert.equal((await signInAt(provider, { settings: { discovery } })).subject, 'person-1');
    assert.equal(provider.count(discoveryPath), 0);
  });

  it('has no address without TLS unless it is all without', async () => {
    const discovery = {
      issuer: 'https://idp.example.test',
      authorization_endpoint: 'https://idp.example.test/authorize',
      token_endpoint: 'http://idp.example.test/token',
      jwks_uri: 'https://idp.example.test/keys',
    };
    const connector = oidc(connectionTo('https://idp.example.test', { discovery }), surroundings());
    assert.equal(await reasonOf(connector.begin(login())), 'insecure_endpoint');
  });
});
