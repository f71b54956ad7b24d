import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post, read } from '../support/oauth.ts';

/* OpenID AuthZEN Authorization API 1.0. */
const orders = 'https://api.example.test/orders';
let app: TestApp;
let aliceId: string;
before(async () => {
  app = await startApp();
  aliceId = (await app.parts.users.byEmail('alice@example.test'))?.id ?? '';
});
after(() => app.close());

type Json = Record<string, unknown>;
const ask = (path: string, body: Json | string, headers: Record<string, string> = {}) =>
  post(`${app.issuer}/access/v1/${path}`, typeof body === 'string' ? body : JSON.stringify(body), {
    ...basic(app.client('demo-gateway')),
    'content-type': 'application/json',
    ...headers,
  });
const alice = { type: 'user', id: 'alice@example.test' };
const bob = { type: 'user', id: 'bob@example.test' };
const service = { type: 'client', id: 'demo-service' };
const route = (id: string, host = 'api.example.test') => ({ type: 'route', id, properties: { host } });
const api = { type: 'api', id: orders };
const question = (subject: Json, name: string, resource: Json, more: Json = {}) => ({
  subject,
  action: { name },
  resource,
  ...more,
});
const decision = async (...args: Parameters<typeof question>) => {
  const { status, body } = await ask('evaluation', question(...args));
  assert.equal(status, 200, JSON.stringify(body));
  if (body.decision) assert.deepEqual(body, { decision: true });
  else assert.equal(typeof body.context.reason, 'string');
  return body.decision;
};

