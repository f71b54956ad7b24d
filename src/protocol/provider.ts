import {
  type AdapterFactory,
  type Configuration,
  type FindAccount,
  type JWK,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider';
import type { Clients } from '../clients/clients.ts';
import type { Vault } from '../kernel/crypto.ts';
import { checkAssertion, clockTolerance } from './assertions.ts';
import { clientCertificates } from './certificates.ts';
import { claimsOfScopes, identityScopes } from './claims.ts';
import { ownMembers, teachClient } from './client-model.ts';
import { deviceCodeLife, devicePage } from './device-codes.ts';
import { signingAlgorithms } from './keys.ts';
import { proofAlgorithms } from './presented.ts';
import type { Resources } from './resources.ts';

/** How long things live, in seconds. */
export interface Lifetimes {
  accessToken: number;
  idToken: number;
  code: number;
  interaction: number;
  refreshToken: { idle: number; absolute: number };
  session: { idle: number; absolute: number };
}

type Features = Required<NonNullable<Configuration['features']>>;

/** What the library needs of the rest of the house: sign-in, pages, people and their rights. */
export interface ProviderParts {
  issuer: string;
  jwks: { keys: JWK[] };
  adapter: AdapterFactory;
  vault: Vault;
  clients: Clients;
  resources: Resources;
  ttl: Lifetimes;
  clientCertificateHeader?: string | undefined;
  findAccount: FindAccount;
  /** Members for the token beyond the library's: how the person signed in and, in a JWT, what the subject may do. */
  tokenClaims: NonNullable<Configuration['extraTokenClaims']>;
  jwtScope: NonNullable<NonNullable<NonNullable<Configuration['formats']>['customizers']>['jwt']>;
  fetch: NonNullable<Configuration['fetch']>;
  /** What the sign-in decides: interactions, loadExistingGrant, ttl.Session, renderError and the logout pages. */
  signin: Pick<Configuration, 'interactions' | 'loadExistingGrant' | 'renderError'> & {
    /** The `acr` of a request, by which essential claims are judged and which tokens carry. */
    acrOf(oidc: KoaContextWithOIDC['oidc']): string | undefined;
    sessionTtl: NonNullable<NonNullable<Configuration['ttl']>['Session']>;
    logout: Features['rpInitiatedLogout'];
    device: Features['deviceFlow'];
  };
}

const now = (): number => Math.floor(Date.now() / 1000);
const paths = {
  authorization: '/oauth2/authorize',
  token: '/oauth2/token',
  introspection: '/oauth2/introspect',
  revocation: '/oauth2/revoke',
  userinfo: '/oauth2/userinfo',
  jwks: '/oauth2/jwks',
  registration: '/oauth2/register',
  pushed_authorization_request: '/oauth2/par',
  device_authorization: '/oauth2/device',
  code_verification: devicePage,
  backchannel_authentication: '/oauth2/ciba',
  end_session: '/oauth2/logout',
};

/** Every option of oidc-provider that differs from its default, and the three habits of it that we change. */
export function provider(parts: ProviderParts): Provider {
  const { clients, issuer, resources, ttl, vault } = parts;
  const secure = issuer.startsWith('https:');
  const proofs = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', ...mutualTls(parts)] as const;
  const configuration: Configuration = {
    adapter: parts.adapter,
    jwks: parts.jwks,
    routes: paths,
    responseTypes: ['code'],
    scopes: [...identityScopes],
    claims: claimsOfScopes,
    acrValues: ['1fa', '2fa', 'phr'],
    // Where the person has an account, for the sign-in; `kc_idp_hint` is what clients of Keycloak send.
    extraParams: ['idp_hint', 'kc_idp_hint', 'domain_hint', 'organization'],
    subjectTypes: ['public'],
    clientAuthMethods: ['none', ...proofs],
    enabledJWA: algorithms,
    allowOmittingSingleRegisteredRedirectUri: false,
    clockTolerance,
    assertJwtClientAuthClaimsAndHeader: (_ctx, claims, header) => checkAssertion(claims, header),
    cookies: {
      names: secure
        ? { session: '__Host-session', interaction: '__Secure-signin', resume: '__Secure-resume' }
        : { session: 'session', interaction: 'signin', resume: 'resume' },
      keys: [vault.derive('cookies', '1')],
      long: { signed: true, httpOnly: true, sameSite: 'lax', secure },
      short: { signed: true, httpOnly: true, sameSite: 'lax', secure },
    },
    discovery: {
      introspection_endpoint_auth_methods_supported: proofs,
      revocation_endpoint_auth_methods_supported: proofs,
    },
    pkce: { required: (_ctx, client) => client[ownMembers.pkceWaived] !== true },
    extraClientMetadata: { properties: Object.values(ownMembers) },
    // Checked when the client is registered (registering.ts), not each time it is met.
    sectorIdentifierUriValidate: () => false,
    findAccount: parts.findAccount,
    extraTokenClaims: parts.tokenClaims,
    formats: { customizers: { jwt: parts.jwtScope } },
    fetch: parts.fetch,
    interactions: parts.signin.interactions,
    loadExistingGrant: parts.signin.loadExistingGrant,
    renderError: parts.signin.renderError,
    // A refresh token ends with the session unless offline_access was granted (OIDC Core §11); it is rotated at every use.
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    async rotateRefreshToken(ctx) {
      await resources.refuseRefresh(ctx);
      return true;
    },
    ttl: {
      AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? ttl.accessToken,
      ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? ttl.accessToken,
      AuthorizationCode: ttl.code,
      DeviceCode: deviceCodeLife,
      IdToken: ttl.idToken,
      Interaction: ttl.interaction,
      Grant: ttl.refreshToken.absolute + ttl.session.absolute,
      Session: parts.signin.sessionTtl,
      RefreshToken: (_ctx, token) =>
        Math.max(1, Math.min(ttl.refreshToken.idle, (token.iiat ?? now()) + ttl.refreshToken.absolute - now())),
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      jwtIntrospection: { enabled: true },
      revocation: { enabled: true },
      registration: { enabled: true, initialAccessToken: true },
      registrationManagement: { enabled: true },
      claimsParameter: { enabled: true },
      jwtUserinfo: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: parts.signin.logout,
      deviceFlow: parts.signin.device,
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx, client, oneOf) => resources.implied(ctx, client.clientId, oneOf && [...oneOf]),
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, audience, client) => resources.server(ctx, audience, client.clientId),
      },
      ...(parts.clientCertificateHeader === undefined
        ? {}
        : {
            mTLS: {
              enabled: true,
              tlsClientAuth: true,
              selfSignedTlsClientAuth: true,
              certificateBoundAccessTokens: true,
              ...clientCertificates(parts.clientCertificateHeader),
            },
          }),
    },
  };
  const made = new Provider(issuer, configuration);
  teachClient(made, clients);
  changeHabits(made, vault, parts.signin.acrOf);
  return made;
}

