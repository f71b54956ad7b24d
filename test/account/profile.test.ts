import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { atHome, doneOf, enter, linksOf, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, formOf, textOf } from '../support/browser.ts';
import { newBrowser } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const profileOf = async (id: string) => (await app.parts.users.get(id))?.profile;

describe('/account/profile', () => {
  it('shows what is known, keeps what is written, and takes away what is emptied', async () => {
    const id = await somebody(app, 'ana@example.test', {
      profile: { name: 'Ana <b>', nickname: 'A', birthdate: '2000' },
    });
    const browser = await atHome(app, 'ana@example.test');
    const page = await browser.open('/account/profile');
    assert.equal(formOf(page).fields.name, 'Ana <b>');
    const more = { given_name: 'Ána', phone_number: '+1 (425) 555-1212', picture: 'https://example.test/a.png' };
    const saved = await browser.submit(page, { ...more, nickname: ' ', locale: 'en', zoneinfo: 'Europe/Berlin' });
    assert.equal(doneOf(saved), 'Your profile is saved.');
    assert.deepEqual(await profileOf(id), {
      ...{ name: 'Ana <b>', birthdate: '2000', locale: 'en', zoneinfo: 'Europe/Berlin' },
      ...more,
    });
    assert.equal(doneOf(await browser.open('/account/profile')), undefined, 'said once');
  });

  it('says at each field what is wrong, keeps what was typed, and changes nothing', async () => {
    const id = await somebody(app, 'bea@example.test', { profile: { name: 'Bea' } });
    const browser = await atHome(app, 'bea@example.test');
    const wrong = { name: 'x'.repeat(501), picture: 'javascript:alert(1)', phone_number: 'call me', zoneinfo: 'Mars?' };
    const page = await browser.submit(await browser.open('/account/profile'), wrong);
    assert.equal(page.status, 400);
    assert.match(page.text, /<title>Error: Profile/);
    assert.match(String(alertOf(page)), /stands at the field/);
    for (const name of Object.keys(wrong)) assert.match(page.text, new RegExp(`id="${name}-wrong" role="alert"`), name);
    assert.equal(formOf(page).fields.phone_number, 'call me');
    assert.deepEqual(await profileOf(id), { name: 'Bea' });
  });

  it('sec-046 changes only the person who is signed in, and only what is on the page', async () => {
    const victim = await somebody(app, 'victim@example.test');
    const id = await somebody(app, 'cleo@example.test');
    const browser = await atHome(app, 'cleo@example.test');
    await browser.send('POST', '/account/profile', {
      ...{ name: 'Cleo', id: victim, user: victim, sub: victim, accountId: victim, email: 'x@example.test' },
      ...{ phone_number_verified: 'true', emailVerified: 'true', state: 'disabled', preferred_username: 'root' },
    });
    assert.deepEqual(await profileOf(victim), {});
    assert.deepEqual(await profileOf(id), { name: 'Cleo' });
    assert.equal((await app.parts.users.get(id))?.email, 'cleo@example.test');
  });

  it('takes the confirmation of a phone number away with the number', async () => {
    const profile = { phone_number: '+49 30 1', phone_number_verified: true };
    const id = await somebody(app, 'dora@example.test', { profile });
    const browser = await atHome(app, 'dora@example.test');
    await browser.submit(await browser.open('/account/profile'), { phone_number: '+49 30 123' });
    assert.deepEqual(await profileOf(id), { phone_number: '+49 30 123' });
  });

  it('speaks the language that the person has chosen, whatever the browser says', async () => {
    await somebody(app, 'eva@example.test', { profile: { locale: 'de_AT' } });
    const browser = newBrowser(app);
    await enter(app, browser, await browser.open('/account'), 'eva@example.test');
    const page = await browser.open('/account/profile');
    assert.match(page.text, /<html lang="de"/);
    assert.equal(textOf(page, '<h1'), 'Profil');
    assert.match(
      page.text,
      /<option value="de_AT" selected>|<option selected>de_AT/,
      'what is known stays in the list',
    );
  });

  it('says so where the address was never confirmed, and leads to its change', async () => {
    await somebody(app, 'fay@example.test', { emailVerified: false });
    const browser = await atHome(app, 'fay@example.test');
    const page = await browser.open('/account/profile');
    assert.match(page.text, /Not confirmed/);
    assert.deepEqual(linksOf(page, '/account/email'), ['/account/email']);
  });
});
