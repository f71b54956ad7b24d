import { inflateRawSync } from 'node:zlib';
import type { Reply, Trace } from './connector.ts';
import {
  badSignature,
  type Checking,
  checkedBytes,
  checkSignatures,
  decoded,
  parsed,
  textFrom,
  unreadable,
} from './saml-message.ts';
import { demand } from './saml-reasons.ts';
import { certificatesOf, signatureAllowed, signedBy } from './saml-signature.ts';
import { attribute, children, named, ns, parse, Unreadable, within } from './saml-xml.ts';

/** A logout message whose signature was verified, read from what was signed. */
export interface Signed {
  root: Element;
  relayState: string | undefined;
}

const mostInflated = 1024 * 1024;

function text(message: string, compressed: boolean): string {
  try {
    const bytes = decoded(message);
    return textFrom(compressed ? inflated(bytes) : bytes);
  } catch (error) {
    throw error instanceof Unreadable ? unreadable(error.reason, error.cause) : error;
  }
}

/** A few KiB can become gigabytes; this stops long before. */
function inflated(bytes: Buffer): Buffer {
  try {
    return inflateRawSync(bytes, { maxOutputLength: mostInflated });
  } catch (cause) {
    throw new Unreadable('not_deflated', cause);
  }
}

function checkRoot(root: Element, name: string, trace: Trace): void {
  demand(trace, {
    ok: named(root, ns.protocol, name) && within(root).filter(({ localName }) => localName === name).length === 1,
    check: 'root of the document',
    reason: 'wrong_root',
    came: root.localName,
    wanted: name,
    advice: 'The provider has to send SAML 2.0 logout messages to the address in our metadata',
  });
  demand(trace, {
    ok: attribute(root, 'Version') === '2.0' && attribute(root, 'ID') !== undefined,
    check: 'version',
    reason: 'wrong_version',
    came: attribute(root, 'Version') ?? 'nothing',
    wanted: '2.0',
    advice: 'Choose SAML 2.0 at the provider',
  });
}

const unsigned = (trace: Trace, ok: boolean) =>
  demand(trace, {
    ok,
    check: 'a signature',
    reason: 'unsigned',
    advice: 'Let the provider sign its logout messages',
  });

/** The parameters of a query as they were sent, each at most once: what is read is what was signed. */
function parameters(raw: string): Map<string, string> | undefined {
  const found = new Map<string, string>();
  for (const part of raw.replace(/^\?/, '').split('&')) {
    const name = decodeURIComponent(part.split('=', 1)[0] ?? '');
    if (found.has(name)) return undefined;
    found.set(name, part);
  }
  return found;
}

const sent = (part: string): string => decodeURIComponent(part.slice(part.indexOf('=') + 1).replaceAll('+', '%20'));

/** The redirect binding signs the query itself (Bindings §3.4.4.1). */
function fromQuery(reply: Reply, field: string, { settings, around, trace }: Checking): Signed {
  const parts = parameters(reply.raw);
  const [message, relay, algorithm, value] = [field, 'RelayState', 'SigAlg', 'Signature'].map((name) =>
    parts?.get(name),
  );
  if (message === undefined) throw unreadable('missing_message');
  unsigned(trace, algorithm !== undefined && value !== undefined);
  const name = sent(algorithm ?? '');
  demand(trace, {
    ok: signatureAllowed(name),
    check: 'algorithms of signatures',
    reason: 'weak_algorithm',
    came: name,
    wanted: 'RSA or ECDSA with SHA-256, SHA-384 or SHA-512',
    advice: 'Choose RSA-SHA256 as signature algorithm at the provider',
  });
  const bytes = [message, relay, algorithm].filter((part) => part !== undefined).join('&');
  const signer = certificatesOf(settings.certificates).find((each) => signedBy(bytes, sent(value ?? ''), name, each));
  const check = 'signature of the query';
  if (!signer) throw badSignature(check);
  demand(trace, {
    ok: around.now() < signer.validToDate.getTime() / 1000,
    check: 'certificate of the query',
    reason: 'certificate_expired',
    came: `valid until ${signer.validToDate.toISOString()}`,
    advice: 'Renew the signing certificate at the provider, and import its metadata again',
  });
  trace.passed(check);
  const root = parsed(text(sent(message), true));
  return { root, relayState: relay === undefined ? undefined : sent(relay) };
}

function fromForm(reply: Reply, field: string, checking: Checking): Signed {
  const { settings, around, trace } = checking;
  const message = reply.fields[field];
  if (message === undefined) throw unreadable('missing_message');
  const xml = text(message, false);
  const root = parsed(xml);
  unsigned(trace, children(root, ns.signature, 'Signature').length > 0);
  checkSignatures(root, [[ns.protocol, root.localName]], trace);
  const known = { certificates: certificatesOf(settings.certificates), now: around.now() };
  return { root: parse(checkedBytes(xml, root, known, trace).xml), relayState: reply.fields.RelayState };
}

/** A query with broken percent encoding is no message. */
function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof URIError ? unreadable('missing_message', error) : error;
  }
}

/** A logout message of this name with a signature of the provider over all of it. Throws `refused`. */
export function signedMessage(reply: Reply, name: 'LogoutRequest' | 'LogoutResponse', checking: Checking): Signed {
  const field = name === 'LogoutRequest' ? 'SAMLRequest' : 'SAMLResponse';
  const signed =
    reply.method === 'GET' ? readable(() => fromQuery(reply, field, checking)) : fromForm(reply, field, checking);
  checkRoot(signed.root, name, checking.trace);
  return signed;
}
