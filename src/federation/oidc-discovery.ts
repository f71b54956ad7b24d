import { z } from 'zod';
import type { OidcConnection, Surroundings } from './connection.ts';
import { explained } from './oidc-failures.ts';
import { refusal, shown } from './oidc-refusals.ts';
import { discoverable } from './oidc-tenants.ts';

const address = z.url({ protocol: /^https?$/ });
const words = z.array(z.string());

/** What of a discovery document is used; nothing else of it reaches the library. */
const document = z.object({
  issuer: z.string(),
  authorization_endpoint: address,
  token_endpoint: address,
  jwks_uri: address,
  userinfo_endpoint: address.exactOptional(),
  end_session_endpoint: address.exactOptional(),
  pushed_authorization_request_endpoint: address.exactOptional(),
  require_signed_request_object: z.boolean().exactOptional(),
  authorization_response_iss_parameter_supported: z.boolean().exactOptional(),
  claims_parameter_supported: z.boolean().exactOptional(),
  id_token_signing_alg_values_supported: words.exactOptional(),
  userinfo_signing_alg_values_supported: words.exactOptional(),
  request_object_signing_alg_values_supported: words.exactOptional(),
  token_endpoint_auth_signing_alg_values_supported: words.exactOptional(),
});

const keySet = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().exactOptional() })).max(100),
});

/** A provider's metadata (OpenID Connect Discovery 1.0 §3), with only asymmetric algorithms for what it signs. */
export type Metadata = z.output<typeof document>;
/** A provider's public keys (RFC 7517). */
export type Keys = z.output<typeof keySet>;

/** What is known of a provider by its own word. Each throws `refused` when it cannot be asked or says nonsense. */
export interface Provider {
  metadata(): Promise<Metadata>;
  /** Its keys, at most 24 hours old. */
  keys(): Promise<Keys>;
  /** Its keys, asked for again because one is missing: at most every 5 minutes. */
  keysAgain(): Promise<Keys>;
}

/** For one request (milliseconds). */
const patience = 5000;
/** In seconds: asked again after; used at most; asked again for a missing key; not asked after a failure. */
const fresh = 3600;
const usable = 24 * 3600;
const cooldown = 5 * 60;
const pause = 10;

interface Kept<T> {
  get(): Promise<T>;
  again(): Promise<T>;
}

/** Keeps what `load` brings; of many who ask at once, one loads. What is old serves while the provider is away. */
function kept<T>(now: () => number, load: () => Promise<T>): Kept<T> {
  let value: { it: T; at: number } | undefined;
  let failure: { error: unknown; at: number } | undefined;
  let loading: Promise<T> | undefined;
  let tried = Number.NEGATIVE_INFINITY;
  const begin = async (): Promise<T> => {
    tried = now();
    try {
      const it = await load();
      value = { it, at: now() };
      failure = undefined;
      return it;
    } catch (error) {
      failure = { error, at: now() };
      throw error;
    } finally {
      loading = undefined;
    }
  };
  const old = (error: unknown): T => {
    if (value && now() - value.at < usable) return value.it;
    throw error;
  };
  const reload = async (): Promise<T> => {
    loading ??= begin();
    return loading.catch(old);
  };
  return {
    async get() {
      if (value && now() - value.at < fresh) return value.it;
      return failure && now() - failure.at < pause ? old(failure.error) : reload();
    },
    async again() {
      return value && now() - tried < cooldown ? value.it : reload();
    },
  };
}

const asymmetric = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'Ed25519',
  'EdDSA',
];

/** A document that this connection may use. A provider that is reached over https has to stay there. */
function checked(issuer: string, value: unknown): Metadata {
  const { success, data, error } = document.safeParse(value);
  if (!success) {
    const [issue] = error.issues;
    throw refusal('wrong_discovery', { came: shown(`${issue?.path.join('.')}: ${issue?.message}`) });
  }
  if (data.issuer !== issuer) {
    throw refusal('wrong_discovery_issuer', { came: shown(data.issuer), wanted: issuer });
  }
  const addresses = Object.entries(data).filter(([name]) => name.endsWith('_endpoint') || name === 'jwks_uri');
  const open = addresses.find(([, url]) => typeof url === 'string' && !url.startsWith('https:'));
  if (open && !issuer.startsWith('http:')) {
    throw refusal('insecure_endpoint', { came: shown(`${open[0]}: ${open[1]}`), wanted: 'https' });
  }
  // Without a word on it, RS256 is what every provider signs with (Discovery 1.0 §3).
  const algorithms = (data.id_token_signing_alg_values_supported ?? ['RS256']).filter((one) =>
    asymmetric.includes(one),
  );
  if (algorithms.length === 0) {
    throw refusal('wrong_algorithm', { came: shown(data.id_token_signing_alg_values_supported) });
  }
  return {
    ...data,
    id_token_signing_alg_values_supported: algorithms,
    userinfo_signing_alg_values_supported: (data.userinfo_signing_alg_values_supported ?? algorithms).filter((one) =>
      asymmetric.includes(one),
    ),
  };
}

/** Reads JSON of the provider, without following redirects. */
async function json(around: Surroundings, url: string): Promise<unknown> {
  const response = await around.fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(patience),
  });
  if (response.status !== 200) throw refusal('wrong_discovery', { came: `status ${response.status} at ${shown(url)}` });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refusal('wrong_discovery', { came: `no JSON at ${shown(url)}`, cause });
  }
}

function opened(issuer: string, given: unknown, around: Surroundings): Provider {
  const discovered = kept(
    () => around.now(),
    async () => {
      try {
        const url = `${discoverable(issuer).replace(/\/$/, '')}/.well-known/openid-configuration`;
        return checked(issuer, given ?? (await json(around, url)));
      } catch (error) {
        throw explained(error, 'discovery');
      }
    },
  );
  let keysAt: { url: string; keys: Kept<Keys> } | undefined;
  const keys = async (): Promise<Kept<Keys>> => {
    const { jwks_uri: url } = await discovered.get();
    if (keysAt?.url !== url)
      keysAt = {
        url,
        keys: kept(
          () => around.now(),
          () => readKeys(around, url),
        ),
      };
    return keysAt.keys;
  };
  return {
    metadata: () => discovered.get(),
    keys: async () => (await keys()).get(),
    keysAgain: async () => (await keys()).again(),
  };
}

async function readKeys(around: Surroundings, url: string): Promise<Keys> {
  try {
    const { success, data } = keySet.safeParse(await json(around, url));
    if (!success) throw refusal('wrong_discovery', { came: `no key set at ${shown(url)}`, wanted: 'RFC 7517' });
    return data;
  } catch (error) {
    throw explained(error, 'keys');
  }
}

const known = new WeakMap<Surroundings, Map<string, { given: unknown; provider: Provider }>>();

/** The provider with this issuer; what is known of it is shared by all that are opened with the same surroundings. */
export function providerOf(
  { issuer, discovery }: Pick<OidcConnection, 'issuer' | 'discovery'>,
  around: Surroundings,
): Provider {
  const providers = known.get(around) ?? new Map<string, { given: unknown; provider: Provider }>();
  known.set(around, providers);
  const before = providers.get(issuer);
  if (before && before.given === discovery) return before.provider;
  const provider = opened(issuer, discovery, around);
  providers.set(issuer, { given: discovery, provider });
  return provider;
}
