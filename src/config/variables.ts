import { readFileSync } from 'node:fs';
import type { ConfigProblem } from './problems.ts';
import { type Setting, settings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says: settings by path, and what could not be read. An empty variable says nothing. */
export function fromEnvironment(environment: Environment) {
  const values: { path: readonly string[]; value: unknown }[] = [];
  const problems: ConfigProblem[] = [];
  for (const setting of settings) {
    try {
      const value = setting.env === 'NODE_ENV' ? mode(environment) : given(setting, environment);
      if (value !== undefined) values.push({ path: setting.path, value });
    } catch (error) {
      problems.push({ path: setting.path.join('.'), sentence: error instanceof Error ? error.message : String(error) });
    }
  }
  return { values, problems };
}

/** NODE_ENV only ever makes the rules stricter: a file that says production is not overruled by a shell. */
const mode = ({ NODE_ENV }: Environment): string | undefined => (NODE_ENV === 'production' ? NODE_ENV : undefined);

function given(setting: Setting, environment: Environment): unknown {
  const { env, kind } = setting;
  const text = environment[env] || undefined;
  const file = (setting.secret && environment[`${env}_FILE`]) || undefined;
  if (text !== undefined && file !== undefined) throw new Error(`is set twice: remove ${env} or ${env}_FILE`);
  if (file !== undefined) return contents(file, `${env}_FILE`);
  if (text === undefined) return undefined;
  if (kind === 'list') return text.split(/[\s,]+/).filter((item) => item !== '');
  if (kind === 'switch') return { true: true, false: false, 1: true, 0: false }[text] ?? text;
  if (kind !== 'number') return text;
  if (text.startsWith('tcp://')) {
    throw new Error(
      `must be a number, but Kubernetes has set ${env} for a service of this name: set enableServiceLinks: false for the pod`,
    );
  }
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

function contents(file: string, variable: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    throw new Error(`${variable} names a file that cannot be read (${code}): correct the path or its permissions`);
  }
}

/** Kubernetes makes these for a service called sallyport, and tests have their own; nobody has misspelt them. */
const notOurs = /^SALLYPORT_(?:TEST_.*|SERVICE_(?:HOST|PORT.*)|PORT_\d+_(?:TCP|UDP).*)$/;

/** What only commands read (clientElsewhere). */
const commandsOnly = ['SALLYPORT_CLIENT_ID', 'SALLYPORT_CLIENT_SECRET', 'SALLYPORT_CLIENT_SECRET_FILE'];

/** Variables that look like ours and set nothing: most likely misspelt. */
export function unknownVariables(environment: Environment): string[] {
  const known = new Set(['SALLYPORT_CONFIG', 'SALLYPORT_SERVER', ...commandsOnly]);
  for (const { env, secret } of settings) for (const name of secret ? [env, `${env}_FILE`] : [env]) known.add(name);
  return Object.keys(environment).filter((name) => /^SALLYPORT_/.test(name) && !known.has(name) && !notOurs.test(name));
}
