import { join } from 'node:path';
import { type Group, isGroup, readFile } from './file.ts';
import { type ConfigProblem, ConfigProblems } from './problems.ts';
import { behind, followed } from './references.ts';
import { always, production, type Rule, remarks } from './rules.ts';
import { type Config, schema } from './schema.ts';
import { sentence, unknownName } from './sentences.ts';
import { settings, variableOf } from './settings.ts';
import { fromEnvironment, unknownVariables } from './variables.ts';

/** What came of reading the configuration: settings, unless there are problems; and what may be worth a look. */
export interface Reading {
  readonly file: string;
  readonly config: Config | undefined;
  readonly problems: readonly ConfigProblem[];
  readonly remarks: readonly ConfigProblem[];
}

/** File and environment (which wins) as frozen settings; throws ConfigProblems with everything that is wrong, at once. */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env, file?: string): Config {
  const { config, problems } = readConfig(environment, file);
  if (config === undefined) throw new ConfigProblems(problems);
  return config;
}

/** The server that the environment names for commands (`SALLYPORT_SERVER`); without it they work on this machine's store. */
export const serverElsewhere = (environment: NodeJS.ProcessEnv = process.env): string | undefined =>
  environment.SALLYPORT_SERVER || undefined;

/** The client that commands are at a server elsewhere, where nobody can sign in (CI). Throws ConfigProblems for half of one. */
export function clientElsewhere(
  environment: NodeJS.ProcessEnv = process.env,
): { id: string; secret: string } | undefined {
  const { SALLYPORT_CLIENT_ID: id, SALLYPORT_CLIENT_SECRET: text, SALLYPORT_CLIENT_SECRET_FILE: file } = environment;
  const found = text || !file ? { text: text ?? '' } : referredTo(`file:${file}`);
  const secret = found && 'text' in found ? found.text : '';
  if (!id && secret === '') return undefined;
  if (id && secret !== '') return { id, secret };
  const sentence = 'commands are a client by SALLYPORT_CLIENT_ID and SALLYPORT_CLIENT_SECRET (or _FILE): set both';
  throw new ConfigProblems([{ path: id ? 'SALLYPORT_CLIENT_SECRET' : 'SALLYPORT_CLIENT_ID', sentence }]);
}

/** What `env:NAME` or `file:PATH` leads to on this machine, or why it leads nowhere; undefined for any other text. */
export const referredTo = (text: string, environment: NodeJS.ProcessEnv = process.env) => behind(text, environment);

/** The same for those who want to tell about it instead of failing. `file` is taken before SALLYPORT_CONFIG. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env, file?: string): Reading {
  const named = file ?? (environment.SALLYPORT_CONFIG || undefined);
  const path = named ?? usualFile(environment);
  const { content, problems: unread } = readFile(path, named !== undefined);
  const { values, problems: unclear } = fromEnvironment(environment);
  const origins = originsIn(content, values);
  for (const one of values) put(content, one.path, one.value);
  const { config: said, problems: wrong } = check(content);
  const { connections, problems: lost } = followed(said.connections, environment);
  const config = { ...said, connections };
  const problems = [...unread, ...unclear, ...wrong, ...lost];
  // Of a file that cannot be read nobody knows what it says, so nothing in it is missing or unfit.
  const rules = unread.length > 0 ? [] : config.mode === 'production' ? [...always, ...production] : always;
  const told = new Set(problems.map((one) => one.path));
  problems.push(...broken(rules, config).filter((one) => !told.has(one.path)));
  const fine = problems.length === 0 ? frozen(config) : undefined;
  if (fine) known.set(fine, origins);
  return {
    file: path,
    config: fine,
    problems: problems.map((one) => ({ ...one, variable: variableOf(one.path) })),
    remarks: [...broken(remarks, config), ...unknownVariables(environment).map(misspelt)],
  };
}

/** Where settings come from that are not the usual ones, by their path (`ttl.code`). */
export type Origins = ReadonlyMap<string, 'environment' | 'file'>;

const known = new WeakMap<Config, Origins>();

/** Where the settings come from; undefined when they were put together in another way than by reading them. */
export const originsOf = (config: Config): Origins | undefined => known.get(config);

function originsIn(content: Group, values: readonly { path: readonly string[] }[]): Origins {
  const inFile = settings.filter(({ path }) => at(content, path) !== undefined);
  return new Map([
    ...inFile.map(({ path }) => [path.join('.'), 'file'] as const),
    ...values.map(({ path }) => [path.join('.'), 'environment'] as const),
  ]);
}

const at = (value: unknown, [name, ...rest]: readonly string[]): unknown => {
  if (name === undefined) return value;
  return isGroup(value) ? at(value[name], rest) : undefined;
};

const root = join(import.meta.dirname, '../..');

const usualFile = ({ NODE_ENV }: NodeJS.ProcessEnv): string =>
  join(root, 'config', NODE_ENV === 'production' ? 'production.yaml' : 'development.yaml');

const misspelt = (path: string): ConfigProblem => ({ path, sentence: 'is set, but Sallyport knows no such variable' });

const broken = (rules: readonly Rule[], config: Config): ConfigProblem[] =>
  rules.filter((rule) => rule.unfit(config)).map(({ path, advice }) => ({ path, sentence: advice }));

/** Writes a value over what the file says; where a group is missing it is made, where something else stands it is left to the check. */
function put(content: Group, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) content[name] = value;
  else {
    content[name] ??= {};
    const group = content[name];
    if (isGroup(group)) put(group, rest, value);
  }
}

/** The settings and what is wrong with them. What is wrong is left out, so that the rules can still look at all the rest. */
function check(content: Group): { config: Config; problems: ConfigProblem[] } {
  const first = schema.safeParse(content, { error: sentence });
  if (first.success) return { config: complete(first.data), problems: [] };
  const problems: ConfigProblem[] = [];
  const rest = { ...content };
  for (const issue of first.error.issues) {
    const names = issue.code === 'unrecognized_keys' ? issue.keys : [undefined];
    for (const name of names) {
      const path = name === undefined ? issue.path : [...issue.path, name];
      problems.push({
        path: path.join('.'),
        sentence: name === undefined ? issue.message : unknownName(issue.path, name),
      });
      leaveOut(rest, path);
    }
  }
  return { config: complete(schema.parse(rest)), problems };
}

/** Takes a wrong value out: of a group all of it, so that nothing which is left depends on what was wrong. */
function leaveOut(content: Group, [name, ...inner]: readonly PropertyKey[]): void {
  const key = String(name);
  if (inner.length > 0 && isGroup(content[key])) content[key] = {};
  else delete content[key];
}

/** Where it listens unless told: in development nobody else should reach it, in production somebody must. */
const complete = (parsed: ReturnType<typeof schema.parse>): Config => ({
  ...parsed,
  host: parsed.host ?? (parsed.mode === 'production' ? '0.0.0.0' : 'localhost'),
});

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}
