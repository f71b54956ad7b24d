import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changedProfile } from '../../src/directory/profile.ts';
import { refusal } from '../support/parts.ts';

const everything = {
  name: 'Ana García',
  given_name: 'Ana',
  family_name: 'García',
  middle_name: 'M.',
  nickname: 'ani',
  preferred_username: 'ana',
  profile: 'https://people.example.test/ana',
  picture: 'https://people.example.test/ana.jpg',
  website: 'http://ana.example.test',
  gender: 'female',
  birthdate: '0000-03-22',
  zoneinfo: 'America/Argentina/Buenos_Aires',
  locale: 'es-AR',
  phone_number: '+1 (604) 555-1234;ext=5678',
  phone_number_verified: true,
  address: {
    formatted: '1 Street\nTown',
    street_address: '1 Street',
    locality: 'Town',
    region: 'Here',
    postal_code: '12345',
    country: 'AR',
  },
};

describe('profile', () => {
  it('holds all standard claims (OIDC Core §5.1)', () => {
    assert.deepEqual(changedProfile({}, everything), everything);
  });

  it('keeps what a change does not name, and takes away what it calls null (RFC 7396)', () => {
    const changed = changedProfile(
      { name: 'Ana', nickname: 'ani' },
      { nickname: null, locale: 'fr', gender: undefined },
    );
    assert.deepEqual(changed, { name: 'Ana', locale: 'fr' });
  });

  it('keeps texts in NFC', () => {
    assert.equal(changedProfile({}, { name: 'García'.normalize('NFD') }).name, 'García'.normalize('NFC'));
  });

  for (const [claim, value] of [
    ['sub', 'me'],
    ['email', 'a@b.c'],
    ['roles', ['administrator']],
    ['__proto__x', 1],
    ['name', ''],
    ['name', 12],
    ['name', 'two\nlines'],
    ['name', 'x'.repeat(501)],
    ['picture', 'javascript:alert(1)'],
    ['website', 'not an address'],
    ['birthdate', '22/03/1990'],
    ['birthdate', '1990-13-01'],
    ['zoneinfo', 'a b'],
    ['locale', 'x'],
    ['phone_number', 'call me'],
    ['phone_number_verified', 'yes'],
    ['address', 'Town'],
    ['address', ['Town']],
    ['address', { town: 'Town' }],
    ['address', { country: 7 }],
  ] as const) {
    it(`refuses ${claim} = ${JSON.stringify(value).slice(0, 40)}`, () => {
      assert.throws(() => changedProfile({}, { [claim]: value }), refusal('invalid_profile', new RegExp(claim)));
    });
  }
});
