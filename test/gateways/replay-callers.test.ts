import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post } from '../support/oauth.ts';
import { type Replayed, replay } from '../support/replay.ts';

/*
 * Introspection as gateways really send it, byte for byte: read off their sources (what each file of theirs is, stands beside it).
 * None of these products can be installed here; those that can are started in the other files of this folder.
 */

const orders = 'https://api.example.test/orders';

/** What a caller fills in. */
interface Filling {
  token: string;
  id: string;
  secret: string;
  /** base64 of id:secret. */
  pair: string;
}

interface Caller {
  who: string;
  lines(filling: Filling): string[];
  body?(filling: Filling): string;
  /** What it reads of an answer about a live token; its own way of reading. */
  reads(answer: Replayed): void;
}

const form = 'Content-Type: application/x-www-form-urlencoded';
const post11 = 'POST /oauth2/introspect HTTP/1.1';
const readsActive = ({ status, body }: Replayed) => {
  assert.equal(status, 200);
  assert.equal(body.active, true);
  assert.ok(Number.isInteger(body.exp));
};

const callers: Caller[] = [
  {
    who: 'APISIX with lua-resty-openidc 1.8: the same credentials in body and header',
    lines: ({ pair }) => [post11, form, `Authorization: Basic ${pair}`, 'User-Agent: lua-resty-http/0.16.1 (Lua)'],
    body: ({ token, id, secret }) => `token=${token}&client_id=${id}&client_secret=${secret}`,
    reads: (answer) => {
      readsActive(answer);
      // required_scopes splits a string; its cache is told by exp.
      assert.equal(typeof answer.body.scope, 'string');
    },
  },
  {
    who: 'APISIX with lua-resty-openidc 1.9: header only, client_id in the body',
    lines: ({ pair }) => [post11, form, `Authorization: Basic ${pair}`],
    body: ({ token, id }) => `token=${token}&client_id=${id}`,
    reads: readsActive,
  },
  {
    who: 'Kong openid-connect: a hint',
    lines: ({ pair }) => [post11, 'Accept: application/json', form, `Authorization: Basic ${pair}`],
    body: ({ token }) => `token=${token}&token_type_hint=access_token`,
    reads: (answer) => {
      readsActive(answer);
      assert.deepEqual(answer.body.roles, ['orders-reader']);
      assert.ok(Array.isArray(answer.body.groups));
    },
  },
  {
    who: 'Kong oauth2-introspection: a header as it was configured',
    lines: ({ pair }) => [post11, `Authorization: Basic ${pair}`, form, 'Accept: application/json'],
    body: ({ token }) => `token_type_hint=access_token&token=${token}`,
    reads: (answer) => {
      readsActive(answer);
      assert.equal(answer.body.username, 'demo-service');
      assert.equal(answer.body.client_id, 'demo-service');
    },
  },
  {
    who: 'NGINX with njs as in NGINX-Demos: token_hint, nothing encoded',
    lines: ({ pair }) => [
      'POST /oauth2/introspect HTTP/1.0',
      `Authorization: Basic ${pair}`,
      'Accept: application/json',
      form,
    ],
    body: ({ token }) => `token=${token}&token_hint=access_token`,
    reads: (answer) => {
      readsActive(answer);
      // Each member becomes a header of that name.
      for (const name of Object.keys(answer.body)) assert.match(name, /^[A-Za-z0-9_]+$/);
      assert.ok(JSON.stringify(answer.body).length < 16_384);
    },
  },
  {
    who: 'Spring SpringOpaqueTokenIntrospector',
    lines: ({ pair }) => [post11, 'Accept: application/json', `${form};charset=UTF-8`, `Authorization: Basic ${pair}`],
    body: ({ token }) => `token=${token}`,
    reads: (answer) => {
      readsActive(answer);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
      assert.equal(answer.body.scope, 'orders:read');
      for (const name of ['exp', 'iat', 'nbf']) assert.equal(typeof answer.body[name], 'number');
      assert.equal(answer.body.sub, 'demo-service');
    },
  },
  {
    who: 'Tyk external OAuth (mw_external_oauth.go): all in the body',
    lines: () => [post11, form, 'User-Agent: Go-http-client/1.1', 'Accept-Encoding: gzip'],
    body: ({ token, id, secret }) => `client_id=${id}&client_secret=${secret}&token=${token}`,
    reads: (answer) => {
      readsActive(answer);
      assert.equal(typeof answer.body.sub, 'string', 'a token of a machine has a subject too');
    },
  },
  {
    who: 'mod_auth_openidc with OIDCOAuthIntrospectionEndpointAuth client_secret_post and an extra parameter',
    lines: () => [post11, 'User-Agent: mod_auth_openidc', 'Accept: */*', form],
    body: ({ token, id, secret }) =>
      `token=${token}&token_type_hint=access_token&client_id=${id}&client_secret=${secret}`,
    reads: readsActive,
  },
  {
    who: 'Traefik Hub oAuthIntrospection: a literal header and a hint',
    lines: ({ pair }) => [post11, 'User-Agent: Go-http-client/1.1', `Authorization: Basic ${pair}`, form],
    body: ({ token }) => `token=${token}&token_type_hint=access_token`,
    reads: (answer) => {
      readsActive(answer);
      assert.equal(answer.body.roles_str, 'orders-reader');
    },
  },
];

