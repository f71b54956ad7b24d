import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refuseWeak } from '../../src/directory/passwords.ts';
import { refusal } from '../support/parts.ts';

const email = 'margarita@example.test';

describe('a new password', () => {
  for (const [password, why] of [
    ['', /at least 15/],
    ['sevenry', /has 7 characters/],
    ['eightsix', /has 8 characters/],
    ['fourteen-chars', /has 14 characters/],
    [`${'é'.normalize('NFD').repeat(14)}`, /has 14 characters/],
    ['🐎'.repeat(14), /has 14 characters/],
    ['ab cd '.repeat(200), /at most 1000/],
    ['aaaaaaaaaaaaaaaaaaaa', /guessed/],
    ['abababababababababab', /guessed/],
    ['passwordpassword', /guessed/],
    ['Password12345678', /guessed/],
    ['P@ssw0rd!P@ssw0rd!', /guessed/],
    ['123456789012345678', /guessed/],
    ['abcdefghijklmnopqrstuvwxyz', /guessed/],
    ['zyxwvutsrqponmlkjihgfedcba', /guessed/],
    ['qwertyuiopasdfghjkl', /guessed/],
    ['qwerty1234567890!', /guessed/],
    ['Welcome2024Summer!!', /guessed/],
    ['iloveyou-princess-2009', /guessed/],
    ['letmein letmein letmein', /guessed/],
    ['administrator-12345', /guessed/],
    ['my sallyport is fine', /name of this service/],
    ['SallyPort quite long enough', /name of this service/],
    ['I am Margarita of Spain', /name in the e-mail address/],
  ] as const) {
    it(`is refused when it is ${JSON.stringify(password.slice(0, 30))} (NIST SP 800-63B-4 §3.1.1.2)`, () => {
      assert.throws(() => refuseWeak(password, email), refusal('weak_password', why));
    });
  }

  for (const password of [
    'fifteen letters',
    'gravel otter mosaic tundra',
    'correct horse battery staple',
    'ünïcödé wörds äre fïne',
    '駱駝と砂漠の夜空に光る星を数えている人',
    '🐎🔋📎✅🦉🌵🧭🎻🪁🚲🧀🪴🛶🥁🧶',
    '               spaces inside are kept               ',
    'a1b2c3 is not enough but this is',
    'R7#kq!Zp2@vLw9$',
    `${'a tale of many words, '.repeat(40)}no end`,
  ]) {
    it(`is taken when it is ${JSON.stringify(password.slice(0, 30))}`, () => {
      assert.doesNotThrow(() => refuseWeak(password, email));
    });
  }
});
