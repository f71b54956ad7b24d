import { z } from 'zod';
import { presetOf } from '../federation/presets.ts';
import { connectionReply, wireSettings } from '../routes/connection-document.ts';
import { misused } from './command.ts';
import { domainCommands } from './connection-domain.ts';
import { connectionLifeCommands } from './connection-life.ts';
import { connectionOptions, presetOption, settingsOf } from './connection-options.ts';
import { previewCommands } from './connection-preview.ts';
import { connectionTestCommands } from './connection-test.ts';
import { type Desk, deskCommand } from './desk.ts';
import { columns, facts, moment, unknown } from './listing.ts';

/** A connection with those of its settings that are told here. */
const connected = connectionReply.extend({
  name: z.string(),
  provision: z.boolean(),
  mfa: z.string(),
  group_rules: z.array(z.looseObject({ role: z.string().optional(), group: z.string().optional() })),
});
type Connection = z.output<typeof connected>;

/** What the administrator of the provider has to enter there, and what else is left to do. */
function nextSteps({ id, addresses, domains }: Connection): string {
  const lines = Object.keys(addresses).length > 0 ? ['At the provider, enter:', facts(addresses)] : [];
  for (const { name, record, verified } of domains) {
    if (verified === undefined) lines.push(`DNS of ${name}: ${record.name} TXT "${record.value}", then verify it:`);
    if (verified === undefined) lines.push(`  sallyport connection domain verify ${id} ${name}`);
  }
  return lines.join('\n');
}

/** Roles and groups that rules name and nobody has made yet: most likely misspelt, perhaps made later. */
async function unknownNames(connection: Connection, desk: Desk): Promise<string[]> {
  const named = (kind: 'role' | 'group') => [...new Set(connection.group_rules.flatMap((rule) => rule[kind] ?? []))];
  const there = (operation: string) => (id: string) => desk.find(operation, z.unknown(), { params: { id } });
  const roles = await unknown(named('role'), there('getRole'));
  const groups = await unknown(named('group'), there('getGroup'));
  return [...roles.map((name) => `role ${name}`), ...groups.map((name) => `group ${name}`)];
}

async function told(connection: Connection, desk: Desk, deed: string): Promise<string> {
  const names = await unknownNames(connection, desk);
  const note = names.length > 0 ? [`Note: there is no ${names.join(', no ')} yet; until then it gives nothing`] : [];
  return [`${deed} the connection ${connection.id}`, ...note, nextSteps(connection)].filter(Boolean).join('\n');
}

const add = deskCommand({
  words: ['connection', 'add'],
  operands: ['id'],
  options: {
    preset: presetOption,
    ...connectionOptions,
    domain: { value: 'D', repeat: true, about: 'A domain whose people come from there; counts once it is verified' },
  },
  about: 'Connect an identity provider; prints what its administrator has to enter there',
  async run({ operands: { id }, options: { preset, domain, ...options }, stdin, answer }, desk) {
    const said = await settingsOf(options, preset, stdin);
    const body = { ...wireSettings(said), id, preset, domains: [...domain] };
    const connection = await desk.call('addConnection', connected, { body });
    answer(connection, await told(connection, desk, 'Added'));
  },
});

const known = (id: string, desk: Desk): Promise<Connection> =>
  desk.call('getConnection', connected, { params: { id } });

const set = deskCommand({
  words: ['connection', 'set'],
  operands: ['id'],
  options: { ...connectionOptions, shown: { about: 'Among the buttons again' } },
  about: 'Change a connection; what is not named stays, and a list that is named replaces the one it has',
  async run({ operands: { id }, options: { shown, ...options }, stdin, answer }, desk) {
    if (shown && options.hidden) throw misused('give --shown or --hidden, not both');
    const { preset } = await known(id, desk);
    const body = wireSettings({ ...(await settingsOf(options, preset, stdin)), ...(shown ? { shown: true } : {}) });
    if (Object.keys(body).length === 0) throw misused('name what to change');
    const connection = await desk.call('changeConnection', connected, { params: { id }, body });
    answer(connection, await told(connection, desk, 'Changed'));
  },
});

const list = deskCommand({
  words: ['connection', 'list'],
  about: 'List the connections to identity providers',
  async run({ answer }, desk) {
    const all = await desk.all('listConnections', connected);
    const rows = all.map(({ id, name, preset, state, provision, mfa, domains }) => {
      const names = domains.map((one) => `${one.name}${one.verified === undefined ? ' (not verified)' : ''}`);
      return [id, name, preset, state, provision ? 'on' : 'off', mfa, names];
    });
    answer(all, columns(['id', 'name', 'preset', 'state', 'provision', 'mfa', 'domains'], rows));
  },
});

const show = deskCommand({
  words: ['connection', 'show'],
  operands: ['id'],
  about: 'Show a connection, without its secrets, and what its provider needs to know of us',
  async run({ operands, answer }, desk) {
    const connection = await known(operands.id, desk);
    const { addresses: _below, created, updated, refreshed, valid_until: until, ...rest } = connection;
    const times = { refreshed: moment(refreshed), valid_until: moment(until) };
    const text = facts({ ...rest, ...times, created: moment(created), updated: moment(updated) });
    const source = presetOf(connection.preset)?.from;
    answer(connection, [text, nextSteps(connection), `Described at: ${source}`].filter(Boolean).join('\n\n'));
  },
});

const remove = deskCommand({
  words: ['connection', 'remove'],
  operands: ['id'],
  about: 'Remove a connection with its keys and domains; people who came through it no longer can',
  async run({ operands: { id }, answer }, desk) {
    await desk.tell('removeConnection', { params: { id } });
    answer({ id }, `Removed the connection ${id}`);
  },
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
