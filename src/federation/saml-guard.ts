import type { Login, Memo, Reply, Trace } from './connector.ts';
import { arrival } from './saml-arrival.ts';
import { decrypted, encryption } from './saml-decryption.ts';
import { type Checking, checkedBytes, checkIssued, checkSignatures, ours, parsed } from './saml-message.ts';
import { demand } from './saml-reasons.ts';
import { certificatesOf } from './saml-signature.ts';
import { attribute, children, named, ns, only, parse, textOf, within } from './saml-xml.ts';

/** Exactly one assertion in the whole document, right below the response, whatever namespaces and places are tried. */
function theAssertion(root: Element, trace: Trace): Element {
  const assertions = within(root).filter(({ localName }) => /^(?:encrypted)?assertion$/i.test(localName));
  const [found] = assertions;
  const advice = 'Send exactly one assertion, plain or encrypted, in a SAML 2.0 Response';
  const check = 'one assertion';
  demand(trace, { ok: found !== undefined, check, reason: 'no_assertion', advice });
  demand(trace, { ok: assertions.length === 1, check, reason: 'several_assertions', advice });
  const placed =
    found?.parentNode === root &&
    (named(found, ns.assertion, 'Assertion') || named(found, ns.assertion, 'EncryptedAssertion'));
  demand(trace, { ok: placed, check: 'place of the assertion', reason: 'misplaced_assertion', advice });
  return found as Element;
}

function checkRoot(root: Element, trace: Trace): void {
  const responses = within(root).filter(({ localName }) => localName === 'Response');
  demand(trace, {
    ok: named(root, ns.protocol, 'Response') && responses.length === 1,
    check: 'root of the document',
    reason: 'wrong_root',
    came: root.localName,
    wanted: 'Response of SAML 2.0',
    advice: 'Choose SAML 2.0 (not 1.1 and not WS-Federation) for this application at the provider',
  });
  const version = attribute(root, 'Version');
  demand(trace, {
    ok: version === '2.0',
    check: 'version',
    reason: 'wrong_version',
    ...(version !== undefined && { came: version }),
    wanted: '2.0',
    advice: 'Choose SAML 2.0 at the provider',
  });
}

/** What a status of the provider asks its administrator, or the person, to do. */
const statusAdvice: readonly [RegExp, string][] = [
  [
    /NoAuthnContext/,
    'The provider cannot give the sign-in that was asked for: change strongRequest of this connection, or allow it there',
  ],
  [
    /InvalidNameIDPolicy/,
    'The provider cannot give the NameID format that was asked for: change nameIdFormat of this connection',
  ],
  [/RequestDenied|AuthnFailed/, 'The provider refused this person: assign the application to them there'],
  [/NoPassive/, 'The person has no session at the provider: sign in there'],
  [
    /Requester/,
    'The provider did not like our request: compare entity id, address and certificates there with our metadata',
  ],
];

function checkStatus(root: Element, trace: Trace): void {
  const status = only(root, ns.protocol, 'Status');
  const codes = status ? within(status).filter((element) => named(element, ns.protocol, 'StatusCode')) : [];
  const values = codes.map((code) => attribute(code, 'Value') ?? '');
  const message = textOf(status && children(status, ns.protocol, 'StatusMessage')[0]);
  const came = [...values, ...(message ? [message] : [])].join(' ');
  demand(trace, {
    ok: values[0] === 'urn:oasis:names:tc:SAML:2.0:status:Success' && values.length === 1,
    check: 'status',
    reason: 'provider_error',
    came,
    wanted: 'Success',
    advice: statusAdvice.find(([pattern]) => pattern.test(came))?.[1] ?? 'Look into the provider’s log for the reason',
  });
}

