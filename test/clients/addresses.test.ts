import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkPageAddress, checkRedirect } from '../../src/clients/addresses.ts';
import { refusal } from '../support/parts.ts';

const open = { hosts: [], loopback: false };
const development = { hosts: [], loopback: true };
const restricted = { hosts: ['app.example', '*.apps.example', 'localhost'], loopback: false };

const check = (uri: string, type = 'web', rules: Parameters<typeof checkRedirect>[3] = open) =>
  checkRedirect('redirect_uris', uri, type, rules);

describe('redirect URI', () => {
  for (const [uri, type, rules] of [
    ['https://app.example/callback', 'web', open],
    ['https://app.example:8443/callback?tenant=1&x=%2F', 'web', open],
    ['https://münchen.example/callback', 'web', open],
    ['https://app.example/callback', 'native', open],
    ['http://localhost:5000/callback', 'native', open],
    ['http://127.0.0.1/callback', 'native', open],
    ['http://[::1]:5000/callback', 'native', open],
    ['com.example.app:/callback', 'native', open],
    ['com.example.app://callback/path', 'native', open],
    ['http://localhost:8080/callback', 'web', development],
    ['https://localhost:8443/callback', 'web', development],
    ['https://app.example/any', 'web', restricted],
    ['https://one.apps.example/any', 'web', restricted],
    ['https://a.b.apps.example/any', 'web', restricted],
    ['http://localhost:8080/any', 'web', restricted],
    ['https://localhost:8443/any', 'web', restricted],
  ] as const) {
    it(`may be ${uri} (${type})`, () => {
      assert.doesNotThrow(() => check(uri, type, rules));
    });
  }

  for (const [uri, type, rules, why] of [
    ['http://app.example/callback', 'web', open, /https/],
    ['http://app.example/callback', 'native', open, /https/],
    ['http://app.example/callback', 'web', development, /https/],
    ['http://localhost/callback', 'web', open, /https/],
    ['https://localhost/callback', 'web', open, /public host/],
    ['https://localhost./callback', 'web', open, /public host/],
    ['https://app.localhost/callback', 'web', open, /public host/],
    ['https://127.0.0.1/callback', 'web', open, /public host/],
    ['https://2130706433/callback', 'web', open, /public host/],
    ['https://0x7f.1/callback', 'web', open, /public host/],
    ['https://[::1]/callback', 'web', open, /public host/],
    ['https://[fd00::1]/callback', 'web', open, /public host/],
    ['https://10.0.0.1/callback', 'native', open, /public host/],
    ['https://app.example/callback#part', 'web', open, /fragment/],
    ['https://app.example/callback#', 'web', open, /fragment/],
    ['https://user@app.example/callback', 'web', open, /user name/],
    ['https://user:word@app.example/callback', 'web', open, /user name/],
    ['https://@app.example/callback', 'web', open, /user name/],
    ['https://app.example@evil.example/', 'web', open, /user name/],
    ['https://*.example/callback', 'web', open, /wildcard/],
    ['https://app.example/*', 'web', open, /wildcard/],
    ['https://app.example\\@evil.example/', 'web', open, /valid/],
    ['https://app.example/call back', 'web', open, /valid/],
    ['https://app.example/\u202ecallback', 'web', open, /valid/],
    ['https://app.example/\ncallback', 'web', open, /valid/],
    [' https://app.example/callback', 'web', open, /valid/],
    ['/callback', 'web', open, /valid/],
    ['//app.example/callback', 'web', open, /valid/],
    ['', 'web', open, /valid/],
    ['com.example.app:/callback', 'web', open, /https/],
    ['myapp:/callback', 'native', open, /domain name/],
    ['javascript:alert(1)', 'web', open, /scheme javascript/],
    ['JaVaScRiPt:alert(1)', 'native', open, /scheme javascript/],
    ['data:text/html,x', 'native', open, /scheme data/],
    ['vbscript:x', 'native', open, /scheme vbscript/],
    ['file:///etc/passwd', 'native', open, /scheme file/],
    ['blob:https://app.example/x', 'native', open, /scheme blob/],
    ['about:blank', 'native', open, /scheme about/],
    ['https://evil.example/callback', 'web', restricted, /one of the hosts app\.example/],
    ['https://apps.example/callback', 'web', restricted, /one of the hosts/],
    ['https://evilapps.example/callback', 'web', restricted, /one of the hosts/],
    ['https://app.example.evil.example/callback', 'web', restricted, /one of the hosts/],
    ['http://app.example/callback', 'web', restricted, /https/],
    ['http://127.0.0.1/callback', 'native', restricted, /one of the hosts/],
    ['com.example.app:/callback', 'native', restricted, /one of the hosts/],
  ] as const) {
    it(`must not be ${JSON.stringify(uri)} (${type}${rules === restricted ? ', restricted' : ''})`, () => {
      assert.throws(() => check(uri, type, rules), refusal('invalid_redirect_uri', why));
    });
  }

  it('after a logout follows the same rules under the other code of RFC 7591', () => {
    const wrong = () => checkRedirect('post_logout_redirect_uris', 'http://app.example/', 'web', open);
    assert.throws(wrong, refusal('invalid_client_metadata', /post_logout_redirect_uris/));
  });
});

describe('address of a page or endpoint of a client', () => {
  it('may be https with the name of a public host', () => {
    assert.equal(checkPageAddress('https://app.example/terms?x=1#part', { fragment: true }), undefined);
  });

  for (const uri of [
    'http://app.example/logo.png',
    'ftp://app.example/logo.png',
    'file:///etc/passwd',
    'gopher://app.example/',
    'javascript:alert(1)',
    'JAVASCRIPT:alert(1)',
    'data:image/png;base64,AAAA',
    'https://user@app.example/',
    'https://@app.example/',
    'https://127.0.0.1/jwks',
    'https://2130706433/jwks',
    'https://[::ffff:7f00:1]/jwks',
    'https://169.254.169.254/latest',
    'https://localhost/jwks',
    'https://app.example/jwks#part',
    'https://app.example/a b',
    'not an address',
  ]) {
    it(`must not be ${uri}`, () => {
      assert.notEqual(checkPageAddress(uri, { fragment: false }), undefined);
    });
  }

  it('may be on this machine, over http too, where an administrator develops', () => {
    for (const uri of ['http://localhost:8080/logout', 'https://127.0.0.1/jwks', 'http://[::1]:8080/jwks']) {
      assert.equal(checkPageAddress(uri, { fragment: false, loopback: true }), undefined);
    }
    for (const uri of [
      'http://app.example/jwks',
      'http://10.0.0.1/jwks',
      'https://10.0.0.1/jwks',
      'http://a@localhost/',
    ]) {
      assert.notEqual(checkPageAddress(uri, { fragment: false, loopback: true }), undefined);
    }
  });
});
