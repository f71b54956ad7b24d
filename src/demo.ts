import { freshPassword } from './commands/fresh-password.ts';
import type { Config } from './config/schema.ts';
import type { House } from './house.ts';
import { given } from './http/given.ts';
import { randomToken, type Vault } from './kernel/crypto.ts';
import { Problem } from './kernel/errors.ts';
import type { Collection, Entity } from './store/port.ts';

interface Secrets {
  clients: Record<string, { client_id: string; client_secret?: string }>;
  users: Record<string, { password: string }>;
  registrars: Record<string, { token: string }>;
}

/** The demo resources with their secrets, as `sallyport demo --json` prints them; the members are a contract. */
export interface Demo extends Secrets {
  issuer: string;
}

type Resources = NonNullable<Config['demo']>;

interface Kept extends Entity {
  readonly id: 'resources';
  /** `Secrets`, sealed. */
  readonly sealed: string;
  /** Names of the resources that were made; one that somebody removes later stays removed. */
  readonly made: readonly string[];
}

const actor = 'system';
const bound = 'demo resources';
const nothing: Resources = { apis: [], roles: [], clients: [], registrars: [], users: [] };

/**
 * Makes the demo resources of the configuration that were never made before. Their secrets are stored first, by whoever
 * is first: so several processes, and one that starts again after a crash, end with the same resources and secrets.
 */
export async function makeDemo(config: Config, house: House): Promise<{ demo: Demo; fresh: boolean }> {
  const resources = config.demo ?? nothing;
  const all = house.store.collection<Kept>({ name: 'demo', indexes: {} });
  const { kept, fresh } = await withSecrets(resources, all, house.vault);
  const secrets = opened(house.vault, kept);
  const names: string[] = [];
  for (const round of rounds(resources, secrets, house)) {
    const open = round.filter(({ name }) => !kept.made.includes(name));
    await Promise.all(open.map(({ make }) => make()));
    names.push(...open.map(({ name }) => name));
  }
  if (names.length > 0) {
    await all.change(kept.id, (now) => ({ ...now, made: [...new Set([...now.made, ...names])] }));
  }
  return { demo: { issuer: config.issuer, ...secrets }, fresh };
}

const opened = (vault: Vault, { sealed }: Kept): Secrets => JSON.parse(vault.open(sealed, bound));

/** The record with a secret for each resource; those that are there already stay. */
async function withSecrets(resources: Resources, all: Collection<Kept>, vault: Vault) {
  const chosen = secretsFor(resources);
  const seal = (secrets: Secrets): string => vault.seal(JSON.stringify(secrets), bound);
  const complete = (now: Kept): Kept => {
    const { clients, users, registrars } = opened(vault, now);
    const secrets = {
      clients: { ...chosen.clients, ...clients },
      users: { ...chosen.users, ...users },
      registrars: { ...chosen.registrars, ...registrars },
    };
    return { ...now, sealed: seal(secrets) };
  };
  const first: Kept = { id: 'resources', sealed: seal(chosen), made: [] };
  for (;;) {
    const known = await all.get(first.id);
    if (known && isComplete(chosen, opened(vault, known))) return { kept: known, fresh: false };
    if (known) await all.change(first.id, complete);
    else if (await unlessThere(() => all.insert(first))) return { kept: first, fresh: true };
  }
}

const isComplete = (wanted: Secrets, has: Secrets): boolean =>
  (['clients', 'users', 'registrars'] as const).every((kind) =>
    Object.keys(wanted[kind]).every((name) => Object.hasOwn(has[kind], name)),
  );

function secretsFor({ clients, users, registrars }: Resources): Secrets {
  const credentials = ({ id, metadata }: Resources['clients'][number]) =>
    metadata.token_endpoint_auth_method === 'none'
      ? { client_id: id }
      : { client_id: id, client_secret: randomToken() };
  return {
    clients: Object.fromEntries(clients.map((client) => [client.id, credentials(client)])),
    users: Object.fromEntries(users.map(({ email }) => [email, { password: freshPassword(email) }])),
    registrars: Object.fromEntries(registrars.map(({ id }) => [id, { token: randomToken() }])),
  };
}

interface Step {
  name: string;
  make(): Promise<unknown>;
}

/** How each resource is made, in rounds, so that what others name comes first. Each may be made twice at the same moment. */
function rounds(resources: Resources, secrets: Secrets, { access, clients, registrars, users }: House): Step[][] {
  const assign = (subject: string, roles: readonly string[]) =>
    Promise.all(roles.map((role) => access.assign(subject, role, actor)));
  const apis = resources.apis.map((api): Step => {
    const make = async () => (await access.api(api.id)) ?? access.saveApi(given(api), actor);
    return { name: `api:${api.id}`, make };
  });
  const roles = resources.roles.map((role): Step => {
    const make = async () => (await access.role(role.id)) ?? access.saveRole(role, actor);
    return { name: `role:${role.id}`, make };
  });
  const applications = resources.clients.map(({ roles, ...client }): Step => {
    const { client_secret: secret } = secrets.clients[client.id] ?? {};
    const make = async () => {
      await unlessThere(() => clients.add({ ...client, ...given({ secret }) }, actor));
      await assign(`client:${client.id}`, roles);
    };
    return { name: `client:${client.id}`, make };
  });
  const credentials = resources.registrars.map((registrar): Step => {
    const add = () => registrars.add({ ...registrar, ...secrets.registrars[registrar.id] }, actor);
    return { name: `registrar:${registrar.id}`, make: () => unlessThere(add) };
  });
  const people = resources.users.map(({ email, name, profile, roles }): Step => {
    const person = { email, profile, emailVerified: true, ...secrets.users[email], ...given({ name }) };
    const make = async () => {
      await unlessThere(() => users.add(person, actor));
      const user = await users.byEmail(email);
      if (user) await assign(`user:${user.id}`, roles);
    };
    return { name: `user:${email}`, make };
  });
  return [apis, ...roles.map((role) => [role]), [...applications, ...credentials, ...people]];
}

/** Whether it was made just now; false when it is there already. */
async function unlessThere(make: () => Promise<unknown>): Promise<boolean> {
  try {
    await make();
    return true;
  } catch (error) {
    if (error instanceof Problem && error.code === 'taken') return false;
    throw error;
  }
}
