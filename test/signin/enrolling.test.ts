import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { alertOf, type Browser, type Page, textOf } from '../support/browser.ts';
import { begin, connect, person, startProvider, Traveller } from '../support/federation.ts';
import { addTotp, codesOn, optionsOn } from '../support/second-factor.ts';
import { authorization, introspect, newBrowser, redeem } from '../support/signing-in.ts';
import { codeOf, wrongCode } from '../support/totp.ts';

let app: TestApp;
let provider: TestApp;
before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  app = await startApp({ SALLYPORT_MFA_SECOND_FACTOR: 'required' });
  provider = await startProvider();
  await connect(app, provider);
});
after(async () => {
  await Promise.all([app.close(), provider.close()]);
  mock.timers.reset();
});
beforeEach(() => mock.timers.tick(90_000));

const title = (page: Page) => textOf(page, '<h1');
const errorOf = ({ url }: Page) => url.searchParams.get('error');
const setUp = 'Set up a second factor';
const secretOn = (page: Page): string => (textOf(page, '<code class="secret"') ?? '').replaceAll(' ', '');

async function toTheSetUp(browser: Browser, email: string, more: Record<string, string> = {}): Promise<Page> {
  const page = await browser.submit(await browser.open(authorization(app, more)), { identifier: email, password });
  assert.equal(title(page), setUp);
  return page;
}

/** The code of an administrator, typed in. */
async function vouched(browser: Browser, id: string, page: Page): Promise<Page> {
  return browser.submit(page, { code: await app.parts.enrolmentCodes.issue(id, 'cli') });
}

describe('somebody who has to have a factor and has none', () => {
  it('sec-137 types a code first that came on another way than the password', async () => {
    const id = await somebody(app, 'first@x.test', { emailVerified: false });
    const browser = newBrowser(app);
    const page = await toTheSetUp(browser, 'first@x.test');
    assert.match(page.text, /Ask the administrator for a code/);
    assert.doesNotMatch(page.text, /<svg|data-webauthn|value="send"/);
    // Whatever is posted, nothing is bound yet.
    for (const answer of [
      { factor: 'totp', code: '123456' },
      { response: '{}' },
      { decision: 'later' },
      { decision: 'send' },
    ]) {
      assert.equal(title(await browser.submit(page, answer)), setUp);
    }
    assert.deepEqual(await app.parts.enrolments.of(id), []);
    assert.match(alertOf(await browser.submit(page, { code: 'bbbb-bbbb-bbbb' })) ?? '', /not right/);
    const open = await vouched(browser, id, page);
    assert.match(open.text, /<svg class="qr"/);
    assert.ok(open.text.length < 30_000);
  });

  it('sets up an app on one page, sees ten recovery codes once, and is signed in', async () => {
    const id = await somebody(app, 'whole@x.test');
    const browser = newBrowser(app);
    const page = await vouched(browser, id, await toTheSetUp(browser, 'whole@x.test'));
    const secret = secretOn(page);
    const wrong = await browser.submit(page, { code: wrongCode(secret) });
    assert.deepEqual([wrong.status, secretOn(wrong)], [400, secret]);
    const shown = await browser.submit(wrong, { code: codeOf(secret) });
    assert.equal(title(shown), 'Keep your recovery codes');
    const codes = codesOn(shown);
    assert.equal(new Set(codes).size, 10);
    assert.match(shown.text, /download="recovery-codes\.txt"/);
    // They are shown once; until then it is no session (sec-146).
    assert.equal(errorOf(await browser.open(authorization(app, { prompt: 'none' }))), 'login_required');
    const again = await browser.open(shown.url);
    assert.deepEqual([title(again), codesOn(again)], ['Your recovery codes were shown', []]);
    const { claims } = await redeem(app, await browser.submit(shown, { decision: 'continue' }));
    assert.equal(claims.sub, id);
    const events = await app.parts.trail.search({ target: `user:${id}` });
    const wanted = [
      'enrolment-code.issued',
      'enrolment-code.used',
      'factor.added',
      'recovery-codes.made',
      'signin.succeeded',
    ];
    assert.deepEqual(
      events.map(({ type }) => String(type)).filter((type) => wanted.includes(type)),
      wanted,
    );
    assert.match(String((await browser.open(authorization(app, { prompt: 'none' }))).url), /code=/);
    mock.timers.tick(90_000);
    const next = newBrowser(app);
    const factor = await next.submit(await next.open(authorization(app)), { identifier: 'whole@x.test', password });
    assert.equal(title(factor), 'Confirm that it is you');
    assert.match(String((await next.submit(factor, { code: codeOf(secret) })).url), /code=/);
  });

  it('or a passkey', async () => {
    const id = await somebody(app, 'key@x.test');
    const browser = newBrowser(app);
    const page = await vouched(browser, id, await toTheSetUp(browser, 'key@x.test', { acr_values: 'phr' }));
    assert.doesNotMatch(page.text, /<svg class="qr"/);
    const key = new Authenticator({ origin: app.issuer });
    const shown = await browser.submit(page, { response: key.create(optionsOn(page)) });
    assert.equal(codesOn(shown).length, 10);
    const { claims } = await redeem(app, await browser.submit(shown, { decision: 'continue' }));
    assert.equal(claims.acr, 'phr');
  });

  it('sec-136 proves it with a code of the secret that was offered here, and of no other', async () => {
    const [id, other] = [await somebody(app, 'own@x.test'), await somebody(app, 'other@x.test')];
    const [mine, theirs] = [newBrowser(app), newBrowser(app)];
    const page = await vouched(mine, id, await toTheSetUp(mine, 'own@x.test'));
    const elsewhere = secretOn(await vouched(theirs, other, await toTheSetUp(theirs, 'other@x.test')));
    for (const sent of [{ code: '' }, { code: codeOf(elsewhere) }, { code: codeOf(elsewhere), secret: elsewhere }]) {
      assert.equal(title(await mine.submit(page, sent)), setUp);
    }
    assert.deepEqual(await app.parts.enrolments.of(id), []);
  });

  it('hears unmet_authentication_requirements or access_denied when giving up, by whose wish it was', async () => {
    await somebody(app, 'no@x.test');
    const browser = newBrowser(app);
    const asked = await toTheSetUp(browser, 'no@x.test', { acr_values: '2fa' });
    assert.equal(errorOf(await browser.submit(asked, { decision: 'cancel' })), 'unmet_authentication_requirements');
    const page = await toTheSetUp(browser, 'no@x.test');
    assert.equal(errorOf(await browser.submit(page, { decision: 'cancel' })), 'access_denied');
  });

  it('sec-137 can have the code sent to an address that was confirmed, and not again at once', async () => {
    const id = await somebody(app, 'mail@x.test');
    const browser = newBrowser(app);
    const page = await toTheSetUp(browser, 'mail@x.test');
    const sent = await browser.submit(page, { decision: 'send' });
    assert.match(sent.text, /was sent to your e-mail address/);
    await browser.submit(sent, { decision: 'send' });
    assert.equal((await app.parts.trail.search({ type: 'enrolment-code.issued', target: `user:${id}` })).length, 1);
    mock.timers.tick(61_000);
    await browser.submit(sent, { decision: 'send' });
    assert.equal((await app.parts.trail.search({ type: 'enrolment-code.issued', target: `user:${id}` })).length, 2);
  });
});

