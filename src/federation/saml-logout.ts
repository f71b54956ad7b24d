import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { SamlConnection, Surroundings } from './connection.ts';
import { type Memo, type Reply, refused, type UpstreamSession } from './connector.ts';
import { newId } from './saml.ts';
import { type Signed, signedMessage } from './saml-logout-signature.ts';
import { type Checking, checkIssued, ours } from './saml-message.ts';
import { demand } from './saml-reasons.ts';
import { ourAlgorithm, signature, signedXml } from './saml-signature.ts';
import { attribute, children, dateTime, escaped, instant, named, ns, only, parse, textOf, within } from './saml-xml.ts';

/** Where the browser takes a logout message. */
export type Carried =
  | { by: 'redirect'; url: string; memo: Memo }
  | { by: 'post'; url: string; fields: Readonly<Record<string, string>>; memo: Memo };

/** A logout that the provider asks for: these sessions of this person, or all of them when no session is named. */
export interface LogoutRequest {
  id: string;
  issuer: string;
  nameId: string;
  sessionIndexes: readonly string[];
  relayState: string | undefined;
}

interface Outgoing {
  settings: SamlConnection;
  around: Surroundings;
  name: 'LogoutRequest' | 'LogoutResponse';
  /** Attributes and content besides what every message has. */
  attributes?: string;
  content: string;
  relayState: string | undefined;
}

/** Signs a message and puts it on its way; a provider without an address for it cannot be told, which is `undefined`. */
async function carry({
  settings,
  around,
  name,
  attributes = '',
  content,
  relayState,
}: Outgoing): Promise<Carried | undefined> {
  const endpoint = settings.signOut.find(({ binding }) => binding === 'redirect') ?? settings.signOut[0];
  const [key] = await around.keys('signing');
  if (!endpoint || !key) return undefined;
  const location = (name === 'LogoutResponse' && endpoint.responseLocation) || endpoint.location;
  const id = newId();
  const xml = [
    `<samlp:${name} xmlns:samlp="${ns.protocol}" xmlns:saml="${ns.assertion}" ID="${id}" Version="2.0"`,
    ` IssueInstant="${dateTime(around.now())}" Destination="${escaped(location)}"${attributes}>`,
    `<saml:Issuer>${escaped(ours(settings, around).entityId)}</saml:Issuer>${content}</samlp:${name}>`,
  ].join('');
  const memo = { requestId: id };
  const field = name === 'LogoutRequest' ? 'SAMLRequest' : 'SAMLResponse';
  if (endpoint.binding === 'post') {
    const message = Buffer.from(signedXml(xml, name, key)).toString('base64');
    const state = relayState === undefined ? {} : { RelayState: relayState };
    return { by: 'post', url: location, fields: { [field]: message, ...state }, memo };
  }
  // Signed as it is sent (Bindings §3.4.4.1).
  const query = [
    [field, deflateRawSync(xml).toString('base64')],
    ...(relayState === undefined ? [] : [['RelayState', relayState]]),
    ['SigAlg', ourAlgorithm],
  ]
    .map(([parameter = '', value = '']) => `${parameter}=${encodeURIComponent(value)}`)
    .join('&');
  const signed = `${query}&Signature=${encodeURIComponent(signature(query, key.privateKey))}`;
  return { by: 'redirect', url: `${location}${location.includes('?') ? '&' : '?'}${signed}`, memo };
}

/**
 * Asks the provider to end this session too. Undefined when it cannot be asked: it has no address for it, or the session
 * has no NameID. Keep the memo for `verifyLogoutResponse`.
 */
export async function logoutRequest(
  settings: SamlConnection,
  around: Surroundings,
  session: UpstreamSession,
  relayState?: string,
): Promise<Carried | undefined> {
  if (session.hint === undefined) return undefined;
  const index = session.id === undefined ? '' : `<samlp:SessionIndex>${escaped(session.id)}</samlp:SessionIndex>`;
  // Ours, written by the connector; a hint that is anything else throws here.
  parse(session.hint);
  return carry({
    settings,
    around,
    name: 'LogoutRequest',
    attributes: ` NotOnOrAfter="${dateTime(around.now() + 300)}"`,
    content: `${session.hint}${index}`,
    relayState,
  });
}

