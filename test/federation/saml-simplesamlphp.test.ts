import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { SamlConnection, Surroundings } from '../../src/federation/connection.ts';
import type { UpstreamIdentity } from '../../src/federation/connector.ts';
import { saml } from '../../src/federation/saml.ts';
import { newKey } from '../../src/federation/saml-keys.ts';
import {
  logoutRequest,
  logoutResponse,
  verifyLogoutRequest,
  verifyLogoutResponse,
} from '../../src/federation/saml-logout.ts';
import { ourMetadata, readMetadata } from '../../src/federation/saml-metadata.ts';
import {
  type Keys,
  login,
  makeKeys,
  provider,
  recorded,
  settingsOf,
  slo,
  surroundings,
} from '../support/saml-parts.ts';
import { browserAt, SimpleSamlPhp } from '../support/simplesamlphp.ts';

const now = () => Date.now() / 1000;
const persistent = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';

describe('SimpleSAMLphp', () => {
  let idp: SimpleSamlPhp;
  let keys: Keys;
  let around: Surroundings;
  let serviceProvider: string;

  before(async () => {
    keys = await makeKeys();
    around = surroundings(keys);
    serviceProvider = await ourMetadata(settingsOf(keys, { entityIds: [provider] }), around);
    idp = await SimpleSamlPhp.start(() => ({ key: keys.idp, serviceProvider }));
  });
  after(() => idp.stop());

  /** A connection as its metadata describes it. */
  async function imported(changes: Parameters<typeof settingsOf>[1] = {}): Promise<SamlConnection> {
    const facts = readMetadata(await idp.metadata(), { now: now(), expectedEntityId: idp.entityId });
    const { entityId, signOn, signOut, certificates } = facts;
    return settingsOf(keys, {
      entityIds: [entityId],
      signOn,
      signOut,
      certificates,
      nameIdFormat: persistent,
      ...changes,
    });
  }

  async function signIn(
    settings: SamlConnection,
    go = browserAt(idp.url),
  ): Promise<{ identity: UpstreamIdentity; checks: string[] }> {
    const connector = saml(settings, around);
    const asked = login();
    const handoff = await connector.begin(asked);
    assert.ok(handoff.by === 'redirect');
    const page = await go(handoff.url);
    const { action, fields } = page.form;
    const answer = await go(action, { ...fields, username: 'alice', password: 'a password' });
    assert.ok(answer.form.fields.SAMLResponse, answer.html.slice(0, 3000));
    const reply = { method: 'POST' as const, fields: answer.form.fields, raw: '' };
    const trace = recorded();
    return { identity: await connector.complete(reply, asked, handoff.memo, trace), checks: trace.checks };
  }

  it('signs a person in, after it has verified our request', async () => {
    const { identity, checks } = await signIn(await imported());
    assert.equal(identity.subject, 'alice-1');
    assert.deepEqual(identity.claims.mail, ['alice@example.test']);
    assert.deepEqual(identity.groups, ['staff', 'editors']);
    assert.ok(checks.includes('signature of the Response') && checks.includes('signature of the Assertion'));
  });

  it('refuses a request that somebody else signed', async () => {
    const other = { ...around, keys: async () => [keys.other] };
    const handoff = await saml(await imported(), other).begin(login());
    assert.ok(handoff.by === 'redirect');
    const page = await browserAt(idp.url)(handoff.url);
    assert.equal(page.form.fields.username, undefined);
    assert.match(page.html, /signature|SimpleSAML/i);
  });

  it('encrypts its assertions to the certificate in our metadata', async () => {
    idp.configure({ key: keys.idp, serviceProvider, encrypt: true });
    const { identity, checks } = await signIn(await imported({ encrypted: true }));
    assert.equal(identity.subject, 'alice-1');
    assert.ok(checks.includes('decryption'));
    idp.configure({ key: keys.idp, serviceProvider });
  });

  it('rolls its certificate over: both are read, the new one signs, the old one is gone', async () => {
    const nextKey = await newKey('idp', 'signing', now());
    idp.configure({ key: keys.idp, nextKey, serviceProvider });
    const both = await imported();
    assert.equal(both.certificates.length, 2);
    assert.equal((await signIn(both)).identity.subject, 'alice-1');
    idp.configure({ key: nextKey, serviceProvider });
    assert.equal((await signIn(both)).identity.subject, 'alice-1');
    const later = await imported();
    assert.deepEqual(later.certificates, [new X509Certificate(nextKey.certificate).toString()]);
    idp.configure({ key: keys.idp, serviceProvider });
    await assert.rejects(signIn(later), { name: 'Problem', code: 'upstream_refused' });
  });

  it('ends its session when we ask it to', async () => {
    const settings = await imported();
    const go = browserAt(idp.url);
    const { identity } = await signIn(settings, go);
    const asked = await logoutRequest(settings, around, identity.session ?? {}, 'back-here');
    assert.ok(asked?.by === 'redirect');
    const back = new URL((await go(asked.url)).url);
    assert.equal(`${back.origin}${back.pathname}`, slo);
    const reply = { method: 'GET' as const, fields: Object.fromEntries(back.searchParams), raw: back.search.slice(1) };
    const checking = { settings, around, trace: recorded() };
    assert.equal(back.searchParams.get('RelayState'), 'back-here');
    assert.equal(await verifyLogoutResponse(reply, asked.memo, checking), true);
    await assert.rejects(
      verifyLogoutResponse(reply, asked.memo, checking),
      ({ refusal }) => refusal.reason === 'replayed',
    );
  });

  it('tells us of a logout that was begun there, and hears that it was done', async () => {
    const settings = await imported();
    const go = browserAt(idp.url);
    const { identity } = await signIn(settings, go);
    const told = new URL(
      (await go(`${idp.url}saml2/idp/initSLO.php?RelayState=${encodeURIComponent(`${idp.url}logout.php`)}`)).url,
    );
    assert.equal(`${told.origin}${told.pathname}`, slo);
    const checking = { settings, around, trace: recorded() };
    const reply = { method: 'GET' as const, fields: Object.fromEntries(told.searchParams), raw: told.search.slice(1) };
    const request = await verifyLogoutRequest(reply, checking);
    assert.equal(request.nameId, identity.subject);
    assert.deepEqual(request.sessionIndexes, [identity.session?.id]);
    const answer = await logoutResponse(settings, around, request);
    assert.ok(answer?.by === 'redirect');
    const end = await go(answer.url);
    assert.match(end.url, /logout\.php/);
  });
});
