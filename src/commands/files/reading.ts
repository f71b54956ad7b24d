import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import { referredTo } from '../../config/load.ts';
import { type ConfigProblem, ConfigProblems } from '../../config/problems.ts';
import { fitting, Unfit } from '../../http/unfit.ts';
import type { Doc, Kind } from './kind.ts';

/** What the files say of one kind. */
export interface Said {
  readonly kind: Kind;
  readonly documents: readonly Doc[];
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';

function wrong(path: string, sentence: string): ConfigProblems {
  return new ConfigProblems([{ path, sentence }]);
}

/** The files that a path means: itself, or all `*.yaml` of a folder in the order of their names. Throws ConfigProblems. */
function filesAt(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => /\.ya?ml$/.test(name));
    if (names.length > 0) return names.sort().map((name) => join(path, name));
  } catch (error) {
    throw wrong(path, `cannot be read (${codeOf(error)})`);
  }
  throw wrong(path, 'has no *.yaml in it; an empty folder changes nothing');
}

/** One file, and where in it things stand. */
interface Source {
  file: string;
  content: unknown;
  /** `file:line` of the member at this path, or of the nearest one around it. */
  place(path: readonly (string | number)[]): string;
  problems: ConfigProblem[];
}

function read(file: string): Source {
  const lines = new LineCounter();
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw wrong(file, `cannot be read (${codeOf(error)})`);
  }
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines });
  const at = (offset: number) => `${file}:${lines.linePos(offset).line}`;
  const problems = document.errors.map(({ message, pos }) => ({
    // What follows a colon in these messages is quoted from the file.
    ...{ path: at(pos[0]), sentence: `is not YAML: ${message.replace(/:.*$/s, '')}` },
  }));
  const place = (path: readonly (string | number)[]) => at(offsetOf(document, path));
  return { file, place, problems, content: problems.length > 0 ? undefined : plain(document) };
}

function plain(document: Document): unknown {
  try {
    return document.toJS() ?? {};
  } catch {
    // An alias that stands for nothing is found out only here.
    return undefined;
  }
}

/** Where a member begins: its name, if it has one. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const around: unknown = document.getIn(path.slice(0, length - 1), true);
    const name = path[length - 1];
    const items: unknown[] =
      typeof around === 'object' && around !== null && 'items' in around && Array.isArray(around.items)
        ? around.items
        : [];
    const pair = items.find((one) => isPair(one) && isScalar(one.key) && one.key.value === name);
    const node: unknown = isPair(pair) ? pair.key : typeof name === 'number' ? items[name] : undefined;
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) return node.range[0];
  }
  return 0;
}

const isGroup = (value: unknown): value is Doc => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A document as the kind wants it, with what its references lead to; and all that is wrong with it, by its member. */
function checked(kind: Kind, document: unknown): { document?: Doc; wrong: [path: string[], sentence: string][] } {
  const problems: [string[], string][] = [];
  const next: Record<string, unknown> = isGroup(document) ? { ...document } : {};
  for (const name of [...(kind.secrets ?? []), ...(kind.referring ?? [])]) {
    const text = next[name];
    if (typeof text !== 'string') continue;
    const found = referredTo(text);
    if (found && 'text' in found) next[name] = found.text;
    else if (found) problems.push([[name], `${found.wrong}; leave ${name} out to leave it as it is`]);
    else if (kind.secrets?.includes(name))
      problems.push([[name], 'must be env:NAME or file:PATH; no secret stands in these files']);
    // A file with the description of a provider.
    if (name === 'from' && text.startsWith('file:') && found) {
      next.metadata = next.from;
      delete next.from;
    }
  }
  try {
    const fit = fitting(kind.schema, isGroup(document) ? next : document);
    return { document: fit as Doc, wrong: problems };
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    const unfit = error.errors.map(({ pointer, detail }): [string[], string] => [pathOf(pointer), detail]);
    return { wrong: [...problems, ...unfit] };
  }
}

/** A JSON Pointer after its `#`. */
const pathOf = (pointer: string): string[] =>
  pointer
    .slice(2)
    .split('/')
    .filter((name) => name !== '')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));

/** Everything that the files at these paths say, kind by kind. Throws ConfigProblems with all that is wrong, each with its place. */
export function readFiles(paths: readonly string[], kinds: readonly Kind[]): Said[] {
  const sources = paths.flatMap(filesAt).map(read);
  const problems = sources.flatMap((one) => one.problems);
  const said = new Map<Kind, { documents: Doc[]; places: Map<string, string> }>();
  const complain = (path: string, sentence: string) => void problems.push({ path, sentence });
  for (const source of sources.filter((one) => one.problems.length === 0)) {
    if (!isGroup(source.content)) complain(source.file, 'must hold kinds with lists, such as "roles:"');
    for (const [name, list] of Object.entries(isGroup(source.content) ? source.content : {})) {
      const kind = kinds.find((one) => one.name === name);
      const here = source.place([name]);
      if (!kind) complain(here, `${name} is no kind; there are ${kinds.map((one) => one.name).join(', ')}`);
      else if (!Array.isArray(list)) complain(here, `${name} must be a list`);
      else take(kind, list, source);
    }
  }

  function take(kind: Kind, list: readonly unknown[], source: Source): void {
    const { documents, places } = said.get(kind) ?? { documents: [], places: new Map<string, string>() };
    said.set(kind, { documents, places });
    for (const [at, one] of list.entries()) {
      const { document, wrong: unfit } = checked(kind, one);
      for (const [path, sentence] of unfit) {
        const steps = path.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
        complain(
          source.place([kind.name, at, ...steps]),
          [`${kind.noun}: ${path.join('.')}`.trimEnd(), sentence].join(' '),
        );
      }
      if (!document) continue;
      const here = source.place([kind.name, at]);
      const before = places.get(kind.key(document));
      if (before) complain(here, `the ${kind.noun} ${kind.key(document)} stands at ${before} already`);
      places.set(kind.key(document), here);
      documents.push(document);
    }
  }

  if (problems.length > 0) throw new ConfigProblems(problems);
  if (said.size === 0) throw wrong(paths.join(', '), 'says nothing; nothing was changed');
  return [...said].map(([kind, { documents }]) => ({ kind, documents }));
}
