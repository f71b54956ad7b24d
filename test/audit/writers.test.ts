import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import type { Recorded } from '../../src/audit/trail.ts';
import { type Verified, verify } from '../../src/audit/verifying.ts';
import { adminApi, adminToken } from '../support/admin.ts';
import { startApp } from '../support/app.ts';
import { intruder } from '../support/intruder.ts';
import { basic, post } from '../support/oauth.ts';
import { openParts } from '../support/parts.ts';
import { worker } from '../support/processes.ts';
import { introspect, newBrowser, signInto } from '../support/signing-in.ts';
import { storeUrl } from '../support/store.ts';
import { temporaryPath } from '../support/temporary.ts';

const events = 'audit-events';

describe('those who write the audit trail', { timeout: 120_000 }, () => {
  it('takes an event at whatever moment it comes, just as the last write ends too', async () => {
    const parts = await openParts();
    let ticks = 0;
    let more = Promise.resolve();
    parts.trail.listen(
      ({ type }) => {
        if (type !== 'user.enabled') return undefined;
        const after = async (): Promise<void> => {
          for (let tick = 0; tick < ticks; tick += 1) await undefined;
          await parts.trail.record({ type: 'user.disabled', actor: 'cli', target: 'user:eve' });
        };
        more = after();
        return undefined;
      },
      () => {},
    );
    for (ticks = 0; ticks < 12; ticks += 1) {
      await parts.trail.record({ type: 'user.enabled', actor: 'cli', target: 'user:eve' });
      await more;
    }
    assert.equal((await verify(parts.trail)).events, 24);
    await parts.close();
  });

  it('sec-285 has no gap and no fork when twenty writers each in two processes record two hundred events each', async () => {
    const url = await storeUrl();
    const workers = await Promise.all([worker('audit', url), worker('audit', url)]);
    for (const { go } of workers) go();
    assert.deepEqual(await Promise.all(workers.map(({ result }) => result)), [4000, 4000]);
    assert.deepEqual(await verified(url), { events: 8000, unchained: 0, removed: 0, findings: [] });
  });

  it('sec-287 has every event that was promised, and is whole, when a process was killed at work', async () => {
    const url = await storeUrl();
    const promised: string[] = [];
    for (const round of ['a', 'b', 'c', 'd']) {
      const { go, heard, kill, said } = await worker('audit for ever', url, round);
      go();
      await heard(150);
      await kill();
      promised.push(...said);
    }
    const { events: count, findings } = await verified(url);
    assert.deepEqual(findings, []);
    const bad = await intruder(url);
    const kept = [...(await bad.all<Recorded>(events)).values()].map(({ requestId }) => requestId ?? '');
    await bad.close();
    assert.equal(new Set(kept).size, count);
    assert.deepEqual(
      [...new Set(promised)].filter((id) => !kept.includes(id)),
      [],
    );
    assert.ok(promised.length >= 600);
  });

  it('sec-286 lets nothing happen quietly while the trail takes no event; what records nothing goes on', async () => {
    const file = temporaryPath();
    const app = await startApp({ SALLYPORT_STORE: `sqlite:${file}` });
    const api = adminApi(app, await adminToken(app));
    const database = new DatabaseSync(file, { timeout: 10_000 });
    const service = { grant_type: 'client_credentials' };
    const token = () => post(`${app.issuer}/oauth2/token`, service, basic(app.client('demo-service')));
    const held = (await token()).body.access_token;
    database.exec(`ALTER TABLE "${events}" RENAME TO away`);
    assert.equal((await token()).status, 200);
    assert.equal((await introspect(app, held)).active, true);
    const refused = await api.send('POST', '/clients/demo-service/suspend', { reason: 'a test' });
    assert.deepEqual([refused.status, refused.body.code], [503, 'unavailable']);
    const browser = newBrowser(app);
    const page = await signInto(app, browser);
    assert.equal(page.status, 503);
    assert.equal(page.url.searchParams.has('code'), false);
    database.exec(`ALTER TABLE away RENAME TO "${events}"`);
    assert.ok((await signInto(app, newBrowser(app))).url.searchParams.has('code'));
    const [signedIn] = await app.parts.trail.search({ type: 'signin.succeeded' });
    assert.ok(signedIn);
    assert.deepEqual((await verify(app.parts.trail)).findings, []);
    database.close();
    await app.close();
  });
});

async function verified(url: string): Promise<Verified> {
  const parts = await openParts(url);
  try {
    return await verify(parts.trail);
  } finally {
    await parts.close();
  }
}
