import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { RulesChange } from '../../src/factors/policies.ts';
import { policySubject } from '../../src/factors/policy-subject.ts';
import { openParts, type Parts, refusal, usualRules } from '../support/parts.ts';

describe('the policies of second factors', () => {
  let parts: Parts;
  before(async () => {
    parts = await openParts();
  });
  after(() => parts.close());

  it('are kept with what they name, listed, changed and removed, and the trail tells of it', async () => {
    const { mfaPolicies, trail } = parts;
    await mfaPolicies.change('role:clerk', { secondFactor: 'required', grace: 60 }, 'cli');
    await mfaPolicies.change('client:wiki', { level: 'phr' }, 'cli');
    assert.deepEqual(await mfaPolicies.list(), [
      { id: 'client:wiki', level: 'phr' },
      { id: 'role:clerk', secondFactor: 'required', grace: 60 },
    ]);
    await mfaPolicies.change('role:clerk', { secondFactor: null, remember: 0 }, 'cli');
    assert.deepEqual(await mfaPolicies.get('role:clerk'), { id: 'role:clerk', grace: 60, remember: 0 });
    await mfaPolicies.remove('role:clerk', 'cli');
    assert.equal(await mfaPolicies.get('role:clerk'), undefined);
    await assert.rejects(mfaPolicies.remove('role:clerk', 'cli'), refusal('missing', /role:clerk/));
    const told = await trail.search({ target: 'mfa-policy:role:clerk' });
    assert.deepEqual(
      told.map(({ type, detail }) => [type, detail]),
      [
        ['mfa-policy.saved', { secondFactor: 'required', grace: 60 }],
        ['mfa-policy.saved', { grace: 60, remember: 0 }],
        ['mfa-policy.removed', undefined],
      ],
    );
  });

  it('lose no change when several are made at once', async () => {
    const other = await openParts(parts.url);
    await Promise.all([
      parts.mfaPolicies.change('group:ops', { level: 'phr' }, 'cli'),
      other.mfaPolicies.change('group:ops', { grace: 5 }, 'cli'),
      parts.mfaPolicies.change('group:ops', { remember: 7 }, 'cli'),
    ]);
    assert.deepEqual(await parts.mfaPolicies.get('group:ops'), {
      id: 'group:ops',
      level: 'phr',
      grace: 5,
      remember: 7,
    });
    await other.close();
  });

  it('lie over the configuration by their default, member by member', async () => {
    assert.deepEqual(await parts.mfaPolicies.usual(), usualRules);
    await parts.mfaPolicies.change('default', { secondFactor: 'off' }, 'cli');
    assert.deepEqual(await parts.mfaPolicies.usual(), { ...usualRules, secondFactor: 'off' });
    assert.deepEqual(await parts.mfaPolicies.get('default'), { id: 'default', ...usualRules, secondFactor: 'off' });
    await parts.mfaPolicies.remove('default', 'cli');
    assert.deepEqual(await parts.mfaPolicies.get('default'), { id: 'default', ...usualRules });
  });

  it('sec-143 never remember a device for longer than 30 days', async () => {
    const remember = 30 * 86_400;
    await parts.mfaPolicies.change('default', { remember }, 'cli');
    await assert.rejects(
      parts.mfaPolicies.change('default', { remember: remember + 1 }, 'cli'),
      refusal('invalid', /30 days/),
    );
  });

  it('say something that can be', async () => {
    const wrong: [string, RulesChange, RegExp][] = [
      ['client:wiki', { level: null }, /at least one thing/],
      ['client:new', {}, /at least one thing/],
      ['default', { grace: -1 }, /grace/],
      ['default', { grace: 91 * 86_400 }, /90 days/],
      ['default', { remember: 1.5 }, /remember/],
      ['default', JSON.parse('{"level":"1fa"}'), /level/],
      ['default', JSON.parse('{"secondFactor":"never"}'), /second factor/],
      ['user:ana', { level: 'phr' }, /is for default/],
    ];
    for (const [subject, change, sentence] of wrong) {
      await assert.rejects(parts.mfaPolicies.change(subject, change, 'cli'), refusal('invalid', sentence));
    }
  });
});

describe('the subject of a policy', () => {
  const rows: [string, string | undefined][] = [
    ['default', 'default'],
    ['client:https://app.example/id', 'client:https://app.example/id'],
    ['role:Clerk', 'role:Clerk'],
    ['connection:corp', 'connection:corp'],
    ['group: Domain Admins', 'group:domain admins'],
    ['domain:Example.COM.', 'domain:example.com'],
    ['domain:@bücher.example', 'domain:xn--bcher-kva.example'],
    ['domain:not a domain', undefined],
    ['domain:', undefined],
    ['group: ', undefined],
    ['user:ana@example.com', undefined],
    ['Default', undefined],
    ['constructor:x', undefined],
    ['role:a\u0000b', undefined],
    [`role:${'x'.repeat(300)}`, undefined],
    ['', undefined],
  ];
  for (const [text, subject] of rows) {
    it(`${JSON.stringify(text.slice(0, 30))} is ${subject ?? 'none'}`, () => {
      if (subject === undefined) assert.throws(() => policySubject(text), refusal('invalid', /domain:NAME/));
      else assert.equal(policySubject(text), subject);
    });
  }
});
