import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { dataDirectory } from '../config/master-key.ts';
import { writeNextKey } from '../config/next-master-key.ts';
import type { Config } from '../config/schema.ts';
import { invalid } from '../kernel/errors.ts';
import { keyReply } from '../routes/admin-keys.ts';
import { rewrapKeyring } from '../store/keyring.ts';
import type { Store } from '../store/port.ts';
import { command, misused } from './command.ts';
import { deskCommand } from './desk.ts';
import { columns, moment } from './listing.ts';
import { actor, asked, inHouse, masterKey } from './office.ts';
import { fileText } from './reading.ts';

const keys = z.object({ items: z.array(keyReply) });

const table = (all: z.output<typeof keys>['items']): string =>
  columns(
    ['kid', 'alg', 'state', 'created', 'signs from', 'published until'],
    all.map((key) => [key.kid, key.alg, key.state, moment(key.created), moment(key.from), moment(key.until)]),
  );

const list = deskCommand({
  words: ['key', 'list'],
  about: 'List the signing keys that are published',
  async run({ answer }, desk) {
    const { items } = await desk.call('listKeys', keys);
    answer(items, table(items));
  },
});

const rotate = deskCommand({
  words: ['key', 'rotate'],
  options: {
    'at-once': { about: 'A key has leaked: its successor signs now, and the old key is no longer published' },
  },
  about: 'Make the next signing keys; they are published now and sign in two hours',
  async run({ options, answer }, desk) {
    const { items } = await desk.call('rotateKeys', keys, { body: { at_once: options['at-once'] } });
    answer(items, table(items));
  },
});

function readKey(text: string): Buffer {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text.trim())) {
    throw invalid('The new master key must be 32 random bytes in base64: openssl rand -base64 32');
  }
  return Buffer.from(text.trim(), 'base64');
}

/** Where the master key is a setting, others have to hear of the new one; where it is our file, we change the file too. */
async function rewrap(config: Config, store: Store, next: Buffer): Promise<string> {
  const before = await masterKey(config)(store);
  if (next.equals(before)) throw invalid('The new master key is the same as the one in use; make another');
  if (config.masterKey) {
    await rewrapKeyring(store, before, next);
    return 'The store is sealed with the new master key: set it as SALLYPORT_MASTER_KEY for every process that starts from now on; running ones go on';
  }
  const waiting = writeNextKey(dataDirectory(config.store), next);
  try {
    await rewrapKeyring(store, before, next);
  } catch (error) {
    waiting.discard();
    throw error;
  }
  waiting.takeOver();
  return `The store is sealed with the new master key, which is in ${dataDirectory(config.store)}/master.key`;
}

const rotateMaster = command({
  words: ['key', 'rotate-master'],
  options: {
    'new-key-file': { value: 'FILE', about: 'The new key: 32 random bytes in base64' },
    'new-key-stdin': { about: 'The same from standard input; without either, development makes one' },
  },
  about: 'Seal the store with a new master key; running processes go on undisturbed',
  run: ({ options: { 'new-key-file': file, 'new-key-stdin': piped }, stdin, answer }) =>
    inHouse(async ({ store, trail }, config) => {
      if (file !== undefined && piped) throw misused('give --new-key-file or --new-key-stdin, not both');
      if (config.masterKey && file === undefined && !piped) {
        throw misused('give the new key with --new-key-file or --new-key-stdin: openssl rand -base64 32');
      }
      const typed = piped ? await stdin() : undefined;
      const text = file === undefined ? typed : fileText('new-key-file', file);
      await asked({ trail }, 'rotateMasterKey');
      const sentence = await rewrap(config, store, text === undefined ? randomBytes(32) : readKey(text));
      await trail.record({ type: 'master-key.rotated', actor });
      answer({ rotated: true }, sentence);
    }),
});

/** `sallyport key …` */
export const keyCommands = [list, rotate, rotateMaster];
