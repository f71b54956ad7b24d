import { buildEndSessionUrl } from 'openid-client';
import type { OidcConnection, Surroundings } from './connection.ts';
import { clientOf } from './oidc-client.ts';
import { providerOf } from './oidc-discovery.ts';
import { explained } from './oidc-failures.ts';
import { refusal, shown } from './oidc-refusals.ts';
import { forTenants, issuerOf } from './oidc-tenants.ts';
import { checkAudience, checkTimes, type Signed, signedBy, textIn } from './oidc-tokens.ts';

/** What the provider hears when somebody signs out here. */
export interface EndSession {
  /** The ID token of the sign-in, as it came. */
  idTokenHint?: string | undefined;
  /** Registered at the provider; where the browser comes back to with `state`. */
  postLogoutRedirectUri: string;
  state: string;
}

/**
 * Where the browser goes to sign out at the provider (RP-Initiated Logout 1.0 §2); undefined when it offers no such place.
 * Throws `refused` when the provider cannot be asked.
 */
export async function endSessionUrl(
  settings: OidcConnection,
  around: Surroundings,
  { idTokenHint, postLogoutRedirectUri, state }: EndSession,
): Promise<string | undefined> {
  const provider = providerOf(settings, around);
  const metadata = await provider.metadata();
  if (metadata.end_session_endpoint === undefined) return undefined;
  try {
    const client = await clientOf({ settings, around, provider }, metadata);
    return buildEndSessionUrl(client, {
      ...(idTokenHint === undefined ? {} : { id_token_hint: idTokenHint }),
      post_logout_redirect_uri: postLogoutRedirectUri,
      state,
    }).href;
  } catch (error) {
    throw explained(error, 'discovery');
  }
}

/** What ended at the provider: one session (`sid`), or all of a person's (`sub`). `jti` counts once until `exp` (seconds), after which the token is too old. */
export interface LogoutToken {
  issuer: string;
  sub?: string;
  sid?: string;
  jti: string;
  exp: number;
}

const event = 'http://schemas.openid.net/event/backchannel-logout';

/** A provider tells within minutes what has ended (seconds). */
const age = 5 * 60;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** That it says "this session has ended" and is not something else that the provider signed, such as an ID token. */
function checkEvent({ claims }: Signed): void {
  const { events } = claims;
  if (!isObject(events) || !Object.hasOwn(events, event) || !isObject(events[event])) {
    throw refusal('not_a_logout', { came: shown(events), wanted: event });
  }
  if (claims.nonce !== undefined) throw refusal('forbidden_nonce');
}

/** Verifies a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6); the caller lets a `jti` count once. Throws `refused`. */
export async function verifyLogoutToken(
  settings: OidcConnection,
  around: Surroundings,
  token: string,
): Promise<LogoutToken> {
  const signed = await signedBy(providerOf(settings, around), token, [undefined, 'jwt', 'logout+jwt']);
  const issuer = forTenants(settings.issuer) ? issuerOf(settings, signed.claims.tid) : settings.issuer;
  if (signed.claims.iss !== issuer) throw refusal('wrong_issuer', { came: shown(signed.claims.iss), wanted: issuer });
  checkAudience(signed, settings.clientId);
  checkEvent(signed);
  const exp = checkTimes(signed, { now: around.now(), skew: settings.skew, age });
  const { sub, sid } = signed.claims;
  if (sub === undefined && sid === undefined) throw refusal('no_session_named');
  return {
    issuer,
    ...(sub === undefined ? {} : { sub: textIn(signed, 'sub') }),
    ...(sid === undefined ? {} : { sid: textIn(signed, 'sid') }),
    jti: textIn(signed, 'jti'),
    exp,
  };
}
