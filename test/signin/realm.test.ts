import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connection } from '../../src/federation/connection.ts';
import { type Clue, clues, domainOf, type Hints, realm } from '../../src/signin/realm.ts';

const rows: [name: string, hints: Hints, clues: Clue[]][] = [
  ['nothing', {}, []],
  ['an idp_hint', { idpHint: 'corp' }, [{ connection: 'corp' }]],
  ['a domain_hint in any spelling', { domainHint: ' Corp.Example. ' }, [{ domain: 'corp.example' }]],
  ['the domain of a login_hint', { loginHint: 'ana@corp.example' }, [{ domain: 'corp.example' }]],
  ['the domain of a typed address', { typed: 'ana@corp.example' }, [{ domain: 'corp.example' }]],
  ['a name without a domain', { loginHint: 'ana', typed: 'CORP\\ana' }, []],
  [
    'everything, in order',
    { typed: 'a@four.example', loginHint: 'a@three.example', domainHint: 'two.example', idpHint: 'one' },
    [{ connection: 'one' }, { domain: 'two.example' }, { domain: 'three.example' }, { domain: 'four.example' }],
  ],
];

describe('the clues to where somebody has an account', () => {
  for (const [name, hints, found] of rows) it(`are: ${name}`, () => assert.deepEqual(clues(hints), found));
});

describe('the domain of an address', () => {
  for (const [address, domain] of [
    ['ana@corp.example', 'corp.example'],
    ['ANA@CORP.EXAMPLE', 'corp.example'],
    ['a@b@corp.example', 'corp.example'],
    ['ana@bücher.example', 'xn--bcher-kva.example'],
    ['ana@ｃorp.example', 'corp.example'],
    ['ana@', undefined],
    ['ana', undefined],
    [undefined, undefined],
    [`ana@${'a'.repeat(300)}.example`, undefined],
  ] as const) {
    it(`of ${address?.slice(0, 40)} is ${domain}`, () => assert.equal(domainOf(address), domain));
  }
});

describe('the realm', () => {
  const made = (id: string, state: 'enabled' | 'disabled') =>
    connection.parse({
      ...{ id, name: id, preset: 'generic-oidc', kind: 'oidc', state, created: 0, updated: 0 },
      ...{ issuer: 'https://idp.example', clientId: 'c' },
    });
  const all = { one: made('one', 'enabled'), off: made('off', 'disabled'), two: made('two', 'enabled') };
  const lookUps = {
    get: async (id: string) => Object.entries(all).find(([name]) => name === id)?.[1],
    forDomain: async (domain: string) => (domain === 'two.example' ? all.two : undefined),
  };
  it('is what the first clue that leads anywhere says', async () => {
    const found = async (hints: Hints) => (await realm(hints, lookUps))?.id;
    assert.equal(await found({ idpHint: 'one', domainHint: 'two.example' }), 'one');
    assert.equal(await found({ idpHint: 'nobody', loginHint: 'a@two.example' }), 'two');
    assert.equal(await found({ idpHint: 'off' }), undefined);
    assert.equal(await found({ idpHint: 'off', domainHint: 'two.example' }), 'two');
    assert.equal(await found({ typed: 'a@sub.two.example' }), undefined);
    assert.equal(await found({}), undefined);
  });
});
