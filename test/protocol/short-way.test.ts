import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ask } from '../http/edge.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, type Credentials } from '../support/oauth.ts';

type Form = Record<string, string> | string;

let app: TestApp;
let service: Credentials;
let gateway: Credentials;
before(async () => {
  app = await startApp();
  service = app.client('demo-service');
  gateway = app.client('demo-gateway');
});
after(() => app.close());

/** A body of unknown length is never plain, so it always goes the long way. */
async function both(path: string, form: Form, headers: Record<string, string> = {}) {
  const body = new URLSearchParams(form).toString();
  const call = async (sent: string | string[]) => {
    const { host, port } = new URL(app.url);
    const all = { host, 'content-type': 'application/x-www-form-urlencoded', ...headers };
    const { status, headers: said, body: text } = await ask(Number(port), path, { headers: all, body: sent });
    return { status, headers: said, body: JSON.parse(text) };
  };
  return { short: await call(body), long: await call([body]) };
}

/** Headers with the same meaning on both ways: not the name of the request, and not what only browsers read. */
const meant = (headers: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !/^(?:x-request-id|date|vary|connection|keep-alive|content-length|access-control-.*)$/.test(name),
    ),
  );

const issue = async (): Promise<{ short: string; long: string }> => {
  const { short, long } = await both('/oauth2/token', { grant_type: 'client_credentials' }, basic(service));
  return { short: short.body.access_token, long: long.body.access_token };
};

describe('an introspection on the short way and on the long one', () => {
  const wrong = () => basic({ ...gateway, client_secret: 'wrong' });
  const forms: Record<string, (token: string) => [Form, Record<string, string>?]> = {
    'plain, by Basic': (token) => [{ token }, basic(gateway)],
    'plain, by the body': (token) => [{ token, ...gateway }],
    'the same credentials twice': (token) => [{ token, ...gateway }, basic(gateway)],
    'other credentials in the body': (token) => [{ token, ...service }, basic(gateway)],
    'a hint and unknown parameters': (token) => [{ token, token_type_hint: 'x', more: 'y' }, basic(gateway)],
    'a token that does not exist': () => [{ token: 'x'.repeat(43) }, basic(gateway)],
    'a caller that may not see it': (token) => [{ token }, basic(app.client('demo-web'))],
    'no token': () => [{ other: 'x' }, basic(gateway)],
    'two tokens': (token) => [`token=${token}&token=${token}`, basic(gateway)],
    'a wrong secret': (token) => [{ token }, wrong()],
    'no credentials': (token) => [{ token }],
    'no form': (token) => [{ token }, { ...basic(gateway), 'content-type': 'application/json' }],
    'bytes that are no text': (token) => [`token=${token}%ff`, basic(gateway)],
  };
  for (const [name, make] of Object.entries(forms)) {
    it(`gets the same answer: ${name}`, async () => {
      const { short, long } = await both('/oauth2/introspect', ...make((await issue()).short));
      assert.deepEqual([short.status, short.body], [long.status, long.body]);
      assert.deepEqual(meant(short.headers), meant(long.headers));
    });
  }
});

describe('a question of a gateway on the short way and on the long one', () => {
  const path = '/gateway/authorize';
  const kinds: Record<string, (token: string) => [string, Record<string, string>, string?]> = {
    'that passes': (token) => [`${path}/orders/1?x=y`, { authorization: `Bearer ${token}` }, 'HEAD'],
    'that may not': (token) => [`${path}/orders/1`, { authorization: `Bearer ${token}` }, 'PUT'],
    'with a token that is no good': () => [`${path}/orders/1`, { authorization: `Bearer ${'x'.repeat(43)}` }],
    'without a token': () => [`${path}/orders/1`, {}],
    'without a route': () => [`${path}/other`, {}, 'PROPFIND'],
    'that is not clear': () => [path, {}],
    'with the token in the address': (token) => [`${path}/orders/1?access_token=${token}`, {}],
  };
  for (const [name, make] of Object.entries(kinds)) {
    it(`gets the same answer: ${name}`, async () => {
      const [target, headers, method = 'GET'] = make((await issue()).short);
      const { port } = new URL(app.url);
      // What only browsers send goes the long way.
      const send = (more: Record<string, string>) =>
        ask(Number(port), target, { method, headers: { host: 'api.example.test', ...headers, ...more } });
      const [short, long] = [await send({}), await send({ origin: 'https://a.example' })];
      const said = ({ body }: typeof short) => body.replace(/"reference":"[^"]*"/, '');
      assert.deepEqual([short.status, said(short)], [long.status, said(long)]);
      assert.deepEqual(meant(short.headers), meant(long.headers));
    });
  }
});

