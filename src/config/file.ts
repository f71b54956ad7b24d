import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Document } from 'yaml';
import type { ConfigProblem } from './problems.ts';

/** Loaded when there is a file to read: a command without one starts a tenth earlier. */
const yaml = (): typeof import('yaml') => createRequire(import.meta.url)('yaml');

/** Names with values, as YAML gives them. */
export type Group = Record<string, unknown>;

/** Names with values: a mapping of YAML, and no list. */
export const isGroup = (value: unknown): value is Group =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Content of a YAML file, or what is wrong with the file. An empty file says nothing, and so does a missing one unless it is `needed`. */
export function readFile(file: string, needed: boolean): { content: Group; problems: ConfigProblem[] } {
  const wrong = (sentence: string) => ({ content: {}, problems: [{ path: file, sentence }] });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    if (code === 'ENOENT' && !needed) return { content: {}, problems: [] };
    return wrong(`cannot be read (${code}): correct SALLYPORT_CONFIG or the permissions of the file`);
  }
  const { LineCounter, parseDocument } = yaml();
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, pos }) => {
      const { line, col } = lineCounter.linePos(pos[0]);
      // What follows a colon in these messages is quoted from the file, and may be a secret.
      return { path: `${file}:${line}:${col}`, sentence: `is not YAML: ${message.replace(/:.*$/s, '')}` };
    });
    return { content: {}, problems };
  }
  const content = plain(document);
  if (content === undefined) return wrong('is not YAML: an alias in it stands for nothing, or for too much');
  return isGroup(content) ? { content, problems: [] } : wrong('must hold names with values, such as "port: 3000"');
}

/** The document as values; undefined when an alias cannot be followed, which the parser finds out only here. */
function plain(document: Document): unknown {
  try {
    return document.toJS() ?? {};
  } catch {
    return undefined;
  }
}
