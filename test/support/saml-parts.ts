import { randomBytes } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { type OwnKey, type SamlConnection, type Surroundings, samlSettings } from '../../src/federation/connection.ts';
import type { Handoff, Login, Reply, Trace } from '../../src/federation/connector.ts';
import { newKey } from '../../src/federation/saml-keys.ts';
import type { Store } from '../../src/store/port.ts';
import { type Answer, message, nameId } from './saml-idp.ts';

export const issuer = 'https://id.example.test';
export const provider = 'https://idp.example.test/saml';
export const acs = `${issuer}/federation/saml-idp/acs`;
export const slo = `${issuer}/federation/saml-idp/slo`;
export const entityId = `${issuer}/federation/saml-idp/metadata`;

const now = () => Date.now() / 1000;

/** Keys of everybody in a test: made once, since they take some time. */
export async function makeKeys() {
  const [idp, other, signing, encryption, next] = await Promise.all([
    newKey('idp', 'signing', now()),
    newKey('other', 'signing', now()),
    newKey('ours', 'signing', now()),
    newKey('ours', 'encryption', now()),
    newKey('ours', 'encryption', now()),
  ]);
  return { idp, other, signing, encryption, next };
}
export type Keys = Awaited<ReturnType<typeof makeKeys>>;

/** Settings of a connection to the double, some of them changed. */
export const settingsOf = (keys: Keys, changes: Partial<Record<keyof SamlConnection, unknown>> = {}): SamlConnection =>
  samlSettings.parse({
    id: 'saml-idp',
    name: 'SAML',
    preset: 'generic-saml',
    kind: 'saml',
    created: 0,
    updated: 0,
    entityIds: [provider],
    signOn: [
      { binding: 'redirect', location: 'https://idp.example.test/sso' },
      { binding: 'post', location: 'https://idp.example.test/sso-post' },
    ],
    signOut: [{ binding: 'redirect', location: 'https://idp.example.test/slo' }],
    certificates: [keys.idp.certificate],
    groups: ['groups'],
    ...changes,
  });

/** `once` of one process. */
export function remembering(): Surroundings['once'] {
  const seen = new Set<string>();
  return async (id) => !seen.has(id) && seen.add(id) !== undefined;
}

/** `once` on a store: a unique insert, as the house does it. */
export function onceOn(store: Store): Surroundings['once'] {
  const used = store.collection<{ id: string }>({ name: 'used-once', indexes: {} });
  return (id, until) =>
    used.insert({ id }, Math.max(1, until - Math.floor(now()))).then(
      () => true,
      (error: { code?: string }) => {
        if (error.code === 'taken') return false;
        throw error;
      },
    );
}

/** Surroundings with these keys; everything else as the house gives it. */
export const surroundings = (keys: Keys, changes: Partial<Surroundings> = {}): Surroundings => ({
  issuer,
  fetch: () => Promise.reject(new Error('nothing is fetched')),
  keys: async (use: OwnKey['use']) => (use === 'signing' ? [keys.signing] : [keys.encryption, keys.next]),
  now,
  once: remembering(),
  ...changes,
});

/** A trace that remembers. */
export function recorded(): Trace & { checks: string[]; seen: Record<string, unknown> } {
  const checks: string[] = [];
  const seen: Record<string, unknown> = {};
  return {
    checks,
    seen,
    received: (what, value) => {
      seen[what] = value;
    },
    passed: (check) => {
      checks.push(check);
    },
  };
}

/** A sign-in without wishes. */
export const login = (changes: Partial<Login> = {}): Login => ({
  ticket: randomBytes(24).toString('base64url'),
  fresh: false,
  strong: false,
  ...changes,
});

/** The form that the provider lets the browser post. */
export const posted = (samlResponse: string, ticket: string): Reply => {
  const fields = { SAMLResponse: samlResponse, RelayState: ticket };
  return { method: 'POST', fields, raw: new URLSearchParams(fields).toString() };
};

/** An honest answer to a request, and whatever is a lie in it. */
export function answered(requestId: string, keys: Keys, lies: Partial<Answer> = {}): string {
  const at = now();
  return message({
    destination: acs,
    inResponseTo: requestId,
    issuer: provider,
    version: '2.0',
    issued: at,
    status: 'Success',
    assertionId: `_${randomBytes(16).toString('hex')}`,
    assertionIssuer: provider,
    assertionIssued: at,
    nameId: nameId('person-1'),
    method: 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
    recipient: acs,
    confirmedRequest: requestId,
    confirmedUntil: at + 300,
    confirmedFrom: undefined,
    notBefore: at - 5,
    notOnOrAfter: at + 300,
    audiences: [entityId],
    condition: '',
    statement: undefined,
    authnInstant: at - 1,
    sessionEnds: at + 3600,
    authnContext: 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password',
    attributes: '',
    sign: 'assertion',
    encrypt: undefined,
    assertion: (xml) => xml,
    edit: (xml) => xml,
    bytes: (xml) => Buffer.from(xml),
    ...lies,
    signature: { key: keys.idp, ...lies.signature },
  });
}

/** The AuthnRequest or logout message that a hand-over carries, as XML. */
export function carried(handoff: Handoff | { by: 'redirect' | 'post'; url: string }): string {
  if (handoff.by === 'redirect') {
    const { searchParams } = new URL(handoff.url);
    const text = searchParams.get('SAMLRequest') ?? searchParams.get('SAMLResponse') ?? '';
    return inflateRawSync(Buffer.from(text, 'base64')).toString();
  }
  const fields =
    'fields' in handoff && !Array.isArray(handoff.fields) ? (handoff.fields as Record<string, string>) : {};
  return Buffer.from(fields.SAMLRequest ?? fields.SAMLResponse ?? '', 'base64').toString();
}
