import assert from 'node:assert/strict';
import { createSign } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import type { OwnKey, Surroundings } from '../../src/federation/connection.ts';
import { Refused, type Reply } from '../../src/federation/connector.ts';
import {
  logoutRequest,
  logoutResponse,
  verifyLogoutRequest,
  verifyLogoutResponse,
} from '../../src/federation/saml-logout.ts';
import type { SamlReason } from '../../src/federation/saml-reasons.ts';
import { signed, time } from '../support/saml-idp.ts';
import {
  carried,
  type Keys,
  makeKeys,
  provider,
  recorded,
  settingsOf,
  slo,
  surroundings,
} from '../support/saml-parts.ts';

const now = () => Date.now() / 1000;
const sha256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

interface Lies {
  destination?: string;
  issuer?: string;
  issued?: number;
  until?: number;
  nameId?: string;
  name?: string;
}

const request = ({
  destination = slo,
  issuer = provider,
  issued = now(),
  until = now() + 300,
  nameId = 'person-1',
  name = 'LogoutRequest',
}: Lies = {}) =>
  `<samlp:${name} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_logout${Math.random().toString(16).slice(2)}" Version="2.0" IssueInstant="${time(issued)}" Destination="${destination}" NotOnOrAfter="${time(until)}"><saml:Issuer>${issuer}</saml:Issuer><saml:NameID>${nameId}</saml:NameID><samlp:SessionIndex>_session1</samlp:SessionIndex></samlp:${name}>`;

const got = (raw: string): Reply => ({ method: 'GET', fields: Object.fromEntries(new URLSearchParams(raw)), raw });

function query(xml: string, { privateKey }: Pick<OwnKey, 'privateKey'>, hash = 'sha256', algorithm = sha256): string {
  const message = `SAMLRequest=${encodeURIComponent(deflateRawSync(xml).toString('base64'))}&RelayState=r&SigAlg=${encodeURIComponent(algorithm)}`;
  return `${message}&Signature=${encodeURIComponent(createSign(hash).update(message).sign(privateKey, 'base64'))}`;
}

