import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Page, textOf } from '../support/browser.ts';
import { authorization, introspect, newBrowser, redeem } from '../support/signing-in.ts';
import { type Directory, service, startSlapd } from '../support/slapd.ts';

let home: TestApp;
let directory: Directory;
before(async () => {
  directory = await startSlapd(readFileSync(join(import.meta.dirname, '../fixtures/directory.ldif'), 'utf8'));
  home = await startApp();
  await home.parts.connections.add(
    {
      ...{ id: 'staff', name: 'Staff directory', preset: 'generic-ldap', from: `${directory.ldap}/dc=example,dc=test` },
      ...{ certificateAuthority: directory.authority.certificate, provision: true, domains: ['example.test'] },
      ...{ bindDn: service.dn, bindPassword: service.password },
    },
    'cli',
  );
  await home.parts.connections.domains.verify('staff', 'example.test', 'cli', true);
});
after(() => Promise.all([home.close(), directory.stop()]));

const ana = { identifier: 'ana', password: 'correct horse' };
const hinted = () => authorization(home, { idp_hint: 'staff' });
const reasons = async () =>
  (await home.parts.trail.search({ type: 'signin.failed' })).map(({ detail }) => detail?.reason);

describe('a sign-in with the password of a directory', () => {
  it('takes one page, which asks for what password managers know', async () => {
    const browser = newBrowser(home);
    const page = await browser.open(hinted());
    assert.equal(textOf(page, '<h1'), 'Sign in to Demo web application');
    assert.match(page.text, /With Staff directory/);
    assert.match(page.text, /<input[^>]*name="identifier"[^>]*autocomplete="username"/);
    assert.match(page.text, /<input[^>]*name="password"[^>]*autocomplete="current-password"/);
    const { claims, access_token } = await redeem(home, await browser.submit(page, ana));
    const user = await home.parts.users.get(claims.sub);
    assert.equal(user?.email, 'ana@example.test');
    assert.equal(user?.emailVerified, true);
    assert.equal(user?.password, undefined);
    assert.deepEqual((await introspect(home, access_token)).amr, ['fed']);
    const [link] = await home.parts.identities.ofUser(claims.sub);
    assert.equal(link?.connection, 'staff');
    const again = newBrowser(home);
    assert.equal((await redeem(home, await again.submit(await again.open(hinted()), ana))).claims.sub, claims.sub);
  });

  it('is reached by a typed address of its domain, which stays in the field, and by its button', async () => {
    const browser = newBrowser(home);
    const first = await browser.open(authorization(home));
    const asked = await browser.submit(first, { identifier: 'ana@example.test' });
    assert.match(asked.text, /name="identifier"[^>]*value="ana@example\.test"/);
    assert.match(String((await browser.submit(asked, { password: ana.password })).url), /code=/);
    const other = newBrowser(home);
    const chosen = await other.submit(await other.open(authorization(home)), { connection: 'staff' });
    assert.match(String((await other.submit(chosen, ana)).url), /code=/);
  });

  it('tells a wrong password and an unknown name alike', async () => {
    const told = async (identifier: string): Promise<Pick<Page, 'status' | 'text'>> => {
      const browser = newBrowser(home);
      const page = await browser.submit(await browser.open(hinted()), { identifier, password: 'wrong' });
      return { status: page.status, text: page.text.replaceAll(/\/signin\/[\w-]+/g, '').replaceAll(identifier, '') };
    };
    const [wrong, unknown] = [await told('mei'), await told('nobody')];
    assert.equal(wrong.status, 400);
    assert.match(wrong.text, /do not belong together/);
    assert.deepEqual(unknown, wrong);
    assert.deepEqual((await reasons()).slice(-2), ['wrong_password', 'unknown_person']);
  });

  it('slows guessing down as it does with a password of ours, and apart from it', async () => {
    const browser = newBrowser(home);
    const page = await browser.open(hinted());
    const guess = (password: string) => browser.submit(page, { identifier: 'zofie@example.test', password });
    for (let count = 0; count < 5; count += 1) assert.equal((await guess('wrong')).status, 400);
    const slowed = await guess('wrong');
    assert.equal(slowed.status, 429);
    assert.match(alertOf(slowed) ?? '', /Wait \d+ seconds/);
    assert.ok(Number(slowed.headers['retry-after']) > 0);
    const [event] = await home.parts.trail.search({ type: 'signin.slowed' });
    assert.equal(event?.detail?.method, 'staff');
  });

  it('asks for what is missing, and leads to another way', async () => {
    const browser = newBrowser(home);
    const page = await browser.open(hinted());
    const empty = await browser.submit(page, { identifier: ' ', password: 'x' });
    assert.equal(alertOf(empty), 'Enter your user name.');
    const chooser = await browser.open(new URL('?restart', page.url));
    assert.match(chooser.text, /<button name="connection" value="staff">/);
  });

  it('ends on a page with a way on when the directory cannot be asked', async () => {
    await home.parts.connections.add(
      {
        ...{ id: 'away', name: 'Away', preset: 'generic-ldap', from: 'ldap://127.0.0.1:1/dc=example,dc=test' },
        ...{ bindDn: service.dn, bindPassword: service.password },
      },
      'cli',
    );
    const browser = newBrowser(home);
    const page = await browser.submit(await browser.open(authorization(home, { idp_hint: 'away' })), ana);
    assert.match(textOf(page, '<h1') ?? '', /The sign-in with Away did not work/);
    assert.equal((await reasons()).at(-1), 'unreachable');
    await home.parts.connections.remove('away', 'cli');
  });

  it('keeps what was typed out of the trail and the log', async () => {
    const browser = newBrowser(home);
    await browser.submit(await browser.open(hinted()), { identifier: 'typed-name', password: 'typed-secret' });
    const failures = await home.parts.trail.search({ type: 'signin.failed' });
    assert.doesNotMatch(JSON.stringify(failures) + home.log.join(), /typed-/);
  });
});
