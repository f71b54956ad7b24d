import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Linked } from '../../src/audit/link.ts';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { type Cli, cli } from '../support/cli.ts';
import { type Intruder, intruder } from '../support/intruder.ts';

const masterKey = Buffer.alloc(32, 7).toString('base64');

describe('the audit trail by command and by API', { timeout: 120_000 }, () => {
  let shell: Cli;
  let app: TestApp;
  let api: AdminApi;
  let bad: Intruder;
  before(async () => {
    shell = await cli({ SALLYPORT_MASTER_KEY: masterKey });
    const store = shell.environment.SALLYPORT_STORE ?? '';
    app = await startApp({ SALLYPORT_STORE: store });
    bad = await intruder(store);
    api = adminApi(app, await adminToken(app));
    for (let until = 0; until < 25; until += 1) {
      await app.parts.trail.record({
        ...{ type: 'role.assigned', actor: 'cli', target: 'user:eve', ip: '192.0.2.7', requestId: `r${until}` },
        ...{ outcome: until % 5 === 0 ? 'failure' : 'success', detail: { until } },
      });
    }
  });
  after(async () => {
    await Promise.all([app.close(), bad.close()]);
  });
  const shown = async (query: string) => {
    const { status, body } = await api.get(`/audit-events?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };
  const untils = ({ items }: { items: { detail: { until: number } }[] }) => items.map(({ detail }) => detail.until);

  it('GET /audit-events finds by every filter, and pages in both orders', async () => {
    const first = await shown('target=user:eve&limit=10');
    assert.deepEqual(untils(first), [24, 23, 22, 21, 20, 19, 18, 17, 16, 15]);
    const rest = await shown(`target=user:eve&limit=10&cursor=${first.next}`);
    assert.deepEqual(untils(rest), [14, 13, 12, 11, 10, 9, 8, 7, 6, 5]);
    const last = await shown(`target=user:eve&limit=10&cursor=${rest.next}`);
    assert.deepEqual([untils(last), last.next], [[4, 3, 2, 1, 0], null]);
    const oldest = await shown('target=user:eve&outcome=failure&order=oldest&limit=3');
    assert.deepEqual(untils(oldest), [0, 5, 10]);
    assert.deepEqual(
      untils(await shown(`target=user:eve&outcome=failure&order=oldest&cursor=${oldest.next}`)),
      [15, 20],
    );
    assert.deepEqual(untils(await shown('request_id=r7')), [7]);
    assert.equal((await shown('ip=192.0.2.7&type=role.assigned&actor=cli')).items.length, 25);
    assert.equal((await shown('ip=192.0.2.8')).items.length, 0);
    const [event] = (await shown('request_id=r7')).items;
    const time = Date.parse(event.time) / 1000;
    assert.equal((await shown(`since=${time}&until=${time + 0.001}&request_id=r7`)).items.length, 1);
    assert.equal((await shown(`until=${time}&request_id=r7`)).items.length, 0);
    assert.equal((await shown(`since=${time + 0.001}&request_id=r7&order=oldest`)).items.length, 0);
    const { id, link, ...facts } = event;
    assert.deepEqual(facts, {
      ...{ time: event.time, type: 'role.assigned', actor: 'cli', target: 'user:eve', outcome: 'success' },
      ...{ ip: '192.0.2.7', request_id: 'r7', detail: { until: 7 } },
    });
    assert.ok(link.seq > 0);
    assert.deepEqual((await api.get(`/audit-events/${id}`)).body, event);
    assert.equal((await api.get('/audit-events/none')).status, 404);
    for (const query of ['type=client.eaten', 'outcome=maybe', 'since=yesterday', 'order=random', 'more=1']) {
      assert.equal((await api.get(`/audit-events?${query}`)).status, 400, query);
    }
  });

  it('sec-267 tells what was refused, from where and to whom, and the same only once a minute', async () => {
    const weak = adminApi(app, await adminToken(app, 'clients:read'));
    for (let time = 0; time < 5; time += 1) assert.equal((await weak.get('/audit-events')).status, 403);
    assert.equal((await weak.send('POST', '/audit-events/key')).status, 403);
    const { items } = await shown('type=admin.refused&order=oldest');
    assert.deepEqual(
      items.map(({ detail }: { detail: object }) => detail),
      [
        { permission: 'audit-events:read', operation: 'listAuditEvents', code: 'insufficient_scope' },
        { permission: 'audit-events:write', operation: 'rotateAuditKey', code: 'insufficient_scope' },
      ],
    );
    const [{ actor, outcome, ip, request_id: requestId }] = items;
    assert.deepEqual([actor, outcome], ['client:demo-admin', 'failure']);
    assert.match(`${ip} ${requestId}`, /^(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1) \S+$/);
  });

  it('audit verify and audit head say that it is whole, and keep how long it is', async () => {
    const file = join(shell.directory, 'checkpoint.json');
    const head = await shell.run(['audit', 'head']);
    assert.equal(head.status, 0, head.stderr);
    writeFileSync(file, head.stdout);
    const said = await shell.run(['audit', 'verify', '--checkpoint', file]);
    assert.equal(said.status, 0, said.stderr);
    assert.match(said.stdout, /^The trail is whole: \d+ events\n$/);
    const { status, body } = await api.send('POST', '/audit-events/verify', { checkpoint: JSON.parse(head.stdout) });
    assert.deepEqual([status, body.whole, body.findings], [200, true, []]);
    assert.ok(body.events >= 25);
    assert.equal((await api.send('POST', '/audit-events/checkpoint')).status, 200);
    const forged = { ...JSON.parse(head.stdout), to: {} };
    const refused = await api.send('POST', '/audit-events/verify', { checkpoint: forged });
    assert.deepEqual([refused.status, refused.body.code], [400, 'invalid']);
    const rotated = await shell.json(['audit', 'rotate-key']);
    assert.deepEqual(rotated, { key: 'k0002' });
    assert.deepEqual((await api.send('POST', '/audit-events/verify', {})).body.findings, []);
  });

  it('sec-284 audit verify names the first bad event and ends with 1', async () => {
    const all = [...(await bad.all<Linked>('audit-events')).values()];
    const one = all.find(({ requestId }) => requestId === 'r11');
    assert.ok(one);
    await bad.write('audit-events', one.id, { ...one, actor: 'user:mallory' });
    const said = await shell.run(['audit', 'verify', '--json']);
    assert.equal(said.status, 1);
    const { whole, findings, checkpoint } = JSON.parse(said.stdout);
    assert.deepEqual([whole, checkpoint], [false, undefined]);
    assert.deepEqual([findings[0].what, findings[0].event, findings[0].seq], ['altered', one.id, one.link.seq]);
    assert.match(said.stderr, new RegExp(`tampered with: The event ${one.id} `));
    const { body } = await api.send('POST', '/audit-events/verify', {});
    assert.deepEqual(body.findings[0], findings[0]);
    await bad.write('audit-events', one.id, one);
    await bad.remove('audit-events', [one.id]);
    const gone = await shell.run(['audit', 'verify']);
    assert.equal(gone.status, 1);
    assert.match(gone.stdout, new RegExp(`The event at place ${one.link.seq} of chain ${one.link.chain} is missing`));
  });
});
