import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { reasonOf, signInAt } from '../support/federating.ts';
import { type HostileProvider, hostileProvider } from '../support/hostile-provider.ts';

let provider: HostileProvider;

before(async () => {
  provider = await hostileProvider();
});
beforeEach(() => provider.reset());
after(() => provider.close());

const folder = join(import.meta.dirname, '../fixtures/federation/oidc');
const fixture = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
const tidy = (value: unknown) => JSON.parse(JSON.stringify(value));

describe('what providers say of a person, as they document it', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const { about, settings, idToken, userinfo = {}, expected } = fixture(file);
    it(`${file}: ${about}`, async () => {
      provider.claims = idToken;
      provider.userinfo = userinfo;
      const attempt = signInAt(provider, { settings });
      if (expected.reason) return assert.equal(await reasonOf(attempt), expected.reason);
      const identity = await attempt;
      assert.equal(identity.subject, expected.subject);
      assert.equal(identity.issuer, provider.issuer);
      assert.deepEqual(identity.groups, expected.groups);
      assert.deepEqual(tidy(identity.evidence), expected.evidence);
      assert.equal(identity.session?.id, expected.session);
      for (const [name, value] of Object.entries(expected.claims)) {
        assert.deepEqual(identity.claims[name] ?? null, value, name);
      }
    });
  }

  it('keeps addresses and their verification together under the names of the connection', async () => {
    provider.claims = { sub: 's', mail: 'victim@example.com' };
    provider.userinfo = { mail: 'own@example.com', email: 'own@example.com', xms_edov: true };
    const settings = { mapping: { email: ['mail'], emailVerified: ['xms_edov'] } };
    const { claims } = await signInAt(provider, { settings });
    assert.deepEqual([claims.mail, claims.email, claims.xms_edov], ['victim@example.com', undefined, undefined]);
  });

  it('tells no groups from none', async () => {
    provider.claims = { sub: 's' };
    const settings = { groups: ['groups', 'roles'] };
    assert.equal((await signInAt(provider, { settings })).groups, undefined);
    provider.claims = { sub: 's', groups: [] };
    assert.deepEqual((await signInAt(provider, { settings })).groups, []);
  });

  it('reads groups as a list, as a text with commas, or as one distinguished name', async () => {
    const settings = { groups: ['memberOf'] };
    const cases: [unknown, string[]][] = [
      [
        ['a', ' b ', 'a', ''],
        ['a', 'b'],
      ],
      ['a, b,,', ['a', 'b']],
      ['CN=Sales,OU=Groups,DC=example,DC=com', ['CN=Sales,OU=Groups,DC=example,DC=com']],
      ['', []],
    ];
    for (const [memberOf, wanted] of cases) {
      provider.claims = { sub: 's', memberOf };
      assert.deepEqual((await signInAt(provider, { settings })).groups, wanted);
    }
  });
});
