import { randomBytes } from 'node:crypto';
import { SAML, type SamlConfig, ValidateInResponseTo } from '@node-saml/node-saml';
import type { SamlConnection, Surroundings } from './connection.ts';
import { type Connector, type Handoff, type Login, refused } from './connector.ts';
import { identity } from './saml-assertion.ts';
import { guarded } from './saml-guard.ts';
import { ours } from './saml-message.ts';
import { signedXml } from './saml-signature.ts';
import { escaped, ns } from './saml-xml.ts';

/** The request is ours to sign when it goes by POST: the library signs before a Subject could be put in. */
class Requests extends SAML {
  readonly #subject: string | undefined;
  readonly #key: { privateKey: string; certificate: string } | undefined;

  constructor(options: SamlConfig, subject?: string, key?: { privateKey: string; certificate: string }) {
    super(options);
    this.#subject = subject;
    this.#key = key;
  }

  protected override async generateAuthorizeRequestAsync(passive: boolean, post: boolean): Promise<string> {
    const plain = await super.generateAuthorizeRequestAsync(passive, false);
    const hint =
      this.#subject === undefined
        ? ''
        : `<saml:Subject xmlns:saml="${ns.assertion}"><saml:NameID>${escaped(this.#subject)}</saml:NameID></saml:Subject>`;
    // Subject stands before NameIDPolicy (Core §3.4.1).
    const xml = plain.replace('<samlp:NameIDPolicy', () => `${hint}<samlp:NameIDPolicy`);
    return post && this.#key ? signedXml(xml, 'AuthnRequest', this.#key) : xml;
  }
}

/** An ID of 160 bits that is an xs:ID: it may not begin with a digit. */
export const newId = (): string => `_${randomBytes(20).toString('hex')}`;

/** Where people are sent, by the binding that is wanted or else the one that is there. */
function signOn({ signOn: all, requestBinding }: SamlConnection) {
  const endpoint = all.find(({ binding }) => binding === requestBinding) ?? all[0];
  if (endpoint) return endpoint;
  throw refused({
    reason: 'provider_error',
    check: 'sign-on address',
    advice: 'Import metadata of the provider that has a SingleSignOnService',
  });
}

function options(settings: SamlConnection, around: Surroundings, login: Login, requestId: string): SamlConfig {
  const { entityId, acs } = ours(settings, around);
  const asked = login.strong ? settings.strongRequest.authnContext : undefined;
  return {
    entryPoint: signOn(settings).location,
    callbackUrl: acs,
    issuer: entityId,
    idpCert: settings.certificates,
    generateUniqueId: () => requestId,
    forceAuthn: login.fresh || login.maxAge !== undefined,
    identifierFormat: settings.nameIdFormat ?? null,
    disableRequestedAuthnContext: asked === undefined || asked.length === 0,
    ...(asked && { authnContext: asked, racComparison: 'exact' as const }),
    validateInResponseTo: ValidateInResponseTo.never,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    ...(settings.hint === 'login_hint' &&
      login.loginHint !== undefined && { additionalAuthorizeParams: { login_hint: login.loginHint } }),
    // By POST a message is not compressed (Bindings §3.5.4).
    skipRequestCompression: signOn(settings).binding === 'post',
  };
}

async function begin(settings: SamlConnection, around: Surroundings, login: Login): Promise<Handoff> {
  const [key] = settings.signRequests ? await around.keys('signing') : [];
  const requestId = newId();
  const { binding, location } = signOn(settings);
  const memo = { requestId, begun: Math.floor(around.now()) };
  const signing = binding === 'redirect' && key ? { privateKey: key.privateKey } : {};
  const subject = settings.hint === 'subject' ? login.loginHint : undefined;
  const requests = new Requests({ ...options(settings, around, login, requestId), ...signing }, subject, key);
  if (binding === 'redirect') {
    const url = await requests.getAuthorizeUrlAsync(login.ticket, undefined, {});
    return { by: 'redirect', url, memo };
  }
  const { login_hint: hint, ...message } = await requests.getAuthorizeMessageAsync(login.ticket);
  const address = new URL(location);
  if (typeof hint === 'string') address.searchParams.set('login_hint', hint);
  const fields = Object.fromEntries(Object.entries(message).map(([name, value]) => [name, String(value)]));
  return { by: 'post', url: address.href, fields, memo };
}

/**
 * A SAML 2.0 provider. The library writes the requests. Answers are checked by the guard: the library's own entry would
 * decrypt before it verifies, takes one decryption key and SHA-1, and does not look at half of what has to be looked at.
 */
export function saml(settings: SamlConnection, around: Surroundings): Connector {
  return {
    kind: 'saml',
    begin: (login) => begin(settings, around, login),
    async complete(reply, login, memo, trace) {
      const checking = { settings, around, trace };
      const { assertion, signed } = await guarded(reply, login, memo, checking);
      trace.passed('signed by the provider', signed);
      return identity(assertion, login, memo, checking);
    },
  };
}