describe('introspection, as each caller sends it', () => {
  let app: TestApp;
  let filling: Filling;
  before(async () => {
    app = await startApp();
    const { client_id: id, client_secret: secret } = app.client('demo-gateway');
    filling = { id, secret, pair: basic(app.client('demo-gateway')).authorization.slice(6), token: await fresh() };
  });
  after(() => app.close());

  const fresh = async (): Promise<string> => {
    const wanted = { grant_type: 'client_credentials', resource: orders };
    return (await post(`${app.issuer}/oauth2/token`, wanted, basic(app.client('demo-service')))).body.access_token;
  };
  const send = ({ lines, body }: Caller, more: Partial<Filling> = {}) => {
    const all = { ...filling, ...more };
    return replay(app.url, lines(all), body?.(all));
  };
  const jwt = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';

  for (const caller of callers) {
    it(`${caller.who}: reads the answer`, async () => caller.reads(await send(caller)));

    it(`${caller.who}: never hears 4xx because of the token`, async () => {
      for (const token of ['no-such-token', jwt, `${jwt}x`, 'a.b', '%']) {
        const { status, body } = await send(caller, { token });
        assert.deepEqual([status, body], [200, { active: false }], token);
      }
    });

    it(`${caller.who}: hears 401 with a wrong secret`, async () => {
      const pair = Buffer.from(`${filling.id}:wrong`).toString('base64');
      const { status, body } = await send(caller, { secret: 'wrong', pair });
      assert.deepEqual([status, body.error], [401, 'invalid_client']);
    });
  }

  it('Kong with Accept: application/token-introspection+jwt gets a signed answer for itself (RFC 9701)', async () => {
    const { status, headers, body } = await replay(
      app.url,
      [post11, 'Accept: application/token-introspection+jwt', form, `Authorization: Basic ${filling.pair}`],
      `token=${filling.token}&token_type_hint=access_token`,
    );
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/token-introspection\+jwt/);
    const claims = JSON.parse(Buffer.from(String(body).split('.')[1] ?? '', 'base64url').toString());
    assert.equal(claims.aud, 'demo-gateway');
    assert.equal(claims.token_introspection.active, true);
  });

  it('double credentials that differ are refused, in either order', async () => {
    for (const body of [
      `token=${filling.token}&client_id=${filling.id}&client_secret=another`,
      `client_secret=${filling.secret}&client_id=another&token=${filling.token}`,
    ]) {
      const answer = await replay(app.url, [post11, form, `Authorization: Basic ${filling.pair}`], body);
      assert.deepEqual([answer.status, answer.body.error], [400, 'invalid_request']);
    }
  });

  it('Gravitee as it comes (GET, token in the address) is told what to set', async () => {
    const { status, headers, body } = await replay(app.url, [
      `GET /oauth2/introspect?token=${filling.token} HTTP/1.1`,
      `Authorization: Basic ${filling.pair}`,
    ]);
    assert.deepEqual([status, headers.get('allow')], [405, 'POST, OPTIONS']);
    assert.match(body.error_description, /POST/);
  });

  it('Gravitee with POST but the token in the address is told what to set', async () => {
    const { status, body } = await replay(app.url, [
      `POST /oauth2/introspect?token=${filling.token} HTTP/1.1`,
      `Authorization: Basic ${filling.pair}`,
      form,
    ]);
    assert.deepEqual([status, body.error], [400, 'invalid_request']);
    assert.match(body.error_description, /application\/x-www-form-urlencoded/);
  });

  it('a role that is taken away is missing at the next call of any of them (T12)', async () => {
    const token = await fresh();
    await app.parts.access.unassign('client:demo-service', 'orders-reader', 'cli');
    for (const caller of callers) {
      const { body } = await send(caller, { token });
      assert.deepEqual([body.active, body.scope, body.roles], [true, undefined, []], caller.who);
    }
    await app.parts.access.assign('client:demo-service', 'orders-reader', 'cli');
  });
});

describe('JWT access tokens, as gateways verify them that never ask', () => {
  let app: TestApp;
  let header: Record<string, unknown>;
  let claims: Record<string, unknown>;
  before(async () => {
    app = await startApp();
    const { access } = app.parts;
    const api = await access.api(orders);
    assert.ok(api);
    await access.saveApi({ ...api, tokenFormat: 'jwt' }, 'cli');
    const wanted = { grant_type: 'client_credentials', resource: orders };
    const { body } = await post(`${app.issuer}/oauth2/token`, wanted, basic(app.client('demo-service')));
    [header = {}, claims = {}] = String(body.access_token)
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
  });
  after(() => app.close());

  it('AWS: RS256, kid, iss, aud, client_id and a scope string (T15)', () => {
    assert.equal(header.alg, 'RS256');
    assert.match(String(header.kid), /./);
    assert.deepEqual(
      [claims.iss, claims.aud, claims.client_id, claims.scope],
      [app.issuer, orders, 'demo-service', 'orders:read'],
    );
    for (const name of ['exp', 'iat']) assert.ok(Number.isInteger(claims[name]));
  });

  it('KrakenD: roles are strings, jti is there, and no name needs escaping (T16, T17)', () => {
    assert.deepEqual(claims.roles, ['orders-reader']);
    assert.match(String(claims.jti), /./);
    for (const name of Object.keys(claims)) assert.match(name, /^[A-Za-z0-9_]+$/);
  });

  it('KrakenD and AWS: the key set has the key and may be kept', async () => {
    const { status, headers, body } = await replay(app.url, ['GET /oauth2/jwks HTTP/1.1', 'Accept: application/json']);
    assert.equal(status, 200);
    assert.match(headers.get('cache-control') ?? '', /max-age=300/);
    assert.ok(body.keys.some((key: { kid: string }) => key.kid === header.kid));
  });
});
