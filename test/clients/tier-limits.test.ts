import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkedLimits, type Limit, limitText, parseLimit } from '../../src/clients/tier-limits.ts';

const orders = 'https://api.example.test/orders';

describe('a limit as people write it', () => {
  const good: [string, Limit][] = [
    ['100 per minute', { requests: 100, period: 60 }],
    ['1 per second', { requests: 1, period: 1 }],
    ['5000 per 15 minutes', { requests: 5000, period: 900 }],
    ['20 per 90 seconds', { requests: 20, period: 90 }],
    ['1000000 per day', { requests: 1_000_000, period: 86_400 }],
    [`10 per second on ${orders}`, { api: orders, requests: 10, period: 1 }],
    ['7 per 2 hours on urn:example:api', { api: 'urn:example:api', requests: 7, period: 7200 }],
  ];
  for (const [text, limit] of good) {
    it(`reads "${text}", and writes it again`, () => {
      assert.deepEqual(parseLimit(text), limit);
      assert.equal(limitText(limit), text);
    });
  }

  const wrong = [
    '100',
    '100/minute',
    '100 per',
    '100 per minutes',
    '100 per 15 minute',
    '100 per 1 minutes',
    'ten per day',
  ];
  const odd = [
    '-1 per day',
    '1.5 per day',
    '100 per minute on',
    '100 per minute on a b',
    ' 100 per minute',
    '100 per week',
  ];
  for (const text of [...wrong, ...odd]) {
    it(`refuses "${text}", and says how to write it`, () => {
      assert.throws(() => parseLimit(text), /must read like "100 per minute"/);
    });
  }

  const impossible: [string, Limit[], RegExp][] = [
    ['no request at all', [{ requests: 0, period: 60 }], /suspended/],
    ['more than can be counted', [{ requests: 2_000_000_000, period: 60 }], /1 to 1000000000/],
    ['half a request', [{ requests: 0.5, period: 60 }], /1 to 1000000000/],
    ['no time', [{ requests: 1, period: 0 }], /1 second to 31 days/],
    ['a year', [{ requests: 1, period: 366 * 86_400 }], /1 second to 31 days/],
    ['the same twice', [parseLimit('1 per minute'), parseLimit('2 per 60 seconds')], /keep the lower one/],
    ['a crowd', Array.from({ length: 21 }, (_, index) => ({ requests: 1, period: index + 1 })), /at most 20/],
  ];
  for (const [name, limits, sentence] of impossible) {
    it(`is not ${name}`, () => assert.throws(() => checkedLimits(limits), sentence));
  }
});