describe('single logout of SAML', () => {
  let keys: Keys;
  let around: Surroundings;
  before(async () => {
    keys = await makeKeys();
    around = surroundings(keys);
  });

  const checking = () => ({ settings: settingsOf(keys), around, trace: recorded() });
  const refusedFor = (reason: SamlReason) => (error: unknown) => {
    assert.ok(error instanceof Refused, String(error));
    assert.equal(error.refusal.reason, reason, JSON.stringify(error.refusal));
    return true;
  };

  it('reads a signed request, by redirect and by POST', async () => {
    const fields = {
      SAMLRequest: Buffer.from(signed(request(), 'LogoutRequest', { key: keys.idp })).toString('base64'),
    };
    for (const reply of [got(query(request(), keys.idp)), { method: 'POST' as const, fields, raw: '' }]) {
      const { nameId, sessionIndexes, issuer, id } = await verifyLogoutRequest(reply, checking());
      assert.deepEqual(
        { nameId, sessionIndexes, issuer },
        { nameId: 'person-1', sessionIndexes: ['_session1'], issuer: provider },
      );
      assert.match(id, /^_logout/);
    }
  });

  const flaws: [string, SamlReason, () => Reply][] = [
    ['no signature', 'unsigned', () => got(query(request(), keys.idp).replace(/&SigAlg.*/, ''))],
    ['a signature taken off', 'unsigned', () => got(query(request(), keys.idp).replace(/&Signature.*/, ''))],
    ['a foreign key', 'bad_signature', () => got(query(request(), keys.other))],
    [
      'another message under a signature',
      'bad_signature',
      () => {
        const [, rest = ''] = query(request(), keys.idp).split(/&(.*)/);
        return got(
          `SAMLRequest=${encodeURIComponent(deflateRawSync(request({ nameId: 'x' })).toString('base64'))}&${rest}`,
        );
      },
    ],
    [
      'another RelayState',
      'bad_signature',
      () => got(query(request(), keys.idp).replace('RelayState=r', 'RelayState=s')),
    ],
    [
      'a parameter that is there twice',
      'missing_message',
      () => {
        const raw = query(request(), keys.idp);
        return got(
          `SAMLRequest=${encodeURIComponent(deflateRawSync(request({ nameId: 'x' })).toString('base64'))}&${raw}`,
        );
      },
    ],
    [
      'a parameter that is there twice, once in disguise',
      'missing_message',
      () => got(`${query(request(), keys.idp)}&SAML%52equest=x`),
    ],
    ['broken percent encoding', 'missing_message', () => got(`${query(request(), keys.idp)}&%E0%A4%A`)],
    [
      'MD5',
      'weak_algorithm',
      () => got(query(request(), keys.idp, 'md5', 'http://www.w3.org/2001/04/xmldsig-more#rsa-md5')),
    ],
    [
      'SHA-1',
      'weak_algorithm',
      () => got(query(request(), keys.idp, 'sha1', 'http://www.w3.org/2000/09/xmldsig#rsa-sha1')),
    ],
    ['a bomb', 'not_deflated', () => got(query('x'.repeat(20_000_000), keys.idp))],
    [
      'another Destination',
      'wrong_destination',
      () => got(query(request({ destination: 'https://x.test' }), keys.idp)),
    ],
    ['another Issuer', 'wrong_issuer', () => got(query(request({ issuer: 'https://x.test' }), keys.idp))],
    ['an old IssueInstant', 'wrong_issue_instant', () => got(query(request({ issued: now() - 3600 }), keys.idp))],
    ['an end in the past', 'expired', () => got(query(request({ until: now() - 120 }), keys.idp))],
    ['another message in its place', 'wrong_root', () => got(query(request({ name: 'LogoutResponse' }), keys.idp))],
    ['no person', 'no_subject', () => got(query(request({ nameId: '' }), keys.idp))],
    [
      'no signature in a form',
      'unsigned',
      () => ({ method: 'POST', fields: { SAMLRequest: Buffer.from(request()).toString('base64') }, raw: '' }),
    ],
    [
      'a foreign key in a form',
      'bad_signature',
      () => ({
        method: 'POST',
        fields: {
          SAMLRequest: Buffer.from(signed(request(), 'LogoutRequest', { key: keys.other })).toString('base64'),
        },
        raw: '',
      }),
    ],
  ];
  for (const [name, reason, reply] of flaws) {
    it(`refuses a request with ${name}: ${reason}`, async () => {
      await assert.rejects(verifyLogoutRequest(reply(), checking()), refusedFor(reason));
    });
  }

  it('reads signatures with SHA-384 and SHA-512, and with an elliptic curve', async () => {
    for (const hash of ['sha384', 'sha512']) {
      const raw = query(request(), keys.idp, hash, `http://www.w3.org/2001/04/xmldsig-more#rsa-${hash}`);
      assert.equal((await verifyLogoutRequest(got(raw), checking())).nameId, 'person-1');
    }
    // The library wants what saml-keys.ts loads before it.
    const { X509CertificateGenerator } = await import('@peculiar/x509');
    const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const pair = await crypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
    const certificate = await X509CertificateGenerator.createSelfSigned(
      { keys: pair, signingAlgorithm: ecdsa },
      crypto,
    );
    const settings = settingsOf(keys, { certificates: [certificate.toString('pem')] });
    const algorithm = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256';
    const message = `SAMLRequest=${encodeURIComponent(deflateRawSync(request()).toString('base64'))}&SigAlg=${encodeURIComponent(algorithm)}`;
    const value = Buffer.from(await crypto.subtle.sign(ecdsa, pair.privateKey, Buffer.from(message))).toString(
      'base64',
    );
    const reply = (signature: string) => got(`${message}&Signature=${encodeURIComponent(signature)}`);
    assert.equal((await verifyLogoutRequest(reply(value), { ...checking(), settings })).nameId, 'person-1');
    const forged = Buffer.alloc(64, 1).toString('base64');
    await assert.rejects(verifyLogoutRequest(reply(forged), { ...checking(), settings }), refusedFor('bad_signature'));
  });

  it('does a request once', async () => {
    const reply = got(query(request(), keys.idp));
    const ends = await Promise.allSettled(Array.from({ length: 8 }, () => verifyLogoutRequest(reply, checking())));
    assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1);
    await assert.rejects(verifyLogoutRequest(reply, checking()), refusedFor('replayed'));
  });

  it('names the session to the provider as the provider named it', async () => {
    const hint = '<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Format="f">person-1</saml:NameID>';
    const asked = await logoutRequest(settingsOf(keys), around, { id: '_s&1', hint }, 'back');
    assert.ok(asked?.by === 'redirect');
    const xml = carried(asked);
    assert.ok(xml.includes(hint) && xml.includes('<samlp:SessionIndex>_s&#38;1</samlp:SessionIndex>'));
    assert.match(xml, /Destination="https:\/\/idp\.example\.test\/slo"/);
    assert.equal(await logoutRequest(settingsOf(keys), around, {}), undefined);
    assert.equal(await logoutRequest(settingsOf(keys, { signOut: [] }), around, { hint }), undefined);
  });

  it('takes a message of its own side as that side would, by both bindings', async () => {
    // The provider's part is played by our own sender, with the provider's key and addresses.
    const binding = (kind: string) =>
      settingsOf(keys, {
        entityId: provider,
        signOut: [{ binding: kind, location: 'https://idp.example.test/slo', responseLocation: slo }],
      });
    const theirs = { ...around, keys: async () => [keys.idp] };
    for (const kind of ['redirect', 'post']) {
      for (const [outcome, ended] of [
        ['done', true],
        ['partly', false],
        ['failed', false],
      ] as const) {
        const answer = await logoutResponse(binding(kind), theirs, { id: '_ours', relayState: 'r' }, outcome);
        assert.ok(answer);
        const reply =
          answer.by === 'redirect'
            ? got(new URL(answer.url).search.slice(1))
            : { method: 'POST' as const, fields: answer.fields, raw: '' };
        const other = verifyLogoutResponse(reply, { requestId: '_other' }, checking());
        await assert.rejects(other, refusedFor('wrong_in_response_to'));
        assert.equal(await verifyLogoutResponse(reply, { requestId: '_ours' }, checking()), ended);
      }
    }
  });
});
