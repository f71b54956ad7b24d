import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startApp, type TestApp } from '../support/app.ts';
import { type Collector, startCollector } from '../support/collector.ts';
import { selfSigned } from '../support/mail.ts';
import { storeUrl } from '../support/store.ts';

const apps: TestApp[] = [];
const collectors: Collector[] = [];
const start = async (settings: Record<string, string>): Promise<TestApp> => {
  const app = await startApp(settings);
  apps.push(app);
  return app;
};
const collect = async (options?: Parameters<typeof startCollector>[0]): Promise<Collector> => {
  const collector = await startCollector(options);
  collectors.push(collector);
  return collector;
};
after(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await Promise.all(collectors.map((collector) => collector.stop().catch(() => {})));
});

const said = async ({ log }: TestApp, text: string): Promise<void> => {
  while (!log.some((line) => line.includes(text))) await pause(20);
};

const record = async (app: TestApp, name: string, count: number): Promise<string[]> => {
  const ids = Array.from({ length: count }, (_, index) => `${name}-${index}.`);
  for (const requestId of ids) {
    await app.parts.trail.record({ type: 'user.enabled', actor: 'cli', target: 'user:eve', requestId });
  }
  return ids;
};

describe('shipping of the audit trail', { timeout: 120_000 }, () => {
  let store: string;
  let first: Collector;
  let one: TestApp;
  let sent: string[];

  before(async () => {
    store = await storeUrl();
    first = await collect();
    await first.stop();
  });

  it('sec-290 begins with what is there, once somebody listens, and sends each event once', async () => {
    one = await start({ SALLYPORT_STORE: store, SALLYPORT_AUDIT_SYSLOG: `tcp://localhost:${first.port}` });
    sent = await record(one, 'early', 20);
    await said(one, 'could not be shipped');
    first = await collect({ port: first.port });
    sent.push(...(await record(one, 'late', 70)));
    await first.until(sent);
    const everything = await one.parts.trail.search({}, { limit: 1000 });
    await first.until(everything.map(({ id }) => `id="${id}"`));
    const ids = first.lines.map((line) => /id="([^"]+)"/.exec(line)?.[1]);
    assert.equal(new Set(ids).size, ids.length);
    const line = first.lines.find((text) => text.includes('late-69.')) ?? '';
    assert.match(line, /^<109>1 \d{4}-\d\d-\d\dT[\d:.]+Z localhost sallyport - user\.enabled \[sallyport@32473 id="/);
    assert.match(line, / type="user\.enabled" actor="cli" target="user:eve" outcome="success" request_id="late-69\."/);
    assert.equal(one.log.filter((text) => text.includes('could not be shipped')).length, 1);
  });

  it('sec-290 loses nothing that was under way when the receiver died', async (t) => {
    await first.stop();
    const deaf = await collect({ port: first.port, deaf: true });
    await record(one, 'wake', 1);
    await deaf.until([], 1);
    // However long it takes here, it is not so long that what was sent counts as received.
    const now = performance.now();
    const clock = t.mock.method(performance, 'now', () => now);
    // Each makes a round, in which what was sent before could be taken for received.
    const lost = await record(one, 'lost', 40);
    await deaf.stop();
    clock.mock.restore();
    const third = await collect({ port: first.port });
    await third.until([...lost, 'wake-0.']);
    sent.push(...lost);
    first = third;
  });

  it('sec-290 is taken over by another process', async () => {
    const two = await start({ SALLYPORT_STORE: store, SALLYPORT_AUDIT_SYSLOG: `tcp://localhost:${first.port}` });
    const both = await Promise.all([record(one, 'one', 20), record(two, 'two', 20)]);
    await first.until(both.flat());
    apps.splice(apps.indexOf(one), 1);
    await one.close();
    await first.until(await record(two, 'after', 5));
  });

  it('goes by TLS to a receiver that proves who it is, and by UDP', async () => {
    const [certificate, other] = await Promise.all([selfSigned('localhost'), selfSigned('localhost')]);
    const secure = await collect({ certificate });
    const settings = { SALLYPORT_AUDIT_SYSLOG: `tls://localhost:${secure.port}` };
    const strange = await start({ ...settings, SALLYPORT_AUDIT_SYSLOG_CERTIFICATE_AUTHORITY: other.file });
    await said(strange, 'could not be shipped');
    assert.equal(secure.lines.length, 0);
    const known = await start({ ...settings, SALLYPORT_AUDIT_SYSLOG_CERTIFICATE_AUTHORITY: certificate.file });
    await secure.until(await record(known, 'secure', 3));
    assert.equal(
      secure.lines.some((line) => line.includes('strange')),
      false,
    );
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const arrived = new Promise<string>((resolve) =>
      socket.on('message', (message) => String(message).includes('by-udp-0.') && resolve(String(message))),
    );
    const app = await start({ SALLYPORT_AUDIT_SYSLOG: `udp://127.0.0.1:${socket.address().port}` });
    await record(app, 'by-udp', 1);
    assert.match(await arrived, /^<109>1 .*request_id="by-udp-0\."/);
    socket.close();
  });
});
