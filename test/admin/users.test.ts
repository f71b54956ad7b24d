import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { atHome, somebody } from '../support/account.ts';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { textOf } from '../support/browser.ts';
import { type Arrived, type MailServer, startMailServer } from '../support/mail.ts';
import type { Answer } from '../support/oauth.ts';
import { authorization, introspect, newBrowser, redeem } from '../support/signing-in.ts';

let app: TestApp;
let api: AdminApi;
let mail: MailServer;
before(async () => {
  mail = await startMailServer();
  app = await startApp({ SALLYPORT_MAIL_URL: mail.url });
  api = adminApi(app, await adminToken(app));
});
after(async () => {
  await app.close();
  await mail.stop();
});

const chosen = 'nine owls under a quiet bridge';
const code = ({ status, body }: Answer): string => (status < 300 ? String(status) : `${status} ${body.code}`);
const listed = async (query: string): Promise<string[]> => {
  const { status, body } = await api.get(`/users?${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.items.map(({ email }: { email: string }) => email);
};

/** The first mail to this address, once it has come. */
async function mailTo(address: string): Promise<Arrived> {
  for (let count = 1; ; count += 1) {
    const found = (await mail.arrived(count)).find(({ to }) => to.includes(address));
    if (found) return found;
  }
}

describe('POST /users', () => {
  it('adds somebody who chooses the password alone: nobody says it for them (ASVS 6.4.6)', async () => {
    for (const more of [
      { password: chosen },
      { has_password: true },
      { state: 'active' },
      { roles: ['administrator'] },
    ]) {
      assert.equal(code(await api.send('POST', '/users', { email: 'ida@example.test', ...more })), '400 invalid');
    }
    const { status, body } = await api.send('POST', '/users', { email: 'Ida@example.test', name: 'Ida Ode' });
    assert.equal(status, 201);
    assert.deepEqual(
      [body.email, body.email_verified, body.name, body.has_password, body.invitation.expires_in],
      ['ida@example.test', false, 'Ida Ode', false, 259_200],
    );
    assert.equal(code(await api.send('PATCH', `/users/${body.id}`, { password: chosen })), '400 invalid');
    const browser = newBrowser(app);
    const done = await browser.submit(await browser.open(body.invitation.link), { password: chosen });
    assert.equal(textOf(done, '<h1'), 'Your new password is set');
    assert.ok(await app.parts.users.signIn('ida@example.test', chosen));
    assert.equal((await newBrowser(app).open(body.invitation.link)).status, 400, 'good once');
    assert.equal((await api.get(`/users/${body.id}`)).body.has_password, true);
    assert.equal(code(await api.send('POST', `/users/${body.id}/invitation`)), '400 invalid');
    assert.equal(code(await api.send('POST', '/users', { email: 'ida@example.test' })), '409 taken');
    assert.equal(code(await api.send('POST', '/users', { email: 'no address' })), '400 invalid');
    const away = await api.send('POST', '/users', { email: 'away@example.test', invite: false });
    assert.equal(away.body.invitation, undefined);
    const again = await api.send('POST', `/users/${away.body.id}/invitation`);
    assert.equal(again.status, 201);
    const from = { actor: 'cli', ip: '192.0.2.1', requestId: 'x' };
    const identity = { connection: 'corp', subject: 's', user: away.body.id, origin: false, label: 'away' };
    await app.parts.identities.link(identity, from);
    assert.equal(code(await api.send('POST', `/users/${away.body.id}/invitation`)), '400 invalid');
    assert.equal(code(await api.send('DELETE', `/users/${away.body.id}/identities/corp`)), '409 in_use');
  });
});

describe('GET /users', () => {
  it('finds by address, state, organisation and how an address or name begins, page by page', async () => {
    for (const [email, name] of [
      ['zoe.one@find.test', 'Ämilia Zorn'],
      ['zoe.two@find.test', 'Bo'],
      ['zoe.three@find.test', 'Zoltan Zed'],
    ] as const) {
      await app.parts.users.add({ email, name, profile: { family_name: name.split(' ').at(-1) } }, 'cli');
    }
    assert.deepEqual(await listed('email=%20ZOE.One@find.test'), ['zoe.one@find.test']);
    assert.deepEqual(await listed('email=zoe'), []);
    assert.deepEqual((await listed('q=zoe.')).sort(), [
      'zoe.one@find.test',
      'zoe.three@find.test',
      'zoe.two@find.test',
    ]);
    assert.deepEqual(await listed('q=zoe.t&email=zoe.two@find.test'), ['zoe.two@find.test']);
    assert.deepEqual(await listed('q=%C3%A4milia'), ['zoe.one@find.test']);
    assert.deepEqual(await listed('q=Zorn'), ['zoe.one@find.test']);
    assert.deepEqual(await listed('q=zoltan%20z'), ['zoe.three@find.test']);
    assert.equal(code(await api.get('/users?q=zo')), '400 invalid');
    const { users, organizations } = app.parts;
    const two = (await users.byEmail('zoe.two@find.test'))?.id ?? '';
    await users.disable(two, 'cli');
    assert.deepEqual(await listed('state=disabled'), ['zoe.two@find.test']);
    assert.deepEqual(await listed('state=disabled&q=zoe.o'), []);
    await organizations.add({ id: 'find', name: 'Find', domains: [], connections: [] }, 'cli');
    for (const email of ['zoe.one@find.test', 'zoe.two@find.test', 'zoe.three@find.test']) {
      await organizations.join('find', `user:${(await users.byEmail(email))?.id}`, 'cli');
    }
    await organizations.join('find', `user:${two}`, 'cli', { connection: 'corp' });
    await organizations.join('find', 'client:demo-service', 'cli');
    assert.equal((await listed('organization=find')).length, 3);
    assert.deepEqual(await listed('organization=find&state=disabled'), ['zoe.two@find.test']);
    assert.deepEqual(await listed('organization=find&q=zoe.o'), ['zoe.one@find.test']);
    assert.deepEqual(await listed('organization=find&email=alice@example.test'), []);
    assert.equal(code(await api.get('/users?organization=none')), '404 missing');
    for (const query of ['', 'organization=find&', 'q=zoe.&']) {
      const whole = (await api.get(`/users?${query}`)).body.items.map(({ id }: { id: string }) => id);
      const seen: string[] = [];
      for (let next: string | null = ''; next !== null; ) {
        const cursor: string = next === '' ? '' : `&cursor=${next}`;
        const { body } = await api.get(`/users?${query}limit=1${cursor}`);
        seen.push(...body.items.map(({ id }: { id: string }) => id));
        next = body.next;
      }
      assert.deepEqual(seen, whole, query);
    }
  });
});

describe('/users/:id', () => {
  it('changes what is said, under its ETag; an address is new for both who read it', async () => {
    const id = await somebody(app, 'max@example.test', { profile: { name: 'Max', nickname: 'M' } });
    const { headers } = await api.get(`/users/${id}`);
    const match = { 'if-match': headers.get('etag') ?? '' };
    const changed = await api.send('PATCH', `/users/${id}`, { nickname: null, locale: 'de' }, match);
    assert.deepEqual([changed.status, changed.body.nickname, changed.body.locale], [200, undefined, 'de']);
    assert.equal(code(await api.send('PATCH', `/users/${id}`, { name: 'Moritz' }, match)), '412 changed');
    assert.equal(code(await api.send('DELETE', `/users/${id}`, undefined, match)), '412 changed');
    assert.equal(code(await api.send('POST', `/users/${id}/disable`, undefined, match)), '412 changed');
    assert.equal(code(await api.send('PATCH', `/users/${id}`, { locale: 'no language' })), '400 invalid_profile');
    assert.equal(code(await api.send('PATCH', `/users/${id}`, { email: 'alice@example.test' })), '409 taken');
    const { body: link } = await api.send('POST', `/users/${id}/password-reset`, { reason: 'forgotten' });
    const moved = await api.send('PATCH', `/users/${id}`, { email: 'moritz@example.test' });
    assert.deepEqual([moved.body.email, moved.body.email_verified], ['moritz@example.test', false]);
    assert.equal((await newBrowser(app).open(link.link)).status, 400, 'links for the old address are over');
    const [asked] = await app.parts.trail.search({ type: 'user.password-reset-asked', target: `user:${id}` });
    assert.deepEqual([asked?.actor, asked?.detail], ['client:demo-admin', { reason: 'forgotten' }]);
    assert.equal(code(await api.send('POST', `/users/${id}/password-reset`, { reason: ' ' })), '400 invalid');
    assert.match((await mailTo('max@example.test')).text, /eine andere E-Mail-Adresse/);
  });

  it('keeps somebody out, lets them in, signs them out: tokens are dead with the answer', async () => {
    const id = await somebody(app, 'kim@example.test');
    const deeds: [string, () => Promise<Answer>, string][] = [
      ['disable', () => api.send('POST', `/users/${id}/disable`), '200'],
      ['sign-out', () => api.send('POST', `/users/${id}/sign-out`), '204'],
    ];
    for (const [name, deed, expected] of deeds) {
      const browser = await atHome(app, 'kim@example.test');
      const { access_token } = await redeem(app, await browser.open(authorization(app)));
      assert.equal((await introspect(app, access_token)).active, true, name);
      assert.equal(code(await deed()), expected, name);
      assert.deepEqual(await introspect(app, access_token), { active: false }, name);
      assert.equal((await browser.send('GET', '/account/profile')).status, 303, name);
      assert.equal((await api.send('POST', `/users/${id}/enable`)).body.state, 'active');
    }
    await atHome(app, 'kim@example.test');
  });

  it('gives all that is kept, and takes it away (GDPR, articles 15 and 17)', async () => {
    const id = await somebody(app, 'leo@example.test', { profile: { name: 'Leo' } });
    await atHome(app, 'leo@example.test');
    const { status, body } = await api.send('POST', `/users/${id}/export`);
    assert.deepEqual(
      [status, body.account.email, body.profile, body.sessions.length],
      [200, 'leo@example.test', { name: 'Leo' }, 1],
    );
    assert.ok(!JSON.stringify(body).includes('argon2'));
    const [exported] = await app.parts.trail.search({ type: 'user.exported', target: `user:${id}` });
    assert.equal(exported?.actor, 'client:demo-admin');
    assert.equal(code(await api.send('DELETE', `/users/${id}`)), '204');
    assert.equal(code(await api.get(`/users/${id}`)), '404 missing');
    assert.equal(await app.parts.users.byEmail('leo@example.test'), undefined);
    const { body: binding } = await api.send(
      'POST',
      `/users/${await somebody(app, 'new@example.test')}/enrolment-code`,
    );
    assert.match(binding.code, /^\S+-\S+-\S+$/);
  });
});

describe('people who may administer more than the caller (sec-270)', () => {
  it('are not theirs to change: a new address or password would be a way in', async () => {
    const { access, users } = app.parts;
    const narrow = adminApi(app, await adminToken(app, 'users:read users:write factors:write sessions:write'));
    const admin = (await users.byEmail('admin@example.test'))?.id ?? '';
    await access.saveRole({ id: 'help', permissions: ['urn:sallyport:admin#users:read'], includes: [] }, 'cli');
    const peer = await somebody(app, 'peer@example.test');
    await access.assign(`user:${peer}`, 'help', 'cli');
    const deeds: [string, string, object?][] = [
      ['PATCH', '', { email: 'thief@example.test' }],
      ['POST', '/password-reset', { reason: 'x' }],
      ['POST', '/invitation'],
      ['POST', '/enrolment-code'],
      ['POST', '/factors/reset', { reason: 'x' }],
      ['DELETE', '/factors/any?reason=x'],
      ['DELETE', '/identities/any'],
      ['POST', '/disable'],
      ['POST', '/enable'],
      ['POST', '/sign-out'],
      ['DELETE', ''],
    ];
    for (const [method, path, body] of deeds) {
      assert.equal(code(await narrow.send(method, `/users/${admin}${path}`, body)), '403 beyond_own_rights', path);
    }
    assert.equal(code(await narrow.send('PATCH', `/users/${peer}`, { name: 'Peer' })), '200');
    assert.equal((await users.get(admin))?.email, 'admin@example.test');
  });
});
