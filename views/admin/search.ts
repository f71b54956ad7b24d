import { type Html, html, type Value } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { empty, head, named, table } from './parts.ts';

/** Something that was found. */
export interface Found {
  href: string;
  name: Value;
  id?: string;
  /** What it is. */
  kind: Html;
}

/** What was found by the search over everything. */
export const foundContent = (frame: Frame, { q, all }: { q: string; all: readonly Found[] }): Html => {
  const { say } = frame;
  return html`${head(q === '' ? say('console.search') : say('console.search.title', { q }))}
${table(say('console.search'), {
  columns: [
    { title: say('console.name'), cell: ({ href, name, id }) => named(href, name, id) },
    { title: say('console.search.kind'), cell: ({ kind }) => kind },
  ],
  rows: all,
  none: empty(say(q === '' ? 'console.search.about' : 'console.nothing-found')),
})}`;
};
