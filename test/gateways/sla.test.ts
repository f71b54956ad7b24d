import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { TierTerms } from '../../src/clients/tiers.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post, read } from '../support/oauth.ts';
import { storeUrl } from '../support/store.ts';

const orders = 'https://api.example.test/orders';
const day = 86_400_000;
/** Each test has a day of its own, so that none finds what another has spent. */
const morning = (t: TestContext, days: number) =>
  t.mock.timers.enable({ apis: ['Date'], now: (Math.ceil(Date.now() / day) + days) * day });

describe('SLA tiers at /gateway/authorize', () => {
  let one: TestApp;
  let two: TestApp;
  let token: string;
  before(async () => {
    const store = await storeUrl();
    one = await startApp({ SALLYPORT_STORE: store });
    two = await startApp({ SALLYPORT_STORE: store, SALLYPORT_ISSUER: one.issuer });
    // Tokens outlive the hours that the clock is moved by.
    const api = await one.parts.access.api(orders);
    if (api) await one.parts.access.saveApi({ ...api, tokenTtl: 86_400 }, 'cli');
  });
  after(() => Promise.all([one.close(), two.close()]));

  const fresh = async () => {
    const form = { grant_type: 'client_credentials', resource: orders };
    token = (await post(`${one.issuer}/oauth2/token`, form, basic(one.client('demo-service')))).body.access_token;
  };
  const ask = async ({ url, issuer }: TestApp = one) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'api.example.test',
      'x-forwarded-uri': '/orders/7',
    };
    return read(await hosted(`${url}/gateway/authorize`, headers, issuer));
  };
  const statuses = async (count: number, app: TestApp = one) =>
    Promise.all(Array.from({ length: count }, async () => (await ask(app)).status));
  const tier = (name: string, terms: Partial<TierTerms>) =>
    one.parts.tiers.add(name, { limits: [], excess: 'reject', ...terms }, 'cli');
  const give = async (name: string | undefined) => {
    await one.parts.clients.change('demo-service', { tier: name }, 'cli');
  };
  const allowed = (all: number[]) => all.filter((status) => status === 200).length;

  it('let everything pass, and say nothing, for a client without one and with a mere name', async () => {
    await fresh();
    for (const name of [undefined, 'a mere name']) {
      await give(name);
      const { status, headers } = await ask();
      assert.deepEqual([status, headers.get('ratelimit'), headers.get('ratelimit-policy')], [200, null, null]);
    }
  });

  it('refuse with 429 above the limit, say when to come again, and begin anew with the next period', async (t) => {
    morning(t, 1);
    await fresh();
    await tier('bronze', { limits: [{ requests: 2, period: 60 }] });
    await give('bronze');
    t.mock.timers.tick(1000);
    const first = await ask();
    assert.equal(first.status, 200);
    assert.equal(first.headers.get('ratelimit-policy'), '"bronze";q=2;w=60');
    assert.equal(first.headers.get('ratelimit'), '"bronze";r=1;t=59');
    assert.equal((await ask()).status, 200);
    const refused = await ask();
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('retry-after'), '59');
    assert.equal(refused.headers.get('ratelimit'), '"bronze";r=0;t=59');
    assert.equal(refused.headers.get('ratelimit-policy'), '"bronze";q=2;w=60');
    assert.match(refused.body.detail, /2 requests in 60 s; try again in 59 s/);
    t.mock.timers.tick(59_000);
    assert.equal((await ask()).status, 200);
  });

  it('are counted for two processes together, exactly', async (t) => {
    morning(t, 2);
    await fresh();
    await tier('shared', { limits: [{ requests: 20, period: 3600 }] });
    await give('shared');
    t.mock.timers.tick(1000);
    const [here, there] = await Promise.all([statuses(20, one), statuses(20, two)]);
    assert.equal(allowed(here) + allowed(there), 20);
    assert.deepEqual(new Set([...here, ...there]), new Set([200, 429]));
  });

  it('count the calls on an API by themselves, and forget a call that nobody may make', async (t) => {
    morning(t, 3);
    await fresh();
    const elsewhere = { api: 'urn:sallyport:admin', requests: 1, period: 3600 };
    await tier('per-api', { limits: [elsewhere, { api: orders, requests: 3, period: 3600 }] });
    await give('per-api');
    const valid = token;
    token = 'unknown';
    assert.deepEqual(await statuses(2), [401, 401]);
    token = valid;
    assert.equal(allowed(await statuses(5)), 3);
  });

  it('count as they are changed and taken away, at the next call, in another process within a second', async (t) => {
    morning(t, 4);
    await fresh();
    await tier('moving', { limits: [{ requests: 1, period: 3600 }] });
    await give('moving');
    t.mock.timers.tick(1500);
    assert.deepEqual([(await ask()).status, (await ask()).status, (await ask(two)).status], [200, 429, 429]);
    await one.parts.tiers.change('moving', (now) => ({ ...now, limits: [{ requests: 2, period: 3600 }] }), 'cli');
    assert.deepEqual([(await ask()).status, (await ask()).status], [200, 429]);
    await give(undefined);
    assert.equal((await ask()).status, 200);
    t.mock.timers.tick(1000);
    assert.equal((await ask(two)).status, 200);
  });

  it('hold a call until the next period where they queue', async () => {
    await fresh();
    await tier('queue', { limits: [{ requests: 2, period: 1 }], excess: 'queue', patience: 20 });
    await give('queue');
    assert.deepEqual(await statuses(5), [200, 200, 200, 200, 200]);
  });
});

/** Asks this process under the name of the other, which both have. */
function hosted(url: string, headers: Record<string, string>, issuer: string): Promise<Response> {
  return url.startsWith(issuer) ? fetch(url, { headers }) : byNode(url, { ...headers, host: new URL(issuer).host });
}

function byNode(url: string, headers: Record<string, string>): Promise<Response> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 0 })));
    }).on('error', reject);
  });
}
