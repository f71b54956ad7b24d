import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Api } from '../../src/directory/access.ts';
import { segmentsOf } from '../../src/directory/request-path.ts';
import { GatewayRoutes } from '../../src/directory/routes.ts';
import { openParts, type Parts } from '../support/parts.ts';

describe('the path of a request', () => {
  const read: [string, string[]][] = [
    ['/', ['']],
    ['/orders', ['orders']],
    ['/orders/', ['orders', '']],
    ['/orders/1', ['orders', '1']],
    ['/a%20b/c.json', ['a b', 'c.json']],
    ['/100%25', ['100%']],
    ['/b%C3%BCcher', ['bücher']],
    ['/...', ['...']],
    ['/.well-known/x', ['.well-known', 'x']],
    ["/a!$&'()*+,=:@~-_", ["a!$&'()*+,=:@~-_"]],
  ];
  for (const [path, segments] of read) {
    it(`is read once: ${path}`, () => assert.deepEqual(segmentsOf(path), segments));
  }

  for (const path of `orders //orders /orders// /orders//1 /. /.. /orders/. /orders/../admin /orders/..;/admin /orders/%2e%2e/admin
    /orders/%2E%2e/admin /orders/.%2e/admin /orders%2fadmin /orders%2Fadmin /orders/..%2fadmin /orders%5cadmin /orders\\admin
    /orders;x=1 /orders%3bx=1 /orders%00 /orders/%0a /orders%09 /orders%7f /orders%252e%252e /orders/%252f /orders%2541 /orders/%
    /orders/%2 /orders/%zz /%u002e%u002e/admin /%c0%ae%c0%ae/admin /%ff /orders#/admin /orders?x /bücher /orders/"a" /a|b /a<b /a^b
    /{x} /%EF%BC%8Fadmin /%EF%BC%8E%EF%BC%8E/admin /%E2%80%A4%E2%80%A4/admin /%EF%BC%85%32%66admin`.split(/\s+/)) {
    it(`is not guessed: ${path}`, () => assert.equal(segmentsOf(path), undefined));
  }
  it('is not guessed: with a space, or nothing', () => {
    for (const path of ['/orders /admin', '/orders\t', '', '/orders\0']) assert.equal(segmentsOf(path), undefined);
  });
});

describe('the table of routes', () => {
  const permissions = ['a', 'b', 'c', 'd', 'e', 'f'];
  let parts: Parts;
  let routes: GatewayRoutes;
  const api = (name: string, list: string[], host?: string): Api => ({
    ...{ id: `https://${name}.test`, permissions, tokenFormat: 'opaque', signingAlg: 'RS256', routes: list },
    ...(host === undefined ? {} : { host }),
  });
  const save = (...args: Parameters<typeof api>) => parts.access.saveApi(api(...args), 'cli');
  before(async () => {
    parts = await openParts();
    routes = new GatewayRoutes(parts.access);
  });
  after(() => parts.close());

  const what = async (method: string, path: string, host?: string) => {
    const match = await routes.match({ method, path, host });
    return match && `${match.api.id.slice(8, -5)} ${match.permission} ${match.template}`;
  };

  it('takes the most specific template, from left to right, and the method before any method', async () => {
    const list = `GET /orders/** = a|GET /orders/{id} = b|GET /orders/new = c|* /orders/new = d|DELETE /orders/*/lines/** = e`;
    await save(
      'one',
      [...list.split('|'), 'GET /**=f', 'PUT / = f'].map((route) => route.replace('=f', ' = f')),
      'one.test',
    );
    const expected: [string, string, string | undefined][] = [
      ['GET', '/orders', 'one a /orders/**'],
      ['GET', '/orders/', 'one a /orders/**'],
      ['GET', '/orders/1', 'one b /orders/{id}'],
      ['HEAD', '/orders/1', 'one b /orders/{id}'],
      ['GET', '/orders/1/', 'one a /orders/**'],
      ['GET', '/orders/new', 'one c /orders/new'],
      ['POST', '/orders/new', 'one d /orders/new'],
      ['PROPFIND', '/orders/new', 'one d /orders/new'],
      ['POST', '/orders/1', undefined],
      ['DELETE', '/orders/1/lines', 'one e /orders/*/lines/**'],
      ['DELETE', '/orders//lines', undefined],
      ['DELETE', '/orders/1/lines/2', 'one e /orders/*/lines/**'],
      ['DELETE', '/orders/1', undefined],
      ['GET', '/ORDERS/1', 'one f /**'],
      ['GET', '/', 'one f /**'],
      ['PUT', '/', 'one f /'],
      ['get', '/orders', undefined],
      ['GET', '/orders/../admin', undefined],
    ];
    for (const [method, path, match] of expected) {
      assert.equal(await what(method, path, 'one.test'), match, `${method} ${path}`);
    }
  });

  it('knows the host without case, with any port or the one that is named, and with a dot at its end', async () => {
    for (const host of ['one.test', 'ONE.test', 'one.test:8443', 'one.test.', 'one.test.:443', undefined]) {
      assert.equal(await what('GET', '/orders/1', host), 'one b /orders/{id}', host);
    }
    for (const host of ['two.test', 'one.test.evil.example', 'xone.test', '']) {
      assert.equal(await what('GET', '/orders/1', host), undefined, host);
    }
    await save('port', ['GET /ported = a'], 'port.test:8443');
    assert.equal(await what('GET', '/ported', 'port.test:8443'), 'port a /ported');
    assert.equal(await what('GET', '/ported', 'port.test'), undefined);
  });

  it('is that of no API with a host, once there are several and the gateway does not tell which', async () => {
    assert.equal(await what('GET', '/orders/1'), undefined);
    await save('any', ['GET /health = a', 'GET /orders/{id} = d']);
    assert.equal(await what('GET', '/orders/1'), 'any d /orders/{id}');
    assert.equal(await what('GET', '/health', 'one.test'), 'any a /health');
    assert.equal(await what('GET', '/health', 'elsewhere.test'), 'any a /health');
  });

  it('gives a template to the API that names the host, and to nobody when two claim it', async () => {
    assert.equal(await what('GET', '/orders/1', 'one.test'), 'one b /orders/{id}');
    assert.equal(await what('GET', '/orders/1', 'elsewhere.test'), 'any d /orders/{id}');
    await save('other', ['GET /orders/{other} = a', 'GET /own = a'], 'one.test');
    assert.equal(await what('GET', '/orders/1', 'one.test'), undefined);
    assert.equal(await what('GET', '/own', 'one.test'), 'other a /own');
  });

  it('follows each change of this process at once', async () => {
    await save('other', ['GET /own = b'], 'one.test');
    assert.equal(await what('GET', '/own', 'one.test'), 'other b /own');
    assert.equal(await what('GET', '/orders/1', 'one.test'), 'one b /orders/{id}');
    await parts.access.removeApi('https://other.test', 'cli');
    assert.equal(await what('GET', '/own', 'one.test'), 'one f /**');
  });

  it('refuses routes that cannot be read in one way only', async () => {
    for (const route of [
      ...['GET /a/**/b = a', 'GET /a/*.pdf = a', 'GET /a/../b = a', 'GET /a//b = a', 'GET /a;b = a', 'GET /{} = a'],
      ...['GET /a/{x}y = a', 'get /a = a', 'GET a = a', 'GET /a = missing', 'GET /a', 'GET /a%2fb = a'],
    ]) {
      await assert.rejects(save('bad', [route]), { code: 'invalid' }, route);
    }
    await assert.rejects(save('bad', ['GET /a/{x} = a', 'GET /a/{y} = b']), /takes the same requests/);
  });
});
