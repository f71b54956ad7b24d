import { openStore } from '../../src/store/index.ts';
import { mongodbUrl } from '../support/mongodb.ts';
import { temporaryPath } from '../support/temporary.ts';
import { storeContract } from './store-contract.ts';

const kind = process.env.SALLYPORT_TEST_STORE;
const open = (url: string, now: () => number) => openStore(url, { now, timeoutMs: 30_000 });

if (kind !== 'mongodb') {
  storeContract({ name: 'sqlite', url: async () => `sqlite:${temporaryPath()}`, open });
  storeContract({ name: 'memory', url: async () => 'memory:', open });
}
if (kind !== 'sqlite') storeContract({ name: 'mongodb', url: mongodbUrl, open });