function checkAddress(root: Element, asked: string | undefined, { settings, around, trace }: Checking): void {
  const { acs } = ours(settings, around);
  const requested = attribute(root, 'InResponseTo');
  demand(trace, {
    ok: requested !== undefined,
    check: 'answer to a request',
    reason: 'unsolicited',
    advice: 'Begin the sign-in here; sign-in begun at the provider is off for this connection',
  });
  demand(trace, {
    ok: asked !== undefined && requested === asked,
    check: 'InResponseTo of the Response',
    reason: 'wrong_in_response_to',
    ...(requested !== undefined && { came: requested }),
    wanted: asked ?? 'the request of this sign-in',
    advice: 'Sign in again; the answer belongs to another request',
  });
  const destination = attribute(root, 'Destination');
  demand(trace, {
    ok: destination === acs,
    check: 'Destination',
    reason: 'wrong_destination',
    ...(destination !== undefined && { came: destination }),
    wanted: acs,
    advice: `Set the assertion consumer service (reply URL) at the provider to ${acs}`,
  });
}

function checkIssuer(root: Element, encrypted: boolean, { settings, trace }: Checking): void {
  const issuers = children(root, ns.assertion, 'Issuer');
  const came = textOf(issuers[0]);
  // Without a signature and encryption it may be left out (Profiles §4.1.4.2); the assertion names its issuer in any case.
  const optional = !encrypted && children(root, ns.signature, 'Signature').length === 0;
  demand(trace, {
    ok: issuers.length === 0 ? optional : issuers.length === 1 && settings.entityIds.includes(came ?? ''),
    check: 'Issuer of the Response',
    reason: 'wrong_issuer',
    ...(came !== undefined && { came }),
    wanted: settings.entityIds.join(' or '),
    advice: 'Add the provider’s entity id to this connection, if it is really theirs',
  });
}

/** What a provider signed of an answer: the assertion's own bytes, and how they were protected. */
export interface Proven {
  assertion: Element;
  /** `response`, `assertion` or both. */
  signed: string;
}

/** What has been read of an answer so far. */
interface Opening {
  xml: string;
  root: Element;
  found: Element;
}

function responseBytes({ xml, root }: Opening, checking: Checking): string | undefined {
  const { settings, around, trace } = checking;
  const carries = children(root, ns.signature, 'Signature').length > 0;
  demand(trace, {
    ok: carries || !['response', 'both'].includes(settings.signed),
    check: 'the Response is signed',
    reason: 'response_unsigned',
    advice: 'Let the provider sign the response, or set `signed` of this connection to what it signs',
  });
  const known = { certificates: certificatesOf(settings.certificates), now: around.now() };
  return carries ? checkedBytes(xml, root, known, trace).xml : undefined;
}

/** The assertion of a document in which there is exactly one. */
const below = (xml: string): Element | undefined => {
  const root = parse(xml);
  return children(root, ns.assertion, 'Assertion')[0] ?? children(root, ns.assertion, 'EncryptedAssertion')[0];
};

async function plainText(opening: Opening, bytes: string | undefined, checking: Checking): Promise<string> {
  const { around, trace } = checking;
  // From the signed bytes when there are any: what is decrypted is what was signed.
  const encrypted = bytes === undefined ? opening.found : below(bytes);
  const used = encrypted && encryption(encrypted, bytes !== undefined);
  demand(trace, {
    ok: used?.allowed === true,
    check: 'algorithms of the encryption',
    reason: 'weak_encryption',
    came: `${used?.content ?? 'nothing'} with ${used?.key ?? 'nothing'}`,
    wanted: 'AES-GCM with RSA-OAEP, or AES-CBC with RSA-OAEP inside a signed response',
    advice: 'Choose AES-256-GCM with RSA-OAEP at the provider, or let it sign the response as well (Entra ID: both)',
  });
  const keys = (await around.keys('encryption')).map(({ privateKey }) => privateKey);
  const text = encrypted && decrypted(encrypted, keys);
  const readable = text !== undefined && isAssertion(text);
  demand(trace, {
    ok: readable,
    check: 'decryption',
    reason: 'not_decrypted',
    advice: 'Import our metadata at the provider again: it may encrypt to an old certificate of ours',
  });
  return text ?? '';
}

