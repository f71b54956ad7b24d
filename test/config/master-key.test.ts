import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { dataDirectory, developmentMasterKey } from '../../src/config/master-key.ts';
import { temporaryPath } from '../support/temporary.ts';

const place = (): string => dirname(temporaryPath());

describe('the master key of development', () => {
  it('is made once, and kept for nobody else to read', () => {
    const directory = place();
    const key = developmentMasterKey(directory, false);
    assert.equal(key.length, 32);
    assert.deepEqual(developmentMasterKey(directory, false), key);
    assert.deepEqual(developmentMasterKey(directory, true), key);
    assert.equal(statSync(join(directory, 'master.key')).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(directory), ['master.key']);
  });

  it('is another one elsewhere', () => {
    assert.notDeepEqual(developmentMasterKey(place(), false), developmentMasterKey(place(), false));
  });

  it('is the same for processes that make it at once', async () => {
    const directory = place();
    const module = JSON.stringify(join(import.meta.dirname, '../../src/config/master-key.ts'));
    const script = `const { developmentMasterKey } = await import(${module}); process.stdout.write(developmentMasterKey(${JSON.stringify(directory)}, false).toString('base64'))`;
    const children = Array.from({ length: 4 }, () => spawn(process.execPath, ['--input-type=module', '-e', script]));
    const keys = await Promise.all(children.map(({ stdout }) => text(stdout)));
    assert.deepEqual(new Set(keys), new Set([readFileSync(join(directory, 'master.key'), 'utf8').trim()]));
  });

  it('is not made anew for a store that was sealed with one', () => {
    const directory = place();
    assert.throws(
      () => developmentMasterKey(directory, true),
      /sealed with a master key, and .*master\.key is not there/,
    );
    assert.throws(() => statSync(directory), /ENOENT/);
  });

  it('is refused when the file is broken, and the file is left as it is', () => {
    const directory = place();
    developmentMasterKey(directory, false);
    for (const content of ['', 'short', 'A'.repeat(100)]) {
      writeFileSync(join(directory, 'master.key'), content);
      assert.throws(() => developmentMasterKey(directory, false), /master\.key does not hold 32 bytes in base64/);
      assert.equal(readFileSync(join(directory, 'master.key'), 'utf8'), content);
    }
  });

  it('stands beside a SQLite file, else in data', () => {
    assert.equal(dataDirectory('sqlite:/var/lib/sallyport/store.db'), '/var/lib/sallyport');
    assert.equal(dataDirectory('sqlite:data/sallyport.db'), resolve('data'));
    assert.equal(dataDirectory('mongodb://mongo/sallyport'), resolve('data'));
  });
});
