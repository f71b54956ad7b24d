import { readFileSync } from 'node:fs';
import type { ConfigProblem } from './problems.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings of a connection that may say where their text is instead of having it. */
const referring = ['clientSecret', 'bindPassword', 'certificateAuthority', 'metadata', 'from'] as const;

type Referring = { readonly [name in (typeof referring)[number]]?: string | undefined };

/** The connections with the texts that they refer to, and every reference that leads nowhere. A file given as `from` is metadata. */
export function followed<C extends Referring>(
  connections: readonly C[],
  environment: Environment,
): { connections: C[]; problems: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const complete = connections.map((connection, index) => {
    const next: Record<string, unknown> = { ...connection };
    for (const name of referring) {
      const found = behind(connection[name], environment);
      if (found === undefined) continue;
      if ('wrong' in found) problems.push({ path: `connections.${index}.${name}`, sentence: found.wrong });
      else next[name === 'from' ? 'metadata' : name] = found.text;
      if (name === 'from') delete next.from;
    }
    return next as C;
  });
  return { connections: complete, problems };
}

/** What a reference leads to, or why it leads nowhere; undefined for a text that is none. */
export function behind(text: string | undefined, environment: Environment): Found | undefined {
  const [, kind, place = ''] = /^(env|file):(?!\/\/)(.+)$/s.exec(text ?? '') ?? [];
  if (kind === undefined) return undefined;
  return kind === 'env' ? fromVariable(place, environment) : fromFile(place);
}

type Found = { text: string } | { wrong: string };

function fromVariable(name: string, environment: Environment): Found {
  const text = environment[name];
  return text ? { text } : { wrong: `refers to the variable ${name}, which is not set` };
}

function fromFile(file: string): Found {
  try {
    return { text: readFileSync(file, 'utf8').trim() };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    return { wrong: `refers to a file that cannot be read (${code}): correct the path or its permissions` };
  }
}
