import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post } from '../support/oauth.ts';

const orders = 'https://api.example.test/orders';

describe('SLA tiers at introspection', () => {
  let app: TestApp;
  let token: string;
  before(async () => {
    app = await startApp();
    const form = { grant_type: 'client_credentials', resource: orders };
    token = (await post(`${app.issuer}/oauth2/token`, form, basic(app.client('demo-service')))).body.access_token;
    await app.parts.clients.change('demo-service', { tier: 'gold' }, 'cli');
  });
  after(() => app.close());

  const sla = async () => {
    const { body } = await post(`${app.issuer}/oauth2/introspect`, { token }, basic(app.client('demo-gateway')));
    assert.equal(body.active, true);
    return Object.fromEntries(Object.entries(body).filter(([name]) => name.startsWith('sla_')));
  };

  it('tell the name of a tier that nobody has defined', async () => {
    assert.deepEqual(await sla(), { sla_tier: 'gold' });
  });

  it('tell the limits on the API of the token, and the tightest of them as scalars', async () => {
    const limits = [
      { requests: 100, period: 60 },
      { api: orders, requests: 1000, period: 86_400 },
      { api: 'urn:sallyport:admin', requests: 1, period: 60 },
    ];
    await app.parts.tiers.add('gold', { limits, excess: 'reject' }, 'cli');
    assert.deepEqual(await sla(), {
      sla_tier: 'gold',
      sla_limits: [
        { requests: 100, period: 60 },
        { requests: 1000, period: 86_400 },
      ],
      sla_requests: 1000,
      sla_period: 86_400,
    });
  });

  it('go by a change at the next call', async () => {
    await app.parts.tiers.change('gold', (now) => ({ ...now, limits: [{ requests: 7, period: 1 }] }), 'cli');
    assert.deepEqual((await sla()).sla_limits, [{ requests: 7, period: 1 }]);
    await app.parts.clients.change('demo-service', { tier: undefined }, 'cli');
    assert.deepEqual(await sla(), {});
  });
});
