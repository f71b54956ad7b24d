import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { begin, connect, password, person, startProvider, Traveller } from '../support/federation.ts';
import { authorization, redeem } from '../support/signing-in.ts';

let home: TestApp;
let provider: TestApp;
before(async () => {
  home = await startApp();
  provider = await startProvider();
  await connect(home, provider, 'corp');
});
after(() => Promise.all([home.close(), provider.close()]));

async function signedIn(email: string) {
  const there = await person(provider, email);
  const browser = new Traveller(home, provider);
  const back = await browser.signIn(await begin(browser, home), email);
  return { there: there.id, browser, sub: (await redeem(home, back)).claims.sub };
}
const sessionsOf = (subject: string, connection = 'corp') => home.parts.upstreamSessions.find(connection, { subject });

describe('the session that a sign-in through a connection makes', () => {
  it('is found by who it is at the provider, by the session there, and by its own name', async () => {
    const { there, sub } = await signedIn('ana@corp.example');
    const [found, ...more] = await sessionsOf(there);
    assert.deepEqual(more, []);
    assert.equal(found?.account, sub);
    assert.equal(found?.connection, 'corp');
    assert.equal(typeof found?.session?.hint, 'string');
    const uid = found?.uid ?? '';
    assert.deepEqual(await home.parts.upstreamSessions.ofSession(uid), found);
    const kept = await home.parts.records.sessions.find({ uid: home.parts.records.idOf('Session uid', uid) });
    assert.equal(kept[0]?.account, sub);
    const sid = found?.session?.id;
    assert.ok(sid);
    assert.deepEqual(await home.parts.upstreamSessions.find('corp', { sid }), [found]);
    assert.deepEqual(await home.parts.upstreamSessions.find('corp', { subject: there, sid: 'another' }), []);
    assert.deepEqual(await sessionsOf(there, 'other'), []);
    assert.deepEqual(await home.parts.upstreamSessions.find('corp', {}), []);
  });

  it('is another one in another browser, and each is forgotten by itself', async () => {
    const { there, sub } = await signedIn('bea@corp.example');
    const second = new Traveller(home, provider);
    await second.signIn(await begin(second, home), 'bea@corp.example');
    const all = await sessionsOf(there);
    assert.deepEqual(
      all.map(({ account }) => account),
      [sub, sub],
    );
    await home.parts.upstreamSessions.forget(all[0]?.uid ?? '');
    assert.deepEqual(await sessionsOf(there), all.slice(1));
  });

  it('rests on the provider no more once the same person signs in here', async () => {
    const { there, browser, sub } = await signedIn('cleo@corp.example');
    await home.parts.users.setPassword(sub, password, 'cli');
    const page = await browser.open(authorization(home, { prompt: 'login' }));
    const back = await browser.submit(page, { identifier: 'cleo@corp.example', password });
    assert.match(String(back.url), /code=/, back.text);
    const other = (await sessionsOf(there)).filter(({ account }) => account === sub);
    assert.deepEqual(other, []);
  });

  it('keeps nothing readable of it in the store', async () => {
    const { there } = await signedIn('dan@corp.example');
    const [found] = await sessionsOf(there);
    const key = { key: () => undefined };
    const indexes = { account: key, connection: key, subject: key, sid: key, name: key };
    const raw = await home.parts.store
      .collection<{ id: string }, keyof typeof indexes>({ name: 'upstream-sessions', indexes })
      .find({}, { limit: 1000 });
    assert.ok(raw.length > 0);
    for (const secret of [there, found?.uid, found?.session?.hint]) {
      assert.equal(JSON.stringify(raw).includes(String(secret)), false);
    }
  });

  it('ends when the session at the provider does (SessionNotOnOrAfter)', async () => {
    const { there, browser } = await signedIn('eve@corp.example');
    const [found] = await sessionsOf(there);
    assert.ok(found);
    assert.match(String((await browser.open(authorization(home))).url), /code=/);
    await home.parts.upstreamSessions.remember({ ...found, ends: Math.floor(Date.now() / 1000) - 1 });
    assert.equal((await browser.open(authorization(home))).status, 200);
  });
});