describe('an evaluation', () => {
  it('is made by what the subject holds now, for routes and permissions', async () => {
    const expected: [Json, string, Json, boolean][] = [
      [alice, 'PUT', route('/orders/1'), true],
      [{ type: 'identity', id: aliceId }, 'PUT', route('/orders/{orderId}'), true],
      [{ type: 'identity', id: 'demo-service' }, 'GET', route('/orders/{id}/lines'), true],
      [{ type: 'identity', id: 'demo-service' }, 'PUT', route('/orders/{id}'), false],
      [alice, 'GET', { type: 'route', id: '/orders' }, true],
      [alice, 'GET', { type: 'route', id: '/orders', properties: { hostname: 'other.test' } }, false],
      [alice, 'GET', route('/{any}'), false],
      [alice, 'GET', route('/orders/../admin'), false],
      [bob, 'GET', route('/orders/1'), false],
      [service, 'orders:read', api, true],
      [service, 'orders:write', api, false],
      [alice, 'orders:write', api, true],
      [alice, 'orders:none', api, false],
      [alice, 'orders:write', { type: 'api', id: 'https://none.test' }, false],
      [alice, 'orders:write', { type: 'document', id: '1' }, false],
      [{ type: 'user', id: 'demo-service' }, 'orders:read', api, false],
      [{ type: 'client', id: aliceId }, 'orders:read', api, false],
      [{ type: 'robot', id: 'demo-service' }, 'orders:read', api, false],
      [{ type: 'user', id: 'nobody@example.test' }, 'orders:read', api, false],
    ];
    for (const [subject, action, resource, may] of expected) {
      assert.equal(await decision(subject, action, resource), may, JSON.stringify([subject, action, resource]));
    }
  });

  it('follows each change at once: roles, suspended clients, people who are disabled', async () => {
    const { access, clients, users } = app.parts;
    await access.assign(`client:demo-service`, 'orders-editor', 'cli');
    assert.equal(await decision(service, 'orders:write', api), true);
    await access.unassign(`client:demo-service`, 'orders-editor', 'cli');
    assert.equal(await decision(service, 'orders:write', api), false);
    await clients.decide('demo-service', 'suspend', 'cli');
    assert.equal(await decision(service, 'orders:read', api), false);
    await clients.decide('demo-service', 'resume', 'cli');
    assert.equal(await decision(service, 'orders:read', api), true);
    await users.disable(aliceId, 'cli');
    assert.equal(await decision(alice, 'orders:read', api), false);
    await users.enable(aliceId, 'cli');
    assert.equal(await decision(alice, 'orders:read', api), true);
  });

  it('counts roles within an organisation only where that one is named', async () => {
    const { organizations, access } = app.parts;
    await organizations.add({ id: 'acme', name: 'Acme', domains: [], connections: [] }, 'cli');
    const bobId = (await app.parts.users.byEmail('bob@example.test'))?.id ?? '';
    await organizations.join('acme', `user:${bobId}`, 'cli');
    await access.assign(`user:${bobId}`, 'orders-reader', 'cli', { organization: 'acme' });
    assert.equal(await decision(bob, 'orders:read', api), false);
    assert.equal(await decision(bob, 'orders:read', api, { context: { organization: 'acme', other: 1 } }), true);
  });

  it('is for callers that may introspect the API, and says 401 only about them', async () => {
    const asked = question(alice, 'orders:read', api);
    const none = await ask('evaluation', asked, { authorization: '' });
    assert.deepEqual(
      [none.status, none.headers.get('www-authenticate')],
      [401, 'Basic realm="access", charset="UTF-8"'],
    );
    const wrong = await ask('evaluation', asked, basic({ client_id: 'demo-gateway', client_secret: 'wrong' }));
    assert.equal(wrong.status, 401);
    const { status, body } = await ask('evaluation', asked, basic(app.client('demo-service')));
    assert.deepEqual([status, body.decision], [200, false]);
  });

  it('refuses what is no question with 400, and echoes the name of the request', async () => {
    for (const body of [
      '{',
      '[]',
      '{"subject":{},"subject":{}}',
      {},
      { subject: alice, action: { name: 'GET' } },
      question({ type: 'user' }, 'GET', api),
      question(alice, '', api),
      question(alice, 'GET', { ...api, id: 1 }),
    ]) {
      const { status, headers } = await ask('evaluation', body, { 'x-request-id': 'my id 1' });
      assert.deepEqual([status, headers.get('x-request-id')], [400, 'my id 1'], JSON.stringify(body));
    }
    const { status, headers } = await ask('evaluation', question(alice, 'orders:read', api), { 'x-request-id': 'a' });
    assert.deepEqual([status, headers.get('x-request-id')], [200, 'a']);
    assert.equal((await ask('evaluation', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' })).status, 415);
    assert.equal((await read(await fetch(`${app.issuer}/access/v1/evaluation`))).status, 405);
  });
});

describe('several evaluations', () => {
  const actions = (...names: string[]) => names.map((name) => ({ action: { name } }));
  const decisions = async (options: Json | undefined, ...names: string[]) => {
    const { body } = await ask('evaluations', {
      subject: service,
      resource: api,
      evaluations: actions(...names),
      options,
    });
    return body.evaluations.map((one: { decision: boolean }) => one.decision);
  };

  it('take what they leave out from what is given for all, and stop as they are told', async () => {
    const names = ['orders:read', 'orders:write', 'orders:read'];
    assert.deepEqual(await decisions(undefined, ...names), [true, false, true]);
    assert.deepEqual(await decisions({ evaluations_semantic: 'execute_all', other: 1 }, ...names), [true, false, true]);
    assert.deepEqual(await decisions({ evaluations_semantic: 'deny_on_first_deny' }, ...names), [true, false]);
    assert.deepEqual(await decisions({ evaluations_semantic: 'permit_on_first_permit' }, ...names), [true]);
    assert.deepEqual(await decisions({ evaluations_semantic: 'permit_on_first_permit' }, 'orders:write', 'x'), [
      false,
      false,
    ]);
  });

  it('are one, when there is no list', async () => {
    for (const more of [{}, { evaluations: [] }]) {
      const { body } = await ask('evaluations', question(service, 'orders:read', api, more));
      assert.deepEqual(body, { decision: true });
    }
  });

  it('are each refused by themselves when they are no question, with what is wrong (§7.2.1)', async () => {
    const [good, bad] = [{ action: { name: 'orders:read' } }, { action: { name: 7 } }];
    const usual = { subject: service, resource: api };
    const ask3 = async (semantic: string, evaluations: unknown[], more: Json = usual) => {
      const options = { evaluations_semantic: semantic };
      const { status, body } = await ask('evaluations', { ...more, evaluations, options });
      assert.equal(status, 200, JSON.stringify(body));
      return body.evaluations;
    };
    const wrong = (message: string) => ({ decision: false, context: { error: { status: 400, message } } });
    assert.deepEqual(await ask3('execute_all', [good, bad, {}, 'x', good]), [
      { decision: true },
      wrong('action/name must be a text'),
      wrong('action is missing'),
      wrong('the body must be an object'),
      { decision: true },
    ]);
    assert.deepEqual(await ask3('deny_on_first_deny', [good, bad, good]), [
      { decision: true },
      wrong('action/name must be a text'),
    ]);
    assert.deepEqual(await ask3('permit_on_first_permit', [bad, good, good]), [
      wrong('action/name must be a text'),
      { decision: true },
    ]);
    assert.deepEqual(await ask3('execute_all', [good], { resource: api }), [wrong('subject is missing')]);
  });

  it('are refused as a whole when that is what is wrong', async () => {
    const [evaluations, usual] = [actions('orders:read'), { subject: service, resource: api }];
    const refused: Json[] = [
      { ...usual, evaluations, options: { evaluations_semantic: 'some' } },
      { ...usual, evaluations: Array.from({ length: 101 }, () => ({ action: { name: 'x' } })) },
      { ...usual, evaluations: 'none' },
      { ...usual, subject: 'alice', evaluations },
    ];
    for (const body of refused) {
      const { status, body: answer } = await ask('evaluations', body);
      assert.deepEqual([status, /must be at most 100/.test(answer.detail)], [400, false], answer.detail);
    }
  });
});

it('the configuration says where decisions are made', async () => {
  const { status, body } = await read(await fetch(`${app.issuer}/.well-known/authzen-configuration`));
  assert.equal(status, 200);
  assert.deepEqual(body, {
    policy_decision_point: app.issuer,
    access_evaluation_endpoint: `${app.issuer}/access/v1/evaluation`,
    access_evaluations_endpoint: `${app.issuer}/access/v1/evaluations`,
  });
});
