import { cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Findings, figures } from './figures.ts';
import { names, startFleet } from './fleet.ts';
import { boundsTable, measureGateways } from './gateways.ts';
import { Generator } from './generator.ts';
import { paths } from './paths.ts';
import { doubts, figuresTable, rowsTable } from './report.ts';
import { changesText, measureChanges, measureRights, rightsNames } from './rights.ts';
import { measureSaml } from './saml.ts';
import {
  forwardNames,
  measureForward,
  measureMemory,
  measurePaths,
  measureSizes,
  measureStart,
  type Setting,
  sizeName,
  sizes,
  withFolder,
} from './sections.ts';
import { measureStream, streamTable } from './stream.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    connections: { type: 'string', default: '32' },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const parts = [
  ...Object.keys(paths),
  'forward',
  'roles',
  'changes',
  'stream',
  'gateways',
  'sizes',
  'start',
  'memory',
  'saml',
];
const usage = `npm run bench -- [--quick] [--only NAME]… [--json] [--connections 32] [--profile FOLDER]
  --only      of: ${parts.join(', ')}
  --profile   writes a processor profile of each Sallyport into the folder
`;
const wanted = (part: string): boolean => options.only === undefined || options.only.includes(part);

async function measure(setting: Setting): Promise<Findings> {
  const { quick } = setting;
  const found: Findings = { paths: [], sizes: [], forward: [], rights: [] };
  const attempt = async (part: string, run: () => Promise<void>): Promise<void> => {
    try {
      if (wanted(part)) await run();
    } catch (error) {
      setting.note(`${part} could not be measured: ${error instanceof Error ? error.message : error}`);
    }
  };
  const chosen = Object.keys(paths).filter(wanted);
  if (chosen.length > 0) found.paths = await withFolder((folder) => comparePaths(folder, chosen, setting));
  await attempt('forward', async () => {
    found.forward = await measureForward(setting);
  });
  await attempt('roles', async () => {
    found.rights = await measureRights(setting);
  });
  await attempt('changes', async () => {
    found.changes = await measureChanges(quick ? 10 : 50);
  });
  await attempt('stream', async () => {
    found.stream = await measureStream(quick ? 20 : 100, setting.note);
  });
  await attempt('gateways', async () => {
    found.bounds = await measureGateways(quick ? 2 : 10, setting.note);
  });
  await attempt('start', async () => {
    found.start = await measureStart(quick ? 1 : 5);
  });
  await attempt('saml', async () => {
    found.saml = await measureSaml(quick ? 50 : 200);
  });
  await attempt('memory', async () => {
    const requests = quick ? 20_000 : 100_000;
    found.memory = { requests, seen: await measureMemory(requests, setting) };
  });
  await attempt('sizes', async () => {
    found.sizes = await measureSizes(setting);
  });
  return found;
}

async function comparePaths(folder: string, chosen: string[], setting: Setting): Promise<Findings['paths']> {
  const fleet = await startFleet(folder, setting);
  try {
    return await measurePaths(chosen, fleet, setting);
  } finally {
    await fleet.stop();
  }
}

function print(found: Findings, machine: Record<string, string | number>, notes: readonly string[]): void {
  const all = figures(found, names);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ machine, ...found, figures: all, notes }, undefined, 2)}\n`);
    return;
  }
  const sections = [
    Object.entries(machine)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    found.paths.length > 0 && rowsTable(found.paths, [names.koa, names.library]),
    found.sizes.length > 0 && `Stored tokens, SQLite:\n${rowsTable(found.sizes, [sizeName(sizes(true)[0] ?? 0)])}`,
    found.forward.length > 0 && `Forward-auth:\n${rowsTable(found.forward, [forwardNames.introspection])}`,
    found.rights.length > 0 && `Rights of people, SQLite:\n${rowsTable(found.rights, [rightsNames.plain])}`,
    found.changes && changesText(found.changes),
    found.stream && `Stream of changes, two processes:\n${streamTable(found.stream)}`,
    found.bounds && `Revoked tokens at gateways:\n${boundsTable(found.bounds)}`,
    found.memory &&
      `Resident memory of a fresh Sallyport, at the start and after each ${found.memory.requests / 5} token requests: ${found.memory.seen.map((value) => value.toFixed(0)).join(', ')} MiB`,
    all.length > 0 && figuresTable(all),
    notes.map((note) => `Note: ${note}`).join('\n'),
  ];
  process.stdout.write(`${sections.filter(Boolean).join('\n\n')}\n`);
}

/** Whether anything at all could be measured. */
async function main(): Promise<boolean> {
  const load = () =>
    loadavg()
      .map((value) => value.toFixed(1))
      .join(' ');
  const notes: string[] = [
    'Each server is one process, the load generator another, all on loopback. Sallyport runs with the settings of development, log level info: no line for a call of a program.',
    'The bare library runs with its own in-memory adapter, which keeps the last 1000 rows; whatever an answer needs is issued anew before each round. It does not introspect JWTs.',
    '× is the median of the ratios within each round. CPU is what the server used for one unit. code: one unit is an authorization request with a session and the redemption.',
    'MongoDB is the stand-in of the tests (a server in Java, in memory) unless SALLYPORT_TEST_MONGODB names another.',
  ];
  const before = load();
  const generator = await Generator.start();
  const { quick } = options;
  const effort = { connections: Number(options.connections), rounds: quick ? 3 : 5, seconds: quick ? 1 : 3 };
  const nodeOptions = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(options.profile)}`];
  const note = (sentence: string) => notes.push(sentence);
  const found = await measure({ generator, effort, quick, nodeOptions, note });
  generator.stop();
  const machine = {
    Machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, Node.js ${process.version}, load average before ${before}, after ${load()}`,
    Effort: `${effort.connections} connections, ${effort.rounds} rounds of ${effort.seconds} s each, in turns`,
  };
  print(found, machine, [...notes, ...doubts([...found.paths, ...found.sizes, ...found.forward, ...found.rights])]);
  const { start, memory, saml, changes, stream, bounds } = found;
  return (
    found.paths.length + found.sizes.length + found.forward.length + found.rights.length > 0 ||
    [start, memory, saml, changes, stream, bounds].some((value) => value !== undefined)
  );
}

if (options.help || options.only?.some((part) => !parts.includes(part))) {
  process.stderr.write(usage);
  process.exitCode = options.help ? 0 : 2;
} else process.exitCode = (await main()) ? 0 : 1;
