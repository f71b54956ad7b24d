import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SettingsService } from '@simplewebauthn/server';
import { Authenticator, type Manner } from '../support/authenticator.ts';
import { attestationSigner, certified, entry, listFile, listSigner, type Signer } from '../support/fido-metadata.ts';
import { issuer, openParts, type Parts, refusal } from '../support/parts.ts';
import { temporaryPath } from '../support/temporary.ts';

const seen = { ip: '192.0.2.1', requestId: 'r-1' };
const listed = '11111111-1111-4111-8111-111111111111';
const revoked = '22222222-2222-4222-8222-222222222222';
const unknown = '33333333-3333-4333-8333-333333333333';
const file = temporaryPath('list.jwt');

type Keys = Signer & { privateKey: CryptoKey };
let [root, maker, stranger, fido]: Keys[] = [];
let parts: Parts;
let written = Date.now() / 1000;

/** Puts another list in the place of the file. */
function keep(text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  written += 10;
  utimesSync(file, written, written);
}

const genuine = () => {
  assert.ok(maker && fido);
  return listFile(fido, [entry(listed, maker), entry(revoked, maker, 'REVOKED')]);
};

before(async () => {
  root = await certified({ subject: 'CN=Root of FIDO' });
  [maker, stranger] = [await certified({ subject: 'CN=Maker' }), await certified({ subject: 'CN=Maker' })];
  fido = await listSigner(root, 'mds.fidoalliance.org');
  SettingsService.setRootCertificates({ identifier: 'mds', certificates: [root.pem] });
  keep(genuine());
  parts = await openParts(undefined, file);
});
after(() => parts.close());

/** Enrols a key of this kind, for which `by` vouches. */
async function enrol(aaguid: string, by: Keys | undefined, more: Manner = {}) {
  const place = { person: { id: 'usr_a', name: 'a' }, binding: 'session s1' };
  const { options } = await parts.enrolments.offer('webauthn', place);
  assert.equal(options.attestation, 'direct');
  const signer = by && (await attestationSigner(by, aaguid));
  const attest = (data: Buffer) => ({
    fmt: 'packed',
    attStmt: new Map<string, unknown>([
      ['alg', -7],
      ['sig', signer?.sign(data)],
      ['x5c', [signer?.der]],
    ]),
  });
  const response = new Authenticator({ origin: issuer, aaguid }).create(options, {
    ...(signer ? { attest } : {}),
    ...more,
  });
  const done = await parts.enrolments.accept('webauthn', place, { answer: { response }, name: 'Key', seen });
  return done.ok || done.reason;
}

describe('attestation by the list of the FIDO Metadata Service', () => {
  it('takes a key that the list knows and its maker vouches for', async () => {
    assert.equal(await enrol(listed, maker), true);
  });

  it('refuses what is revoked, what is not listed, and what nobody vouches for', async () => {
    assert.equal(await enrol(revoked, maker), 'not-allowed');
    assert.equal(await enrol(unknown, maker), 'not-allowed');
    assert.equal(await enrol(listed, undefined), 'not-allowed');
    assert.equal(await enrol('0'.repeat(32), undefined), 'not-allowed');
  });

  it('refuses a key that vouches for itself, or for which another maker does', async () => {
    assert.equal(await enrol(listed, stranger), 'not-allowed');
    const key = new Authenticator({ origin: issuer, aaguid: listed });
    const place = { person: { id: 'usr_a', name: 'a' }, binding: 'session s1' };
    const { options } = await parts.enrolments.offer('webauthn', place);
    const attest = (data: Buffer) => ({
      fmt: 'packed',
      attStmt: new Map<string, unknown>([
        ['alg', -7],
        ['sig', key.sign(data)],
      ]),
    });
    const response = key.create(options, { attest });
    const done = await parts.enrolments.accept('webauthn', place, { answer: { response }, name: '', seen });
    assert.deepEqual(done, { ok: false, reason: 'not-allowed' });
  });

  it('still checks everything else first', async () => {
    assert.equal(await enrol(listed, maker, { origin: 'https://evil.test' }), 'wrong');
  });

  it('reads a newer file, and refuses one that is missing, broken or not signed by FIDO', async () => {
    assert.ok(root && fido && maker);
    keep(listFile(fido, [entry(unknown, maker)]));
    assert.equal(await enrol(unknown, maker), true);
    assert.equal(await enrol(listed, maker), 'not-allowed');
    const [head = '', , signature = ''] = genuine().split('.');
    const other = Buffer.from(JSON.stringify({ no: 2, nextUpdate: '2999-01-01', entries: [] })).toString('base64url');
    const wrongOnes = [
      '',
      'nothing',
      `${head}.${other}.${signature}`,
      listFile(await listSigner(await certified({ subject: 'CN=Root of FIDO' }), 'mds.fidoalliance.org'), []),
      listFile(await listSigner(root, 'www.example.test'), [entry(listed, maker)]),
    ];
    for (const wrong of wrongOnes) {
      keep(wrong);
      await assert.rejects(enrol(listed, maker), refusal('fido_metadata', /download it again/));
    }
    keep(genuine());
    assert.equal(await enrol(listed, maker), true);
  });
});
