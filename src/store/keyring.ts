import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { hmac, type Vault } from '../kernel/crypto.ts';
import { Problem, problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from './port.ts';

/**
 * The keys of an installation. The master key wraps one root key, which never changes and from which every other key is
 * derived: so changing the master key is one small write, running processes need not hear of it, and envelopes sealed
 * under any earlier data key stay readable. Whoever had the old master key and the store at the same time keeps what
 * he could read: that takes new secrets, not a new wrapping.
 */
interface Keyring extends Entity {
  readonly id: 'current';
  /** The root key in an envelope that names the master key. */
  readonly root: string;
  /** The data key that seals; each change of the master key names a new one, used by processes that start afterwards. */
  readonly dataKey: string;
}

/** Says that a keyring was made, in another collection, so that its loss is not taken for a new installation. */
interface Marker extends Entity {
  readonly id: 'keyring';
}

const wrongKey = problem(
  'wrong_master_key',
  500,
  () =>
    'The master key does not open this store: set SALLYPORT_MASTER_KEY to the key that the store was made with (after `sallyport key rotate-master`, the new one)',
);
const badLength = problem(
  'wrong_master_key',
  500,
  () => 'The master key must be 32 bytes, in base64 (SALLYPORT_MASTER_KEY)',
);
const lost = problem(
  'keyring_lost',
  500,
  () =>
    'The store has lost its keyring, and without it no token or secret can be read: restore the store from a backup',
);
const noKeyring = problem('missing', 404, () => 'The store has no keyring yet; start Sallyport once to make it');
const unreadable = problem(
  'unreadable',
  500,
  () => 'A sealed value does not belong here, was altered, or was sealed by another installation',
);

const keyrings = (store: Store) => store.collection<Keyring>({ name: 'keyring', indexes: {} });
const markers = (store: Store) => store.collection<Marker>({ name: 'meta', indexes: {} });
const taken = (error: unknown) => error instanceof Problem && error.code === 'taken';
const newKeyId = () => randomBytes(6).toString('base64url');

/** Whether the store has been opened with a master key before. */
export const hasKeyring = async (store: Store): Promise<boolean> =>
  (await keyrings(store).get('current')) !== undefined;

/** Opens the keyring, made in an empty store. Throws, without writing anything, when the master key is not its own. */
export async function openKeyring(store: Store, masterKey: Buffer): Promise<Vault> {
  checkLength(masterKey);
  const all = keyrings(store);
  const known = await all.get('current');
  const keyring = known ?? (await made(store, all, masterKey));
  const root = unwrapped(keyring, masterKey);
  if (!(await markers(store).get('keyring'))) await mark(store);
  return vault(root, keyring.dataKey);
}

/** Wraps the keyring with a new master key and names a new data key, in one atomic step. Running processes go on undisturbed. */
export async function rewrapKeyring(store: Store, oldKey: Buffer, newKey: Buffer): Promise<void> {
  checkLength(oldKey);
  checkLength(newKey);
  const changed = await keyrings(store).change('current', (keyring) => ({
    ...keyring,
    root: wrapped(unwrapped(keyring, oldKey), newKey),
    dataKey: newKeyId(),
  }));
  if (!changed) throw noKeyring();
}

async function made(store: Store, all: Collection<Keyring>, masterKey: Buffer): Promise<Keyring> {
  // Another process may have made keyring and marker since we looked; the marker is written after the keyring.
  if (await markers(store).get('keyring')) return existing(all);
  const keyring: Keyring = { id: 'current', root: wrapped(randomBytes(32), masterKey), dataKey: newKeyId() };
  try {
    await all.insert(keyring);
    return keyring;
  } catch (error) {
    if (!taken(error)) throw error;
    return existing(all);
  }
}

async function existing(all: Collection<Keyring>): Promise<Keyring> {
  const keyring = await all.get('current');
  if (!keyring) throw lost();
  return keyring;
}

async function mark(store: Store): Promise<void> {
  try {
    await markers(store).insert({ id: 'keyring' });
  } catch (error) {
    if (!taken(error)) throw error;
  }
}

function checkLength(key: Buffer): void {
  if (key.length !== 32) throw badLength();
}

const derived = (key: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, '', `sallyport ${purpose}`, 32));
const masterId = (masterKey: Buffer) => derived(masterKey, 'master key id').subarray(0, 6).toString('base64url');
const wrappingKey = (masterKey: Buffer) => createSecretKey(derived(masterKey, 'master key wrapping'));

const wrapped = (root: Buffer, masterKey: Buffer): string =>
  sealed({ id: masterId(masterKey), key: wrappingKey(masterKey) }, root, 'keyring root');

function unwrapped(keyring: Keyring, masterKey: Buffer): Buffer {
  const envelope = split(keyring.root);
  if (envelope?.keyId !== masterId(masterKey)) throw wrongKey();
  return opened(wrappingKey(masterKey), envelope, 'keyring root');
}

interface Envelope {
  readonly keyId: string;
  readonly iv: Buffer;
  readonly body: Buffer;
}

/** `1.KEY.IV.CIPHERTEXT+TAG`: AES-256-GCM with a random 96-bit IV (NIST SP 800-38D §8.2.2); the key's name is authenticated with `bound`. */
function sealed({ id, key }: { id: string; key: KeyObject }, plain: Buffer, bound: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(`1.${id}.${bound}`));
  const body = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return `1.${id}.${iv.toString('base64url')}.${body.toString('base64url')}`;
}

function split(text: string): Envelope | undefined {
  const [version, keyId, iv, body, ...rest] = text.split('.');
  if (version !== '1' || !keyId || !iv || !body || rest.length > 0) return undefined;
  return { keyId, iv: Buffer.from(iv, 'base64url'), body: Buffer.from(body, 'base64url') };
}

function opened(key: KeyObject, { keyId, iv, body }: Envelope, bound: string): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
    decipher.setAAD(Buffer.from(`1.${keyId}.${bound}`)).setAuthTag(body.subarray(-16));
    return Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()]);
  } catch {
    // The library's error says nothing more, and must not tell which part was wrong.
    throw unreadable();
  }
}

function vault(root: Buffer, dataKey: string): Vault {
  // Making a key costs more than using it, so each is made once; purposes and data keys are few.
  const remembered = <K>(kind: string, make: (key: Buffer) => K) => {
    const keys = new Map<string, K>();
    return (name: string): K => {
      const known = keys.get(name);
      if (known) return known;
      if (keys.size >= 1000) keys.clear();
      const key = make(derived(root, `${kind} ${name}`));
      keys.set(name, key);
      return key;
    };
  };
  const [fingerprints, derivations] = [remembered('fingerprint', hmac), remembered('derive', hmac)];
  const dataKeys = remembered('data', createSecretKey);
  return {
    fingerprint: (purpose, value) => fingerprints(purpose)(value).slice(0, 32),
    derive: (purpose, value) => derivations(purpose)(value),
    seal: (plain, bound) => sealed({ id: dataKey, key: dataKeys(dataKey) }, Buffer.from(plain), bound),
    open(text, bound) {
      const envelope = split(text);
      if (!envelope) throw unreadable();
      return opened(dataKeys(envelope.keyId), envelope, bound).toString();
    },
  };
}
