import type { Config } from './config/schema.ts';
import type { House } from './house.ts';
import { randomToken } from './kernel/crypto.ts';
import { Problem } from './kernel/errors.ts';

/** The demo resources with their secrets, as `sallyport demo --json` prints them; the members are a contract. */
export interface Demo {
  issuer: string;
  clients: Record<string, { client_id: string; client_secret?: string }>;
  users: Record<string, { password: string }>;
  registrars: Record<string, { token: string }>;
}

type Resources = NonNullable<Config['demo']>;
interface Secrets {
  id: 'secrets';
  sealed: string;
  /** Everything stands; what is removed later stays removed. */
  done?: boolean;
}

const bound = 'demo secrets';
const nothing: Demo = { issuer: '', clients: {}, users: {}, registrars: {} };

function chosen(resources: Resources): Omit<Demo, 'issuer'> {
  const by = <T extends object, V>(list: readonly T[], name: (one: T) => string, value: (one: T) => V) =>
    Object.fromEntries(list.map((one) => [name(one), value(one)]));
  return {
    clients: by(
      resources.clients,
      (client) => client.id,
      ({ id, metadata }) => ({
        client_id: id,
        ...(metadata.token_endpoint_auth_method === 'none' ? {} : { client_secret: randomToken() }),
      }),
    ),
    users: by(
      resources.users,
      (user) => user.email,
      () => ({ password: randomToken(15) }),
    ),
    registrars: by(
      resources.registrars,
      (registrar) => registrar.id,
      () => ({ token: randomToken() }),
    ),
  };
}

/** What exists already is left as it is: by an earlier start, or by another process that starts at the same moment. */
async function unlessThere(make: () => Promise<unknown>): Promise<void> {
  try {
    await make();
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'taken')) throw error;
  }
}

/**
 * Makes the demo resources, once. Their secrets are chosen and stored (sealed) first, by whoever is first; so a crash in
 * between, or a second process, ends with the same resources and the same secrets.
 */
export async function makeDemo(config: Config, house: House): Promise<{ demo: Demo; fresh: boolean }> {
  const resources = config.demo;
  if (!resources) return { demo: { ...nothing, issuer: config.issuer }, fresh: false };
  const all = house.store.collection<Secrets>({ name: 'demo', indexes: {} });
  const fresh = (await all.get('secrets')) === undefined;
  if (fresh) {
    const sealed = house.vault.seal(JSON.stringify(chosen(resources)), bound);
    await unlessThere(() => all.insert({ id: 'secrets', sealed }));
  }
  const kept = await all.get('secrets');
  if (!kept) throw new Error('the demo secrets were removed while they were made');
  const secrets: Omit<Demo, 'issuer'> = JSON.parse(house.vault.open(kept.sealed, bound));
  if (!kept.done) {
    await furnish(resources, secrets, house);
    await all.change('secrets', (now) => ({ ...now, done: true }));
  }
  return { demo: { issuer: config.issuer, ...secrets }, fresh };
}

async function furnish(resources: Resources, secrets: Omit<Demo, 'issuer'>, house: House): Promise<void> {
  const { access, clients, registrars, users } = house;
  const actor = 'system';
  for (const { host, ...api } of resources.apis) await access.saveApi({ ...api, ...(host ? { host } : {}) }, actor);
  for (const role of resources.roles) await access.saveRole(role, actor);
  await Promise.all([
    ...resources.clients.map(({ roles, ...client }) =>
      unlessThere(async () => {
        const secret = secrets.clients[client.id]?.client_secret;
        await clients.add({ ...client, ...(secret === undefined ? {} : { secret }) }, actor);
        for (const role of roles) await access.assign(`client:${client.id}`, role, actor);
      }),
    ),
    ...resources.registrars.map((registrar) =>
      unlessThere(() => registrars.add({ ...registrar, ...secrets.registrars[registrar.id] }, actor)),
    ),
    ...resources.users.map(({ roles, email, name, profile }) =>
      unlessThere(async () => {
        const given = { email, profile, emailVerified: true, ...secrets.users[email], ...(name ? { name } : {}) };
        const user = await users.add(given, actor);
        for (const role of roles) await access.assign(`user:${user.id}`, role, actor);
      }),
    ),
  ]);
}
