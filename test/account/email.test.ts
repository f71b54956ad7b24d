import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { atHome, doneOf, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Browser, textOf } from '../support/browser.ts';
import { type MailServer, startMailServer } from '../support/mail.ts';
import { newBrowser } from '../support/signing-in.ts';

let app: TestApp;
let server: MailServer;
before(async () => {
  server = await startMailServer();
  app = await startApp({ SALLYPORT_MAIL_URL: server.url });
});
afterEach(() => {
  server.mails.length = 0;
});
after(async () => {
  await app.close();
  await server.stop();
});

const ask = async (browser: Browser, email: string) => browser.submit(await browser.open('/account/email'), { email });
/** The link in the mail to this address. */
async function linkTo(address: string, what: 'confirm' | 'undo' = 'confirm'): Promise<string> {
  for (let count = 1; ; count += 1) {
    const mails = (await server.arrived(count)).filter(({ to }) => to.includes(address));
    const [link] = mails.flatMap(({ text }) => new RegExp(`https?://\\S+/account/email/${what}\\S+`).exec(text) ?? []);
    if (link !== undefined) return link;
  }
}
const addressOf = async (id: string) => (await app.parts.users.get(id))?.email;
/** Changes the address of somebody, as that person does; answers the link that takes it back. */
async function changed(browser: Browser, from: string, to: string): Promise<string> {
  await ask(browser, to);
  const done = await browser.submit(await browser.open(await linkTo(to)), {});
  assert.equal(doneOf(done), 'Your e-mail address is changed.');
  return linkTo(from, 'undo');
}

describe('/account/email', () => {
  it('sec-125 changes the address once its link was opened in the session of the person, and tells the old one', async () => {
    const id = await somebody(app, 'ana@example.test');
    const browser = await atHome(app, 'ana@example.test');
    const sent = await ask(browser, ' New@Example.test ');
    assert.equal(doneOf(sent), 'A mail is on its way to new@example.test. Open the link in it within a day.');
    assert.equal(await addressOf(id), 'ana@example.test');
    const link = await linkTo('new@example.test');
    assert.ok(link.startsWith(`${app.issuer}/account/email/confirm?token=`));
    const page = await browser.open(link);
    assert.equal(textOf(page, '<h1'), 'Use new@example.test from now on?');
    assert.equal(await addressOf(id), 'ana@example.test', 'programs open links too');
    const done = await browser.submit(page, {});
    assert.equal(doneOf(done), 'Your e-mail address is changed.');
    const user = await app.parts.users.get(id);
    assert.deepEqual([user?.email, user?.emailVerified], ['new@example.test', true]);
    assert.match(await linkTo('ana@example.test', 'undo'), /\?token=/);
    const again = await browser.submit(page, {});
    assert.deepEqual([again.status, textOf(again, '<h1')], [400, 'This link does not work any more']);
  });

  it('gives a link to nobody but the person who asked: a mistyped address opens nothing', async () => {
    const id = await somebody(app, 'bea@example.test');
    await somebody(app, 'stranger@example.test');
    await ask(await atHome(app, 'bea@example.test'), 'typo@example.test');
    const link = await linkTo('typo@example.test');
    assert.equal(textOf(await newBrowser(app).open(link), '<h1'), 'Sign in to Sallyport');
    const stranger = await atHome(app, 'stranger@example.test');
    assert.equal(textOf(await stranger.open(link), '<h1'), 'This link does not work any more');
    const token = new URL(link).searchParams.get('token') ?? '';
    assert.equal((await stranger.send('POST', '/account/email/confirm', { token })).status, 400);
    assert.equal(await addressOf(id), 'bea@example.test');
  });

  it('sec-127 answers the same for an address that somebody has, and sends nothing there', async () => {
    await somebody(app, 'cleo@example.test');
    await somebody(app, 'taken@example.test');
    const browser = await atHome(app, 'cleo@example.test');
    const taken = await ask(browser, 'taken@example.test');
    const free = await ask(browser, 'free42@example.test');
    const shape = (text: string) => text.replaceAll(/(?:taken|free42)@/g, 'x@');
    assert.equal(shape(taken.text), shape(free.text));
    await linkTo('free42@example.test');
    assert.ok(server.mails.every(({ to }) => !to.includes('taken@example.test')));
  });

  it('finds out at the end when somebody took the address meanwhile', async () => {
    const id = await somebody(app, 'dora@example.test');
    const browser = await atHome(app, 'dora@example.test');
    await ask(browser, 'late@example.test');
    const page = await browser.open(await linkTo('late@example.test'));
    await somebody(app, 'late@example.test');
    assert.equal(textOf(await browser.submit(page, {}), '<h1'), 'This link does not work any more');
    assert.equal(await addressOf(id), 'dora@example.test');
  });

  it('lets a newer change, and the person, make an older one void', async () => {
    const id = await somebody(app, 'eva@example.test');
    const browser = await atHome(app, 'eva@example.test');
    await ask(browser, 'first@example.test');
    const first = await linkTo('first@example.test');
    await ask(browser, 'second@example.test');
    const page = await browser.open(first);
    assert.equal((await browser.submit(page, {})).status, 400);
    const second = await browser.open(await linkTo('second@example.test'));
    const kept = await browser.submit(await browser.open('/account/email'), { decision: 'forget' });
    assert.equal(doneOf(kept), 'Your address stays as it is.');
    assert.equal((await browser.submit(second, {})).status, 400);
    assert.equal(await addressOf(id), 'eva@example.test');
  });

  it('counts a link once, of many at the same moment', async () => {
    await somebody(app, 'fay@example.test');
    const browser = await atHome(app, 'fay@example.test');
    await ask(browser, 'fay2@example.test');
    const token = new URL(await linkTo('fay2@example.test')).searchParams.get('token') ?? '';
    const all = await Promise.all(
      Array.from({ length: 5 }, () => browser.send('POST', '/account/email/confirm', { token })),
    );
    assert.deepEqual(all.map(({ status }) => status).sort(), [303, 400, 400, 400, 400]);
  });

  it('is void a day later', async (t) => {
    await somebody(app, 'gina@example.test');
    const browser = await atHome(app, 'gina@example.test');
    await ask(browser, 'gina2@example.test');
    const token = new URL(await linkTo('gina2@example.test')).searchParams.get('token') ?? '';
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 86_401_000 });
    const later = await atHome(app, 'gina@example.test');
    assert.equal((await later.send('POST', '/account/email/confirm', { token })).status, 400);
  });

  it('refuses what is no address, and slows down whoever has many mails sent', async () => {
    await somebody(app, 'hana@example.test');
    const browser = await atHome(app, 'hana@example.test');
    const wrong = await ask(browser, 'nonsense');
    assert.deepEqual([wrong.status, alertOf(wrong)], [400, 'Write an address such as name@example.com.']);
    for (let count = 0; count < 5; count += 1) await ask(browser, `h${count}@example.test`);
    const slowed = await ask(browser, 'h9@example.test');
    assert.equal(slowed.status, 429);
    assert.ok(Number(slowed.headers['retry-after']) > 0);
  });
});

