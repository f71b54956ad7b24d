/** Words that are the same in every language: names of things. */
const names = new Set(['Sallyport', 'API', 'UTC']);

const readAloud = /\s(?:aria-label|title|alt|placeholder)="([^"]*)"/g;
const attributesOnly = /^(?:\s[\w-]+(?:="[^"]*")?)+\s*$/;

/** What stands in the templates and quotation marks of a view and would be read by people: no text that has a key. */
export function bareTexts(source: string): string[] {
  const { templates, strings } = literalsOf(withoutComments(source));
  const shown = templates.flatMap((template) => {
    const text = attributesOnly.test(template) ? '' : template.replaceAll(/<code>.*?<\/code>|<[^>]*>/g, ' ');
    return [text, ...[...template.matchAll(readAloud)].map(([, value = '']) => value)];
  });
  return [
    ...shown.flatMap(wordsOf),
    ...strings.filter((one) => /^[^<]*[A-Za-z]{2,},? [a-z]{2,}|^[^<]*[a-z]{2,}\.$/.test(one)),
  ];
}

const wordsOf = (text: string): string[] =>
  [...text.replaceAll(/&[a-z#\d]+;/g, ' ').matchAll(/\p{L}{2,}/gu)]
    .map(([word]) => word)
    .filter((word) => !names.has(word));

const withoutComments = (source: string): string => source.replaceAll(/^\s*(?:\/\*\*?[\s\S]*?\*\/|\/\/.*)/gm, '');

interface Literals {
  /** Of `html`, with a gap for each value. */
  templates: string[];
  strings: string[];
}

function literalsOf(source: string): Literals {
  const found: Literals = { templates: [], strings: [] };
  code(source, 0, found);
  return found;
}

const opening = /(?:html)?`|['"{}]/g;

/** Reads code up to the brace that closes it; answers what comes after. */
function code(source: string, from: number, found: Literals): number {
  let at = from;
  while (at < source.length) {
    opening.lastIndex = at;
    const next = opening.exec(source);
    if (!next) return source.length;
    const [mark] = next;
    const begin = next.index + mark.length;
    if (mark === '}') return begin;
    if (mark === '{') at = code(source, begin, found);
    else if (mark === "'" || mark === '"') at = text(source, { from: begin, mark }, found);
    else at = template(source, begin, { found, shown: mark !== '`' });
  }
  return at;
}

function text(source: string, { from, mark }: { from: number; mark: string }, { strings }: Literals): number {
  let at = from;
  while (at < source.length && source[at] !== mark) at += source[at] === '\\' ? 2 : 1;
  strings.push(source.slice(from, at));
  return at + 1;
}

function template(source: string, from: number, { found, shown }: { found: Literals; shown: boolean }): number {
  let literal = '';
  let at = from;
  while (at < source.length && source[at] !== '`') {
    if (source.startsWith('${', at)) {
      at = code(source, at + 2, found);
      literal += '\0';
    } else {
      literal += source[at];
      at += 1;
    }
  }
  if (shown) found.templates.push(literal);
  return at + 1;
}
