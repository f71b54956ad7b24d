import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { browserName } from '../../src/http/user-agent.ts';
import { atHome, doneOf, linksOf, rowsOf, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, textOf } from '../support/browser.ts';
import { moreSessions } from '../support/crowded.ts';
import { basic, post } from '../support/oauth.ts';
import { authorization, introspect, redeem } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const safari =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const withAgent = (agent: string) => new Browser({ origin: app.issuer, headers: { 'user-agent': agent } });
const isOpen = async (browser: Browser) => (await browser.send('GET', '/account/profile')).status === 200;
const refresh = async (token: string) =>
  (
    await post(
      `${app.url}/oauth2/token`,
      { grant_type: 'refresh_token', refresh_token: token },
      basic(app.client('demo-web')),
    )
  ).body;

describe('/account/sessions', () => {
  it('shows each session with its browser, address, applications and times, this one first', async () => {
    await somebody(app, 'ana@example.test', { profile: { zoneinfo: 'Asia/Tokyo' } });
    const phone = await atHome(app, 'ana@example.test', withAgent(safari));
    await phone.open(authorization(app));
    const desk = await atHome(app, 'ana@example.test', withAgent(firefox));
    const page = await desk.open('/account/sessions');
    const [first = '', second = '', ...more] = rowsOf(page);
    assert.deepEqual(more, []);
    assert.match(first, /^Firefox, Linux This one Signed in .* From (?:127\.0\.0\.1|::1) Sign out : Firefox, Linux$/);
    assert.match(second, /^Safari, iPhone Signed in .* Used for Demo web application End : Safari, iPhone /);
    const [, at = ''] = /<time datetime="([^"]+)">/.exec(page.text) ?? [];
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 120_000);
    const tokyo = new Intl.DateTimeFormat('en', { timeZone: 'Asia/Tokyo', dateStyle: 'medium' }).format(Date.parse(at));
    assert.ok(page.text.includes(tokyo));
    assert.ok(!page.text.includes('UTC'));
  });

  it('sec-110 ends another session: out at the next request, tokens dead, the client of this one untouched', async () => {
    const id = await somebody(app, 'bea@example.test');
    const other = await atHome(app, 'bea@example.test', withAgent(safari));
    const theirs = await redeem(app, await other.open(authorization(app)));
    const here = await atHome(app, 'bea@example.test', withAgent(firefox));
    const own = await redeem(app, await here.open(authorization(app)));
    const [link = ''] = linksOf(await here.open('/account/sessions'), '/account/sessions/end?');
    const question = await here.open(link);
    assert.equal(textOf(question, '<h1'), 'End the session in Safari, iPhone?');
    assert.equal(await isOpen(other), true, 'a question does nothing');
    const done = await here.submit(question, {});
    assert.equal(doneOf(done), 'The session has ended: Safari, iPhone');
    assert.equal(rowsOf(done).length, 1);
    assert.equal(await isOpen(other), false);
    const silent = await other.open(authorization(app, { prompt: 'none' }));
    assert.equal(silent.url.searchParams.get('error'), 'login_required');
    assert.deepEqual(await introspect(app, theirs.access_token), { active: false });
    assert.equal((await refresh(theirs.refresh_token)).error, 'invalid_grant');
    assert.equal((await introspect(app, own.access_token)).active, true);
    assert.equal(await isOpen(here), true);
    const events = await app.parts.trail.search({ type: 'session.ended', target: `user:${id}` });
    assert.deepEqual(
      events.map(({ actor, detail }) => [actor, detail?.reason]),
      [[`user:${id}`, 'ended by the person']],
    );
  });

  it('ends all others at once and keeps this one', async () => {
    await somebody(app, 'cleo@example.test');
    const others = [await atHome(app, 'cleo@example.test'), await atHome(app, 'cleo@example.test')];
    const here = await atHome(app, 'cleo@example.test');
    const done = await here.submit(await here.open('/account/sessions/end'), {});
    assert.equal(doneOf(done), 'All other sessions have ended.');
    assert.match(done.text, /signed in nowhere else/);
    for (const other of others) assert.equal(await isOpen(other), false);
    assert.equal(await isOpen(here), true);
  });

  it('shows and ends nobody else’s sessions', async () => {
    await somebody(app, 'victim@example.test');
    await somebody(app, 'mallory@example.test');
    const victim = await atHome(app, 'victim@example.test');
    await atHome(app, 'victim@example.test', withAgent(safari));
    const [link = ''] = linksOf(await victim.open('/account/sessions'), '/account/sessions/end?');
    const session = new URL(link, app.issuer).searchParams.get('session') ?? '';
    const mallory = await atHome(app, 'mallory@example.test');
    assert.equal((await mallory.open(link)).status, 404);
    assert.equal((await mallory.send('POST', '/account/sessions/end', { session })).status, 404);
    assert.equal((await mallory.send('POST', '/account/sessions/end', {})).status, 303);
    assert.equal(rowsOf(await mallory.open('/account/sessions')).length, 1);
    assert.equal(await isOpen(victim), true);
    assert.equal(rowsOf(await victim.open('/account/sessions')).length, 2);
  });

  it('counts no session that a request under way keeps again after its end', async (t) => {
    const id = await somebody(app, 'dora@example.test');
    const other = await atHome(app, 'dora@example.test', withAgent(safari));
    const { records } = app.parts;
    const [kept] = await records.sessions.find({ account: id });
    assert.ok(kept);
    const here = await atHome(app, 'dora@example.test');
    const [link = ''] = linksOf(await here.open('/account/sessions'), '/account/sessions/end?');
    await here.submit(await here.open(link), {});
    await records.sessions.put(kept, 3600);
    assert.equal(await isOpen(other), false);
    const silent = await other.open(authorization(app, { prompt: 'none' }));
    assert.equal(silent.url.searchParams.get('error'), 'login_required');
    assert.equal(rowsOf(await here.open('/account/sessions')).length, 1);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 2000 });
    await atHome(app, 'dora@example.test', other);
  });

  it('tells nothing that opens a session: neither its cookie nor its name', async () => {
    const id = await somebody(app, 'eva@example.test');
    const browser = await atHome(app, 'eva@example.test');
    await atHome(app, 'eva@example.test');
    const page = await browser.open('/account/sessions');
    const { records } = app.parts;
    for (const record of await records.sessions.find({ account: id })) {
      const { jti, uid } = records.open(record);
      assert.ok(jti && uid && !page.text.includes(jti) && !page.text.includes(uid));
    }
  });

  it('stays short with sixty sessions, page by page', async () => {
    await somebody(app, 'fay@example.test');
    const here = await atHome(app, 'fay@example.test');
    await moreSessions(app, 'fay@example.test', 59);
    let count = 0;
    for (let path: string | undefined = '/account/sessions'; path; ) {
      const page = await here.open(path);
      assert.ok(page.text.length < 30_000, String(page.text.length));
      assert.equal(rowsOf(page).filter((row) => row.includes('This one')).length, count === 0 ? 1 : 0);
      count += rowsOf(page).length;
      path = linksOf(page, '/account/sessions?page=').find((href) => Number(href.split('=')[1]) * 25 > count);
    }
    assert.equal(count, 60);
    assert.equal((await here.open('/account/sessions?page=-1')).status, 200);
    assert.equal((await here.open('/account/sessions?page=x&page=y')).status, 200);
  });
});

describe('the name of a browser', () => {
  const known: [string, string | undefined][] = [
    [firefox, 'Firefox, Linux'],
    [safari, 'Safari, iPhone'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36',
      'Chrome, Windows',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0',
      'Edge, Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
      'Safari, Mac',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
      'Samsung Internet, Android',
    ],
    [
      'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36',
      'Chrome, ChromeOS',
    ],
    [
      'Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/139.0 Mobile/15E148 Safari/604.1',
      'Chrome, iPad',
    ],
    ['curl/8.5.0', undefined],
    ['<script>alert(1)</script>', undefined],
    ['', undefined],
  ];
  for (const [header, name] of known) {
    it(`is ${name ?? 'not known'} for ${header.slice(-40) || 'nothing'}`, () =>
      assert.equal(browserName(header), name));
  }
});
