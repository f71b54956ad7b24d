import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { breachedAtApi, breachedInFile } from '../../src/directory/breached.ts';
import { hashFile, type RangeApi, sha1, startRangeApi } from '../support/breached.ts';

const never = (cause: unknown): void => assert.fail(String(cause));
const passwords = Array.from({ length: 1000 }, (_, at) => `stolen password number ${at}`);
const lines = passwords.map((one, at) => `${sha1(one)}:${10 ** (at % 10)}`).sort();

describe('a file of stolen passwords', () => {
  const forms: [string, { end?: string; open?: boolean }][] = [
    ['lines as Unix ends them', {}],
    ['lines as Windows ends them', { end: '\r\n' }],
    ['a last line without an end', { open: true }],
    ['a last line without an end, after others as Windows ends them', { end: '\r\n', open: true }],
  ];
  for (const [name, how] of forms) {
    it(`is searched in ${name}: every one is found, and no other`, async () => {
      const breached = breachedInFile(hashFile(lines, how), never);
      const edges = [lines[0], lines[1], lines[499], lines[998], lines[999]].map((one) => one?.slice(0, 40));
      const some = passwords.filter((one, at) => at % 20 === 0 || edges.includes(sha1(one)));
      assert.ok(some.length >= 50);
      for (const one of some) assert.equal(await breached(one), true, one);
      for (const one of some) assert.equal(await breached(`${one}!`), false);
    });
  }

  it('finds every line of short files, and what is before the first and after the last is not there', async () => {
    for (const size of [1, 2, 3, 7]) {
      const some = passwords.slice(0, size);
      const breached = breachedInFile(hashFile(some.map((one) => `${sha1(one)}:1`).sort()), never);
      for (const one of some) assert.equal(await breached(one), true);
      for (const one of passwords.slice(10, 60)) assert.equal(await breached(one), false);
    }
    assert.equal(await breachedInFile(hashFile([], { open: true }), never)('anything'), false);
  });

  it('may be written in small letters', async () => {
    const breached = breachedInFile(hashFile(lines.map((line) => line.toLowerCase())), never);
    assert.equal(await breached(passwords[7] ?? ''), true);
  });

  const broken: [string, () => string, RegExp][] = [
    ['is gone', () => '/nowhere/stolen.txt', /ENOENT/],
    [
      'is sorted by count',
      () => hashFile(lines.toSorted((a, b) => Number(a.slice(41)) - Number(b.slice(41)))),
      /not sorted/,
    ],
    ['holds something else', () => hashFile(Array(100).fill('password')), /not SHA-1:COUNT/],
    ['has lines without an end', () => hashFile(lines.slice(0, 100), { end: '' }), /not SHA-1:COUNT/],
  ];
  for (const [name, file, why] of broken) {
    it(`that ${name} lets a password through, and says why`, async () => {
      const complaints: string[] = [];
      const breached = breachedInFile(file(), (cause) => complaints.push(String(cause)));
      assert.equal(await breached('anything'), false);
      assert.equal(complaints.length, 1);
      assert.match(complaints[0] ?? '', why);
    });
  }
});

describe('an API of stolen passwords', () => {
  let api: RangeApi;
  const bounds = { allowPrivate: true, timeoutMs: 10_000 };
  before(async () => {
    api = await startRangeApi('stolen by somebody');
  });
  after(() => api.stop());

  it('is told five digits of the hash and nothing else, and asked to pad its answer', async () => {
    const breached = breachedAtApi(api.url, bounds, never);
    assert.equal(await breached('stolen by somebody'), true);
    assert.equal(await breached('stolen by nobody'), false);
    assert.deepEqual(
      api.asked.map(({ path }) => path),
      ['stolen by somebody', 'stolen by nobody'].map((one) => `/range/${sha1(one).slice(0, 5)}`),
    );
    const { headers } = api.asked[0] ?? assert.fail();
    assert.equal(headers['add-padding'], 'true');
    assert.doesNotMatch(JSON.stringify(headers), new RegExp(`stolen|${sha1('stolen by somebody').slice(5, 15)}`));
  });

  it('a line of padding is no theft', async () => {
    assert.equal(await breachedAtApi(api.url, bounds, never)('padding 7'), false);
  });

  it('that is away, or answers otherwise, lets a password through, and says why', async () => {
    const complaints: unknown[] = [];
    const failed = (cause: unknown) => complaints.push(cause);
    api.status = 503;
    assert.equal(await breachedAtApi(api.url, bounds, failed)('stolen by somebody'), false);
    assert.equal(await breachedAtApi('http://127.0.0.1:1', bounds, failed)('stolen by somebody'), false);
    assert.equal(await breachedAtApi(api.url, {}, failed)('stolen by somebody'), false, 'a private address');
    assert.equal(complaints.length, 3);
    assert.doesNotMatch(complaints.map(String).join(), /stolen by/);
  });
});
