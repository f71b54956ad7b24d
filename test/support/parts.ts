import { Trail } from '../../src/audit/trail.ts';
import { Clients } from '../../src/clients/clients.ts';
import { Registrars } from '../../src/clients/registrars.ts';
import { Access } from '../../src/directory/access.ts';
import { Decide } from '../../src/directory/decide.ts';
import { Users } from '../../src/directory/users.ts';
import { Attempts } from '../../src/factors/attempts.ts';
import { openStore } from '../../src/store/index.ts';
import { openKeyring } from '../../src/store/keyring.ts';
import { storeUrl } from './store.ts';

/** The capabilities on a fresh store of the kind under test, without the protocol and HTTP. */
export type Parts = Awaited<ReturnType<typeof openParts>>;

/** Opens a fresh store and everything on it; `url` opens a known one a second time, as another process would. */
export async function openParts(url?: string) {
  const place = url ?? (await storeUrl());
  const store = await openStore(place);
  const vault = await openKeyring(store, Buffer.alloc(32, 7));
  const trail = new Trail(store);
  const access = new Access(store, trail);
  return {
    url: place,
    store,
    trail,
    access,
    decide: new Decide(access),
    users: new Users(store, trail),
    clients: new Clients(store, vault, trail),
    registrars: new Registrars(store, vault, trail),
    attempts: new Attempts(store, vault),
    close: () => store.close(),
  };
}

/** Whether an error is a Problem with this code whose sentence matches; for `assert.rejects` and `assert.throws`. */
export const refusal = (code: string, sentence: RegExp = /./) => ({ name: 'Problem', code, message: sentence });
