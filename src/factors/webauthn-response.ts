/** What a browser hands back of a ceremony, as far as it can be read before anything is checked. Bytes in base64url. */
export interface Handed {
  /** The id of the credential. */
  id: string;
  challenge: string;
  /** Whose key it says that it is; only in answers to a request. */
  userHandle: string | undefined;
  /** It was made inside a page of somebody else. */
  foreign: boolean;
  /** The browser says that the credential can be found without a name (WebAuthn L3 §10.1.3). */
  discoverable: boolean | undefined;
  transports: readonly string[];
  clientDataJSON: string;
  /** Empty where there is none. */
  attestationObject: string;
  authenticatorData: string;
  signature: string;
}

/** Real ones have a few kilobytes, those with certificates of an authenticator's maker up to ten. */
const longest = 40_000;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Reads what came from a form; undefined for whatever is no response of a security key or passkey (WebAuthn L3 §5.1). */
export function handed(written: string): Handed | undefined {
  const json = written.length > longest ? undefined : parsed(written);
  if (!json || !isRecord(json.response)) return undefined;
  const { response } = json;
  const [id, clientDataJSON] = [text(json.id), text(response.clientDataJSON)];
  if (id === undefined || json.rawId !== id || json.type !== 'public-key' || clientDataJSON === undefined) {
    return undefined;
  }
  const client = parsed(Buffer.from(clientDataJSON, 'base64url').toString());
  const challenge = text(client?.challenge);
  if (client === undefined || challenge === undefined) return undefined;
  const { crossOrigin, topOrigin } = client;
  return {
    ...{ id, challenge, clientDataJSON },
    userHandle: text(response.userHandle),
    foreign: (crossOrigin !== undefined && crossOrigin !== false) || topOrigin !== undefined,
    discoverable: discoverable(json.clientExtensionResults),
    transports: transports(response.transports),
    attestationObject: text(response.attestationObject) ?? '',
    authenticatorData: text(response.authenticatorData) ?? '',
    signature: text(response.signature) ?? '',
  };
}

function discoverable(extensions: unknown): boolean | undefined {
  const { credProps } = isRecord(extensions) ? extensions : {};
  const { rk } = isRecord(credProps) ? credProps : {};
  return typeof rk === 'boolean' ? rk : undefined;
}

/** Browsers hand them back with the next request; nothing is decided by them. */
const transports = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string' && /^[a-z-]{1,20}$/.test(one)).slice(0, 8) : [];

function parsed(written: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(written);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
