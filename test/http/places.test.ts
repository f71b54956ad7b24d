import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Places } from '../../src/http/places.ts';

describe('places', () => {
  it('hold what was taken in until it leaves, and are used again', () => {
    const all = new Places<string>();
    const [a, b] = [all.take('a'), all.take('b')];
    assert.deepEqual([all.size, [...all]], [2, ['a', 'b']]);
    all.leave(a);
    assert.deepEqual([all.size, [...all]], [1, ['b']]);
    assert.equal(all.take('c'), a);
    all.leave(b);
    assert.deepEqual([all.size, [...all]], [1, ['c']]);
  });
});
