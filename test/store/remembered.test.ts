import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Remembered, wholeWeight } from '../../src/store/remembered.ts';

describe('what is remembered of reads', () => {
  const reading = (value: string, memory: Remembered<string>) => ({
    value,
    expires: Number.POSITIVE_INFINITY,
    since: 1000,
    generation: memory.generation,
    weight: value.length,
  });

  it('does not keep what a read found that began before a change', () => {
    const memory = new Remembered<string>(900);
    const old = reading('old', memory);
    memory.forget();
    assert.equal(memory.keep('key', old), 'old');
    assert.equal(memory.recall('key', 1001), undefined);
  });
  it('counts the age from the beginning of the read, and believes no entry from the future', () => {
    const memory = new Remembered<string>(900);
    memory.keep('key', reading('value', memory));
    assert.equal(memory.recall('key', 1899), 'value');
    assert.equal(memory.recall('key', 1900), undefined);
    memory.keep('key', reading('value', memory));
    assert.equal(memory.recall('key', 999), undefined);
  });
  it('drops the oldest when it grows too large', () => {
    const memory = new Remembered<string>(900);
    const large = 'x'.repeat(999_699);
    for (const key of ['a', 'b', 'c', 'd', 'e']) memory.keep(key, reading(large, memory));
    const kept = ['a', 'b', 'c', 'd', 'e'].filter((key) => memory.recall(key, 1000) !== undefined);
    assert.deepEqual(kept, ['b', 'c', 'd', 'e']);
  });
  it('counts what was asked for, though nothing was found', () => {
    const memory = new Remembered<string>(900);
    const long = (at: number) => `${at}${'x'.repeat(999_600)}`;
    for (let at = 0; at < 6; at += 1) memory.keep(long(at), reading('', memory));
    const kept = [0, 1, 2, 3, 4, 5].filter((at) => memory.recall(long(at), 1000) !== undefined);
    assert.deepEqual(kept, [2, 3, 4, 5]);
  });
  it('keeps more where it is told to', () => {
    const memory = new Remembered<string>(900, wholeWeight);
    memory.keep('all', reading('x'.repeat(30_000_000), memory));
    assert.notEqual(memory.recall('all', 1000), undefined);
  });
});
