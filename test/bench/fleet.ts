import { join } from 'node:path';
import { startMongodb, withDatabase } from '../support/mongodb.ts';
import { ask, post } from './connection.ts';
import { installation, startSallyport, withJwt } from './sallyport.ts';
import type { Setting } from './sections.ts';
import { startKoa, startLibrary, type Target } from './targets.ts';

/** The servers under measurement. */
export interface Fleet {
  koa: Target;
  others: Target[];
  stop(): Promise<void>;
}

/** How the servers are called in tables. */
export const names = {
  ours: 'Sallyport, SQLite',
  mongodb: 'Sallyport, MongoDB',
  koa: 'bare Koa',
  library: 'bare oidc-provider',
};

const small = JSON.stringify({ active: true, iss: 'http://localhost:3000', client_id: 'demo-service', exp: 0, iat: 0 });
const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Starts everything that is compared; what cannot be started is noted, and the rest is compared without it. */
export async function startFleet(folder: string, setting: Setting): Promise<Fleet> {
  const { note, nodeOptions } = setting;
  const stops: (() => Promise<void>)[] = [];
  const sallyport = async (name: string, store: () => Promise<string>): Promise<Target[]> => {
    try {
      const at = await installation(await store());
      const target = await startSallyport(name, at, nodeOptions);
      stops.push(target.running.stop);
      return [await withJwt(target, at)];
    } catch (error) {
      note(`${name} could not be started: ${sentence(error)}`);
      return [];
    }
  };
  const mongodb = async (): Promise<string> => {
    const server = await startMongodb();
    // Ends last, when nobody uses it any more.
    stops.unshift(server.stop);
    return withDatabase(server.url, 'bench');
  };
  const ours = await sallyport(names.ours, async () => `sqlite:${join(folder, 'sallyport.db')}`);
  const theirs = await sallyport(names.mongodb, mongodb);
  const koa = await startKoa(ours[0] ? await introspected(ours[0]) : small);
  const library = await startLibrary();
  stops.push(koa.running.stop, library.running.stop);
  return {
    koa,
    others: [library, ...ours, ...theirs],
    async stop() {
      for (const stop of stops.reverse()) await stop();
    },
  };
}

/** A real answer to an introspection, so that the bare endpoint answers as much. */
async function introspected({ place, port, service, gateway }: Target): Promise<string> {
  const { host } = place;
  const form = { grant_type: 'client_credentials' };
  const answer = await ask(port, post({ host, path: place.token, credentials: service, form }));
  const issued: { access_token: string } = JSON.parse(answer);
  const token = issued.access_token;
  return ask(port, post({ host, path: place.introspection, credentials: gateway, form: { token } }));
}