function isAssertion(text: string): boolean {
  try {
    const root = parse(text);
    return (
      named(root, ns.assertion, 'Assertion') &&
      within(root).filter(({ localName }) => /^(?:encrypted)?assertion$/i.test(localName)).length === 1
    );
  } catch {
    return false;
  }
}

/** The assertion out of signed bytes, or undefined when the assertion itself is not signed and nothing around it is. */
function assertionBytes(xml: string, assertion: Element, checking: Checking): string | undefined {
  const { settings, around, trace } = checking;
  const carries = children(assertion, ns.signature, 'Signature').length > 0;
  demand(trace, {
    ok: carries || !['assertion', 'both'].includes(settings.signed),
    check: 'the Assertion is signed',
    reason: 'assertion_unsigned',
    advice: 'Let the provider sign the assertion, or set `signed` of this connection to what it signs',
  });
  const known = { certificates: certificatesOf(settings.certificates), now: around.now() };
  return carries ? checkedBytes(xml, assertion, known, trace).xml : undefined;
}

async function prove(opening: Opening, checking: Checking): Promise<Proven> {
  const { settings, trace } = checking;
  const bytes = responseBytes(opening, checking);
  const encrypted = opening.found.localName === 'EncryptedAssertion';
  demand(trace, {
    ok: encrypted || !settings.encrypted,
    check: 'the Assertion is encrypted',
    reason: 'not_encrypted',
    advice: 'Let the provider encrypt assertions with the certificate in our metadata',
  });
  const text = encrypted ? await plainText(opening, bytes, checking) : opening.xml;
  const assertion = encrypted ? parse(text) : opening.found;
  if (encrypted) checkSignatures(assertion, [[ns.assertion, 'Assertion']], trace);
  const own = assertionBytes(text, assertion, checking);
  // The response alone is signed: its bytes hold the assertion, or the ciphertext that was opened above.
  const around = bytes === undefined ? undefined : encrypted ? assertion : below(bytes);
  const proven = own === undefined ? around : parse(own);
  demand(trace, {
    ok: proven !== undefined,
    check: 'a signature',
    reason: 'unsigned',
    advice: 'Let the provider sign the response or the assertion',
  });
  const signed = [bytes !== undefined && 'response', own !== undefined && 'assertion'].filter(Boolean).join(' and ');
  return { assertion: proven as Element, signed };
}

/** Everything up to the assertion, of which the provider's signature is then proven. Throws `refused`. */
export async function guarded(reply: Reply, login: Login, memo: Memo, checking: Checking): Promise<Proven> {
  const { trace } = checking;
  const xml = arrival(reply);
  const root = parsed(xml);
  trace.received('SAMLResponse', summary(root));
  trace.passed('form of the message');
  checkRoot(root, trace);
  checkStatus(root, trace);
  const asked = typeof memo.requestId === 'string' ? memo.requestId : undefined;
  checkAddress(root, asked, checking);
  demand(trace, {
    ok: reply.fields.RelayState === login.ticket,
    check: 'RelayState',
    reason: 'wrong_relay_state',
    advice: 'The provider has to hand back RelayState unchanged',
  });
  const found = theAssertion(root, trace);
  checkIssuer(root, found.localName === 'EncryptedAssertion', checking);
  checkIssued(root, 'wrong_issue_instant', checking);
  checkSignatures(
    root,
    [
      [ns.protocol, 'Response'],
      [ns.assertion, 'Assertion'],
    ],
    trace,
  );
  return prove({ xml, root, found }, checking);
}

/** What came, in words: never the XML itself. */
const summary = (root: Element) => ({
  root: root.localName,
  id: attribute(root, 'ID')?.slice(0, 300),
  inResponseTo: attribute(root, 'InResponseTo')?.slice(0, 300),
  destination: attribute(root, 'Destination')?.slice(0, 300),
  issuer: textOf(children(root, ns.assertion, 'Issuer')[0])?.slice(0, 300),
  contains: children(root)
    .map(({ localName }) => localName)
    .slice(0, 20),
});