const algorithms: NonNullable<Configuration['enabledJWA']> = {
  idTokenSigningAlgValues: [...signingAlgorithms],
  userinfoSigningAlgValues: [...signingAlgorithms],
  introspectionSigningAlgValues: [...signingAlgorithms],
  clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'],
  dPoPSigningAlgValues: [...proofAlgorithms],
};

const mutualTls = (parts: ProviderParts) =>
  parts.clientCertificateHeader === undefined ? [] : (['tls_client_auth', 'self_signed_tls_client_auth'] as const);

/**
 * Habits of the library for which it has no option. URLs come from the issuer, never from the request's Host header. A
 * rotated refresh token carries the value that follows from the token it replaces (refresh.ts).
 */
function changeHabits(made: Provider, vault: Vault, acrOf: ProviderParts['signin']['acrOf']): void {
  Object.assign(made.OIDCContext.prototype, { urlFor: made.urlFor.bind(made) });
  Object.defineProperty(made.OIDCContext.prototype, 'acr', {
    get(this: KoaContextWithOIDC['oidc']) {
      return acrOf(this);
    },
  });
  const { prototype } = made.RefreshToken;
  const fresh: (this: object) => string = Reflect.get(prototype, 'generateTokenId');
  Object.assign(prototype, {
    generateTokenId(this: object): string {
      const rotated = Provider.ctx?.oidc?.entities.RotatedRefreshToken;
      return rotated ? vault.derive('refresh-successor', rotated.jti) : fresh.call(this);
    },
  });
}
