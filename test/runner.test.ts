import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { uses } from './support/suites.ts';

const samples = join(import.meta.dirname, 'fixtures/runner');

function run(...names: string[]) {
  const files = names.map((name) => join(samples, `${name}.ts`));
  // This file runs under a runner itself, and a runner inside would take it for its parent.
  const { NODE_TEST_CONTEXT: _ours, ...env } = process.env;
  const { status, stdout } = spawnSync(process.execPath, [join(import.meta.dirname, 'all.ts'), ...files], {
    env,
    encoding: 'utf8',
  });
  return { status, stdout, last: stdout.trimEnd().split('\n').at(-1) };
}

describe('npm test', () => {
  it('ends with the count alone on its line, and 0 when all passed', () => {
    const { status, last } = run('sound');
    assert.deepEqual([status, last], [0, '1 passed, 0 failed']);
  });

  it('ends with 1 when one failed, and shows which and why', () => {
    const { status, stdout, last } = run('sound', 'failing');
    assert.deepEqual([status, last], [1, '2 passed, 1 failed']);
    assert.match(
      stdout,
      /✖ test\/fixtures\/runner\/failing\.ts {2}1 passed, 1 failed.*\n\s+✖ fails\n\s+AssertionError[\s\S]*1 !== 2/,
    );
    assert.match(stdout, /failed on the way: test\/fixtures\/runner\/failing\.ts\n\s+✖ fails\n/);
  });

  it('counts a file that ends early as failed', () => {
    const { status, last } = run('sound', 'ending');
    assert.deepEqual([status, last], [1, '1 passed, 1 failed']);
  });

  it('knows which files need what, however far away they ask for it', () => {
    assert.ok(uses(join(import.meta.dirname, 'protocol/introspection.test.ts'), 'store.ts'));
    assert.ok(!uses(join(import.meta.dirname, 'config/load.test.ts'), 'store.ts'));
  });
});
