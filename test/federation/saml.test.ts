import assert from 'node:assert/strict';
import { createVerify } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { type Login, Refused, type UpstreamIdentity } from '../../src/federation/connector.ts';
import { saml } from '../../src/federation/saml.ts';
import { isUnsolicited } from '../../src/federation/saml-arrival.ts';
import { newKey } from '../../src/federation/saml-keys.ts';
import { openStore } from '../../src/store/index.ts';
import { type Answer, saml as attribute, nameId } from '../support/saml-idp.ts';
import * as parts from '../support/saml-parts.ts';
import { storeUrl } from '../support/store.ts';

const { answered, carried, login, posted, recorded, settingsOf, surroundings } = parts;

describe('a SAML provider', () => {
  let keys: parts.Keys;
  before(async () => {
    keys = await parts.makeKeys();
  });

  const opened = (settings: Parameters<typeof settingsOf>[1] = {}, around: Parameters<typeof surroundings>[1] = {}) =>
    saml(settingsOf(keys, settings), surroundings(keys, around));

  async function identity(
    lies: Partial<Answer>,
    settings: Parameters<typeof settingsOf>[1] = {},
    wishes: Partial<Login> = {},
  ): Promise<UpstreamIdentity> {
    const connector = opened(settings);
    const asked = login(wishes);
    const { memo } = await connector.begin(asked);
    return connector.complete(
      posted(answered(String(memo.requestId), keys, lies), asked.ticket),
      asked,
      memo,
      recorded(),
    );
  }

  describe('is asked', () => {
    it('by a signed redirect with an ID that cannot be guessed', async () => {
      const asked = login();
      const handoff = await opened().begin(asked);
      assert.ok(handoff.by === 'redirect');
      const url = new URL(handoff.url);
      assert.equal(url.searchParams.get('RelayState'), asked.ticket);
      assert.equal(url.searchParams.get('SigAlg'), 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256');
      const [bytes = '', value = ''] = url.search.slice(1).split('&Signature=');
      assert.ok(
        createVerify('sha256').update(bytes).verify(keys.signing.certificate, decodeURIComponent(value), 'base64'),
      );
      const xml = carried(handoff);
      assert.match(xml, / ID="_[0-9a-f]{40}"/);
      assert.ok(xml.includes(` ID="${handoff.memo.requestId}"`));
      assert.match(xml, / Destination="https:\/\/idp\.example\.test\/sso"/);
      assert.ok(xml.includes(`AssertionConsumerServiceURL="${parts.acs}"`) && xml.includes(`>${parts.entityId}<`));
      assert.doesNotMatch(xml, /ForceAuthn|RequestedAuthnContext|Subject/);
    });

    it('by a form with a signed document that is not compressed', async () => {
      const handoff = await opened({ requestBinding: 'post' }).begin(login());
      assert.ok(handoff.by === 'post');
      assert.equal(handoff.url, 'https://idp.example.test/sso-post');
      assert.match(
        carried(handoff),
        /^<\?xml version="1\.0"\?><samlp:AuthnRequest[\s\S]*<\/saml:Issuer><Signature[\s\S]*rsa-sha256/,
      );
    });

    it('without a signature where it must not be', async () => {
      const handoff = await opened({ signRequests: false }).begin(login());
      assert.ok(handoff.by === 'redirect' && !new URL(handoff.url).searchParams.has('Signature'));
    });

    it('for a fresh sign-in, for a second factor, and for a NameID format', async () => {
      const settings = {
        strongRequest: { authnContext: ['https://refeds.org/profile/mfa'] },
        nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      };
      const xml = carried(await opened(settings).begin(login({ fresh: true, strong: true })));
      assert.match(xml, /ForceAuthn="true"/);
      assert.match(xml, /Comparison="exact"><saml:AuthnContextClassRef[^>]*>https:\/\/refeds\.org\/profile\/mfa</);
      assert.match(xml, /NameIDPolicy[^>]*nameid-format:persistent/);
      assert.match(carried(await opened(settings).begin(login({ maxAge: 60 }))), /ForceAuthn="true"/);
    });

    it('with a hint of who comes, as it wants to hear it', async () => {
      const asked = login({ loginHint: 'a&b@example.test' });
      const query = await opened({ hint: 'login_hint' }).begin(asked);
      assert.ok(query.by === 'redirect');
      assert.equal(new URL(query.url).searchParams.get('login_hint'), 'a&b@example.test');
      for (const requestBinding of ['redirect', 'post']) {
        const subject = carried(await opened({ hint: 'subject', requestBinding }).begin(asked));
        assert.match(
          subject,
          /<saml:NameID>a&(?:#38|amp);b@example\.test<\/saml:NameID><\/saml:Subject><samlp:NameIDPolicy/,
        );
      }
      assert.doesNotMatch(carried(await opened().begin(asked)), /example\.test</);
    });
  });

  describe('says who it is', () => {
    it('with attributes by both names, groups, evidence and session', async () => {
      const found = await identity({
        attributes: [
          attribute('groups', 'a', 'b'),
          '<saml:Attribute Name="urn:oid:1" FriendlyName="mail"><saml:AttributeValue>p@example.test</saml:AttributeValue></saml:Attribute>',
          attribute('__proto__', 'polluted'),
          attribute('list', 'a,b'),
        ].join(''),
      });
      assert.equal(found.subject, 'person-1');
      assert.equal(found.issuer, parts.provider);
      assert.deepEqual(found.claims, {
        groups: ['a', 'b'],
        'urn:oid:1': ['p@example.test'],
        mail: ['p@example.test'],
        list: ['a,b'],
      });
      assert.equal(({} as Record<string, unknown>).polluted, undefined);
      assert.deepEqual(found.groups, ['a', 'b']);
      assert.equal(found.evidence.authnContext, 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password');
      assert.ok(Math.abs((found.evidence.authTime ?? 0) - Date.now() / 1000) < 60);
      assert.equal(found.session?.id, '_session1');
      assert.match(
        found.session?.hint ?? '',
        /^<saml:NameID xmlns:saml="[^"]*" Format="[^"]*persistent">person-1<\/saml:NameID>$/,
      );
      assert.ok((found.sessionEnds ?? 0) > Date.now() / 1000);
    });

    it('without groups, which is not the same as none', async () => {
      assert.equal((await identity({})).groups, undefined);
    });

    it('by attributes that never change, whatever its NameID is', async () => {
      const found = await identity(
        {
          nameId: nameId('x', 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient'),
          attributes: `${attribute('tid', 't')}${attribute('oid', 'o')}`,
        },
        { subject: ['tid', 'oid'] },
      );
      assert.equal(found.subject, 't|o');
    });

    const ways: [string, () => Partial<Answer>][] = [
      ['the response alone signed', () => ({ sign: 'response' })],
      ['both signed', () => ({ sign: 'both' })],
      ['a prefix list of the canonicalisation', () => ({ sign: 'both', signature: { inclusive: ['xs'] } })],
      [
        'SHA-512',
        () => ({
          signature: {
            algorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
            digest: 'http://www.w3.org/2001/04/xmlenc#sha512',
          },
        }),
      ],
      ['an encrypted signed assertion', () => ({ encrypt: keys.encryption })],
      ['an encrypted assertion in a signed response', () => ({ encrypt: keys.encryption, sign: 'response' })],
      [
        'an encrypted assertion by OAEP with SHA-256',
        () => ({ encrypt: { certificate: keys.encryption.certificate, oaep: 'sha256' } }),
      ],
      ['an encrypted assertion for the next key', () => ({ encrypt: keys.next, sign: 'both' })],
      [
        'CBC inside a signed response',
        () => ({ encrypt: { certificate: keys.encryption.certificate, content: 'aes256-cbc' }, sign: 'response' }),
      ],
    ];
    for (const [name, lies] of ways) {
      it(`with ${name}`, async () => assert.equal((await identity(lies())).subject, 'person-1'));
    }

    it('with either of two certificates while one replaces the other', async () => {
      const certificates = [keys.idp.certificate, keys.other.certificate];
      for (const key of [keys.idp, keys.other]) {
        assert.equal((await identity({ signature: { key } }, { certificates })).subject, 'person-1');
      }
    });
  });

  it('is refused with a certificate that has expired', async () => {
    const old = await newKey('idp', 'signing', Date.now() / 1000 - 11 * 365 * 24 * 3600);
    await assert.rejects(identity({ signature: { key: old } }, { certificates: [old.certificate] }), (error) => {
      assert.ok(error instanceof Refused);
      assert.equal(error.refusal.reason, 'certificate_expired');
      return true;
    });
  });

  it('says the same to the browser, whatever was wrong', async () => {
    const sentences = new Set<string>();
    for (const lies of [{ sign: 'none' }, { audiences: [] }, { encrypt: keys.other }] as Partial<Answer>[]) {
      await identity(lies).catch((error: Error) => sentences.add(error.message));
    }
    assert.equal(sentences.size, 1);
  });

  it('may speak unasked: it is told apart before anything is believed', () => {
    assert.equal(isUnsolicited(posted(answered('_a', keys, { inResponseTo: undefined }), '')), true);
    assert.equal(isUnsolicited(posted(answered('_a', keys), '')), false);
    assert.equal(isUnsolicited(posted('rubbish', '')), false);
  });

  it('is believed once: of eight at a time on two processes one passes', async () => {
    const url = await storeUrl();
    const stores = await Promise.all([openStore(url), openStore(url)]);
    try {
      const connectors = stores.map((store) => opened({}, { once: parts.onceOn(store) }));
      const asked = login();
      const memo = (await connectors[0]?.begin(asked))?.memo ?? {};
      const reply = posted(answered(String(memo.requestId), keys), asked.ticket);
      const tries = Array.from({ length: 8 }, (_, at) => connectors[at % 2]?.complete(reply, asked, memo, recorded()));
      const ends = await Promise.allSettled(tries);
      assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const end of ends) {
        if (end.status === 'fulfilled') continue;
        assert.ok(end.reason instanceof Refused, String(end.reason));
        assert.equal(end.reason.refusal.reason, 'replayed');
      }
    } finally {
      await Promise.all(stores.map((store) => store.close()));
    }
  });
});
