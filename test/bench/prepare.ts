import { randomBytes } from 'node:crypto';
import { loadConfig } from '../../src/config/load.ts';
import { type House, openHouse } from '../../src/house.ts';
import { rights } from './prepare-rights.ts';
import { drawnToken } from './work.ts';

/** Changes an installation for a measurement, in a process of its own beside the server. */
const jobs: Record<string, (house: House, ...rest: string[]) => Promise<void>> = {
  jwt,
  fill,
  rights: (house, count = '0') => rights(house, count),
};

const atOnce = 1000;
const lifetime = 24 * 3600;

async function jwt({ access, clients }: House): Promise<void> {
  const api = 'https://api.example.test/measured';
  const [permission, role, actor] = ['measured:read', 'measured-reader', 'cli'];
  await access.saveApi(
    { id: api, permissions: [permission], tokenFormat: 'jwt', signingAlg: 'RS256', routes: [] },
    actor,
  );
  await access.saveRole({ id: role, permissions: [`${api}#${permission}`], includes: [] }, actor);
  const { client, secret } = await clients.add(
    { id: 'measured-jwt', metadata: { grant_types: ['client_credentials'] } },
    actor,
  );
  await access.assign(`client:${client.id}`, role, actor);
  process.stdout.write(JSON.stringify({ id: client.id, secret }));
}

/** Each copy has its own name, value and time, as if it had been issued. */
async function fill({ records }: House, sample = '', seed = '', count = '0'): Promise<void> {
  const model = await records.tokens.get(records.tokenId(sample));
  if (!model) throw new Error('the sample token is not in the store');
  const now = Math.floor(Date.now() / 1000);
  for (let from = 0; from < Number(count); from += atOnce) {
    const numbers = Array.from({ length: Math.min(atOnce, Number(count) - from) }, (_none, index) => from + index);
    await Promise.all(
      numbers.map((number) => {
        const payload = { ...model.payload, jti: randomBytes(16).toString('base64url'), iat: now, exp: now + lifetime };
        return records.tokens.insert({ ...model, id: records.tokenId(drawnToken(seed, number)), payload }, lifetime);
      }),
    );
  }
}

const config = loadConfig(process.env);
const house = await openHouse(config, async () => {
  if (!config.masterKey) throw new Error('SALLYPORT_MASTER_KEY must be set');
  return config.masterKey;
});
const [job = '', ...rest] = process.argv.slice(2);
await jobs[job]?.(house, ...rest);
await house.store.close();
