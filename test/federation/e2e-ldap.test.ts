import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type Directory, service, startSlapd } from '../support/slapd.ts';
import {
  type Application,
  application,
  failureOf,
  type Installation,
  install,
  openChromium,
  type Person,
  trailOf,
  walk,
} from '../support/strangers.ts';

let home: Installation;
let directory: Directory;
let app: Application;
let browser: Browser;

const add = (id: string, ...more: string[]) => {
  const from = `${directory.ldap}/dc=example,dc=test`;
  const bound = ['--bind-dn', service.dn, '--bind-password-stdin'];
  return home.sallyport.run(
    ['connection', 'add', id, '--preset', 'generic-ldap', '--from', from, ...bound, ...more],
    `${service.password}\n`,
  );
};

before(async () => {
  const people = readFileSync(join(import.meta.dirname, '../fixtures/directory.ldif'), 'utf8');
  [home, directory, browser] = await Promise.all([install(), startSlapd(people), openChromium()]);
  app = await application(home);
  const authority = ['--certificate-authority', directory.authority.certificateFile];
  const added = await add('staff', ...authority, '--provision', 'on', '--map-group', 'staff=orders-editor');
  assert.equal(added.status, 0, added.stderr);
});
after(async () => {
  app.close();
  await Promise.all([browser.close(), home.stop(), directory.stop()]);
});

async function login(page: Page, password = 'correct horse'): Promise<void> {
  await page.getByLabel('User name').fill('ana');
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
}

const signIn = (way: (person: Person) => Promise<void> = async () => {}) =>
  walk(browser, async (person) => {
    await person.page.goto(app.address({ idp_hint: 'staff' }));
    await login(person.page);
    const tokens = await app.redeem(person.page);
    await way(person);
    return tokens;
  });

describe('slapd over StartTLS behind a connection that was added on the command line, in Chromium', () => {
  it('signs a person in on one page of ours, with the roles of nested groups', async () => {
    const { claims, roles } = await signIn(async ({ asked }) => {
      const hops = (await asked(home.issuer)).filter((hop) => !hop.includes('/assets/'));
      assert.deepEqual(hops, [
        'GET /oauth2/authorize 303',
        'GET /signin/… 303',
        'GET /signin/… 200',
        'POST /signin/… 303',
        'GET /oauth2/authorize/… 303',
      ]);
    });
    assert.equal(claims.email, 'ana@example.test');
    assert.deepEqual(roles, ['orders-editor', 'orders-reader']);
  });

  it('takes the role away at the next sign-in when the person has left the group, and gives it again', async () => {
    const member = 'uniqueMember: cn=engineers,ou=groups,dc=example,dc=test';
    const change = (verb: string) =>
      directory.change(
        `dn: cn=staff,ou=groups,dc=example,dc=test\nchangetype: modify\n${verb}: uniqueMember\n${member}\n`,
      );
    assert.ok((await signIn()).roles.includes('orders-editor'));
    directory.change(
      'dn: cn=staff,ou=groups,dc=example,dc=test\nchangetype: modify\nadd: uniqueMember\nuniqueMember: cn=nobody,dc=example,dc=test\n',
    );
    change('delete');
    assert.deepEqual((await signIn()).roles, []);
    change('add');
    assert.ok((await signIn()).roles.includes('orders-editor'));
  });

  it('says that a password is wrong, and takes the right one on the same page', async () => {
    await walk(browser, async ({ page }) => {
      await page.goto(app.address({ idp_hint: 'staff' }));
      await login(page, 'wrong');
      assert.match((await page.getByRole('alert').textContent()) ?? '', /do not belong together/);
      await page.getByLabel('Password').fill('correct horse');
      await page.keyboard.press('Enter');
      await app.redeem(page);
    });
  });

  it('trusts no certificate of an authority that was not named, and the trail says what to change', async () => {
    const { status, stderr } = await add('untrusted');
    assert.equal(status, 0, stderr);
    await walk(browser, async ({ page }) => {
      await page.goto(app.address({ idp_hint: 'untrusted' }));
      await login(page);
      const { heading, reference } = await failureOf(page);
      assert.match(heading, /did not work/);
      const { reason, advice } = await trailOf(home, reference);
      assert.equal(reason, 'untrusted_certificate');
      assert.match(String(advice), /--certificate-authority/);
      const authority = ['--certificate-authority', directory.authority.certificateFile];
      await home.must(['connection', 'set', 'untrusted', '--provision', 'off', ...authority]);
      await page.getByRole('button', { name: 'Try again' }).click();
      await login(page);
      await page.getByRole('heading', { name: 'Connect your account' }).waitFor();
    });
  });
});
