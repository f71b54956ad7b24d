import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { needsSecret, normalMetadata } from '../../src/clients/metadata.ts';
import { refusal } from '../support/parts.ts';

const normal = (given: object) => normalMetadata(given, { hosts: [], loopback: false });
const web = { redirect_uris: ['https://app.example/callback'] };
const service = { grant_types: ['client_credentials'] };
const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: '1' };

describe('client metadata', () => {
  it('gets the defaults of RFC 7591 §2, said out loud', () => {
    assert.deepEqual(normal(web), {
      application_type: 'web',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      redirect_uris: ['https://app.example/callback'],
      token_endpoint_auth_method: 'client_secret_basic',
    });
  });

  for (const given of [
    service,
    { ...service, redirect_uris: [] },
    { ...service, response_types: [] },
    { ...service, response_types: ['code'], ...web },
    { ...service, response_types: null, redirect_uris: null },
  ]) {
    it(`stays for client_credentials alone: ${JSON.stringify(given)}`, () => {
      const { grant_types, response_types, redirect_uris } = normal(given);
      assert.deepEqual(
        { grant_types, response_types, redirect_uris },
        { ...service, response_types: [], redirect_uris: [] },
      );
    });
  }

  it('may have no grant at all: a gateway that only introspects', () => {
    assert.deepEqual(normal({ grant_types: [] }).response_types, []);
  });

  it('drops what is not on the list, whatever it promises', () => {
    const given =
      JSON.parse(`{"grant_types":["client_credentials"],"roles":["administrator"],"tenant":"x","firstParty":true,
      "state":"approved","introspects":"all","__proto__":{"scope":"x"},"constructor":{},"id_token_encrypted_response_alg":"dir"}`);
    assert.deepEqual(Object.keys(normal(given)).sort(), [
      'application_type',
      'grant_types',
      'redirect_uris',
      'response_types',
      'token_endpoint_auth_method',
    ]);
  });

  it('takes each value of a list once', () => {
    const given = { ...web, redirect_uris: [...web.redirect_uris, ...web.redirect_uris], scope: 'openid email openid' };
    assert.deepEqual(normal(given).redirect_uris, web.redirect_uris);
    assert.equal(normal(given).scope, 'openid email');
  });

  it('takes public keys as key servers and WebCrypto write them (RFC 7517 §4)', () => {
    const jwks = {
      keys: [{ ...key, use: 'sig', alg: 'ES256', ext: true, key_ops: ['verify'], x5c: ['MIIB'], exp: 1 }],
    };
    assert.deepEqual(normal({ ...service, jwks }).jwks, jwks);
  });

  it('leaves what it was given as it was', () => {
    const given = Object.freeze({ ...web, contacts: Object.freeze(['a@b.example']) });
    assert.deepEqual(normal(given).contacts, ['a@b.example']);
  });

  const wrong: [string, object, string, RegExp][] = [
    ['no redirect URI', {}, 'invalid_redirect_uri', /redirect_uris must name/],
    ['a text for a list', { redirect_uris: 'https://app.example/' }, 'invalid_redirect_uri', /redirect_uris/],
    [
      '2000 addresses',
      { redirect_uris: Array.from({ length: 2000 }, (_, n) => `https://app.example/${n}`) },
      'invalid_redirect_uri',
      /at most 20/,
    ],
    [
      'an address of 40 KB',
      { redirect_uris: [`https://app.example/${'x'.repeat(40_000)}`] },
      'invalid_redirect_uri',
      /2000/,
    ],
    [
      'one bad among good',
      { redirect_uris: [...web.redirect_uris, 'http://app.example/'] },
      'invalid_redirect_uri',
      /http:/,
    ],
    [
      'the password grant',
      { ...web, grant_types: ['authorization_code', 'password'] },
      'invalid_client_metadata',
      /grant_types/,
    ],
    [
      'the implicit grant',
      { ...web, grant_types: ['implicit'], response_types: ['id_token'] },
      'invalid_client_metadata',
      /grant_types/,
    ],
    [
      'response types of the implicit flow',
      { ...web, response_types: ['token', 'id_token'] },
      'invalid_client_metadata',
      /response_types/,
    ],
    [
      'an unknown way to prove itself',
      { ...web, token_endpoint_auth_method: 'client_secret_jwt' },
      'invalid_client_metadata',
      /token_endpoint/,
    ],
    [
      'client_credentials without a proof',
      { ...service, token_endpoint_auth_method: 'none' },
      'invalid_client_metadata',
      /prove/,
    ],
    [
      'private_key_jwt without keys',
      { ...service, token_endpoint_auth_method: 'private_key_jwt' },
      'invalid_client_metadata',
      /public keys/,
    ],
    [
      'two places for keys',
      { ...service, jwks: { keys: [key] }, jwks_uri: 'https://app.example/jwks' },
      'invalid_client_metadata',
      /together/,
    ],
    [
      'a private key',
      { ...service, jwks: { keys: [{ ...key, d: 'd' }] } },
      'invalid_client_metadata',
      /public keys only/,
    ],
    [
      'a symmetric key',
      { ...service, jwks: { keys: [{ kty: 'oct', k: 'k' }] } },
      'invalid_client_metadata',
      /public keys only/,
    ],
    ['a key of no kind', { ...service, jwks: { keys: [{ kid: '1' }] } }, 'invalid_client_metadata', /jwks/],
    [
      'a key with a number for a name',
      { ...service, jwks: { keys: [{ ...key, kid: 1 }] } },
      'invalid_client_metadata',
      /jwks/,
    ],
    ['no keys', { ...service, jwks: { keys: [] } }, 'invalid_client_metadata', /jwks/],
    [
      'nested keys',
      { ...service, jwks: { keys: [{ ...key, deep: { deep: {} } }] } },
      'invalid_client_metadata',
      /jwks/,
    ],
    [
      'unsigned ID tokens',
      { ...web, id_token_signed_response_alg: 'none' },
      'invalid_client_metadata',
      /id_token_signed/,
    ],
    [
      'ID tokens under a shared secret',
      { ...web, id_token_signed_response_alg: 'HS256' },
      'invalid_client_metadata',
      /id_token_signed/,
    ],
    [
      'unsigned userinfo',
      { ...web, userinfo_signed_response_alg: 'none' },
      'invalid_client_metadata',
      /userinfo_signed/,
    ],
    [
      'keys over http',
      { ...web, jwks_uri: 'http://app.example/jwks' },
      'invalid_client_metadata',
      /jwks_uri must be an https/,
    ],
    ['keys from inside', { ...web, jwks_uri: 'https://169.254.169.254/' }, 'invalid_client_metadata', /jwks_uri/],
    ['a logo as data', { ...web, logo_uri: 'data:image/svg+xml,x' }, 'invalid_client_metadata', /logo_uri/],
    ['a script as policy', { ...web, policy_uri: 'JavaScript:alert(1)' }, 'invalid_client_metadata', /policy_uri/],
    ['terms over gopher', { ...web, tos_uri: 'gopher://app.example/' }, 'invalid_client_metadata', /tos_uri/],
    [
      'a logout address over http',
      { ...web, backchannel_logout_uri: 'http://app.example/' },
      'invalid_client_metadata',
      /backchannel/,
    ],
    ['a sector from a file', { ...web, sector_identifier_uri: 'file:///x' }, 'invalid_client_metadata', /sector/],
    ['a scope with line breaks', { ...web, scope: 'openid\nemail' }, 'invalid_client_metadata', /scope/],
    ['a scope with two spaces', { ...web, scope: 'openid  email' }, 'invalid_client_metadata', /scope/],
    ['an object for a scope', { ...web, scope: { $ne: null } }, 'invalid_client_metadata', /scope/],
    ['invisible text', { ...web, software_id: 'a\u200bb' }, 'invalid_client_metadata', /software_id/],
    ['a contact that is no address', { ...web, contacts: ['call me'] }, 'invalid_client_metadata', /contacts/],
    ['a negative age', { ...web, default_max_age: -1 }, 'invalid_client_metadata', /default_max_age/],
    ['a text for a flag', { ...web, require_auth_time: 'true' }, 'invalid_client_metadata', /require_auth_time/],
    [
      'another kind of application',
      { ...web, application_type: 'service' },
      'invalid_client_metadata',
      /application_type/,
    ],
  ];
  for (const [what, given, code, why] of wrong) {
    it(`refuses ${what} (RFC 7591 §3.2.2)`, () => {
      assert.throws(() => normal(given), refusal(code, why));
    });
  }

  for (const [method, needs] of [
    ['client_secret_basic', true],
    ['client_secret_post', true],
    ['private_key_jwt', false],
    ['none', false],
  ] as const) {
    it(`says that ${method} needs ${needs ? 'a' : 'no'} secret`, () => {
      assert.equal(needsSecret({ token_endpoint_auth_method: method }), needs);
    });
  }
});
