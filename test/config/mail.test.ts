import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reading, wrong } from '../support/settings.ts';

describe('settings of mail', () => {
  const servers = [
    'smtp://mail.example.com',
    'smtp://mail.example.com:587',
    'smtps://mailer:pa%2Fss%40word@mail.example.com:465/',
    'smtp://[2001:db8::1]:25',
  ];
  for (const url of servers) {
    it(`take ${url}`, () => {
      assert.equal(reading('', { SALLYPORT_MAIL_URL: url }).config?.mail.url, url);
    });
  }
  for (const url of [
    'mail.example.com',
    'https://mail.example.com',
    'smtp://',
    'smtp://a:b%zz@host',
    'smtp://host/path',
  ]) {
    it(`refuse ${url} without repeating it, since it may hold a password`, () => {
      const [sentence = '', ...more] = wrong('', { SALLYPORT_MAIL_URL: url });
      assert.deepEqual(more, []);
      assert.match(sentence, /^mail\.url: must be smtp:\/\/USER:PASSWORD@HOST:587/);
      assert.ok(!sentence.includes(`${url} `) && !sentence.includes('zz'));
    });
  }

  const from: [string, boolean][] = [
    ['accounts@example.com', true],
    ['Example accounts <accounts@example.com>', true],
    ['Example', false],
    ['a@example.com, b@example.com', false],
    ['Example\\nBcc: eve@example.com <a@example.com>', false],
  ];
  for (const [sender, fits] of from) {
    it(`${fits ? 'take' : 'refuse'} mail from ${sender}`, () => {
      const problems = wrong(`mail: { from: "${sender}" }`);
      assert.equal(problems.length, fits ? 0 : 1, problems.join());
    });
  }
});
