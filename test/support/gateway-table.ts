import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { GatewayRig, Heard } from './gateway-rig.ts';

/** What differs between gateways that are all right. */
export interface Ways {
  /** Under which header the service hears each of these. */
  heard: { subject: string; scope: string; roles: string };
  /** Further headers by which this gateway tells the service something. */
  made?: Record<string, string>;
  /** It verifies JWTs and asks nobody, so what was taken away counts until they end. */
  asksNobody?: true;
}

const forgeries: [what: string, headers: Record<string, string>][] = [
  ['X-Forwarded-Method and -Uri', { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/orders/7' }],
  [
    'all of X-Forwarded-*',
    { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/orders/7', 'x-forwarded-host': 'api.example.test' },
  ],
  ['X-Original-Method and -URI', { 'x-original-method': 'GET', 'x-original-uri': '/orders/7' }],
  ['X-Original-Method and -URL', { 'x-original-method': 'GET', 'x-original-url': 'https://api.example.test/orders/7' }],
  ['X-HTTP-Method-Override', { 'x-http-method-override': 'GET' }],
];

const made = {
  'x-auth-subject': 'mallory',
  'x-auth-client': 'mallory',
  'x-auth-scope': 'orders:write',
  'x-auth-roles': 'orders-editor',
  'x-auth-groups': 'mallory',
  'x-auth-tier': 'mallory',
};

function refused({ status, seen }: Heard, statuses: readonly number[], rig: GatewayRig): void {
  assert.equal(seen, undefined, 'the service must not hear of it');
  assert.ok(statuses.includes(status), `${status} is none of ${statuses.join(', ')}\n${rig.said()}`);
}

/** The requests that every gateway is held against; the order is that of one story, with one server. */
export function gatewayTable(rig: () => GatewayRig, { heard, made: more = {}, asksNobody }: Ways): void {
  const service = 'client:demo-service';
  const passes = async (token: string, method = 'GET', path = '/orders/7') => {
    const { status, seen } = await rig().call({ token, method, path });
    assert.deepEqual([status, seen?.method, seen?.url], [200, method, path], rig().said());
    return seen?.headers ?? {};
  };

  it('lets a request with the right through, and tells the service who it is', async () => {
    const token = await rig().token();
    const headers = await passes(token, 'GET', '/orders/7?full=1');
    assert.equal(headers[heard.subject], 'demo-service');
    assert.equal(headers[heard.scope], 'orders:read');
    assert.equal(headers[heard.roles], 'orders-reader');
    await passes(token, 'GET', '/orders');
    await passes(token, 'HEAD');
  });

  it('answers 401 without a token and with a bad one, and says how to come back (RFC 6750 §3)', async () => {
    for (const token of [undefined, 'no-token-has-this-value', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.']) {
      const answer = await rig().call({ token });
      refused(answer, [401], rig());
      assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer/i);
    }
  });

  it('answers 403 where the right is missing, by method and by path', async () => {
    const token = await rig().token();
    for (const method of ['PUT', 'POST', 'DELETE']) refused(await rig().call({ token, method }), [403], rig());
    for (const path of ['/', '/admin', '/ordersx', '/order'])
      refused(await rig().call({ token, path }), [403, 404], rig());
    for (const path of ['/orders/../admin', '/orders/%2e%2e/admin', '/orders/..%2fadmin', '/orders/7;/../../admin']) {
      const { status, seen } = await rig().call({ token, path });
      assert.equal(seen, undefined, `${path} came through as ${seen?.url}`);
      assert.ok(status >= 400 && status < 500, `${path}: ${status}`);
    }
  });

  for (const [what, headers] of forgeries) {
    it(`is not led astray by ${what} of the caller`, async () => {
      const token = await rig().token();
      refused(await rig().call({ token, method: 'PUT', headers }), [403, 400], rig());
      refused(await rig().call({ token, path: '/admin', headers }), [403, 404, 400], rig());
    });
  }

  it('hands on no X-Auth-* that the caller made up', async () => {
    const { status, seen } = await rig().call({ token: await rig().token(), headers: { ...made, ...more } });
    assert.equal(status, 200, rig().said());
    assert.equal(seen?.headers[heard.subject], 'demo-service');
    assert.doesNotMatch(JSON.stringify(seen?.headers), /mallory/);
    assert.doesNotMatch(JSON.stringify(seen?.headers), /orders-editor/);
  });

  it('goes by what is held at the moment', async () => {
    const { access } = rig().app.parts;
    await access.assign(service, 'orders-editor', 'cli');
    const token = await rig().token();
    for (const method of ['PUT', 'POST', 'PATCH', 'DELETE']) await passes(token, method);
    await access.unassign(service, 'orders-editor', 'cli');
    if (asksNobody) return;
    refused(await rig().call({ token, method: 'PUT' }), [403], rig());
    await passes(token);
    await access.unassign(service, 'orders-reader', 'cli');
    refused(await rig().call({ token }), [403], rig());
    await access.assign(service, 'orders-reader', 'cli');
    await passes(token);
  });

  it('answers 401 at the next request after a token was revoked', async () => {
    if (asksNobody) return;
    const token = await rig().token();
    await passes(token);
    const client = await rig().app.parts.clients.get('demo-service');
    assert.ok(client);
    await rig().app.parts.endings.revoke(token, client);
    refused(await rig().call({ token }), [401], rig());
  });

  it('lets nothing through when the server does not answer', async () => {
    const token = await rig().token();
    await passes(token);
    await rig().lose();
    if (asksNobody) return;
    const answer = await rig().call({ token });
    assert.equal(answer.seen, undefined);
    assert.ok(answer.status >= 401, String(answer.status));
  });
}
