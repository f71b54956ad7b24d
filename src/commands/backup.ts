import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { openHouse } from '../house.ts';
import { invalid } from '../kernel/errors.ts';
import { whatIsOpen } from '../protocol/records.ts';
import { restartSignalling } from '../signalling.ts';
import { backUp, empty, restore } from '../store/backup.ts';
import { command } from './command.ts';
import { actor, inHouse, masterKey } from './office.ts';

/** Links, codes and devices of then may have been used or revoked since, and mail that waited then was sent. */
const spent = ['password-resets', 'email-changes', 'enrolment-codes', 'remembered-devices', 'outbox'];

/** The file of an embedded store. Throws for the others, which have tools of their own. */
function databaseOf({ store }: Config): string {
  if (store.startsWith('sqlite:')) return store.slice('sqlite:'.length);
  throw invalid(
    store === 'memory:'
      ? 'A store in memory cannot be backed up or restored; use sqlite:PATH or mongodb://… (SALLYPORT_STORE)'
      : 'MongoDB has its own tools for this: mongodump and mongorestore, or snapshots of the replica set',
  );
}

const backup = command({
  words: ['backup'],
  operands: ['file'],
  about: 'Copy the SQLite store into a file while servers go on; the master key is not in it',
  run: ({ operands: { file }, answer }) =>
    inHouse(async ({ trail }, config) => {
      const database = databaseOf(config);
      await trail.record({ type: 'store.backed-up', actor });
      backUp(database, file);
      answer(
        { file },
        `Backed up to ${file}. It can be read with today's master key only: keep that key too, in another place`,
      );
    }),
});

const restoreCommand = command({
  words: ['restore'],
  operands: ['file'],
  options: {
    'keep-open': { about: 'Keep the tokens and sessions of the backup, also those that were revoked since' },
  },
  about: 'Put a backup in the place of the SQLite store, with every server stopped; tokens and sessions in it end',
  async run({ operands: { file }, options, answer }) {
    const config = loadConfig();
    const database = databaseOf(config);
    const keptOpen = options['keep-open'];
    const before = await restore(file, database, async (copy) => {
      const house = await openHouse({ ...config, store: `sqlite:${copy}` }, masterKey(config));
      try {
        await restartSignalling(house);
        // Only now, so that it is what receivers hear first.
        await house.trail.record({ type: 'store.restored', actor, detail: { keptOpen } });
      } finally {
        await house.store.close();
      }
      if (!keptOpen) empty(copy, [...whatIsOpen, ...spent]);
    });
    const open = keptOpen ? 'tokens and sessions of that time go on' : 'everybody signs in again';
    const told = 'webhooks and streams of security events go on from now';
    const aside = before === undefined ? '' : `. What was there is now ${before}`;
    answer(
      { restored: file, before },
      `Restored ${file}; what was changed since it was made is undone, ${told}, and ${open}${aside}`,
    );
  },
});

/** `sallyport backup FILE` */
export const backupCommands = [backup];
/** `sallyport restore FILE` */
export const restoreCommands = [restoreCommand];
