import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  type CustomFetch,
  clockSkew,
  clockTolerance,
  customFetch,
  enableNonRepudiationChecks,
  modifyAssertion,
  None,
  type PrivateKey,
  PrivateKeyJwt,
  setJwksCache,
} from 'openid-client';
import type { OidcConnection, OwnKey, Surroundings } from './connection.ts';
import type { Keys, Metadata, Provider } from './oidc-discovery.ts';
import { refusal } from './oidc-refusals.ts';

/** One connection that is at work: its settings with secrets in clear, what is around it, and its provider. */
export interface Opened {
  settings: OidcConnection;
  around: Surroundings;
  provider: Provider;
}

/** Seconds for one request. */
const patience = 5;

const algorithms: Readonly<Record<string, readonly string[]>> = {
  rsa: ['PS256', 'RS256'],
  ec: ['ES256'],
  ed25519: ['Ed25519'],
};

function webCrypto(key: KeyObject, algorithm: string): Promise<CryptoKey> {
  const names: Readonly<Record<string, EcKeyImportParams | RsaHashedImportParams | Algorithm>> = {
    PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
    RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  };
  const encoded = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
  return crypto.subtle.importKey('pkcs8', encoded, names[algorithm] ?? { name: algorithm }, false, ['sign']);
}

/** Our key for one provider's eyes, for an algorithm that it takes; RS256 is what all take that say nothing. */
export async function signingKey(
  around: Surroundings,
  taken: readonly string[] = ['RS256', 'ES256', 'Ed25519'],
): Promise<PrivateKey & { own: OwnKey }> {
  for (const own of await around.keys('signing')) {
    const key = createPrivateKey(own.privateKey);
    const algorithm = algorithms[String(key.asymmetricKeyType)]?.find((one) => taken.includes(one));
    if (algorithm !== undefined) return { key: await webCrypto(key, algorithm), kid: own.kid, own };
  }
  throw refusal('token_refused', {
    came: 'no key of ours for its algorithms',
    wanted: taken.join(' '),
    advice: 'Let the provider take signatures with RS256, PS256 or ES256 from this client',
  });
}

/** Entra and Okta want their token endpoint as audience; elsewhere it is the issuer (draft-ietf-oauth-rfc7523bis §4). */
const wantsEndpoint = /^(?:entra|okta)-/;

async function privateKeyJwt({ settings, around }: Opened, metadata: Metadata): Promise<ClientAuth> {
  const key = await signingKey(around, metadata.token_endpoint_auth_signing_alg_values_supported);
  const thumbprint = Buffer.from(new X509Certificate(key.own.certificate).fingerprint256.replaceAll(':', ''), 'hex');
  return PrivateKeyJwt(key, {
    [modifyAssertion](header, payload) {
      // Entra finds the certificate by its thumbprint, everybody else by the kid. The key is for this provider alone,
      // so that an assertion with its token endpoint as audience is good nowhere else.
      header.typ = 'JWT';
      header['x5t#S256'] = thumbprint.toString('base64url');
      if (wantsEndpoint.test(settings.preset)) payload.aud = metadata.token_endpoint;
    },
  });
}

function authentication(opened: Opened, metadata: Metadata): Promise<ClientAuth> | ClientAuth {
  const { auth, clientSecret = '' } = opened.settings;
  if (auth === 'none') return None();
  if (auth === 'private_key_jwt') return privateKeyJwt(opened, metadata);
  if (clientSecret === '') {
    throw refusal('token_refused', {
      came: 'no client secret',
      advice: 'Set the client secret of this connection, or choose another authentication method',
    });
  }
  return auth === 'client_secret_basic' ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret);
}

/** Our keys of the provider stand in for the library's: it looks at those that it was given, and asks when one is missing. */
const fetching =
  ({ around, provider }: Opened, { jwks_uri: keysAt }: Metadata): CustomFetch =>
  async (url, options) => {
    if (url === keysAt) return Response.json(await provider.keysAgain());
    const { body, signal, ...others } = options;
    // What the library sends are forms; a type of its own for them only gets in the way.
    const form = body instanceof URLSearchParams ? body.toString() : null;
    return around.fetch(url, { ...others, body: form, ...(signal ? { signal } : {}) });
  };

/** An age at which the library uses its keys (under 300 s), but asks for new ones rather than fail (from 60 s on). */
const ageOfKeys = 150;

/**
 * The library set up for one task, so that nothing of it outlives the keys and the clock it was made with. `metadata` is the
 * provider's, with the issuer of the tenant; `keys` are for tasks that verify. Throws `refused` when our side of it cannot be made.
 */
export async function clientOf(opened: Opened, metadata: Metadata, keys?: Keys): Promise<Configuration> {
  const { settings, around } = opened;
  const systemClock = Math.floor(Date.now() / 1000);
  const client = new Configuration(
    metadata,
    settings.clientId,
    { [clockSkew]: around.now() - systemClock, [clockTolerance]: settings.skew },
    await authentication(opened, metadata),
  );
  client.timeout = patience;
  client[customFetch] = fetching(opened, metadata);
  // Only for a provider whose own issuer is http; whether such an address is let through is decided by our fetch.
  if (metadata.issuer.startsWith('http:')) allowInsecureRequests(client);
  // The library does not look at signatures of what came over TLS unless it is told to.
  enableNonRepudiationChecks(client);
  if (keys) setJwksCache(client, { jwks: keys, uat: systemClock - ageOfKeys });
  return client;
}
