import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, mock } from 'node:test';
import { Trail } from '../../src/audit/trail.ts';
import { Connections } from '../../src/federation/connections.ts';
import type { ReadMetadata } from '../../src/federation/importing.ts';
import { inUse } from '../../src/federation/own-keys.ts';
import { duration, interval, Refreshing } from '../../src/federation/refreshing.ts';
import { openStore } from '../../src/store/index.ts';
import { openKeyring } from '../../src/store/keyring.ts';
import type { Store } from '../../src/store/port.ts';
import { type Describing, describing } from '../support/discovery.ts';
import { storeUrl } from '../support/store.ts';

const pem = (name: string) =>
  readFileSync(join(import.meta.dirname, `../fixtures/certificates/${name}.pem`), 'utf8').trim();
const [one, two] = [pem('service'), pem('other')];
const entityId = 'https://idp.example.com/metadata';

/** What stands in for metadata here: the facts as JSON. How XML is read has tests of its own. */
const readMetadata: ReadMetadata = (text) => JSON.parse(text);
const described = (more: object = {}) =>
  JSON.stringify({
    ...{ entityId, certificates: [one], signOut: [], wantAuthnRequestsSigned: false, nameIdFormats: [] },
    signOn: [{ binding: 'redirect', location: 'https://idp.example.com/sso' }],
    ...more,
  });

const [hour, day] = [3600, 86_400];
const proofs = new Map<string, string>();
const warnings: string[] = [];
const log = { warn: (_facts: object, text?: string) => warnings.push(text ?? '') };

let store: Store;
let trail: Trail;
let provider: Describing;
let processes: { connections: Connections; refreshing: Refreshing }[];
before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  [provider, store] = await Promise.all([describing(), storeUrl().then((url) => openStore(url))]);
  const vault = await openKeyring(store, Buffer.alloc(32, 7));
  trail = new Trail(store, vault);
  const outgoing = {};
  const never = () => Promise.reject(new Error('no connector is opened here'));
  const parts = { store, vault, trail, issuer: 'https://id.example.com', outgoing, readMetadata };
  processes = Array.from({ length: 4 }, () => {
    const connections = new Connections({
      ...parts,
      kinds: { oidc: never, saml: never, ldap: never },
      makeKey: async ({ use }) => ({ privateKey: `key for ${use}`, certificate: one, notAfter: 4_000_000_000 }),
      resolveTxt: async (name) => (proofs.has(name) ? [[proofs.get(name) ?? '']] : []),
      refuseRole: async () => undefined,
    });
    return { connections, refreshing: new Refreshing({ ...parts, connections }) };
  });
});
after(async () => {
  mock.timers.reset();
  provider.close();
  await store.close();
});

const tend = () => Promise.all(processes.map(({ refreshing }) => refreshing.tend(log as never)));
const pass = (seconds: number) => mock.timers.setTime(Date.now() + seconds * 1000);
const at = (index: number) => processes[index] ?? assert.fail();
const get = async () => {
  const found = await at(0).connections.get('partner');
  return found?.kind === 'saml' ? found : assert.fail();
};
const events = async () =>
  (await trail.search({ target: 'connection:partner' })).map(({ type }) => type.replace('connection.', ''));
const serve = (text: string, etag = '"1"') => provider.documents.set('/metadata', { headers: { etag }, text });

describe('metadata that is read again', () => {
  it('is read once an hour by one of many processes, with its ETag', async () => {
    serve(described());
    await at(0).connections.add({ id: 'partner', preset: 'generic-saml', from: `${provider.url}/metadata` }, 'test');
    await tend();
    assert.deepEqual(provider.asked, ['/metadata']);
    pass(1.2 * hour);
    await tend();
    assert.deepEqual(provider.asked, ['/metadata', '/metadata "1"']);
    pass(60);
    await tend();
    assert.equal(provider.asked.length, 2);
  });

  it('brings another certificate, and the trail says which', async () => {
    serve(described({ certificates: [one, two] }), '"2"');
    pass(1.2 * hour);
    await tend();
    assert.deepEqual((await get()).certificates, [one, two]);
    const [changed] = await trail.search({ type: 'connection.certificates-changed' });
    assert.match(String(changed?.detail?.added), /^(?:[\dA-F]{2}:){31}[\dA-F]{2}$/);
    assert.equal(changed?.detail?.removed, '');
  });

  const refused: [string, () => unknown, RegExp][] = [
    [
      'another provider (sec-194)',
      () => serve(described({ entityId: 'https://evil.example', certificates: [two] }), '"3"'),
      /another provider/,
    ],
    ['no certificate to sign with', () => serve(described({ certificates: [] }), '"4"'), /no certificate/],
    [
      'an address without TLS',
      () => serve(described({ signOn: [{ binding: 'post', location: 'http://idp.example.com/sso' }] }), '"5"'),
      /no https address/,
    ],
    ['an error', () => provider.documents.set('/metadata', 500), /answers with 500/],
  ];
  for (const [name, prepare, reason] of refused) {
    it(`keeps what was known before when it is ${name}, and says so once`, async () => {
      prepare();
      const [known, before] = [await get(), (await events()).length];
      for (const _round of [1, 2]) {
        pass(1.2 * hour);
        await tend();
      }
      assert.deepEqual(await get(), known);
      assert.deepEqual((await events()).slice(before), ['refresh-failed']);
      assert.match(String((await trail.search({ type: 'connection.refresh-failed' })).at(-1)?.detail?.reason), reason);
    });
  }

  it('is not asked for while the connection is disabled, and by hand says what is wrong', async () => {
    await assert.rejects(at(1).refreshing.refresh('partner', 'test'), /answers with 500/);
    await at(0).connections.setState('partner', 'disabled', 'test');
    const before = provider.asked.length;
    pass(2 * day);
    await tend();
    assert.equal(provider.asked.length, before);
  });
});

