import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection } from '../../src/federation/connection.ts';
import type { UpstreamIdentity } from '../../src/federation/connector.ts';
import { personOf } from '../../src/federation/doctor.ts';
import { Recorder } from '../../src/federation/report.ts';
import { connectionTo } from '../support/federating.ts';

const mapping = { email: ['email'], emailVerified: ['email_verified'], name: ['name'] };
const verified = [{ name: 'corp.example', proof: 'p', verified: 'dns' }];
const someone = (claims: object): UpstreamIdentity => ({
  ...{ subject: 's', issuer: 'i', claims: { ...claims } },
  evidence: { amr: ['pwd', 'otp'], acrs: [], authTime: 7 },
});
const person = (connection: Connection, claims: object) =>
  personOf(someone(claims), connection, { recorder: new Recorder(), now: 10 });

describe('who somebody would be here', () => {
  const email = 'ana@corp.example';
  const cases: [string, object, object, boolean, RegExp][] = [
    ['no address', { mapping }, { email: 'no address' }, false, /No address that can be used came in email/],
    ['no rule for it', { mapping: {} }, { email }, false, /came in nothing, which the mapping names/],
    ['no flag', { mapping, domains: verified }, { email }, false, /no flag came in email_verified/],
    ['false', { mapping, domains: verified }, { email, email_verified: false }, false, /email_verified is false/],
    ['no domain', { mapping }, { email, email_verified: true }, false, /connection domain add test corp\.example/],
    ['both', { mapping, domains: verified }, { email, email_verified: true }, true, /and the provider vouches/],
  ];
  for (const [name, settings, claims, counts, why] of cases) {
    it(`says why an address counts as verified, or does not: ${name}`, () => {
      const found = person(connectionTo('https://idp.example', settings), claims);
      assert.equal(found.verified, counts);
      assert.match(found.why, why);
    });
  }

  it('tells groups that were not said from none, and what the evidence proves', () => {
    const evidence = [{ amrAnyOf: ['otp'], level: '2fa' }];
    const found = person(connectionTo('https://idp.example', { mapping, evidence }), { name: 'Ana', other: 1, iat: 2 });
    assert.deepEqual(
      [found.groups, found.level, found.unused, found.profile, found.evidence],
      [undefined, '2fa', ['other'], { name: 'Ana' }, { amr: 'pwd otp', auth_time: '7' }],
    );
  });
});

describe('what a report shows', () => {
  const shown = (value: unknown, ...secrets: string[]) => {
    const recorder = new Recorder();
    recorder.hide(...secrets);
    recorder.received('it', value);
    const [step] = recorder.steps;
    return step && 'values' in step ? step.values : {};
  };

  const masked: [string, unknown, string[]?][] = [
    ['a token by its name', { access_token: 'abc' }],
    ['a password in a list of objects', { all: [{ a: [{ userPassword: 'abc' }] }] }],
    ['a JWT under any name', { note: `see eyJhbGciOiJub25lIn0.abc.abc` }],
    ['a private key', { note: '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----' }],
    ['a secret of this test within a text', { note: 'it was abc+abc/12!' }, ['abc+abc/12']],
    ['the same as an address has it', { note: `?x=${encodeURIComponent('abc+abc/12')}` }, ['abc+abc/12']],
    ['the same as a name', { 'abc+abc/12': 1 }, ['abc+abc/12']],
  ];
  for (const [name, value, secrets = []] of masked) {
    it(`masks ${name}`, () => {
      const text = JSON.stringify(shown(value, ...secrets));
      assert.match(text, /\[masked\]/);
      assert.doesNotMatch(text, /abc/);
    });
  }

  it('masks before it cuts, so that no half of a secret is left', () => {
    const { note = '' } = shown({ note: `${'x'.repeat(295)}abcdefghijkl` }, 'abcdefghijkl');
    assert.doesNotMatch(note, /abc/);
    assert.ok(note.length <= 301);
  });

  it('does not mask what is too short to be a secret, or what metadata is called', () => {
    assert.deepEqual(shown({ name: 'Ana', token_endpoint: 'https://a.example' }, 'Ana'), {
      ...{ name: 'Ana', token_endpoint: 'https://a.example' },
    });
  });

  it('is cut, cannot steer a terminal, and keeps the check that failed however much came', () => {
    const recorder = new Recorder();
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`n${at}`, '\u202e\u001b[31m']));
    for (let count = 0; count < 500; count += 1) recorder.received('many', many);
    recorder.failed({ check: 'aud', came: 'x'.repeat(5000) });
    assert.equal(recorder.steps.length, 201);
    const text = JSON.stringify(recorder.steps);
    assert.ok(!text.includes('\u202e') && !text.includes('\\u001b') && !text.includes('x'.repeat(301)));
    const [first] = recorder.steps;
    assert.equal(first && 'values' in first && first.values['…'], '40 more');
    assert.deepEqual(recorder.steps.at(-1), { check: 'aud', passed: false, seen: `${'x'.repeat(300)}…` });
  });
});
