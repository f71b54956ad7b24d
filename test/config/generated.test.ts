import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, it } from 'node:test';
import { generated } from '../support/generated.ts';

describe('what is printed from the code', () => {
  for (const { file, content } of generated()) {
    it(`stands in ${basename(file)} as it should (if not: npm run generate)`, () => {
      assert.equal(readFileSync(file, 'utf8'), content);
    });
  }

  it('shows every variable of the contract', () => {
    const readme = generated()[0]?.content ?? '';
    for (const name of ['ISSUER', 'PORT', 'HOST', 'STORE', 'MASTER_KEY', 'TRUSTED_PROXIES', 'OPS_PORT']) {
      assert.match(readme, new RegExp(`\\| \`SALLYPORT_${name}\` \\|`));
    }
  });
});
