import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Refused } from '../../src/federation/connector.ts';
import { saml } from '../../src/federation/saml.ts';
import { samlReasons } from '../../src/federation/saml-reasons.ts';
import type { Flaw } from '../support/saml-flaw.ts';
import { assertion, form, response } from '../support/saml-flaws.ts';
import { encryption, signing } from '../support/saml-flaws-signed.ts';
import {
  answered,
  type Keys,
  login,
  makeKeys,
  posted,
  recorded,
  settingsOf,
  surroundings,
} from '../support/saml-parts.ts';
import { wrappings } from '../support/saml-wrapping.ts';

const flaws: Record<string, Flaw> = {
  ...form,
  ...response,
  ...signing,
  ...encryption,
  ...assertion,
  ...Object.fromEntries(
    wrappings.map(([name, sign, change]) => [
      name,
      {
        reason: name === 'xsw1' || name === 'xsw2' ? 'wrong_root' : 'several_assertions',
        lies: { sign, edit: change },
      },
    ]),
  ),
};

describe('an answer of a SAML provider is refused', () => {
  let keys: Keys;
  before(async () => {
    keys = await makeKeys();
  });

  for (const [name, { reason, lies, settings, login: wishes, field }] of Object.entries(flaws)) {
    it(`with ${name}: ${reason}`, async () => {
      const connection = settingsOf(keys, settings);
      const connector = saml(connection, surroundings(keys));
      const asked = login(wishes);
      const { memo } = await connector.begin(asked);
      const told = typeof lies === 'function' ? lies(keys) : lies;
      const message = answered(String(memo.requestId), keys, told);
      const reply = posted(field ? field(message) : message, wishes?.ticket === undefined ? asked.ticket : 'mine');
      const error = await connector.complete(reply, asked, memo, recorded()).then(
        () => undefined,
        (thrown) => thrown,
      );
      assert.ok(error instanceof Refused, `it was taken: ${String(error)}`);
      assert.equal(error.refusal.reason, reason, JSON.stringify(error.refusal));
      assert.ok((samlReasons as readonly string[]).includes(error.refusal.reason));
      assert.ok(!/[<>]/.test(JSON.stringify({ ...error.refusal, cause: undefined })), 'no XML in it');
      assert.match(error.refusal.advice, /\w.{10,}/);
    });
  }

  it('takes the honest one', async () => {
    const connector = saml(settingsOf(keys), surroundings(keys));
    const asked = login();
    const { memo } = await connector.begin(asked);
    const trace = recorded();
    const reply = posted(answered(String(memo.requestId), keys), asked.ticket);
    const { subject } = await connector.complete(reply, asked, memo, trace);
    assert.equal(subject, 'person-1');
    assert.ok(trace.checks.includes('signature of the Assertion') && trace.checks.includes('used once'));
  });

  it('with every reason of the list, but for those of logout and of an old certificate', () => {
    const tried = new Set(Object.values(flaws).map(({ reason }) => reason));
    const others = ['not_deflated', 'certificate_expired', 'replayed'];
    assert.deepEqual(
      samlReasons.filter((reason) => !tried.has(reason)),
      others,
    );
  });
});
