import { invalidFilter } from './problems.ts';

/** How two values are compared (RFC 7644 §3.4.2.2). */
export type Operator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';
/** What a filter compares with. */
export type Literal = string | number | boolean | null;

/** A filter as it is understood; paths are as they were written. */
export type Filter =
  | { readonly is: 'and' | 'or'; readonly all: readonly Filter[] }
  | { readonly is: 'not'; readonly of: Filter }
  | { readonly is: 'present'; readonly path: string }
  | { readonly is: 'comparison'; readonly path: string; readonly by: Operator; readonly value: Literal }
  /** One value of a list fits as a whole. */
  | { readonly is: 'within'; readonly path: string; readonly of: Filter };

/** The target of a PATCH (RFC 7644 §3.5.2): an attribute, those of its values that fit, or a part of them. */
export interface Target {
  readonly path: string;
  readonly within?: Filter;
  readonly sub?: string;
}

interface Token {
  readonly text: string;
  readonly at: number;
}

const longest = 4000;
/** Comparisons in one filter, and brackets in brackets. */
const mostTerms = 100;
const deepest = 20;

const operators: readonly string[] = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] satisfies Operator[];
const isOperator = (word: string): word is Operator => operators.includes(word);
const token = /\s*(?:([()[\]])|("(?:[^"\\]|\\.)*")|(\.?[A-Za-z$][\w$:.-]*)|(-?\d[\d.eE+-]*))/y;

/** Reads one text of RFC 7644 from left to right; every way out is a tree or a sentence. */
class Reader {
  readonly #tokens: readonly Token[];
  readonly #fail: (sentence: string) => Error;
  readonly #length: number;
  #next = 0;
  #terms = 0;

  constructor(source: string, fail: (sentence: string) => Error) {
    this.#fail = fail;
    if (source.length > longest) throw fail(`A filter has at most ${longest} characters`);
    this.#length = source.length;
    this.#tokens = tokens(source, fail);
  }

  filter(): Filter {
    const found = this.#or(0);
    this.#end();
    return found;
  }

  target(): Target {
    const path = this.#word('an attribute');
    if (!this.#skip('[')) {
      this.#end();
      return { path };
    }
    const within = this.#or(1);
    this.#expect(']');
    const sub = this.#dotted();
    this.#end();
    return { path, within, ...(sub === undefined ? {} : { sub }) };
  }

  #or(depth: number): Filter {
    return this.#list('or', () => this.#list('and', () => this.#term(depth)));
  }

  #list(is: 'and' | 'or', one: () => Filter): Filter {
    const first = one();
    const all = [first];
    while (this.#peek() === is) {
      this.#next += 1;
      all.push(one());
    }
    return all.length === 1 ? first : { is, all };
  }

  #term(depth: number): Filter {
    if (depth > deepest) throw this.#wrong(`it has more than ${deepest} brackets in each other`);
    this.#terms += 1;
    if (this.#terms > mostTerms) throw this.#wrong(`it has more than ${mostTerms} comparisons`);
    if (this.#skip('(')) return this.#closed(')', depth);
    if (this.#peek() === 'not' && this.#tokens[this.#next + 1]?.text === '(') {
      this.#next += 2;
      return { is: 'not', of: this.#closed(')', depth) };
    }
    const path = this.#word('an attribute');
    if (!this.#skip('[')) return this.#comparison(path);
    const of = this.#closed(']', depth);
    const sub = this.#dotted();
    // Entra asks so: emails[type eq "work"].value eq "a@example.com".
    return { is: 'within', path, of: sub === undefined ? of : { is: 'and', all: [of, this.#comparison(sub)] } };
  }

  #closed(bracket: ')' | ']', depth: number): Filter {
    const of = this.#or(depth + 1);
    this.#expect(bracket);
    return of;
  }

  #comparison(path: string): Filter {
    const word = this.#peek() ?? '';
    if (word === 'pr') {
      this.#next += 1;
      return { is: 'present', path };
    }
    if (!isOperator(word)) throw this.#wrong(`after ${path.slice(0, 100)} must come ${operators.join(', ')} or pr`);
    this.#next += 1;
    return { is: 'comparison', path, by: word, value: this.#literal() };
  }

  #literal(): Literal {
    const { text = '' } = this.#tokens[this.#next] ?? {};
    try {
      const value: unknown = JSON.parse(text);
      this.#next += 1;
      if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value as Literal;
    } catch {
      // Told below, with the place.
    }
    throw this.#wrong('here must come a text in quotation marks, a number, true, false or null');
  }

  #dotted(): string | undefined {
    const { text = '' } = this.#tokens[this.#next] ?? {};
    if (!text.startsWith('.')) return undefined;
    this.#next += 1;
    return text.slice(1);
  }

  #word(what: string): string {
    const { text = '' } = this.#tokens[this.#next] ?? {};
    if (!/^[A-Za-z$]/.test(text)) throw this.#wrong(`here must come ${what}`);
    this.#next += 1;
    return text;
  }

  /** The next word, as operators are written in any case. */
  #peek(): string | undefined {
    return this.#tokens[this.#next]?.text.toLowerCase();
  }

  #skip(bracket: string): boolean {
    if (this.#tokens[this.#next]?.text !== bracket) return false;
    this.#next += 1;
    return true;
  }

  #expect(bracket: string): void {
    if (!this.#skip(bracket)) throw this.#wrong(`here must come ${bracket}`);
  }

  #end(): void {
    if (this.#next < this.#tokens.length) throw this.#wrong('nothing may come here');
  }

  #wrong(why: string): Error {
    const at = this.#tokens[this.#next]?.at ?? this.#length;
    return this.#fail(`This cannot be read at character ${at + 1}: ${why} (RFC 7644 §3.4.2.2)`);
  }
}

function tokens(source: string, fail: (sentence: string) => Error): Token[] {
  const found: Token[] = [];
  const end = source.trimEnd().length;
  token.lastIndex = 0;
  for (let at = 0; at < end; at = token.lastIndex) {
    const match = token.exec(source);
    const text = match?.slice(1).find((part) => part !== undefined);
    if (!match || text === undefined) {
      const place = at + source.slice(at).search(/\S/) + 1;
      throw fail(`This cannot be read at character ${place} (RFC 7644 §3.4.2.2)`);
    }
    found.push({ text, at: token.lastIndex - text.length });
  }
  return found;
}

/** Reads a filter. Throws `invalidFilter`, with the place where it went wrong. */
export const readFilter = (source: string): Filter => new Reader(source, invalidFilter).filter();

/** Reads the path of a PATCH; `fail` makes the error of whoever asks. */
export const readTarget = (source: string, fail: (sentence: string) => Error): Target =>
  new Reader(source, fail).target();

/** What a filter asks for, as it is written there; parts in brackets not. */
export function pathsOf(filter: Filter): string[] {
  if ('all' in filter) return filter.all.flatMap(pathsOf);
  return 'path' in filter ? [filter.path] : pathsOf(filter.of);
}

/** What has to be equal, whatever else the filter says: by these a resource can be looked up instead of all being tried. */
export function equalities(filter: Filter): { path: string; value: string }[] {
  if (filter.is === 'and') return filter.all.flatMap(equalities);
  if (filter.is === 'within') {
    return equalities(filter.of).map(({ path, value }) => ({ path: `${filter.path}.${path}`, value }));
  }
  const equal = filter.is === 'comparison' && filter.by === 'eq' && typeof filter.value === 'string';
  return equal ? [{ path: filter.path, value: String(filter.value) }] : [];
}