describe('a session from before the policy', () => {
  it('is sent to set up a factor, and prompt=none hears login_required', async () => {
    await app.parts.mfaPolicies.change('default', { secondFactor: 'off' }, 'cli');
    await somebody(app, 'before@x.test');
    const browser = newBrowser(app);
    const page = await browser.submit(await browser.open(authorization(app)), {
      identifier: 'before@x.test',
      password,
    });
    assert.match(String(page.url), /code=/);
    await app.parts.mfaPolicies.change('default', { secondFactor: 'required' }, 'cli');
    assert.equal(errorOf(await browser.open(authorization(app, { prompt: 'none' }))), 'login_required');
    const asked = await browser.open(authorization(app));
    assert.equal(title(asked), setUp);
    // sec-137: the session rests on a password, too.
    assert.doesNotMatch(asked.text, /<svg class="qr"/);
  });
});

describe('a time of grace', () => {
  it('lets people go on without for as long as it lasts, and asks once for each sign-in', async () => {
    await app.parts.mfaPolicies.change('client:demo-web', { grace: 7 * 86_400, secondFactor: 'required' }, 'cli');
    await app.parts.mfaPolicies.change('default', { grace: 7 * 86_400 }, 'cli');
    await somebody(app, 'grace@x.test');
    const browser = newBrowser(app);
    const page = await toTheSetUp(browser, 'grace@x.test');
    assert.match(page.text, /required in 7 days/);
    const back = await browser.submit(page, { decision: 'later' });
    assert.equal((await redeem(app, back)).claims.acr ?? '1fa', '1fa');
    assert.match(String((await browser.open(authorization(app, { prompt: 'none' }))).url), /code=/);
    const asked = await browser.open(authorization(app, { acr_values: '2fa' }));
    assert.doesNotMatch(asked.text, /value="later"/);
    mock.timers.tick(8 * 86_400_000);
    const late = newBrowser(app);
    const over = await toTheSetUp(late, 'grace@x.test');
    assert.doesNotMatch(over.text, /value="later"/);
    assert.equal(title(await late.submit(over, { decision: 'later' })), setUp);
    await app.parts.mfaPolicies.remove('client:demo-web', 'cli');
    await app.parts.mfaPolicies.change('default', { grace: 0 }, 'cli');
  });

  it('begins when somebody is told of it: a session from before is sent once to hear it', async () => {
    await app.parts.mfaPolicies.change('default', { secondFactor: 'off' }, 'cli');
    await somebody(app, 'untold@x.test');
    const browser = newBrowser(app);
    await browser.submit(await browser.open(authorization(app)), { identifier: 'untold@x.test', password });
    await app.parts.mfaPolicies.change('default', { secondFactor: 'required', grace: 86_400 }, 'cli');
    const page = await browser.open(authorization(app));
    assert.match(page.text, /From tomorrow/);
    assert.match(String((await browser.submit(page, { decision: 'later' })).url), /code=/);
    assert.match(String((await browser.open(authorization(app, { prompt: 'none' }))).url), /code=/);
    mock.timers.tick(86_500_000);
    assert.equal(errorOf(await browser.open(authorization(app, { prompt: 'none' }))), 'login_required');
    await app.parts.mfaPolicies.change('default', { grace: 0 }, 'cli');
  });
});

