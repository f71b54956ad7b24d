import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { permitted, type Terms } from '../../src/clients/registration.ts';
import { refusal } from '../support/parts.ts';

const open: Terms = { approve: 'pending', grants: [], scopes: [], redirectHosts: [], pkce: 'required', limit: 10 };
const reserved = ['clients:write', 'dcr'];
const web = { redirect_uris: ['https://app.example/callback'] };
const service = { grant_types: ['client_credentials'] };

const may = (terms: Partial<Terms>, request: object) => permitted({ ...open, ...terms }, request, reserved);

describe('what a registrar may give', () => {
  const scopes: [string, string[], object, string | undefined][] = [
    ['no scope where there is no limit', [], service, undefined],
    ['what was asked for where there is no limit', [], { ...service, scope: 'orders:read x' }, 'orders:read x'],
    ['never a scope of our administration unless it is named', [], { ...service, scope: 'x clients:write dcr' }, 'x'],
    ['a scope of our administration that is named', ['dcr'], { ...service, scope: 'dcr x' }, 'dcr'],
    ['all it may give when nothing was asked for', ['a', 'b'], service, 'a b'],
    [
      'scopes about the person too, to who signs people in',
      ['a'],
      web,
      'openid profile email address phone offline_access roles a',
    ],
    ['only the named scopes about the person', ['openid', 'a'], web, 'openid a'],
    ['no scopes about a person to a program', ['openid', 'a'], service, 'a'],
    ['a limit also where nothing fits a program', ['openid'], service, 'openid'],
    ['the part of what was asked for that it may give', ['a'], { ...web, scope: 'openid a b' }, 'openid a'],
    [
      'of scopes about the person only the named ones',
      ['openid', 'a'],
      { ...web, scope: 'openid email a' },
      'openid a',
    ],
  ];
  for (const [what, terms, request, scope] of scopes) {
    it(`is ${what}`, () => {
      assert.equal(may({ scopes: terms }, request).metadata.scope, scope);
    });
  }

  it('is not nothing (RFC 7591 §3.2.2)', () => {
    for (const [terms, scope] of [
      [[], 'clients:write'],
      [['a'], 'b'],
    ] as const) {
      const asking = () => may({ scopes: [...terms] }, { ...service, scope });
      assert.throws(asking, refusal('invalid_client_metadata', /scope contains nothing/));
    }
  });

  it('is a grant on its list, by default the usual one of RFC 7591', () => {
    assert.deepEqual(may({ grants: ['authorization_code'] }, web).metadata.grant_types, ['authorization_code']);
    assert.deepEqual(may({ grants: ['client_credentials'] }, {}).metadata.grant_types, ['client_credentials']);
    const beyond = () => may({ grants: ['authorization_code'] }, service);
    assert.throws(
      beyond,
      refusal('invalid_client_metadata', /client_credentials; this registrar may give authorization_code/),
    );
  });

  it('is a redirect URI on its hosts', () => {
    const terms = { redirectHosts: ['app.example'] };
    assert.doesNotThrow(() => may(terms, web));
    const elsewhere = () => may(terms, { redirect_uris: ['https://evil.example/'] });
    assert.throws(elsewhere, refusal('invalid_redirect_uri', /app\.example/));
  });

  it('is no PKCE only for a confidential client (RFC 9700 §2.1.1)', () => {
    assert.equal(may({}, web).pkce, 'required');
    assert.equal(may({ pkce: 'optional' }, web).pkce, 'optional');
    assert.equal(may({ pkce: 'optional' }, { ...web, token_endpoint_auth_method: 'none' }).pkce, 'required');
  });

  it('is a name that can be shown, or none', () => {
    assert.equal(may({}, { ...service, client_name: ' Orders ' }).name, 'Orders');
    assert.equal(may({}, service).name, undefined);
    assert.equal(may({}, { ...service, client_name: null }).name, undefined);
    assert.throws(
      () => may({}, { ...service, client_name: 'a\u202eb' }),
      refusal('invalid_client_metadata', /client_name/),
    );
  });
});