describe('client credentials on the short way and on the long one', () => {
  const grant = { grant_type: 'client_credentials' };
  const forms: Record<string, () => [Form, Record<string, string>?]> = {
    'plain, by Basic': () => [grant, basic(service)],
    'plain, by the body': () => [{ ...grant, ...service }],
    'a scope that it holds': () => [{ ...grant, scope: 'orders:read' }, basic(service)],
    'a scope of which it holds a part': () => [{ ...grant, scope: 'orders:read orders:write' }, basic(service)],
    'a scope that it does not hold': () => [{ ...grant, scope: 'orders:write' }, basic(service)],
    'a scope that nobody offers': () => [{ ...grant, scope: 'no:such' }, basic(service)],
    'a scope of people': () => [{ ...grant, scope: 'openid' }, basic(service)],
    'two spaces in the scope': () => [{ ...grant, scope: 'orders:read  orders:read' }, basic(service)],
    'a named API': () => [{ ...grant, resource: 'https://api.example.test/orders' }, basic(service)],
    'an API that does not exist': () => [{ ...grant, resource: 'https://none.example.test' }, basic(service)],
    'credentials twice': () => [{ ...grant, ...service }, basic(service)],
    'another client in the body': () => [{ ...grant, client_id: 'demo-web' }, basic(service)],
    'a repeated parameter': () => ['grant_type=client_credentials&scope=a&scope=b', basic(service)],
    'an encoded secret': () => [grant, basic({ ...service, client_secret: `%${service.client_secret}` })],
    'Basic with two spaces': () => [grant, { authorization: basic(service).authorization.replace(' ', '  ') }],
    'Basic with the alphabet of URLs': () => [grant, { authorization: 'Basic ____' }],
    'a wrong secret': () => [grant, basic({ ...service, client_secret: 'wrong' })],
    'no secret': () => [{ ...grant, client_id: service.client_id }],
    'a client without this grant': () => [grant, basic(app.client('demo-web'))],
    'a client that holds nothing': () => [grant, basic(gateway)],
    'another grant': () => [{ grant_type: 'password' }, basic(service)],
    'an assertion besides': () => [{ ...grant, client_assertion: 'x' }, basic(service)],
    'a proof of a key': () => [grant, { ...basic(service), dpop: 'no proof' }],
  };
  const known = ({ access_token, ...rest }: Record<string, unknown>) => ({ ...rest, given: typeof access_token });
  for (const [name, make] of Object.entries(forms)) {
    it(`get the same answer: ${name}`, async () => {
      const { short, long } = await both('/oauth2/token', ...make());
      assert.deepEqual([short.status, known(short.body)], [long.status, known(long.body)]);
      assert.deepEqual(meant(short.headers), meant(long.headers));
    });
  }

  it('leave the same record', async () => {
    const { tokens, tokenId } = app.parts.records;
    const { short, long } = await issue();
    const [ours, theirs] = await Promise.all([short, long].map((value) => tokens.get(tokenId(value))));
    const lasting = ({ payload }: NonNullable<typeof ours>) => {
      const { jti, iat, exp, ...rest } = payload;
      return { ...rest, life: Number(exp) - Number(iat), name: String(jti).length };
    };
    assert.ok(ours && theirs);
    assert.deepEqual(lasting(ours), lasting(theirs));
  });

  it('of a client that waits, is suspended or has gone are refused on both', async () => {
    const { clients, access } = app.parts;
    const { client, secret } = await clients.add({ metadata: { grant_types: ['client_credentials'] } }, 'cli');
    await access.assign(`client:${client.id}`, 'orders-reader', 'cli');
    const asked = () => both('/oauth2/token', grant, basic({ client_id: client.id, client_secret: secret ?? '' }));
    assert.equal((await asked()).short.status, 200);
    await clients.decide(client.id, 'suspend', 'cli');
    const suspended = await asked();
    assert.deepEqual([suspended.short.status, suspended.short.body], [400, suspended.long.body]);
    await clients.remove(client.id, 'cli');
    const gone = await asked();
    assert.deepEqual([gone.short.status, gone.short.body], [401, gone.long.body]);
  });

  for (const [what, metadata] of Object.entries({
    'is not registered for them': { redirect_uris: ['https://a.example/cb'] },
    'proves itself by keys': { grant_types: ['client_credentials'], token_endpoint_auth_method: 'tls_client_auth' },
    'wants tokens bound to its certificate': {
      grant_types: ['client_credentials'],
      tls_client_certificate_bound_access_tokens: true,
    },
  })) {
    it(`of a client that holds rights but ${what} are the library's to decide`, async () => {
      const { clients, access } = app.parts;
      const { client, secret = '' } = await clients.add({ metadata }, 'cli');
      await access.assign(`client:${client.id}`, 'orders-reader', 'cli');
      const { short, long } = await both(
        '/oauth2/token',
        grant,
        basic({ client_id: client.id, client_secret: secret }),
      );
      assert.equal(short.headers.vary, 'Origin');
      assert.deepEqual([short.status, known(short.body)], [long.status, known(long.body)]);
    });
  }

  it('of an API with JWTs come from the library on both', async () => {
    const { clients, access } = app.parts;
    const api = 'https://jwt.example.test';
    await access.saveApi(
      { id: api, permissions: ['read'], tokenFormat: 'jwt', signingAlg: 'ES256', routes: [] },
      'cli',
    );
    await access.saveRole({ id: 'jwt-reader', permissions: [`${api}#read`], includes: [] }, 'cli');
    const { client, secret } = await clients.add({ metadata: { grant_types: ['client_credentials'] } }, 'cli');
    await access.assign(`client:${client.id}`, 'jwt-reader', 'cli');
    const { short } = await both('/oauth2/token', grant, basic({ client_id: client.id, client_secret: secret ?? '' }));
    assert.match(short.body.access_token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it('are told apart by what only browsers read, so that this test compares two ways', async () => {
    const { short, long } = await both('/oauth2/token', grant, basic(service));
    assert.deepEqual([short.headers.vary, long.headers.vary], [undefined, 'Origin']);
    const { headers } = (await both('/oauth2/token', grant, { ...basic(service), origin: 'https://a.example' })).short;
    assert.equal(headers.vary, 'Origin');
  });
});
