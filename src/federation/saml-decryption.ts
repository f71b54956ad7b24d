import { constants, createDecipheriv, createPrivateKey, type KeyObject, privateDecrypt } from 'node:crypto';
import { attribute, children, named, ns, only, textOf, within } from './saml-xml.ts';

const content: Readonly<Record<string, { cipher: 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm'; bytes: number }>> = {
  [`${ns.encryption11}aes128-gcm`]: { cipher: 'aes-128-gcm', bytes: 16 },
  [`${ns.encryption11}aes192-gcm`]: { cipher: 'aes-192-gcm', bytes: 24 },
  [`${ns.encryption11}aes256-gcm`]: { cipher: 'aes-256-gcm', bytes: 32 },
};

/** CBC proves nothing of its content: it is opened only when a signature over the whole response was verified before. */
const underSignature: Readonly<
  Record<string, { cipher: 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc'; bytes: number }>
> = {
  [`${ns.encryption}aes128-cbc`]: { cipher: 'aes-128-cbc', bytes: 16 },
  [`${ns.encryption}aes192-cbc`]: { cipher: 'aes-192-cbc', bytes: 24 },
  [`${ns.encryption}aes256-cbc`]: { cipher: 'aes-256-cbc', bytes: 32 },
};

const oaep = `${ns.encryption}rsa-oaep-mgf1p`;
const oaep11 = `${ns.encryption11}rsa-oaep`;

/** Digests of OAEP. Its security does not rest on collisions, so SHA-1, the default of the standard, is no weakness here. */
const oaepDigests: Readonly<Record<string, string>> = {
  [`${ns.signature}sha1`]: 'sha1',
  [`${ns.encryption}sha256`]: 'sha256',
  [`${ns.encryption}sha512`]: 'sha512',
};
const mgfDigests: Readonly<Record<string, string>> = {
  [`${ns.encryption11}mgf1sha1`]: 'sha1',
  [`${ns.encryption11}mgf1sha256`]: 'sha256',
  [`${ns.encryption11}mgf1sha512`]: 'sha512',
};

const own = (table: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** The algorithms that an EncryptedAssertion asks for; undefined in place of what is not there. */
export interface Encryption {
  content: string | undefined;
  key: string | undefined;
  /** Whether they are on the list. */
  allowed: boolean;
}

interface Envelope {
  data: Element;
  key: Element;
}

/** EncryptedData with its EncryptedKey: within its KeyInfo, or beside it (SAML Core §6.1 allows both). */
function envelope(encrypted: Element): Envelope | undefined {
  const data = only(encrypted, ns.encryption, 'EncryptedData');
  const keys = within(encrypted).filter((element) => named(element, ns.encryption, 'EncryptedKey'));
  // A provider may encrypt to several recipients, but this one is for us.
  return data && keys[0] && keys.length === 1 ? { data, key: keys[0] } : undefined;
}

const method = (of: Element) => only(of, ns.encryption, 'EncryptionMethod');

/** The hash of OAEP. node:crypto takes one for the label and for the mask, so both must be the same. */
function oaepHash(key: Element): string | undefined {
  const chosen = method(key);
  const algorithm = chosen && attribute(chosen, 'Algorithm');
  if (!chosen || (algorithm !== oaep && algorithm !== oaep11)) return undefined;
  const named = (element: Element | undefined, otherwise: string) =>
    element ? (attribute(element, 'Algorithm') ?? '') : otherwise;
  const digest = own(oaepDigests, named(children(chosen, ns.signature, 'DigestMethod')[0], `${ns.signature}sha1`));
  const mask = own(mgfDigests, named(children(chosen, ns.encryption11, 'MGF')[0], `${ns.encryption11}mgf1sha1`));
  return digest === mask ? digest : undefined;
}

/** Which algorithms are used, before anything is decrypted. */
export function encryption(encrypted: Element, signedAround: boolean): Encryption {
  const found = envelope(encrypted);
  const name = found && method(found.data);
  const algorithm = name && attribute(name, 'Algorithm');
  const known = algorithm !== undefined && Object.hasOwn(content, algorithm);
  const bound = algorithm !== undefined && signedAround && Object.hasOwn(underSignature, algorithm);
  const keyMethod = found && method(found.key);
  return {
    content: algorithm,
    key: keyMethod && attribute(keyMethod, 'Algorithm'),
    allowed: found !== undefined && (known || bound) && oaepHash(found.key) !== undefined,
  };
}

const bytesOf = (of: Element): Buffer => {
  const data = only(of, ns.encryption, 'CipherData');
  const value = textOf(data && only(data, ns.encryption, 'CipherValue'))?.replaceAll(/\s/g, '');
  if (value === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) throw new Error('no cipher value');
  return Buffer.from(value, 'base64');
};

function opened(algorithm: string, key: Buffer, bytes: Buffer): string {
  const strict = new TextDecoder('utf-8', { fatal: true });
  const known = content[algorithm];
  if (known) {
    if (key.length !== known.bytes || bytes.length < 28) throw new Error('wrong sizes');
    const decipher = createDecipheriv(known.cipher, key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAuthTag(bytes.subarray(-16));
    return strict.decode(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]));
  }
  const bound = underSignature[algorithm];
  if (!bound || key.length !== bound.bytes) throw new Error('wrong sizes');
  const decipher = createDecipheriv(bound.cipher, key, bytes.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]);
  // XML Encryption pads with any bytes, of which only the last counts (§5.2).
  const padding = padded.at(-1) ?? 0;
  if (padding < 1 || padding > 16) throw new Error('wrong padding');
  return strict.decode(padded.subarray(0, -padding));
}

const ready = new Map<string, KeyObject>();
const mostReady = 100;

/** A key that was read once: reading it again costs as much as its use. */
function keyOf(pem: string): KeyObject {
  const known = ready.get(pem);
  if (known) return known;
  const [oldest] = ready.size < mostReady ? [] : ready.keys();
  if (oldest !== undefined) ready.delete(oldest);
  const key = createPrivateKey(pem);
  ready.set(pem, key);
  return key;
}

/**
 * The content of an EncryptedAssertion whose algorithms are allowed, opened with whichever of our keys fits. Undefined for
 * every failure alike: what went wrong must not be told (a padding oracle would live on it).
 */
export function decrypted(encrypted: Element, privateKeys: readonly string[]): string | undefined {
  const found = envelope(encrypted);
  const hash = found && oaepHash(found.key);
  const algorithm = found && attribute(method(found.data) ?? found.data, 'Algorithm');
  if (!found || hash === undefined || algorithm === undefined) return undefined;
  for (const key of privateKeys) {
    try {
      const padding = { key: keyOf(key), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash };
      return opened(algorithm, privateDecrypt(padding, bytesOf(found.key)), bytesOf(found.data));
    } catch {
      // It may be encrypted to another key of ours.
    }
  }
  return undefined;
}
