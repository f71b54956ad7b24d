import type { OidcConnection } from './connection.ts';
import type { Reply, Trace } from './connector.ts';
import type { Metadata } from './oidc-discovery.ts';
import { refusal, shown } from './oidc-refusals.ts';
import { forTenants, issuerOf, tenantOf } from './oidc-tenants.ts';

/** What to do about an error by its registered name (RFC 6749 §4.1.2.1, OpenID Connect Core 1.0 §3.1.2.6, Okta). */
const adviceOn = new Map(
  Object.entries({
    access_denied: 'The person said no, or is not assigned to this application at the provider; assign them there',
    login_required: 'Let the provider ask the person to sign in; it was not allowed to, or would not',
    interaction_required:
      'The provider needs something from the person (a policy, a second factor); look at its sign-in log',
    consent_required: 'Grant consent for this application at the provider, best once for everybody',
    temporarily_unavailable: 'The provider is overloaded or down; try again later and check its status',
    server_error: 'The provider failed; look at its sign-in log',
    invalid_scope: 'Ask for scopes that the provider knows and allows to this client',
    unauthorized_client: 'Allow the authorization code flow to this client at the provider',
    invalid_request:
      'Register the redirect URI of this connection at the provider; see its sign-in log for what else it lacks',
    unmet_authentication_requirements:
      'The person cannot give the second factor that is asked for; enrol one at the provider',
  }),
);

/**
 * Looks at what the browser brought before its code is shown to anybody: that it is the answer to this sign-in, that it comes
 * from this provider (RFC 9207 §2.4, mix-up), and that it is no error. Throws `refused`.
 */
export function checkReply(
  settings: OidcConnection,
  metadata: Metadata,
  { fields, ticket }: Pick<Reply, 'fields'> & { ticket: string },
  trace: Trace,
): void {
  const { state, iss, error, error_description: description, code } = fields;
  if (state !== ticket) throw refusal('wrong_state');
  trace.passed('state');
  if (iss !== undefined || metadata.authorization_response_iss_parameter_supported) {
    const wanted =
      iss !== undefined && forTenants(settings.issuer) ? issuerOf(settings, tenantOf(settings, iss)) : metadata.issuer;
    if (iss !== wanted) throw refusal('wrong_response_issuer', { came: shown(iss ?? 'none'), wanted });
    trace.passed('issuer of the answer', iss);
  }
  if (error !== undefined) {
    trace.received('error', { error: shown(error), error_description: shown(description ?? '') });
    const advice = adviceOn.get(error);
    throw refusal('provider_error', { came: shown(error), ...(advice === undefined ? {} : { advice }) });
  }
  if (code === undefined || code === '') throw refusal('no_code', { came: shown(Object.keys(fields).join(', ')) });
  trace.passed('code');
}