/** Tells the provider that its logout was done, or that not all of it could be. */
export async function logoutResponse(
  settings: SamlConnection,
  around: Surroundings,
  request: Pick<LogoutRequest, 'id' | 'relayState'>,
  outcome: 'done' | 'partly' | 'failed' = 'done',
): Promise<Carried | undefined> {
  const status = (code: string, within = '') =>
    `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${code}">${within}</samlp:StatusCode>`;
  const codes = {
    done: status('Success'),
    partly: status('Responder', status('PartialLogout')),
    failed: status('Responder'),
  };
  return carry({
    settings,
    around,
    name: 'LogoutResponse',
    attributes: ` InResponseTo="${escaped(request.id)}"`,
    content: `<samlp:Status>${codes[outcome]}</samlp:Status>`,
    relayState: request.relayState,
  });
}

/** What every logout message has to be: signed, for us, from the provider, from now, and used once. */
async function checked(reply: Reply, name: 'LogoutRequest' | 'LogoutResponse', checking: Checking): Promise<Signed> {
  const { settings, around, trace } = checking;
  const message = signedMessage(reply, name, checking);
  const { root } = message;
  const { slo } = ours(settings, around);
  const destination = attribute(root, 'Destination');
  demand(trace, {
    ok: destination === slo,
    check: 'Destination',
    reason: 'wrong_destination',
    ...(destination !== undefined && { came: destination }),
    wanted: slo,
    advice: `Set the single logout address at the provider to ${slo}`,
  });
  const issuer = textOf(only(root, ns.assertion, 'Issuer'));
  demand(trace, {
    // Entra answers a logout under the name of its sign-in host.
    ok: issuer !== undefined && settings.entityIds.includes(issuer),
    check: 'Issuer',
    reason: 'wrong_issuer',
    ...(issuer !== undefined && { came: issuer }),
    wanted: settings.entityIds.join(' or '),
    advice: 'Add the provider’s entity id to this connection, if it is really theirs',
  });
  checkIssued(root, 'wrong_issue_instant', checking);
  const ends = attribute(root, 'NotOnOrAfter');
  const end = instant(ends);
  demand(trace, {
    ok: ends === undefined || (end !== undefined && end > around.now() - settings.skew),
    check: 'message not over',
    reason: 'expired',
    ...(ends !== undefined && { came: ends }),
    advice: 'Set the provider’s clock by NTP',
  });
  return message;
}

/** A message that the provider signed could be sent by anybody a second time. */
async function checkOnce(root: Element, { settings, around, trace }: Checking): Promise<void> {
  const id = createHash('sha256')
    .update(`${settings.id}\n${attribute(root, 'ID')}`)
    .digest('base64url');
  // Older than this, IssueInstant refuses it.
  const until = Math.ceil(around.now()) + 600 + 2 * settings.skew;
  demand(trace, {
    ok: await around.once(`saml logout ${id}`, until),
    check: 'used once',
    reason: 'replayed',
    advice: 'Begin the logout again: this message was used before',
  });
}

/** Reads a logout that the provider asks for, by redirect or POST. Throws `refused` for whatever is not as it must be. */
export async function verifyLogoutRequest(reply: Reply, checking: Checking): Promise<LogoutRequest> {
  const { root, relayState } = await checked(reply, 'LogoutRequest', checking);
  const nameId = textOf(only(root, ns.assertion, 'NameID'));
  demand(checking.trace, {
    ok: nameId !== undefined && nameId !== '',
    check: 'NameID',
    reason: 'no_subject',
    advice: 'Let the provider name the person by a plain NameID in its LogoutRequest',
  });
  await checkOnce(root, checking);
  return {
    id: attribute(root, 'ID') ?? '',
    issuer: textOf(only(root, ns.assertion, 'Issuer')) ?? '',
    nameId: nameId ?? '',
    sessionIndexes: children(root, ns.protocol, 'SessionIndex').map((index) => textOf(index) ?? ''),
    relayState,
  };
}

/** Reads the answer to a logout of ours; false when the provider could not end everything. Throws `refused`. */
export async function verifyLogoutResponse(reply: Reply, memo: Memo, checking: Checking): Promise<boolean> {
  const { root } = await checked(reply, 'LogoutResponse', checking);
  const requested = attribute(root, 'InResponseTo');
  demand(checking.trace, {
    ok: requested !== undefined && requested === memo.requestId,
    check: 'InResponseTo',
    reason: 'wrong_in_response_to',
    ...(requested !== undefined && { came: requested }),
    wanted: String(memo.requestId),
    advice: 'Begin the logout again; the answer belongs to another request',
  });
  await checkOnce(root, checking);
  const codes = within(root).filter((element) => named(element, ns.protocol, 'StatusCode'));
  const [code, ...others] = codes.map((element) => attribute(element, 'Value'));
  if (code === undefined)
    throw refused({ reason: 'provider_error', check: 'status', advice: 'The provider has to send a Status' });
  return code === 'urn:oasis:names:tc:SAML:2.0:status:Success' && others.length === 0;
}
