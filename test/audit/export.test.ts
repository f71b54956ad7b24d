import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { syslogLine } from '../../src/audit/syslog.ts';
import type { Recorded } from '../../src/audit/trail.ts';
import { type Cli, cli } from '../support/cli.ts';
import { openParts, type Parts } from '../support/parts.ts';

const evil = 'x\r\n<13>1 - - - - - - forged\u001b[31m\u009b"]\\ \u202e\u2028 "} {"id":"y"';

describe('sallyport audit export', { timeout: 120_000 }, () => {
  let shell: Cli;
  let parts: Parts;
  let all: Recorded[];
  before(async () => {
    shell = await cli({
      SALLYPORT_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      SALLYPORT_ISSUER: 'http://id.example.test',
    });
    parts = await openParts(shell.environment.SALLYPORT_STORE);
    for (let count = 0; count < 600; count += 50) {
      const some = Array.from({ length: 50 }, (_, index) =>
        parts.trail.record({ type: 'user.enabled', actor: 'cli', target: 'user:eve', requestId: `r${count + index}` }),
      );
      await Promise.all(some);
    }
    await parts.trail.record({
      ...{ type: 'signin.failed', actor: 'anonymous', outcome: 'failure', target: `user:${evil}` },
      detail: { method: 'password', client: evil, reason: evil },
    });
    await parts.trail.settle();
    all = [...(await parts.trail.search({}, { limit: 1000 }))];
  });
  after(() => parts.close());

  it('sec-283 prints a line of JSON for each event, whatever was typed', async () => {
    const { status, stdout, stderr } = await shell.run(['audit', 'export']);
    assert.equal(status, 0, stderr);
    const lines = stdout.split('\n').slice(0, -1);
    assert.ok(lines.length >= all.length);
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028\u2029]/u);
    const events = lines.map((line) => JSON.parse(line));
    assert.deepEqual(
      events.filter(({ type }) => type === 'user.enabled').map(({ request_id }) => request_id),
      Array.from({ length: 600 }, (_, index) => `r${index}`),
    );
    const failed = events.filter(({ type }) => type === 'signin.failed');
    assert.deepEqual(
      failed.map(({ detail }) => detail.reason),
      [evil],
    );
  });

  it('sec-283 prints a line of syslog for each event, with every value escaped', async () => {
    const { status, stdout, stderr } = await shell.run([
      'audit',
      'export',
      '--format',
      'syslog',
      '--type',
      'signin.failed',
      '--since',
      '2020-01-01',
    ]);
    assert.equal(status, 0, stderr);
    const [line = '', ...rest] = stdout.split('\n');
    assert.deepEqual(rest, ['']);
    assert.match(line, /^<108>1 \S+Z id\.example\.test sallyport - signin\.failed \[sallyport@32473 id="/);
    const escaped =
      'x\ufffd\ufffd<13>1 - - - - - - forged\ufffd[31m\ufffd\\"\\]\\\\ \ufffd\ufffd \\"} {\\"id\\":\\"y\\"';
    assert.ok(line.includes(` detail.reason="${escaped}"] signin.failed by anonymous on user:x`), line);
    const fields = /\[sallyport@32473((?: [\w.]+="(?:[^"\\\]]|\\["\\\]])*")+)\] /.exec(line);
    assert.equal(fields?.[1]?.match(/ [\w.]+="/g)?.length, 9);
  });

  it('keeps to what RFC 5424 allows for names and lengths', () => {
    const event: Recorded = {
      ...{ id: 'i', at: 0, type: 'client.introspection-token-removed', actor: 'cli', outcome: 'success' },
    };
    assert.equal(
      syslogLine(event, 'h'),
      '<109>1 1970-01-01T00:00:00.000Z h sallyport - client.introspection-token-remov [sallyport@32473 id="i" type="client.introspection-token-removed" actor="cli" outcome="success"] client.introspection-token-removed by cli success',
    );
  });
});
