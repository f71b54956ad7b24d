import type { Connection } from '../federation/connections.ts';
import { presetOf } from '../federation/presets.ts';
import type { House } from '../house.ts';
import { missing } from '../kernel/errors.ts';
import { connectionDocument } from '../routes/connection-document.ts';
import { command, misused } from './command.ts';
import { domainCommands } from './connection-domain.ts';
import { connectionLifeCommands } from './connection-life.ts';
import { connectionOptions, presetOption, settingsOf } from './connection-options.ts';
import { previewCommands } from './connection-preview.ts';
import { connectionTestCommands } from './connection-test.ts';
import { columns, everything, facts, moment, unknown } from './listing.ts';
import { actor, inHouse } from './office.ts';

/** What the administrator of the provider has to enter there, and what else is left to do. */
function nextSteps(connection: Connection, issuer: string): string {
  const { addresses } = connectionDocument(connection, issuer);
  const lines = Object.keys(addresses).length > 0 ? ['At the provider, enter:', facts(addresses)] : [];
  for (const { name, proof, verified } of connection.domains) {
    if (verified === undefined) lines.push(`DNS of ${name}: _sallyport.${name} TXT "${proof}", then verify it:`);
    if (verified === undefined) lines.push(`  sallyport connection domain verify ${connection.id} ${name}`);
  }
  return lines.join('\n');
}

/** Roles and groups that rules name and nobody has made yet: most likely misspelt, perhaps made later. */
async function unknownNames({ groupRules }: Connection, { access, groups }: House): Promise<string[]> {
  const named = (kind: 'role' | 'group') => [...new Set(groupRules.flatMap((rule) => rule[kind] ?? []))];
  const roles = await unknown(named('role'), (name) => access.role(name));
  const rest = await unknown(named('group'), (name) => groups.get(name));
  return [...roles.map((name) => `role ${name}`), ...rest.map((name) => `group ${name}`)];
}

async function told(connection: Connection, house: House, issuer: string, deed: string): Promise<string> {
  const names = await unknownNames(connection, house);
  const note = names.length > 0 ? [`Note: there is no ${names.join(', no ')} yet; until then it gives nothing`] : [];
  return [`${deed} the connection ${connection.id}`, ...note, nextSteps(connection, issuer)].filter(Boolean).join('\n');
}

const add = command({
  words: ['connection', 'add'],
  operands: ['id'],
  options: {
    preset: presetOption,
    ...connectionOptions,
    domain: { value: 'D', repeat: true, about: 'A domain whose people come from there; counts once it is verified' },
  },
  about: 'Connect an identity provider; prints what its administrator has to enter there',
  run: ({ operands: { id }, options: { preset, domain, ...options }, stdin, answer }) =>
    inHouse(async (house, { issuer }) => {
      const said = await settingsOf(options, preset, stdin);
      const connection = await house.connections.add({ ...said, id, preset, domains: [...domain] }, actor);
      answer(connectionDocument(connection, issuer), await told(connection, house, issuer, 'Added'));
    }),
});

const set = command({
  words: ['connection', 'set'],
  operands: ['id'],
  options: { ...connectionOptions, shown: { about: 'Among the buttons again' } },
  about: 'Change a connection; what is not named stays, and a list that is named replaces the one it has',
  run: ({ operands: { id }, options: { shown, ...options }, stdin, answer }) =>
    inHouse(async (house, { issuer }) => {
      if (shown && options.hidden) throw misused('give --shown or --hidden, not both');
      const { preset } = await known(id, house);
      const change = { ...(await settingsOf(options, preset, stdin)), ...(shown ? { shown: true } : {}) };
      if (Object.keys(change).length === 0) throw misused('name what to change');
      const connection = await house.connections.change(id, change, actor);
      answer(connectionDocument(connection, issuer), await told(connection, house, issuer, 'Changed'));
    }),
});

async function known(id: string, { connections }: House): Promise<Connection> {
  const connection = await connections.get(id);
  if (!connection) throw missing(`The connection ${id}`);
  return connection;
}

const list = command({
  words: ['connection', 'list'],
  about: 'List the connections to identity providers',
  run: ({ answer }) =>
    inHouse(async ({ connections }, { issuer }) => {
      const all = await everything((page) => connections.list(page));
      const rows = all.map(({ id, name, preset, state, provision, mfa, domains }) => {
        const names = domains.map((one) => `${one.name}${one.verified === undefined ? ' (not verified)' : ''}`);
        return [id, name, preset, state, provision ? 'on' : 'off', mfa, names];
      });
      const documents = all.map((one) => connectionDocument(one, issuer));
      answer(documents, columns(['id', 'name', 'preset', 'state', 'provision', 'mfa', 'domains'], rows));
    }),
});

const show = command({
  words: ['connection', 'show'],
  operands: ['id'],
  about: 'Show a connection, without its secrets, and what its provider needs to know of us',
  run: ({ operands, answer }) =>
    inHouse(async (house, { issuer }) => {
      const connection = await known(operands.id, house);
      const document = connectionDocument(connection, issuer);
      const { addresses: _below, created, updated, refreshed, valid_until: until, ...rest } = document;
      const times = { refreshed: moment(refreshed), valid_until: moment(until) };
      const text = facts({ ...rest, ...times, created: moment(created), updated: moment(updated) });
      const source = presetOf(connection.preset)?.from;
      answer(document, [text, nextSteps(connection, issuer), `Described at: ${source}`].filter(Boolean).join('\n\n'));
    }),
});

const remove = command({
  words: ['connection', 'remove'],
  operands: ['id'],
  about: 'Remove a connection with its keys and domains; people who came through it no longer can',
  run: ({ operands: { id }, answer }) =>
    inHouse(async ({ connections }) => {
      await connections.remove(id, actor);
      answer({ id }, `Removed the connection ${id}`);
    }),
});

/** `sallyport connection …` */
export const connectionCommands = [
  add,
  set,
  list,
  show,
  remove,
  ...connectionLifeCommands,
  ...domainCommands,
  ...previewCommands,
  ...connectionTestCommands,
];
