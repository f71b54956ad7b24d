import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post } from '../support/oauth.ts';

type Document = {
  openapi: string;
  paths: Record<string, Record<string, { operationId: string; security: { tokens: string[] }[]; responses: object }>>;
};

let app: TestApp;
let document: Document;
before(async () => {
  app = await startApp();
  document = await (await fetch(`${app.issuer}/admin/api/openapi.json`)).json();
});
after(() => app.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({
      name: operationId,
      method: method.toUpperCase(),
      path: path.replace('{id}', 'demo-service'),
    })),
  );

describe('GET /admin/api/openapi.json', () => {
  it('describes every operation under a name of its own', () => {
    assert.equal(document.openapi, '3.1.0');
    const names = operations().map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
    const expected = ['list', 'get', 'add', 'change', 'remove', 'approve', 'reject', 'suspend', 'resume', 'revoke'];
    for (const deed of expected)
      assert.ok(
        names.some((name) => name === `${deed}Client` || name === `${deed}Clients`),
        deed,
      );
  });

  it('declares what it refers to, and holds nothing about this installation but its address', () => {
    const text = JSON.stringify(document);
    for (const [, reference = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = reference.split('/').reduce<unknown>((at, name) => Reflect.get(Object(at), name), document);
      assert.notEqual(found, undefined, reference);
    }
    assert.doesNotMatch(text, /demo-/);
  });
});

describe('the document (OpenAPI 3.1.0)', () => {
  it('names every parameter of a path once, with a type, and every tag and scope that it uses', () => {
    const { tags, components } = Object(document);
    const scopes = Object.keys(components.securitySchemes.tokens.flows.clientCredentials.scopes);
    for (const [path, methods] of Object.entries(document.paths)) {
      assert.match(path, /^(?:\/(?:[a-z-]+|\{\w+\}))+$/);
      for (const [method, one] of Object.entries<ReturnType<typeof JSON.parse>>(methods)) {
        const { operationId, summary, parameters = [], requestBody, responses } = one;
        assert.match(operationId, /^[a-z]+(?:[A-Z][a-z]*)*$/);
        assert.ok(summary.length > 5 && !summary.endsWith('.'), operationId);
        const named = parameters.map((parameter: { in: string; name: string }) => `${parameter.in} ${parameter.name}`);
        assert.equal(new Set(named).size, named.length, operationId);
        const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `path ${name}`);
        assert.deepEqual(
          named.filter((name: string) => name.startsWith('path ')),
          inPath,
          operationId,
        );
        for (const parameter of parameters) {
          assert.ok(parameter.schema, operationId);
          assert.ok(parameter.in !== 'path' || parameter.required === true, operationId);
        }
        assert.ok(!requestBody || ['post', 'patch', 'put'].includes(method), operationId);
        assert.ok(
          responses.default && Object.keys(responses).every((status) => /^2\d\d$|^default$/.test(status)),
          operationId,
        );
        assert.ok(
          one.security.every(({ tokens }: { tokens: string[] }) => tokens.every((scope) => scopes.includes(scope))),
        );
        assert.ok(
          tags.some(({ name }: { name: string }) => name === one.tags[0]),
          operationId,
        );
      }
    }
  });

  it('has schemas of JSON Schema 2020-12 only, each big one once', () => {
    const keywords = new Set(
      [
        'type',
        'properties',
        'required',
        'items',
        'enum',
        'const',
        'anyOf',
        'oneOf',
        'allOf',
        'pattern',
        'format',
        'default',
      ].concat(
        [
          'minimum',
          'maximum',
          'exclusiveMinimum',
          'exclusiveMaximum',
          'multipleOf',
          'minLength',
          'maxLength',
          'minItems',
          'maxItems',
        ],
        ['additionalProperties', 'propertyNames', 'description', '$ref', 'not', 'prefixItems', 'uniqueItems'],
      ),
    );
    const visit = (schema: unknown): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [name, value] of Object.entries(schema)) {
        assert.ok(keywords.has(name), name);
        if (name === 'properties') Object.values(value).forEach(visit);
        else if (Array.isArray(value)) value.forEach(visit);
        else if (name !== 'default' && name !== 'const') visit(value);
      }
    };
    const { components } = Object(document);
    assert.ok(Object.keys(components.schemas).length > 10);
    Object.values(components.schemas).forEach(visit);
    for (const one of Object.values(document.paths).flatMap((methods) =>
      Object.values<ReturnType<typeof JSON.parse>>(methods),
    )) {
      for (const content of [one.requestBody, ...Object.values<{ content?: object }>(one.responses)]) {
        for (const { schema } of Object.values<{ schema: unknown }>(content?.content ?? {})) visit(schema);
      }
      for (const { schema } of one.parameters ?? []) visit(schema);
    }
  });
});

describe('every operation of /admin/api/v1 (sec-267)', () => {
  it('answers 401 without a token, with a wrong one, and with one for another API', async () => {
    const form = { grant_type: 'client_credentials' };
    const foreign = await post(`${app.issuer}/oauth2/token`, form, basic(app.client('demo-service')));
    for (const { method, path } of operations()) {
      const bare = await fetch(`${app.issuer}/admin/api/v1${path}`, { method });
      assert.equal(bare.status, 401);
      assert.match(
        bare.headers.get('www-authenticate') ?? '',
        /^Bearer realm="[^"]+", scope="[a-z-]+:[a-z]+(?: [a-z-]+:[a-z]+)*"/,
      );
      for (const token of ['wrong', foreign.body.access_token]) {
        const { status, headers } = await adminApi(app, token).send(method, path);
        assert.equal(status, 401);
        assert.match(headers.get('www-authenticate') ?? '', /error="invalid_token"/);
      }
    }
  });

  it('takes a role away from a living token at once (sec-272)', async () => {
    const { access, clients } = app.parts;
    const { secret = '' } = await clients.add(
      { id: 'helper', metadata: { grant_types: ['client_credentials'] } },
      'test',
    );
    await access.saveRole({ id: 'reader', permissions: ['urn:sallyport:admin#clients:read'], includes: [] }, 'test');
    await access.assign('client:helper', 'reader', 'test');
    const credentials = basic({ client_id: 'helper', client_secret: secret });
    const { body } = await post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, credentials);
    const helper = adminApi(app, body.access_token);
    assert.equal((await helper.get('/clients')).status, 200);
    assert.equal((await helper.send('POST', '/clients', {})).status, 403);
    await access.unassign('client:helper', 'reader', 'test');
    assert.equal((await helper.get('/clients')).status, 403);
    await clients.decide('helper', 'suspend', 'test');
    assert.equal((await helper.get('/clients')).status, 401);
  });

  it('answers 404 for what is no operation, and 405 with Allow for a method that is none', async () => {
    const admin = adminApi(app, await adminToken(app));
    for (const path of ['/', '/secrets', '/clients/a/eat', '/clients/', '/Clients', '/clients/%ff']) {
      assert.equal((await admin.get(path)).status, 404, path);
    }
    const { status, headers } = await admin.send('PUT', '/clients/demo-service', {});
    assert.deepEqual([status, headers.get('allow')], [405, 'GET, PATCH, DELETE']);
  });
});
