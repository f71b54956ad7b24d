import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { Problem } from '../../src/kernel/errors.ts';
import { openStore } from '../../src/store/index.ts';
import { hasKeyring, openKeyring, rewrapKeyring } from '../../src/store/keyring.ts';
import type { Store } from '../../src/store/port.ts';
import { worker } from '../support/processes.ts';
import { storeUrl } from '../support/store.ts';

const code = (expected: string) => (error: unknown) => error instanceof Problem && error.code === expected;

describe('the keyring', () => {
  const opened: Store[] = [];
  const open = async (url?: string) => {
    const store = await openStore(url ?? (await storeUrl()));
    opened.push(store);
    return store;
  };
  /** Everything that opening a keyring may write. */
  const written = async (store: Store) => [
    await store.collection({ name: 'keyring', indexes: {} }).find(),
    await store.collection({ name: 'meta', indexes: {} }).find(),
  ];
  after(() => Promise.all(opened.map((store) => store.close())));

  it('is made once, and the same after a restart', async () => {
    const [url, key] = [await storeUrl(), randomBytes(32)];
    const store = await open(url);
    assert.equal(await hasKeyring(store), false);
    const vault = await openKeyring(store, key);
    const sealed = vault.seal('secret', 'here');
    const again = await openKeyring(await open(url), key);
    assert.equal(again.open(sealed, 'here'), 'secret');
    assert.equal(again.fingerprint('token', 'value'), vault.fingerprint('token', 'value'));
    assert.equal(again.derive('pairwise', 'value'), vault.derive('pairwise', 'value'));
    assert.equal(await hasKeyring(store), true);
  });
  it('is one, when several processes make it at once', async () => {
    const url = await storeUrl();
    const workers = await Promise.all([worker('keyring', url), worker('keyring', url), worker('keyring', url)]);
    for (const { go } of workers) go();
    const prints = await Promise.all(workers.map(({ result }) => result));
    assert.equal(new Set(prints).size, 1);
  });
  it('refuses another master key with a sentence that names the setting, and writes nothing', async () => {
    const store = await open();
    await openKeyring(store, randomBytes(32));
    const before = await written(store);
    await assert.rejects(openKeyring(store, randomBytes(32)), /SALLYPORT_MASTER_KEY/);
    await assert.rejects(openKeyring(store, randomBytes(16)), /32 bytes/);
    assert.deepEqual(await written(store), before);
  });
  it('is not invented anew when it was lost', async () => {
    const [store, key] = [await open(), randomBytes(32)];
    await openKeyring(store, key);
    await store.collection({ name: 'keyring', indexes: {} }).take('current');
    await assert.rejects(openKeyring(store, key), code('keyring_lost'));
    assert.equal(await hasKeyring(store), false);
  });
  it('keeps fingerprints and derived values apart by purpose, in the promised form', async () => {
    const vault = await openKeyring(await open(), randomBytes(32));
    assert.match(vault.fingerprint('token', 'value'), /^[A-Za-z0-9_-]{32}$/);
    assert.match(vault.derive('token', 'value'), /^[A-Za-z0-9_-]{43}$/);
    const values = [
      vault.fingerprint('token', 'value'),
      vault.fingerprint('code', 'value'),
      vault.fingerprint('token', 'other'),
      vault.derive('token', 'value').slice(0, 32),
      vault.derive('code', 'value').slice(0, 32),
    ];
    assert.equal(new Set(values).size, values.length);
    const other = await openKeyring(await open(), randomBytes(32));
    assert.notEqual(other.fingerprint('token', 'value'), vault.fingerprint('token', 'value'));
  });

  describe('a sealed value', () => {
    it('is never the same twice, and opens to any text', async () => {
      const vault = await openKeyring(await open(), randomBytes(32));
      for (const text of ['', 'ü€😀', 'x'.repeat(100_000)]) assert.equal(vault.open(vault.seal(text, 'a'), 'a'), text);
      assert.notEqual(vault.seal('same', 'a'), vault.seal('same', 'a'));
    });
    it('does not open elsewhere, nor with one bit changed or cut', async () => {
      const vault = await openKeyring(await open(), randomBytes(32));
      const sealed = vault.seal('secret', 'user:1');
      assert.throws(() => vault.open(sealed, 'user:2'), code('unreadable'));
      const [version = '', key = '', iv = '', body = ''] = sealed.split('.');
      const flips = [iv, body].flatMap((part, at) => {
        const bytes = Buffer.from(part, 'base64url');
        return Array.from({ length: bytes.length * 8 }, (_, bit) => {
          const changed = Buffer.from(bytes);
          changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
          const text = changed.toString('base64url');
          return [version, key, ...(at === 0 ? [text, body] : [iv, text])].join('.');
        });
      });
      const cuts = Array.from({ length: sealed.length }, (_, length) => sealed.slice(0, length));
      const others = [`2${sealed.slice(1)}`, [version, 'AAAAAAAA', iv, body].join('.'), `${sealed}.x`, ''];
      for (const altered of [...flips, ...cuts, ...others]) {
        assert.throws(() => vault.open(altered, 'user:1'), code('unreadable'), altered);
      }
      assert.equal(vault.open(sealed, 'user:1'), 'secret');
    });
  });

  describe('under a new master key', () => {
    it('opens what was sealed before, everywhere, and seals under a fresh data key', async () => {
      const [store, old, fresh] = [await open(), randomBytes(32), randomBytes(32)];
      const running = await openKeyring(store, old);
      const before = running.seal('before', 'a');
      await rewrapKeyring(store, old, fresh);
      await assert.rejects(openKeyring(store, old), code('wrong_master_key'));
      const restarted = await openKeyring(store, fresh);
      const later = restarted.seal('later', 'a');
      assert.equal(restarted.open(before, 'a'), 'before');
      assert.equal(running.open(later, 'a'), 'later');
      assert.equal(running.open(running.seal('still', 'a'), 'a'), 'still');
      assert.notEqual(later.split('.')[1], before.split('.')[1]);
      assert.equal(restarted.fingerprint('token', 'value'), running.fingerprint('token', 'value'));
    });
    it('changes nothing for who does not know the old one, and goes to one of two', async () => {
      const [store, old] = [await open(), randomBytes(32)];
      await openKeyring(store, old);
      const before = await written(store);
      await assert.rejects(rewrapKeyring(store, randomBytes(32), randomBytes(32)), code('wrong_master_key'));
      await assert.rejects(rewrapKeyring(store, old, Buffer.alloc(5)), /32 bytes/);
      assert.deepEqual(await written(store), before);
      const keys = [randomBytes(32), randomBytes(32)];
      const outcomes = await Promise.allSettled(keys.map((key) => rewrapKeyring(store, old, key)));
      const opens = await Promise.allSettled(keys.map((key) => openKeyring(store, key)));
      assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      assert.deepEqual(
        opens.map(({ status }) => status),
        outcomes.map(({ status }) => status),
      );
    });
    it('needs a keyring', async () => {
      await assert.rejects(rewrapKeyring(await open(), randomBytes(32), randomBytes(32)), code('missing'));
    });
  });
});