describe('a verified domain (sec-215)', () => {
  const speaker = () => at(2).connections.domains.speaker('example.com');

  it('counts while its proof is in DNS, and no longer after three days without', async () => {
    const { domains } = at(0).connections;
    const { proof } = await domains.add('partner', 'example.com', 'test');
    assert.equal(await speaker(), undefined);
    proofs.set('_sallyport.example.com', proof);
    await domains.verify('partner', 'example.com', 'test');
    for (const gone of [false, true, true, false, true, true, true]) {
      assert.equal(await speaker(), 'partner');
      if (gone) proofs.clear();
      else proofs.set('_sallyport.example.com', proof);
      pass(day + 1);
      await tend();
    }
    assert.equal(await speaker(), undefined);
    assert.equal((await trail.search({ type: 'domain.lapsed' })).length, 1);
  });
});

describe('our own keys', () => {
  it('are made once by many processes, and the next one takes over after fourteen days', async () => {
    const all = await Promise.all(processes.map(({ connections }) => connections.keys.of('partner', 'signing')));
    const [first] = all.map((keys) => keys.map(({ kid }) => kid).join());
    const connection = { key: (key: { id: string; connection: string }) => key.connection };
    const kept = store.collection({ name: 'connection-keys', indexes: { connection }, cached: true });
    assert.ok(all.every((keys) => keys.length === 1 && keys[0]?.kid === first));
    assert.doesNotMatch(JSON.stringify(await kept.find()), /key for/);
    await at(0).connections.rotateKeys('partner', 'test', false);
    const kids = async () => (await at(0).connections.keys.of('partner', 'signing')).map(({ kid }) => kid);
    const [before, next] = await kids();
    assert.deepEqual([before, next === undefined], [first, false]);
    pass(14 * day + 1);
    assert.deepEqual(await kids(), [next, first]);
    pass(30 * day + 1);
    assert.deepEqual(await kids(), [next]);
  });

  const key = (generation: number, from: number) => ({ id: `c.signing.${generation}`, from });
  const rows: [string, ReturnType<typeof key>[], number, number[]][] = [
    ['none', [], 100, []],
    ['one', [key(1, 50)], 100, [1]],
    ['one that waits', [key(1, 50), key(2, 200)], 100, [1, 2]],
    ['two of one second', [key(9, 50), key(10, 50)], 100, [10, 9]],
    ['one on its way out', [key(1, 50), key(2, 60)], 60 + 30 * day - 1, [2, 1]],
    ['one that is out', [key(1, 50), key(2, 60)], 60 + 30 * day, [2]],
  ];
  for (const [name, keys, now, expected] of rows) {
    it(`in use: ${name}`, () =>
      assert.deepEqual(
        inUse(keys, now).map(({ id }) => Number(id.split('.')[2])),
        expected,
      ));
  }
});

describe('when to ask again', () => {
  const rows: [Parameters<typeof interval>[0], number][] = [
    [{}, hour],
    [{ maxAge: 60 }, hour],
    [{ maxAge: 6 * hour }, 6 * hour],
    [{ maxAge: 30 * day }, day],
    [{ cacheDuration: 600 }, 600],
    [{ cacheDuration: 1 }, 300],
    [{ validUntil: 1000 + hour }, hour / 2],
    [{ validUntil: 900 }, 300],
  ];
  for (const [said, expected] of rows)
    it(`${JSON.stringify(said)} → ${expected} s`, () => assert.equal(interval(said, 1000), expected));
  for (const [text, expected] of [
    ['PT6H', 6 * hour],
    ['P1DT30M', day + 1800],
    ['PT1.5S', 1],
    ['P1M', undefined],
    ['P', undefined],
  ] as const) {
    it(`${text} → ${expected}`, () => assert.equal(duration(text), expected));
  }
});
