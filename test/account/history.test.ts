import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { events } from '../../src/audit/events.ts';
import type { AuditEvent } from '../../src/audit/trail.ts';
import { atHome, linksOf, rowsOf, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { newBrowser } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

describe('/account/history', () => {
  it('tells what happened in sentences, newest first, with time, address and who did it', async () => {
    const id = await somebody(app, 'ana@example.test');
    const guess = newBrowser(app);
    await guess.submit(await guess.open('/account'), { identifier: 'ana@example.test', password: 'wrong' });
    await app.parts.users.change(id, { profile: { name: 'Ana' } }, 'cli');
    const browser = await atHome(app, 'ana@example.test');
    const rows = rowsOf(await browser.open('/account/history'));
    assert.deepEqual(
      rows.map((row) => row.replace(/ \w{3} \d.*?UTC/, ' AT').replace(/127\.0\.0\.1|::1/, 'IP')),
      [
        'Signed in to Sallyport with password AT · IP',
        'Changed: Name AT · by an administrator',
        'A sign-in to Sallyport with password did not work AT · IP',
        'The account was made AT · by an administrator',
      ],
    );
  });

  it('has a sentence for each event that it tells, in both languages, with nothing left to fill in', async () => {
    const id = await somebody(app, 'bea@example.test');
    const subject = `user:${id}`;
    for (const [type, facts] of Object.entries(events)) {
      const detail = Object.fromEntries(facts.map((name) => [name, name === 'kind' ? 'totp' : `${name}-1`]));
      await app.parts.trail.record({ type, actor: subject, target: subject, detail } as AuditEvent);
    }
    const browser = await atHome(app, 'bea@example.test');
    for (const language of ['en', 'de']) {
      await app.parts.users.change(id, { profile: { locale: language } }, 'cli');
      const page = await browser.open('/account/history');
      assert.match(page.text, new RegExp(`<html lang="${language}"`));
      const rows = rowsOf(page);
      assert.ok(rows.length > 30, `${rows.length} sentences`);
      for (const row of rows) assert.doesNotMatch(row, /undefined|\{|\}|\[object/);
      assert.ok(rows.every((row) => !row.startsWith('Something else')));
    }
  });

  it('goes through a long history page by page, each event once, and each page short', async () => {
    const id = await somebody(app, 'cleo@example.test');
    const subject = `user:${id}`;
    const browser = await atHome(app, 'cleo@example.test');
    const { trail } = app.parts;
    // What is told between much that is not, so that the two look-ups run apart.
    await Promise.all(
      Array.from({ length: 130 }, (_, at) => [
        trail.record({
          type: 'factor.added',
          actor: subject,
          target: subject,
          detail: { kind: 'totp', name: `n${at}-` },
        }),
        ...[1, 2, 3].map(() => trail.record({ type: 'client.changed', actor: subject, target: 'client:x' })),
      ]).flat(),
    );
    const names: string[] = [];
    let pages = 0;
    for (let path: string | undefined = '/account/history'; path; pages += 1) {
      const page = await browser.open(path);
      assert.ok(page.text.length < 30_000, String(page.text.length));
      names.push(...page.text.matchAll(/n(\d+)-/g).map(([, name = '']) => name));
      path = linksOf(page, '/account/history?before=')[0];
    }
    assert.equal(pages, 3);
    assert.deepEqual(
      names,
      Array.from({ length: 130 }, (_, at) => String(129 - at)),
    );
  });

  it('tells nobody else’s, and of an administrator’s deeds nothing but those on the own account', async () => {
    const id = await somebody(app, 'dora@example.test');
    const other = await somebody(app, 'other@example.test');
    await app.parts.users.change(other, { profile: { name: 'X' } }, `user:${id}`);
    await app.parts.trail.record({
      type: 'client.approved',
      actor: `user:${id}`,
      target: 'client:x',
      detail: { tier: 'gold' },
    });
    const browser = await atHome(app, 'dora@example.test');
    const rows = rowsOf(await browser.open('/account/history'));
    assert.deepEqual(
      rows.map((row) => row.split(' ').slice(0, 3).join(' ')),
      ['Signed in to', 'The account was'],
    );
    for (const before of ['0', 'zzzzzzzzz', '<script>', 'x'.repeat(500)]) {
      const page = await browser.open(`/account/history?before=${encodeURIComponent(before)}`);
      assert.equal(page.status, 200);
      assert.doesNotMatch(page.text, /<script>/);
    }
  });
});
