import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { atHome, doneOf, enter, linksOf, rowsOf, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { alertOf, type Browser, formOf, textOf } from '../support/browser.ts';
import { addKey, addTotp, codesOn, optionsOn, withTotp } from '../support/second-factor.ts';
import { newBrowser } from '../support/signing-in.ts';
import { codeOf, wrongCode } from '../support/totp.ts';

let app: TestApp;
const seen = { ip: '192.0.2.1', requestId: 'r-1' };
const list = '/account/factors';

before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  app = await startApp();
});
after(async () => {
  await app.close();
  mock.timers.reset();
});
// A code counts once, so every test has a time of its own.
beforeEach(() => mock.timers.tick(90_000));

/** A browser in which somebody with an authenticator app has just signed in with it. */
async function atHomeWith(email: string, secret: string): Promise<Browser> {
  const browser = newBrowser(app);
  const factor = await enter(app, browser, await browser.open('/account'), email);
  const page = await browser.submit(factor, { code: codeOf(secret) });
  assert.equal(textOf(page, '<h1'), 'Profile');
  mock.timers.tick(60_000);
  return browser;
}

const secretOn = ({ text }: { text: string }): string =>
  (/<code class="secret">([^<]+)</.exec(text)?.[1] ?? '').replaceAll(' ', '');
const kinds = async (id: string) => (await app.parts.enrolments.of(id)).map(({ kind }) => kind).sort();

