import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { textOf } from '../support/browser.ts';
import { beginTest, checksOf, keptTests, reportOf } from '../support/connection-test.ts';
import { between } from '../support/ldap.ts';
import { newBrowser } from '../support/signing-in.ts';
import { type Directory, service, startSlapd } from '../support/slapd.ts';

let home: TestApp;
let directory: Directory;
before(async () => {
  directory = await startSlapd(readFileSync(join(import.meta.dirname, '../fixtures/directory.ldif'), 'utf8'));
  home = await startApp();
  await add('staff', directory.ldap);
  await add('wrong-secret', directory.ldap, { bindPassword: 'not the password' });
  await add('away', 'ldap://127.0.0.1:1');
  await add('half', directory.ldap, { servers: [directory.ldap, 'ldap://127.0.0.1:1'] });
});
after(() => Promise.all([home.close(), directory.stop()]));

const add = (id: string, server: string, more: object = {}) =>
  home.parts.connections.add(
    {
      ...{ id, name: 'Staff directory', preset: 'generic-ldap', from: `${server}/dc=example,dc=test` },
      ...{ certificateAuthority: directory.authority.certificate, state: 'disabled' },
      ...{ bindDn: service.dn, bindPassword: service.password, ...more },
    },
    'cli',
  );

/** Opens the test of a connection; `typed` is sent from its page. */
async function tested(id: string, typed?: Record<string, string>) {
  const { run, link } = await beginTest(home, id);
  const browser = newBrowser(home);
  const start = await browser.open(link);
  const page = typed === undefined ? start : await browser.submit(start, typed);
  return { page, start, browser, run, report: await reportOf(home, id, run) };
}

describe('a test of a directory', () => {
  it('looks at encryption, account, base and filter first, then takes a name and a password on a page of ours', async () => {
    const { start, page, report } = await tested('staff', { username: 'ana', password: 'correct horse' });
    assert.match(start.text, /<input[^>]*name="password"[^>]*type="password"/);
    assert.match(start.text, /Passed: <\/span><strong>account of the connection/);
    assert.equal(textOf(page, '<h1'), 'The sign-in with Staff directory works');
    for (const check of ['encryption, certificate, host name', 'base can be read', 'filter', 'person', 'password']) {
      assert.ok(checksOf(report).includes(`✓ ${check}`), check);
    }
    assert.equal(report.person.email, 'ana@example.test');
    const told = JSON.stringify(report) + page.text;
    const clear =
      JSON.stringify(await keptTests(home)) + JSON.stringify(await home.parts.trail.search()) + home.log.join();
    assert.doesNotMatch(told + clear, /correct horse|service secret/);
    assert.doesNotMatch(clear, /Novak/);
    assert.deepEqual(await home.parts.identities.ofConnection('staff'), []);
  });

  it('tries one password, also when several come at the same moment', async () => {
    const line = await between(directory.port, (chunk) => chunk);
    await add('counted', `ldap://127.0.0.1:${line.port}`);
    const { start, browser, run } = await tested('counted');
    assert.equal(line.count(), 1);
    const typed = (password: string) => browser.submit(start, { username: 'ana', password });
    await Promise.all(Array.from({ length: 4 }, () => typed('a-wrong-password')));
    await typed('correct horse');
    const report = await reportOf(home, 'counted', run);
    // One connection searches, one tries the password.
    assert.equal(line.count(), 3);
    await line.close();
    assert.deepEqual([report.state, report.failure.reason], ['failed', 'wrong_password']);
    const events = await home.parts.trail.search({ type: 'connection.tested' });
    assert.equal(events.filter(({ detail }) => detail?.reason === 'wrong_password').length, 1);
    assert.equal(checksOf(report).filter((check) => check.startsWith('✗')).length, 1);
  });

  it('ends before anybody types a password when the directory cannot be asked', async () => {
    const wrong = await tested('wrong-secret');
    assert.equal(wrong.report.failure.reason, 'service_bind_refused');
    assert.ok(wrong.page.text.includes(wrong.report.failure.advice));
    assert.doesNotMatch(wrong.page.text, /name="password"|not the password/);
    assert.equal((await tested('away')).report.failure.reason, 'unreachable');
  });

  it('tells that one of several servers is away, and goes on with the other', async () => {
    const { report } = await tested('half', { username: 'ana', password: 'correct horse' });
    assert.equal(report.state, 'succeeded');
    assert.ok(checksOf(report).includes('✗ reached'), checksOf(report).join());
  });
});
