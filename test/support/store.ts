import { mongodbUrl } from './mongodb.ts';
import { temporaryPath } from './temporary.ts';

/** The URL of a fresh, empty store of the kind that this run tests (`SALLYPORT_TEST_STORE`: sqlite or mongodb). */
export async function storeUrl(): Promise<string> {
  return process.env.SALLYPORT_TEST_STORE === 'mongodb' ? mongodbUrl() : `sqlite:${temporaryPath()}`;
}
