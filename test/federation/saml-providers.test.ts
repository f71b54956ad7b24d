import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { Refused } from '../../src/federation/connector.ts';
import { saml } from '../../src/federation/saml.ts';
import { signed, time } from '../support/saml-idp.ts';
import {
  acs,
  entityId,
  type Keys,
  login,
  makeKeys,
  posted,
  recorded,
  settingsOf,
  surroundings,
} from '../support/saml-parts.ts';

/*
 * Messages as the vendors document them: these providers cannot be reached from a test. Placeholders stand for times and
 * addresses; each is signed where its vendor signs by default.
 */

const folder = join(import.meta.dirname, '../fixtures/federation/saml');
const entraClaims = 'http://schemas.microsoft.com/identity/claims';
const entraGroups = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups';
const unspecified = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
const entra = {
  entityIds: ['https://sts.windows.net/11111111-2222-3333-4444-555555555555/'],
  subject: [`${entraClaims}/tenantid`, `${entraClaims}/objectidentifier`],
  groups: [entraGroups],
  skew: 300,
};
const okta = { entityIds: ['http://www.okta.com/exk1abcdEFGHijkl2345'] };
const pingOne = {
  entityIds: ['https://auth.pingone.eu/22222222-3333-4444-5555-666666666666'],
  nameIdFormat: unspecified,
  groups: ['memberOfGroupNames'],
};
const pingFederate = {
  entityIds: ['https://ping.example.test', 'https://virtual.example.test'],
  nameIdFormat: unspecified,
  groups: ['memberOf'],
};

describe('documented messages of', () => {
  let keys: Keys;
  before(async () => {
    keys = await makeKeys();
  });

  async function signIn(
    file: string,
    settings: Parameters<typeof settingsOf>[1],
    { sign, values = {} }: { sign: ('Response' | 'Assertion')[]; values?: Record<string, string> },
  ) {
    const connector = saml(settingsOf(keys, settings), surroundings(keys));
    const asked = login();
    const { memo } = await connector.begin(asked);
    const now = Date.now() / 1000;
    // Entra's assertions live for 70 minutes, and begin five before they are made.
    const known: Record<string, string> = {
      now: time(now),
      begin: time(now - 300),
      end: time(now + 65 * 60),
      request: String(memo.requestId),
      audience: entityId,
      acs,
      ...values,
    };
    const xml = readFileSync(join(folder, `${file}.xml`), 'utf8').replaceAll(
      /\{\{(\w+)\}\}/g,
      (_, name) => known[name] ?? '',
    );
    const message = sign.reduce((text, element) => signed(text, element, { key: keys.idp }), xml);
    return connector.complete(posted(Buffer.from(message).toString('base64'), asked.ticket), asked, memo, recorded());
  }

  it('Entra ID: the assertion alone is signed, tenant and object name the person', async () => {
    const found = await signIn('entra', entra, { sign: ['Assertion'], values: { groups: entraGroups } });
    assert.equal(found.subject, '11111111-2222-3333-4444-555555555555|aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee');
    assert.deepEqual(found.groups, ['99999999-0000-0000-0000-000000000001', '99999999-0000-0000-0000-000000000002']);
    assert.deepEqual(
      (found.claims['http://schemas.microsoft.com/claims/authnmethodsreferences'] as string[])[1],
      'http://schemas.microsoft.com/claims/multipleauthn',
    );
    assert.equal(found.evidence.authnContext, 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password');
  });

  it('Entra ID: more groups than fit are refused, unless nobody asks for groups', async () => {
    const values = { groups: 'http://schemas.microsoft.com/claims/groups.link' };
    await assert.rejects(signIn('entra', entra, { sign: ['Assertion'], values }), (error) => {
      assert.ok(error instanceof Refused);
      assert.equal(error.refusal.reason, 'groups_overage');
      assert.match(error.refusal.advice, /groups assigned to the application/);
      return true;
    });
    const found = await signIn('entra', { ...entra, groups: [] }, { sign: ['Assertion'], values });
    assert.equal(found.groups, undefined);
  });

  it('Okta: both are signed, session.amr has several values', async () => {
    const found = await signIn('okta', { ...okta, signed: 'both' }, { sign: ['Assertion', 'Response'] });
    assert.equal(found.subject, '00u1abcdEFGHijkl2345');
    assert.deepEqual(found.claims.amr, ['pwd', 'mfa', 'swk']);
    assert.deepEqual(found.groups, ['Everyone', 'Orders']);
  });

  it('PingOne: the assertion is signed, the policy is the authentication context', async () => {
    const found = await signIn('pingone', pingOne, { sign: ['Assertion'] });
    assert.equal(found.subject, '77777777-8888-9999-aaaa-bbbbbbbbbbbb');
    assert.equal(found.evidence.authnContext, 'Multi_Factor');
    assert.deepEqual(found.groups, ['Orders']);
  });

  it('PingFederate: the response alone is signed, under any of its names', async () => {
    for (const issuer of pingFederate.entityIds) {
      const found = await signIn('pingfederate', pingFederate, { sign: ['Response'], values: { issuer } });
      assert.equal(found.subject, 'alice');
      assert.equal(found.issuer, issuer);
      assert.deepEqual(found.groups, ['CN=Orders,OU=Groups,DC=example,DC=test']);
    }
    await assert.rejects(
      signIn('pingfederate', pingFederate, { sign: ['Response'], values: { issuer: 'https://third.example.test' } }),
      { code: 'upstream_refused' },
    );
  });
});
