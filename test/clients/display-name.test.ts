import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { displayName, skeleton } from '../../src/clients/display-name.ts';
import { refusal } from '../support/parts.ts';

describe('client_name', () => {
  for (const name of [
    'Orders',
    'Магазин заказов',
    '注文アプリ',
    'Café & Co. (EU) №1',
    'Магазин Orders',
    'ß'.repeat(100),
  ]) {
    it(`may be ${name.slice(0, 20)}`, () => {
      assert.equal(displayName(` ${name.normalize('NFD')} `), name.normalize('NFC'));
    });
  }

  for (const [name, why] of [
    ['', /1 to 100/],
    ['   ', /1 to 100/],
    ['x'.repeat(101), /1 to 100/],
    ['x'.repeat(40_000), /1 to 100/],
    ['safe\u202Etxt.exe', /invisible/],
    ['a\u2066b\u2069', /invisible/],
    ['pay\u200Bpal', /invisible/],
    ['a\u00ADb', /invisible/],
    ['two\nlines', /invisible/],
    ['null\u0000', /invisible/],
    ['tag\u{E0041}', /invisible/],
    [`z${'\u0335'.repeat(9)}algo`, /marks/],
    ['Раypal', /alphabets/],
    ['Οrders', /alphabets/],
    [42, /text/],
    [{ $ne: null }, /text/],
  ] as const) {
    it(`must not be ${JSON.stringify(name).slice(0, 30)}`, () => {
      assert.throws(() => displayName(name), refusal('invalid_client_metadata', why));
    });
  }

  for (const [name, twin] of [
    ['Demo administration', 'DEMO  Administration'],
    ['Demo administration', 'Demo-administration!'],
    ['Demo administration', 'Dem0 administration'],
    ['PayPal', 'Раураl'],
    ['Modern', 'Modem'],
    ['Illinois', 'lllinois'],
    ['Cafe', 'Café'],
    ['Orders', 'Ｏｒｄｅｒｓ'],
  ] as const) {
    it(`passes for the same: ${name}, ${twin}`, () => {
      assert.equal(skeleton(name), skeleton(twin));
    });
  }

  it('does not take different names for the same', () => {
    assert.notEqual(skeleton('Demo administration'), skeleton('Demo web application'));
  });
});
