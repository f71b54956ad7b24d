import { buildAuthorizationUrl, buildAuthorizationUrlWithJAR, buildAuthorizationUrlWithPAR } from 'openid-client';
import type { OidcConnection } from './connection.ts';
import type { Login } from './connector.ts';
import { clientOf, type Opened, signingKey } from './oidc-client.ts';
import type { Metadata } from './oidc-discovery.ts';
import { explained } from './oidc-failures.ts';

/** How old the person's proof may be for this sign-in (seconds); undefined when nobody asks. */
export const maxAgeOf = ({ fresh, maxAge }: Login): number | undefined => (fresh ? 0 : maxAge);

/** The `claims` parameter (OpenID Connect Core 1.0 §5.5): Entra's authentication contexts, and the time of the proof. */
function claimsOf(settings: OidcConnection, metadata: Metadata, login: Login): string | undefined {
  const { acrs = [] } = login.strong ? settings.strongRequest : {};
  const [first, ...more] = acrs;
  const asked = {
    // Entra reads this one whether or not its document says that it reads `claims`.
    ...(first === undefined
      ? {}
      : { acrs: { essential: true, ...(more.length === 0 ? { value: first } : { values: acrs }) } }),
    ...(maxAgeOf(login) !== undefined && (first !== undefined || metadata.claims_parameter_supported)
      ? { auth_time: { essential: true } }
      : {}),
  };
  return Object.keys(asked).length === 0 ? undefined : JSON.stringify({ id_token: asked });
}

/** What the provider is asked, by the names of the protocol. */
export function parametersOf(
  settings: OidcConnection,
  metadata: Metadata,
  login: Login,
  secrets: { redirectUri: string; nonce: string; challenge: string },
): Record<string, string> {
  const maxAge = maxAgeOf(login);
  const { acrValues = [] } = login.strong ? settings.strongRequest : {};
  const parameters = {
    response_type: 'code',
    redirect_uri: secrets.redirectUri,
    scope: settings.scope,
    state: login.ticket,
    nonce: secrets.nonce,
    code_challenge: secrets.challenge,
    code_challenge_method: 'S256',
    prompt: login.fresh ? 'login' : undefined,
    max_age: maxAge === undefined ? undefined : String(maxAge),
    acr_values: acrValues.length === 0 ? undefined : acrValues.join(' '),
    claims: claimsOf(settings, metadata, login),
    login_hint: login.loginHint,
    domain_hint: login.domainHint,
    ui_locales: login.uiLocales,
  };
  return Object.fromEntries(Object.entries(parameters).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

/** Where the browser goes: signed (RFC 9101) when that is asked for, and pushed (RFC 9126) when the provider takes it. */
export async function addressOf(
  opened: Opened,
  metadata: Metadata,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  try {
    const client = await clientOf(opened, metadata);
    const signed = opened.settings.signedRequests === 'always' || metadata.require_signed_request_object === true;
    const asked = signed
      ? await buildAuthorizationUrlWithJAR(
          client,
          parameters,
          await signingKey(opened.around, metadata.request_object_signing_alg_values_supported),
        )
      : undefined;
    if (metadata.pushed_authorization_request_endpoint !== undefined) {
      const pushed = asked ? requestIn(asked) : parameters;
      return (await buildAuthorizationUrlWithPAR(client, pushed)).href;
    }
    return (asked ?? buildAuthorizationUrl(client, parameters)).href;
  } catch (error) {
    throw explained(error, 'push');
  }
}

/** The request object alone: the authorization endpoint's own query is not for pushing. */
const requestIn = ({ searchParams }: URL): Record<string, string> => ({ request: searchParams.get('request') ?? '' });
