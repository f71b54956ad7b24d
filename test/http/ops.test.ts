import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import Koa from 'koa';
import { Metrics, measured, meter } from '../../src/http/metrics.ts';
import { unavailable } from '../../src/kernel/errors.ts';
import { ops } from '../../src/routes/ops.ts';
import { ask, memoryLog } from './edge.ts';

const state = { store: 'there' as 'there' | 'away', asked: 0, draining: false };
const metrics = new Metrics();
const server = createServer(
  ops({
    metrics,
    draining: () => state.draining,
    async ready() {
      state.asked += 1;
      if (state.store === 'away') throw unavailable(new Error('mongodb://u:p@h'));
    },
  }).callback(),
);
let port = 0;
before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
after(() => server.close());

describe('GET /health/live, /health/ready (sec-307)', () => {
  it('says live without asking the store', async () => {
    state.store = 'away';
    const { status, body } = await ask(port, '/health/live');
    assert.deepEqual([status, JSON.parse(body), state.asked], [200, { status: 'live' }, 0]);
  });

  it('says ready only while the store answers, and nothing about it', async () => {
    state.store = 'there';
    assert.equal((await ask(port, '/health/ready')).status, 200);
    state.store = 'away';
    const { status, body } = await ask(port, '/health/ready');
    assert.deepEqual([status, JSON.parse(body)], [503, { status: 'unavailable' }]);
  });

  it('says draining without asking the store', async () => {
    Object.assign(state, { store: 'there', draining: true, asked: 0 });
    const { status, body } = await ask(port, '/health/ready');
    assert.deepEqual([status, JSON.parse(body), state.asked], [503, { status: 'draining' }, 0]);
    assert.equal((await ask(port, '/health/live')).status, 200);
  });

  it('answers nothing else', async () => {
    assert.equal((await ask(port, '/')).status, 404);
    assert.equal((await ask(port, '/metrics', { method: 'POST' })).status, 405);
  });
});

describe('GET /metrics', () => {
  const sample = async (line: RegExp) => (await ask(port, '/metrics')).body.match(line)?.[1];

  it('counts tokens, introspections and faults', async () => {
    metrics.tokenIssued('client_credentials', 'opaque');
    metrics.tokenIssued('client_credentials', 'opaque');
    metrics.tokenIssued('urn:made-up', 'jwt');
    metrics.introspected('active');
    metrics.failed('unavailable');
    metrics.failed('made-up');
    assert.equal(
      await sample(/sallyport_tokens_issued_total\{grant="client_credentials",format="opaque"\} (\d+)/),
      '2',
    );
    assert.equal(await sample(/sallyport_tokens_issued_total\{grant="other",format="jwt"\} (\d+)/), '1');
    assert.equal(await sample(/sallyport_introspections_total\{result="active"\} (\d+)/), '1');
    assert.equal(await sample(/sallyport_faults_total\{kind="unavailable"\} (\d+)/), '1');
    assert.equal(await sample(/sallyport_faults_total\{kind="other"\} (\d+)/), '1');
  });

  it('times requests by route template from a closed list, whatever addresses are asked for', async () => {
    const app = new Koa();
    const { log, lines } = memoryLog();
    app.use(measured(meter(metrics, log)));
    app.use((ctx) => {
      ctx.body = 'x';
    });
    const front = createServer(app.callback()).listen(0, '127.0.0.1');
    await once(front, 'listening');
    const at = (front.address() as AddressInfo).port;
    const paths = [
      '/oauth2/token',
      '/signin/a1?code=secretsecret',
      '/signin/b2',
      '/admin/api/v1/clients/a',
      '/admin/api/v1/odd',
      '/x1',
      '/x2',
    ];
    for (const path of paths) await ask(at, path);
    front.close();

    const { body } = await ask(port, '/metrics');
    const series = [...body.matchAll(/duration_seconds_count\{route="([^"]+)",method="GET",status="2xx"\} (\d+)/g)];
    assert.deepEqual(Object.fromEntries(series.map(([, route, count]) => [route, count])), {
      '/oauth2/token': '1',
      '/signin/*': '2',
      '/admin/api/v1/clients': '1',
      '/admin/*': '1',
      none: '2',
    });
    assert.equal(lines.length, paths.length);
    assert.ok(!lines.join('').includes('secretsecret') && !lines.join('').includes('/signin/a1'));
  });

  it('tells of memory and event-loop delay once the process is watched', async () => {
    metrics.watchProcess();
    assert.ok(await sample(/process_resident_memory_bytes (\d+)/));
    assert.ok(await sample(/nodejs_eventloop_lag_p99_seconds (\S+)/));
  });
});
