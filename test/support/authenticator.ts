import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** What this authenticator does otherwise than a sound one, in one ceremony. */
export interface Manner {
  origin?: string;
  rpId?: string;
  challenge?: string;
  type?: string;
  crossOrigin?: unknown;
  topOrigin?: string;
  /** Whether it verifies its user; else as it was made. */
  verifies?: boolean;
  /** Whether somebody touched it. */
  touched?: boolean;
  /** What it says how often it was used. */
  counter?: number;
  /** Whose key it says that it is; null leaves it out. */
  userHandle?: string | null;
  /** The id that it says its credential has. */
  id?: string;
  /** Turns a bit of the signature. */
  flipped?: boolean;
  /** The algorithm that the key says it is for (COSE). */
  algorithm?: number;
  /** What its maker says of it. */
  attest?: (signed: Buffer) => { fmt: string; attStmt: Map<string, unknown> };
}

interface Making {
  origin: string;
  algorithm?: keyof typeof algorithms;
  verifies?: boolean;
  /** Copied to other devices: such passkeys do not count. */
  synced?: boolean;
  aaguid?: string;
}

interface Creation {
  challenge: string;
  rp: { id?: string | undefined };
  user: { id: string };
}

interface Request {
  challenge: string;
  rpId?: string | undefined;
}

const algorithms = { ES256: -7, EdDSA: -8, RS256: -257 } as const;

function newKey(algorithm: keyof typeof algorithms): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return algorithm === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('rsa', { modulusLength: 2048 });
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();

/** A security key or passkey in software (WebAuthn L3 §6), which answers as a browser would hand it over. */
export class Authenticator {
  readonly id: string = base64url(randomBytes(32));
  readonly #made: Required<Making>;
  readonly #keys: { privateKey: KeyObject; publicKey: KeyObject };
  #user = '';
  #counter = 0;

  constructor({ algorithm = 'ES256', verifies = true, synced = false, ...made }: Making) {
    this.#made = { aaguid: '00'.repeat(16), ...made, algorithm, verifies, synced };
    this.#keys = newKey(algorithm);
  }

  /** The answer to a request to make a credential. */
  create(options: Creation, manner: Manner = {}): string {
    this.#user = options.user.id;
    const client = this.#client('webauthn.create', options.challenge, manner);
    const id = Buffer.from(manner.id ?? this.id, 'base64url');
    const length = Buffer.from([id.length >> 8, id.length & 0xff]);
    const aaguid = Buffer.from(this.#made.aaguid.replaceAll('-', ''), 'hex');
    const key = cbor(cose(this.#keys.publicKey, manner.algorithm ?? algorithms[this.#made.algorithm]));
    const head = this.#head(manner.rpId ?? options.rp.id ?? '', 0x40, manner);
    const authData = Buffer.concat([head, aaguid, length, id, key]);
    const { fmt, attStmt } = manner.attest?.(Buffer.concat([authData, sha256(client)])) ?? {
      fmt: 'none',
      attStmt: new Map(),
    };
    const attestationObject = cbor(
      new Map<string, unknown>([
        ['fmt', fmt],
        ['attStmt', attStmt],
        ['authData', authData],
      ]),
    );
    return this.#written(this.id, {
      clientDataJSON: base64url(client),
      attestationObject: base64url(attestationObject),
      transports: ['usb'],
    });
  }

  /** The answer to a request to prove a credential. */
  get(options: Request, manner: Manner = {}): string {
    const client = this.#client('webauthn.get', options.challenge, manner);
    const authData = this.#head(manner.rpId ?? options.rpId ?? '', 0, manner);
    const signature = this.sign(Buffer.concat([authData, sha256(client)]));
    if (manner.flipped) signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
    const { userHandle = this.#user } = manner;
    return this.#written(manner.id ?? this.id, {
      clientDataJSON: base64url(client),
      authenticatorData: base64url(authData),
      signature: base64url(signature),
      ...(userHandle === null ? {} : { userHandle }),
    });
  }

  /** Signs with the key of the credential. */
  sign(data: Buffer): Buffer {
    return sign(this.#made.algorithm === 'EdDSA' ? null : 'sha256', data, this.#keys.privateKey);
  }

  #client(type: string, challenge: string, manner: Manner): Buffer {
    const { crossOrigin = false, topOrigin } = manner;
    return Buffer.from(
      JSON.stringify({
        type: manner.type ?? type,
        challenge: manner.challenge ?? challenge,
        origin: manner.origin ?? this.#made.origin,
        ...{ crossOrigin, topOrigin },
      }),
    );
  }

  #head(rpId: string, more: number, { verifies = this.#made.verifies, touched = true, counter }: Manner): Buffer {
    if (!this.#made.synced) this.#counter += 1;
    const flags = (touched ? 1 : 0) | (verifies ? 4 : 0) | (this.#made.synced ? 0x18 : 0) | more;
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter ?? this.#counter);
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), count]);
  }

  #written(id: string, response: object): string {
    const clientExtensionResults = { credProps: { rk: this.#made.verifies } };
    return JSON.stringify({ id, rawId: id, type: 'public-key', response, clientExtensionResults });
  }
}

/** A public key as COSE writes it (RFC 9052 §7, RFC 9053 §7, RFC 8230 §4). */
function cose(key: KeyObject, algorithm: number): Map<number, unknown> {
  const { x = '', y = '', n = '', e = '' } = key.export({ format: 'jwk' });
  const bytes = (text: string) => Buffer.from(text, 'base64url');
  if (n !== '') {
    return new Map<number, unknown>([
      [1, 3],
      [3, algorithm],
      [-1, bytes(n)],
      [-2, bytes(e)],
    ]);
  }
  const curve = new Map<number, unknown>([
    [1, y === '' ? 1 : 2],
    [3, algorithm],
    [-1, y === '' ? 6 : 1],
    [-2, bytes(x)],
  ]);
  return y === '' ? curve : curve.set(-3, bytes(y));
}

/** As much of CBOR (RFC 8949) as is needed here. */
export function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return value >= 0 ? cborHead(0, value) : cborHead(1, -1 - value);
  if (typeof value === 'string') return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([cborHead(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([cborHead(4, value.length), ...value.map(cbor)]);
  if (value instanceof Map) {
    return Buffer.concat([cborHead(5, value.size), ...[...value].flatMap(([name, it]) => [cbor(name), cbor(it)])]);
  }
  throw new TypeError(`no CBOR for ${typeof value}`);
}

function cborHead(major: number, size: number): Buffer {
  if (size < 24) return Buffer.from([(major << 5) | size]);
  if (size < 256) return Buffer.from([(major << 5) | 24, size]);
  return Buffer.from([(major << 5) | 25, size >> 8, size & 0xff]);
}
