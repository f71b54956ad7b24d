import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { administrator } from '../../src/directory/built-in.ts';
import { atHome, password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, textOf } from '../support/browser.ts';
import { authorization, introspect, redeem } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

describe('/account/data/download', () => {
  it('gives everything about the person as a file, and nothing by which one could sign in', async () => {
    const id = await somebody(app, 'ana@example.test', { profile: { name: 'Ana' } });
    await somebody(app, 'bea@example.test');
    const { access, identities, trail, users } = app.parts;
    await access.assign(`user:${id}`, 'orders-reader', 'cli');
    await identities.link(
      { connection: 'corp', subject: 's-1', user: id, origin: false, label: 'ana@corp.example' },
      { actor: 'cli', ip: '192.0.2.1', requestId: 'x' },
    );
    const browser = await atHome(app, 'ana@example.test');
    const { access_token } = await redeem(app, await browser.open(authorization(app)));
    const page = await browser.open('/account/data/download');
    assert.deepEqual(await trail.search({ type: 'user.exported' }), [], 'a page gives nothing away');
    const file = await browser.submit(page, {});
    assert.equal(file.status, 200);
    assert.equal(file.headers['content-disposition'], 'attachment; filename="sallyport-account.json"');
    assert.equal(file.headers['cache-control'], 'no-store');
    const data = JSON.parse(file.text);
    assert.deepEqual([data.account.sub, data.account.email, data.account.has_password], [id, 'ana@example.test', true]);
    assert.deepEqual(data.profile, { name: 'Ana' });
    assert.deepEqual(
      data.roles.map(({ role }: { role: string }) => role),
      ['orders-reader'],
    );
    assert.deepEqual([data.identities[0].connection, data.identities[0].label], ['corp', 'ana@corp.example']);
    assert.equal(data.sessions.length, 1);
    assert.ok(data.sessions[0].applications.includes('demo-web'));
    assert.ok(data.applications.some(({ client }: { client: string }) => client === 'demo-web'));
    assert.ok(data.events.some(({ type }: { type: string }) => type === 'identity.linked'));
    assert.ok(data.events.every(({ target, actor }: Record<string, string>) => [target, actor].includes(`user:${id}`)));
    const user = await users.get(id);
    for (const secret of [user?.password ?? '', access_token, password, 'bea@example.test']) {
      assert.ok(!file.text.includes(secret), secret);
    }
    const exported = await trail.search({ type: 'user.exported', target: `user:${id}` });
    assert.equal(exported.length, 1);
  });
});

describe('/account/data/delete', () => {
  it('takes everything away once the address is typed: nothing signs in, nothing is alive, nothing is left', async () => {
    const email = 'cleo@example.test';
    const id = await somebody(app, email);
    const { access, consents, emailChanges, identities, records, seenSessions, trail, users } = app.parts;
    await access.assign(`user:${id}`, 'orders-reader', 'cli');
    await identities.link(
      { connection: 'corp', subject: 's-2', user: id, origin: false, label: 'x' },
      { actor: 'cli', ip: '192.0.2.1', requestId: 'x' },
    );
    const other = await atHome(app, email);
    const browser = await atHome(app, email);
    const { access_token } = await redeem(app, await browser.open(authorization(app)));
    const page = await browser.open('/account/data/delete');
    assert.equal(textOf(page, '<h1'), `Delete ${email}?`);
    const wrong = await browser.submit(page, { account: 'cleo@example' });
    assert.equal(wrong.status, 400);
    assert.match(String(alertOf(wrong)), /stands at the field/);
    assert.ok(await users.get(id));
    const gone = await browser.submit(page, { account: ' CLEO@example.test' });
    assert.deepEqual([gone.status, textOf(gone, '<h1')], [200, 'Your account is deleted']);
    assert.equal(await users.byEmail(email), undefined);
    for (const one of [browser, other]) assert.equal((await one.send('GET', '/account/profile')).status, 303);
    assert.deepEqual(await introspect(app, access_token), { active: false });
    const left = await Promise.all([
      access.assignments({ subject: `user:${id}` }),
      identities.ofUser(id),
      consents.ofAccount(id),
      records.sessions.find({ account: id }),
      records.grants.find({ account: id }),
    ]);
    assert.deepEqual(left, [[], [], [], [], []]);
    assert.equal((await seenSessions.ofAccount(id)).size, 0);
    assert.equal(await emailChanges.pending(id), undefined);
    const removed = await trail.search({ type: 'user.removed', target: `user:${id}` });
    assert.deepEqual(
      removed.map(({ actor }) => actor),
      [`user:${id}`],
    );
  });

  it('keeps the last administrator, by whichever role, and lets the second one go', async () => {
    const { access, users } = app.parts;
    await access.saveRole({ id: 'chief', permissions: [], includes: [administrator] }, 'cli');
    const seeded = await users.byEmail('admin@example.test');
    assert.ok(seeded);
    const id = await somebody(app, 'dora@example.test');
    await access.assign(`user:${id}`, 'chief', 'cli');
    await users.disable(seeded.id, 'cli');
    const browser = await atHome(app, 'dora@example.test');
    const page = await browser.open('/account/data/delete');
    assert.equal(page.status, 409);
    assert.match(String(alertOf(page)), /only administrator/);
    const refused = await browser.send('POST', '/account/data/delete', { account: 'dora@example.test' });
    assert.equal(refused.status, 409);
    assert.ok(await users.get(id));
    await users.enable(seeded.id, 'cli');
    const done = await browser.send('POST', '/account/data/delete', { account: 'dora@example.test' });
    assert.equal(textOf(done, '<h1'), 'Your account is deleted');
  });

  it('removes nobody else, whatever a form says', async () => {
    const victim = await somebody(app, 'victim@example.test');
    await somebody(app, 'mallory@example.test');
    const browser = await atHome(app, 'mallory@example.test');
    const page = await browser.send('POST', '/account/data/delete', { account: 'victim@example.test', user: victim });
    assert.equal(page.status, 400);
    assert.ok(await app.parts.users.get(victim));
  });
});