describe('/account/factors/totp', () => {
  it('calls it by its name in the language of the page', async () => {
    await somebody(app, 'de@x.test');
    const browser = await atHome(app, 'de@x.test');
    await browser.send('POST', '/language', { language: 'de', to: list });
    const page = await browser.open(`${list}/totp`);
    assert.match(doneOf(await browser.submit(page, { code: codeOf(secretOn(page)) })) ?? '', /^Authenticator-App ist/);
  });
  it('sec-136 shows a key to scan or to type, and takes the code of it; recovery codes follow at once', async () => {
    const id = await somebody(app, 'ana@x.test');
    const browser = await atHome(app, 'ana@x.test');
    assert.match((await browser.open(list)).text, /You have no second factor yet/);
    const page = await browser.open(`${list}/totp`);
    const secret = secretOn(page);
    assert.match(secret, /^[A-Z2-7]{32}$/);
    assert.match(page.text, /<code class="secret">[A-Z2-7]{4}(?: [A-Z2-7]{4}){7}<\/code>/);
    assert.match(page.text, /<svg class="qr" role="img" aria-label="QR code/);
    assert.deepEqual(Object.keys(formOf(page).fields), ['code']);
    assert.ok(page.text.length < 30_000);
    const wrong = await browser.submit(page, { code: wrongCode(secret) });
    assert.equal(wrong.status, 400);
    assert.match(alertOf(wrong) ?? '', /^This code does not fit/);
    assert.equal(secretOn(wrong), secret);
    const done = await browser.submit(wrong, { code: codeOf(secret) });
    assert.equal(textOf(done, '<h1'), 'Your recovery codes');
    assert.equal(doneOf(done), 'Authenticator app is set up.');
    const codes = codesOn(done);
    assert.equal(new Set(codes).size, 10);
    assert.match(done.text, /<a class="button" download="recovery-codes\.txt" href="data:text\/plain/);
    assert.equal(done.headers['cache-control'], 'no-store');
    assert.deepEqual(await kinds(id), ['recovery-codes', 'totp']);
    const all = await browser.open(list);
    assert.match(
      rowsOf(all)[0] ?? '',
      /^Authenticator app Authenticator app · second factor Set up .* Rename .* Remove/,
    );
    assert.match(all.text, /Codes that are left: 10/);
    assert.deepEqual(codesOn(all), []);
    const [code = ''] = codes;
    const proven = await app.parts.enrolments.prove('recovery-codes', { user: id, binding: 'x' }, { code }, seen);
    assert.equal(proven.ok, true);
  });

  it('sec-136 sec-139 takes only the key that was shown in this session, and only for ten minutes', async () => {
    const id = await somebody(app, 'bea@x.test');
    const [here, there] = [await atHome(app, 'bea@x.test'), await atHome(app, 'bea@x.test')];
    const secret = secretOn(await here.open(`${list}/totp`));
    const page = await there.open(`${list}/totp`);
    assert.notEqual(secretOn(page), secret);
    assert.equal((await there.submit(page, { code: codeOf(secret), secret })).status, 400);
    assert.deepEqual(await kinds(id), []);
    mock.timers.tick(601_000);
    const late = await enter(app, here, await here.open(`${list}/totp`), 'bea@x.test');
    assert.match(secretOn(late), /^[A-Z2-7]{32}$/);
    assert.notEqual(secretOn(late), secret);
    assert.equal((await here.send('POST', `${list}/totp`, { code: codeOf(secret) })).status, 400);
    assert.deepEqual(await kinds(id), []);
  });
});

describe('/account/factors/passkey', () => {
  const passkey = (browser: Browser) => browser.open(`${list}/passkey`);

  it('takes a passkey with a name, once, and says what is wrong with others', async () => {
    const id = await somebody(app, 'cem@x.test');
    const browser = await atHome(app, 'cem@x.test');
    const key = new Authenticator({ origin: app.issuer });
    const page = await passkey(browser);
    assert.match(page.text, /<script type="module" src="\/assets\/webauthn\.[0-9a-f]+\.js">/);
    const bad = await browser.submit(page, {
      response: key.create(optionsOn(page), { origin: 'https://evil.test' }),
      name: 'Evil',
    });
    assert.deepEqual([bad.status, formOf(bad).fields.name], [400, 'Evil']);
    assert.match(alertOf(bad) ?? '', /nothing was set up/);
    const response = key.create(optionsOn(bad));
    const done = await browser.submit(bad, { response, name: ' Blue  key ' });
    assert.equal(doneOf(done), 'Blue key is set up.');
    assert.equal(codesOn(done).length, 10);
    const [first] = await app.parts.enrolments.of(id);
    assert.deepEqual([first?.name, first?.passkey, first?.level], ['Blue key', true, 'phr']);
    const other = await somebody(app, 'dan@x.test');
    const theirs = await atHome(app, 'dan@x.test');
    const again = await passkey(theirs);
    const taken = await theirs.submit(again, { response: key.create(optionsOn(again)), name: '' });
    assert.match(alertOf(taken) ?? '', /belongs to an account already/);
    assert.match(alertOf(await theirs.submit(taken, { response, name: '' })) ?? '', /took too long/);
    assert.deepEqual(await kinds(other), []);
  });
});

describe('changing second factors', () => {
  const places = ['totp', 'passkey', 'recovery-codes', 'rename', 'remove'].map((name) => `${list}/${name}`);

  it('sec-138 needs the best factor that there is: a session by password alone changes nothing', async () => {
    const id = await somebody(app, 'eve@x.test');
    const browser = await atHome(app, 'eve@x.test');
    const secret = secretOn(await browser.open(`${list}/totp`));
    await addTotp(app, id);
    const [factor] = await app.parts.enrolments.of(id);
    for (const place of places) {
      const asked = await browser.send('GET', `${place}?factor=${factor?.id}`);
      const wish = new URL(String(asked.headers.location), app.issuer);
      assert.deepEqual([asked.status, wish.pathname], [303, '/oauth2/authorize'], place);
      assert.equal(wish.searchParams.get('acr_values'), '2fa', place);
      const fields = { code: codeOf(secret), factor: factor?.id ?? '', name: 'Mine', response: '{}' };
      assert.equal((await browser.send('POST', place, fields)).status, 403, place);
    }
    assert.deepEqual(await app.parts.enrolments.of(id), [factor]);
    assert.equal((await browser.open(list)).status, 200);
  });

  it('sec-162 needs a sign-in of the last five minutes', async () => {
    const { id, secret } = await withTotp(app, 'fay@x.test');
    const browser = await atHomeWith('fay@x.test', secret);
    const [factor] = await app.parts.enrolments.of(id);
    const page = await browser.open(`${list}/remove?factor=${factor?.id}`);
    assert.equal(textOf(page, '<h1'), 'Remove Authenticator app?');
    mock.timers.tick(301_000);
    const late = await browser.submit(page, {});
    assert.deepEqual([late.status, textOf(late, '<h1')], [403, 'Confirm that it is you']);
    assert.deepEqual(await kinds(id), ['totp']);
  });

  it('renames and removes what is one’s own, and nothing of others', async () => {
    const { id, secret } = await withTotp(app, 'gil@x.test');
    await addKey(app, id, { verifies: false });
    const strange = await withTotp(app, 'hal@x.test');
    const [theirs] = await app.parts.enrolments.of(strange.id);
    const browser = await atHomeWith('gil@x.test', secret);
    for (const place of ['rename', 'remove']) {
      for (const factor of [theirs?.id ?? '', 'fac_none', '']) {
        assert.equal((await browser.open(`${list}/${place}?factor=${factor}`)).status, 404);
        assert.equal((await browser.send('POST', `${list}/${place}`, { factor, name: 'x' })).status, 404);
      }
    }
    const own = (await app.parts.enrolments.of(id)).find(({ kind }) => kind === 'totp');
    const renamed = await browser.submit(await browser.open(`${list}/rename?factor=${own?.id}`), {
      name: 'My <phone>',
    });
    assert.equal(doneOf(renamed), 'The name is saved.');
    assert.match(renamed.text, /My &lt;phone&gt;/);
    const [link = ''] = linksOf(renamed, `${list}/remove?`).filter((href) => href.includes(own?.id ?? '-'));
    const removed = await browser.submit(await browser.open(link), {});
    assert.match(doneOf(removed) ?? '', /^My .*phone.* is removed\.$/);
    assert.deepEqual(await kinds(id), ['webauthn']);
    assert.equal((await app.parts.enrolments.of(strange.id)).length, 1);
    const told = (await app.parts.trail.search({ target: `user:${id}`, type: 'factor.removed' }))[0];
    assert.deepEqual([told?.actor, told?.detail?.kind], [`user:${id}`, 'totp']);
  });

  it('sec-157 keeps the last one that a policy demands', async () => {
    await app.parts.mfaPolicies.change('domain:must.test', { secondFactor: 'required' }, 'cli');
    const { id, secret } = await withTotp(app, 'ida@must.test');
    const browser = await atHomeWith('ida@must.test', secret);
    const [factor] = await app.parts.enrolments.of(id);
    const address = `${list}/remove?factor=${factor?.id}`;
    assert.match(alertOf(await browser.open(address)) ?? '', /a second factor is required of you/);
    const refused = await browser.send('POST', `${list}/remove`, { factor: factor?.id ?? '' });
    assert.equal(refused.status, 409);
    await addKey(app, id, { verifies: false });
    assert.match(doneOf(await browser.submit(await browser.open(address), {})) ?? '', /is removed/);
    assert.deepEqual(await kinds(id), ['webauthn']);
  });

  it('keeps the only way in of somebody without a password', async () => {
    const user = await app.parts.users.add({ email: 'jan@x.test', emailVerified: true }, 'cli');
    const key = await addKey(app, user.id);
    const browser = newBrowser(app);
    const signin = await browser.open('/account');
    const handle = { userHandle: Buffer.from(user.id).toString('base64url') };
    const response = key.get(optionsOn(signin), handle);
    const form = await browser.send('POST', signin.url, { response });
    const home = await browser.open(String(form.headers.location));
    assert.equal(textOf(home, '<h1'), 'Profile');
    const [factor] = await app.parts.enrolments.of(user.id);
    const refused = await browser.send('POST', `${list}/remove`, { factor: factor?.id ?? '' });
    assert.equal(refused.status, 409);
    assert.match(alertOf(refused) ?? '', /your only way to sign in/);
    assert.deepEqual(await kinds(user.id), ['webauthn']);
  });
});

describe('/account/factors/recovery-codes', () => {
  it('sec-159 makes ten new ones in place of the old, and warns when few are left', async () => {
    const { id, secret } = await withTotp(app, 'kim@x.test');
    const old = await app.parts.enrolments.renewRecoveryCodes({ id }, seen);
    const prove = async (code: string) =>
      (await app.parts.enrolments.prove('recovery-codes', { user: id, binding: 'x' }, { code }, seen)).ok;
    for (const code of old.slice(0, 7)) assert.equal(await prove(code), true);
    const browser = await atHomeWith('kim@x.test', secret);
    assert.doesNotMatch((await browser.open(list)).text, /Few codes are left/);
    assert.equal(await prove(old[7] ?? ''), true);
    assert.match((await browser.open(list)).text, /Codes that are left: 2\.[\s\S]*Few codes are left/);
    const question = await browser.open(`${list}/recovery-codes`);
    assert.match(question.text, /Codes that still work now, and then no more: 2/);
    assert.equal(await prove(old[8] ?? ''), true);
    const done = await browser.submit(question, {});
    const codes = codesOn(done);
    assert.equal(codes.length, 10);
    assert.deepEqual([await prove(old[9] ?? ''), await prove(codes[0] ?? '')], [false, true]);
  });

  it('makes none for somebody without a factor', async () => {
    await somebody(app, 'leo@x.test');
    const browser = await atHome(app, 'leo@x.test');
    assert.equal((await browser.open(`${list}/recovery-codes`)).url.pathname, list);
    assert.equal((await browser.send('POST', `${list}/recovery-codes`, {})).status, 400);
  });
});

describe('/account/devices', () => {
  const remember = (user: string, browser: string, name: string) =>
    app.parts.devices.remember(user, browser, { seconds: 86_400, name, seen });

  it('sec-143 shows remembered devices and forgets one or all, and nobody else’s', async () => {
    const id = await somebody(app, 'mia@x.test');
    const other = await somebody(app, 'nia@x.test');
    for (const [browser, name] of [
      ['b1', 'Firefox, Linux'],
      ['b2', 'Safari, iPhone'],
      ['b3', ''],
    ] as const) {
      await remember(id, browser, name);
    }
    await remember(other, 'b1', 'Firefox, Linux');
    const browser = await atHome(app, 'mia@x.test');
    const all = await browser.open('/account/devices');
    assert.equal(rowsOf(all).length, 3);
    const device = (await app.parts.devices.list(id)).find(({ name }) => name.startsWith('Safari'));
    const [strange] = await app.parts.devices.list(other);
    assert.equal((await browser.open(`/account/devices/forget?device=${strange?.id}`)).status, 404);
    assert.equal((await browser.send('POST', '/account/devices/forget', { device: strange?.id ?? '' })).status, 404);
    const question = await browser.open(`/account/devices/forget?device=${device?.id}`);
    assert.equal(textOf(question, '<h1'), 'Forget Safari, iPhone?');
    assert.equal(doneOf(await browser.submit(question, {})), 'The device is forgotten.');
    const known = () => Promise.all(['b1', 'b2', 'b3'].map((one) => app.parts.devices.recognises(id, one)));
    assert.deepEqual(await known(), [true, false, true]);
    const done = await browser.submit(await browser.open('/account/devices/forget'), {});
    assert.equal(doneOf(done), 'All devices are forgotten.');
    assert.match(done.text, /No device is remembered/);
    assert.deepEqual(await known(), [false, false, false]);
    assert.equal(await app.parts.devices.recognises(other, 'b1'), true);
  });

  it('sec-143 forgets them with a new password, on whatever way it came', async () => {
    const id = await somebody(app, 'ola@x.test');
    await remember(id, 'b1', 'Firefox');
    await app.parts.users.setPassword(id, 'another lamp beside five rivers', 'cli');
    assert.equal(await app.parts.devices.recognises(id, 'b1'), false);
  });

  it('speaks German', async () => {
    const { secret } = await withTotp(app, 'pia@x.test');
    const browser = await atHomeWith('pia@x.test', secret);
    const headers = { 'accept-language': 'de' };
    const page = await browser.send('GET', list, undefined, headers);
    assert.match(page.text, /<html lang="de">[\s\S]*Authenticator-App · zweiter Faktor[\s\S]*Wiederherstellungscodes/);
    assert.equal(textOf(await browser.send('GET', '/account/devices', undefined, headers), '<h1'), 'Geräte');
  });
});
