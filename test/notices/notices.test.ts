import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { AuditEvent } from '../../src/audit/trail.ts';
import type { User } from '../../src/directory/users.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { cli } from '../support/cli.ts';
import { type Arrived, type MailServer, startMailServer } from '../support/mail.ts';

const password = 'four words that nobody else has';

describe('notices', () => {
  let app: TestApp;
  let server: MailServer;
  let ana: User & { email: string };
  let jo: User & { email: string };
  before(async () => {
    server = await startMailServer();
    app = await startApp({ SALLYPORT_MAIL_URL: server.url });
    const { users } = app.parts;
    ana = await users.add({ email: 'ana@example.test', name: 'Ana', password }, 'cli');
    const profile = { locale: 'de-AT', zoneinfo: 'Europe/Vienna' };
    jo = await users.add({ email: 'jo@example.test', profile, password }, 'cli');
  });
  afterEach(() => {
    server.mails.length = 0;
  });
  after(async () => {
    await app.close();
    await server.stop();
  });

  /** The one mail that this event makes. */
  async function told(event: AuditEvent): Promise<Arrived> {
    const before = server.mails.length;
    await app.parts.trail.record(event);
    const [mail, ...more] = (await server.arrived(before + 1)).slice(before);
    assert.deepEqual(more, []);
    assert.ok(mail);
    return mail;
  }
  const by = (user: User) => ({ actor: `user:${user.id}`, target: `user:${user.id}`, ip: '192.0.2.7' });

  const events: [AuditEvent['type'], AuditEvent['detail'], subject: RegExp, text: RegExp][] = [
    [
      'factor.added',
      { kind: 'totp', name: 'My phone' },
      /^A new second factor for your/,
      /authenticator app \(My phone\)/,
    ],
    ['factor.removed', { kind: 'webauthn', name: 'Key <b>1</b>' }, /taken away/, /security key \(Key <b>1<\/b>\)/],
    ['factor.blocked', { kind: 'totp' }, /is blocked/, /too many wrong attempts/],
    ['factors.reset', {}, /^All second factors/, /All second factors of your account are gone/],
    ['recovery-codes.made', {}, /^New recovery codes/, /Older ones do not work/],
    ['recovery-code.used', { left: 2 }, /recovery code .* used/, /Codes that are left: 2\./],
    ['user.password-changed', {}, /password .* was changed/, /all sessions have ended/],
    ['user.password-reset', {}, /has a new password/, /second factors are still asked for/],
    ['user.email-changed', {}, /new e-mail address/, /now the e-mail address/],
    ['user.email-change-asked', {}, /another e-mail address/, /once the new address is confirmed/],
    ['signin.succeeded', { device: 'new', browser: 'Firefox on Linux' }, /new device/, /With: Firefox on Linux/],
  ];
  for (const [type, detail, subject, text] of events) {
    it(`sec-161 tells the person of ${type}, when, from where, and what to do when it was not them`, async () => {
      const mail = await told({ type, ...by(ana), detail } as AuditEvent);
      assert.deepEqual(mail.to, ['ana@example.test']);
      assert.match(mail.subject, subject);
      assert.match(mail.text, text);
      assert.match(mail.text, /When: \w+ \d+, \d{4} at .* UTC/);
      assert.match(mail.text, /Where from: 192\.0\.2\.7/);
      assert.ok(mail.text.includes(`${app.issuer}/account`));
      assert.ok(mail.text.includes(`${app.issuer}/account/forgot`));
      assert.match(mail.html, /^<!doctype html>\n<html lang="en">/);
      assert.doesNotMatch(mail.html, /<b>|<img|<script|<link|http:\/\/(?!localhost)/);
    });
  }

  it('writes in the language and the time zone of the person', async () => {
    const mail = await told({ type: 'factor.added', ...by(jo), detail: { kind: 'totp', name: 'Handy' } });
    assert.match(mail.subject, /^Ein neuer zweiter Faktor für Ihr Konto bei localhost/);
    assert.match(mail.text, /Authenticator-App \(Handy\)/);
    assert.match(mail.text, /Wann: .* um .* (?:MEZ|MESZ|GMT\+[12])/);
    assert.match(mail.html, /<html lang="de">/);
    assert.doesNotMatch(mail.text, /Where|When|If you/);
  });

  it('says when it was not the person who did it', async () => {
    const self = await told({ type: 'factors.reset', ...by(ana) });
    assert.doesNotMatch(self.text, /looks after accounts/);
    const other = await told({ type: 'factors.reset', actor: 'cli', target: `user:${ana.id}` });
    assert.match(other.text, /Who: not you, but somebody who looks after accounts here/);
    assert.doesNotMatch(other.text, /Where from/);
  });

  it('tells of a sign-in after ten that failed (ASVS 6.3.5), counted since the one before', async () => {
    const fail = async (times: number) => {
      for (let count = 0; count < times; count += 1) {
        await app.parts.trail.record({ type: 'signin.failed', ...by(jo), actor: 'anonymous', outcome: 'failure' });
      }
    };
    const signIn: AuditEvent = { type: 'signin.succeeded', ...by(jo), detail: { method: 'password' } };
    await fail(9);
    await app.parts.trail.record(signIn);
    await fail(9);
    await app.parts.trail.record(signIn);
    await fail(12);
    const mail = await told(signIn);
    assert.match(mail.text, /nach 12 fehlgeschlagenen Versuchen/);
    await app.parts.trail.record(signIn);
    await told({ type: 'factors.reset', ...by(jo) });
    assert.equal(server.mails.length, 2, 'nothing came of the other sign-ins');
  });

  it('tells nobody of a sign-in with a known device, of what is no concern of a person, and of who has no address', async () => {
    const { trail, users } = app.parts;
    const nobody = await users.provision('usr_nobody', {}, 'corp');
    await trail.record({ type: 'signin.succeeded', ...by(ana), detail: { method: 'password' } });
    await trail.record({ type: 'role.assigned', actor: 'cli', target: `user:${ana.id}`, detail: { role: 'x' } });
    await trail.record({ type: 'factor.added', ...by(nobody), detail: { kind: 'totp' } });
    await trail.record({ type: 'factor.added', actor: 'cli', target: 'user:usr_gone', detail: { kind: 'totp' } });
    await told({ type: 'factors.reset', ...by(ana) });
    assert.equal(server.mails.length, 1);
  });

  it('sends codes and links to whom they are for', async () => {
    const { notices } = app.parts;
    const link = `${app.issuer}/account/email/some-token`;
    await notices.sendEnrolmentCode(ana, 'BCDFG-HJKLM');
    await notices.sendEmailChange('new@example.test', link, jo);
    await notices.sendEmailUndo('old@example.test', link);
    await notices.sendRemoved(ana);
    const mails = (await server.arrived(4)).toSorted((a, b) => String(a.to).localeCompare(String(b.to)));
    const found = (to: string, text: RegExp) => mails.find((one) => one.to[0] === to && text.test(one.text));
    assert.match(found('ana@example.test', /BCDFG-HJKLM/)?.html ?? '', /<strong>BCDFG-HJKLM<\/strong>/);
    assert.ok(found('ana@example.test', /were removed, as you asked/));
    assert.match(found('new@example.test', /bestätigen Sie/)?.text ?? '', new RegExp(`${link}\n`));
    assert.ok(found('old@example.test', /take the change back/)?.html.includes(`<a href="${link}">${link}</a>`));
  });

  it('a mail server that is away delays no deed and loses no notice', async () => {
    const down = await startMailServer();
    await down.stop();
    const other = await startApp({ SALLYPORT_MAIL_URL: down.url });
    const { users, outbox, trail } = other.parts;
    const { id } = await users.add({ email: 'eva@example.test', password }, 'cli');
    await users.setPassword(id, 'another four words of hers', 'cli');
    assert.equal((await trail.search({ type: 'user.password-changed' })).length, 1);
    assert.equal(await outbox.waiting(), 1);
    await other.close();
  });

  it('sec-161 what a process owes that died between the event and the letter is written by the next one, once', async (t) => {
    const other = await startApp({ SALLYPORT_MAIL_URL: server.url });
    t.after(() => other.close());
    const place = other.parts;
    const { id } = await place.users.add({ email: 'eva@example.test', password }, 'cli');
    const told: AuditEvent = {
      type: 'factor.added',
      actor: `user:${id}`,
      target: `user:${id}`,
      detail: { kind: 'totp' },
    };
    await place.trail.record(told);
    await server.arrived(1);
    // As if it had died right after the event.
    place.trail.listen(
      () => undefined,
      () => {},
    );
    await place.trail.record({ ...told, type: 'factor.removed' });
    await place.notices.catchUp();
    await place.notices.catchUp();
    const [first, second] = await server.arrived(2);
    assert.match(first?.subject ?? '', /A new second factor/);
    assert.match(second?.subject ?? '', /taken away/);
    await place.notices.sendRemoved({ ...ana, email: 'control@example.test' });
    assert.equal((await server.arrived(3)).length, 3);
  });

  it('a deed on the command line is told too, by a server on the same store', async (t) => {
    const sallyport = await cli({ SALLYPORT_MAIL_URL: server.url });
    const home = await startApp({
      SALLYPORT_STORE: sallyport.environment.SALLYPORT_STORE ?? '',
      SALLYPORT_MAIL_URL: server.url,
    });
    t.after(() => home.close());
    const key = { SALLYPORT_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') };
    Object.assign(sallyport.environment, key);
    await sallyport.json(['user', 'set', 'alice@example.test', '--password-stdin'], 'another four words of hers');
    const [mail] = await server.arrived(1);
    assert.match(mail?.subject ?? '', /password .* was changed/);
    assert.match(mail?.text ?? '', /Who: not you/);
  });

  it('development without a mail server writes it into the log, with its links', async (t) => {
    const home = await startApp();
    t.after(() => home.close());
    const user = await home.parts.users.byEmail('alice@example.test');
    assert.ok(user);
    await home.parts.notices.sendEmailChange('new@example.test', `${home.issuer}/account/email/a-long-token-of-a-link`);
    while (!home.log.some((line) => line.includes('this is what would be sent'))) await new Promise(setImmediate);
    const line = JSON.parse(home.log.find((one) => one.includes('this is what would be sent')) ?? '{}');
    assert.equal(line.mail.to, 'new@example.test');
    assert.ok(line.mail.text.includes(`${home.issuer}/account/email/a-long-token-of-a-link`));
  });
});