describe('/account/email/undo', () => {
  const undo = async (link: string) => {
    const browser = newBrowser(app);
    return browser.submit(await browser.open(link), {});
  };

  it('sec-125 gives the old address back without a session, once, and ends all sessions', async () => {
    const id = await somebody(app, 'owner@example.test');
    const browser = await atHome(app, 'owner@example.test');
    const link = await changed(browser, 'owner@example.test', 'thief@example.test');
    const open = await newBrowser(app).open(link);
    assert.match(open.text, /owner@example\.test/);
    assert.equal(await addressOf(id), 'thief@example.test', 'programs open links too');
    const done = await undo(link);
    assert.deepEqual([done.status, textOf(done, '<h1')], [200, 'Your address is back']);
    assert.equal(await addressOf(id), 'owner@example.test');
    assert.equal((await browser.send('GET', '/account/profile')).status, 303);
    assert.equal((await newBrowser(app).open(link)).status, 400);
    const events = await app.parts.trail.search({ type: 'user.email-change-undone', target: `user:${id}` });
    assert.equal(events.length, 1);
  });

  it('stands above later changes, whose links become void; theirs does not make it void', async () => {
    const id = await somebody(app, 'owner2@example.test');
    const browser = await atHome(app, 'owner2@example.test');
    const first = await changed(browser, 'owner2@example.test', 'thief2@example.test');
    const second = await changed(browser, 'thief2@example.test', 'thief3@example.test');
    assert.equal((await undo(second)).status, 200);
    assert.equal(await addressOf(id), 'thief2@example.test');
    assert.equal((await undo(first)).status, 200);
    assert.equal(await addressOf(id), 'owner2@example.test');
    assert.equal((await newBrowser(app).open(second)).status, 400);
  });

  it('is void a week later', async (t) => {
    await somebody(app, 'ines@example.test');
    const browser = await atHome(app, 'ines@example.test');
    const link = await changed(browser, 'ines@example.test', 'ines2@example.test');
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 7 * 86_400_000 + 1000 });
    assert.equal((await newBrowser(app).open(link)).status, 400);
  });

  it('keeps addresses and secrets unreadable in the store (sec-111)', async () => {
    const id = await somebody(app, 'jo@example.test');
    const user = await app.parts.users.get(id);
    assert.ok(user);
    const { secret = '' } = await app.parts.emailChanges.begin(user, 'jo2@example.test', { ip: '', requestId: 'x' });
    const all = app.parts.store.collection<{ id: string; user: string }, 'user'>({
      name: 'email-changes',
      indexes: { user: { key: (one) => one.user } },
    });
    const kept = JSON.stringify(await all.find({ user: id }));
    assert.notEqual(secret, '');
    assert.doesNotMatch(kept, /jo2|example/);
    assert.ok(!kept.includes(secret));
  });
});
