import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { User } from '../../src/directory/users.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { textOf } from '../support/browser.ts';
import { refusal } from '../support/parts.ts';
import { newBrowser } from '../support/signing-in.ts';
import { codeOf } from '../support/totp.ts';

const fresh = 'four rivers beside one lamp';
const seen = { ip: '192.0.2.1', requestId: 'r-1' };

let app: TestApp;
let user: User;
before(async () => {
  app = await startApp();
  user = await app.parts.users.add({ email: 'ada@example.test', password: 'the password that was forgotten' }, 'cli');
});
after(() => app.close());

describe('a reset that an administrator begins', () => {
  it('lets the person choose, once; factors stay, and no device is remembered any more (sec-123, sec-143)', async () => {
    const { devices, enrolments, passwordResets, users } = app.parts;
    const place = { person: { id: user.id, name: 'ada@example.test' }, binding: 'session x' };
    const { secret } = await enrolments.offer('totp', place);
    await enrolments.accept('totp', place, { answer: { code: codeOf(secret) }, name: 'Phone', seen });
    await devices.remember(user.id, 'a-browser', { seconds: 3600, name: 'Firefox', seen });
    const { link } = await passwordResets.linkFor(user, 'cli');
    const browser = newBrowser(app);
    const done = await browser.submit(await browser.open(link), { password: fresh });
    assert.equal(textOf(done, '<h1'), 'Your new password is set');
    assert.ok(await users.signIn('ada@example.test', fresh));
    assert.equal((await enrolments.of(user.id)).length, 1);
    assert.equal(await devices.recognises(user.id, 'a-browser'), false);
    assert.equal((await browser.open(link)).status, 400);
  });

  it('ends with a newer one', async () => {
    const now = (await app.parts.users.get(user.id)) ?? user;
    const [first, second] = [
      await app.parts.passwordResets.linkFor(now, 'cli'),
      await app.parts.passwordResets.linkFor(now, 'cli'),
    ];
    assert.equal((await newBrowser(app).open(first.link)).status, 400);
    assert.equal((await newBrowser(app).open(second.link)).status, 200);
  });

  it('is refused for somebody who is disabled', async () => {
    const disabled = await app.parts.users.disable(user.id, 'cli');
    await assert.rejects(app.parts.passwordResets.linkFor(disabled, 'cli'), refusal('invalid', /is disabled/));
  });
});