describe('somebody whom a provider has proven', () => {
  it('sets up a factor without a code, and is signed in by both: seven requests, one page', async () => {
    await person(provider, 'fed@corp.example');
    const traveller = new Traveller(app, provider);
    const page = await traveller.signIn(await begin(traveller, app), 'fed@corp.example');
    assert.equal(title(page), setUp);
    const secret = secretOn(page);
    const shown = await traveller.submit(page, { code: codeOf(secret) });
    await redeem(app, await traveller.submit(shown, { decision: 'continue' }));
    mock.timers.tick(90_000);
    const again = new Traveller(app, provider);
    const ours = again.at(app);
    const factor = await again.signIn(await begin(again, app), 'fed@corp.example');
    assert.equal(title(factor), 'Confirm that it is you');
    const back = await again.submit(factor, { code: codeOf(secret) });
    assert.equal((await redeem(app, back)).claims.acr ?? '2fa', '2fa');
    assert.deepEqual(ours.hops, [
      'GET /oauth2/authorize 303',
      'GET /signin/… 303',
      'GET /federation/corp/callback 303',
      'GET /signin/… 303',
      'GET /signin/… 200',
      'POST /signin/… 303',
      'GET /oauth2/authorize/… 303',
    ]);
    // The session there is not lost by the factor here.
    assert.match(String((await again.open(authorization(app, { prompt: 'none' }))).url), /code=/);
  });

  it('keeps the session there when the one here is stepped up by a factor here', async () => {
    await app.parts.mfaPolicies.change('default', { secondFactor: 'off' }, 'cli');
    await person(provider, 'stepped@corp.example');
    const traveller = new Traveller(app, provider);
    const { claims } = await redeem(app, await traveller.signIn(await begin(traveller, app), 'stepped@corp.example'));
    const secret = await addTotp(app, claims.sub);
    const page = await traveller.open(authorization(app, { acr_values: '2fa' }));
    assert.equal(title(page), 'Confirm that it is you');
    const { access_token } = await redeem(app, await traveller.submit(page, { code: codeOf(secret) }));
    assert.deepEqual((await introspect(app, access_token)).amr, ['fed', 'otp', 'mfa']);
    assert.match(String((await traveller.open(authorization(app, { prompt: 'none' }))).url), /code=/);
    await app.parts.mfaPolicies.change('default', { secondFactor: 'required' }, 'cli');
  });

  it('proves a factor before an account here is connected: a password alone opens no other way in', async () => {
    await person(provider, 'link@corp.example');
    const id = await somebody(app, 'link@corp.example');
    const secret = await addTotp(app, id);
    const traveller = new Traveller(app, provider);
    const connectHere = await traveller.signIn(await begin(traveller, app), 'link@corp.example');
    const factor = await traveller.submit(connectHere, { identifier: 'link@corp.example', password });
    assert.equal(title(factor), 'Confirm that it is you');
    assert.equal(title(await traveller.submit(factor, { decision: 'link' })), 'Confirm that it is you');
    assert.deepEqual(await app.parts.identities.ofUser(id), []);
    const question = await traveller.submit(factor, { code: codeOf(secret) });
    assert.match(String((await traveller.submit(question, { decision: 'link' })).url), /code=/);
  });
});
