import { type Html, html, type Value } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';

/** A link that looks like a button. */
export interface Deed {
  href: string;
  text: Html;
  /** The one that most people came for, or one that takes something away. */
  kind?: 'primary' | 'danger';
}

const link = ({ href, text, kind }: Deed): Html =>
  html`<a class="${kind === 'primary' ? 'primary' : `button${kind === 'danger' ? ' danger' : ''}`}" href="${href}">${text}</a>`;

/** The head of a page: its heading, what stands beside it, what is to be known of it, and what can be done. */
export const head = (
  title: Value,
  more: { badge?: Html | undefined; about?: Value; deeds?: readonly Deed[]; up?: Deed | undefined } = {},
): Html => html`<div class="head">
<div>${more.up && html`<p class="up"><a href="${more.up.href}">${more.up.text}</a></p>`}
<h1>${title}</h1>${more.badge !== undefined && html` ${more.badge}`}
${more.about !== undefined && html`<p class="hint">${more.about}</p>`}</div>
${more.deeds !== undefined && more.deeds.length > 0 && html`<p class="deeds">${more.deeds.map(link)}</p>`}
</div>`;

/** How good or bad something is. */
export type Tone = 'good' | 'warn' | 'bad' | 'plain';

/** A state as a word, whose colour says nothing that the word does not. */
export const badge = (text: Value, tone: Tone = 'plain'): Html => html`<em class="badge ${tone}">${text}</em>`;

/** A column of a table; `wide`: left out on a phone, since the page of the thing shows it too. */
export interface Column<T> {
  title: Html;
  cell(one: T): Value;
  wide?: true;
  /** Figures stand under each other. */
  figures?: true;
}

const classes = ({ wide, figures }: Pick<Column<never>, 'wide' | 'figures'>): Html | false => {
  const names = [wide && 'wide', figures && 'figures'].filter((name) => typeof name === 'string');
  return names.length > 0 && html` class="${names.join(' ')}"`;
};

/** A table whose first column says what each row is about, or what stands there when there is no row. `caption` is read out. */
export const table = <T>(
  caption: Html,
  { columns, rows, none }: { columns: readonly Column<T>[]; rows: readonly T[]; none: Html },
): Html =>
  rows.length === 0
    ? none
    : html`<div class="sheet"><table>
<caption class="said">${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col"${classes(column)}>${column.title}</th>`)}</tr></thead>
<tbody>${rows.map(
        (row) => html`
<tr>${columns.map((column, at) => (at === 0 ? html`<th scope="row"${classes(column)}>${column.cell(row)}</th>` : html`<td${classes(column)}>${column.cell(row)}</td>`))}</tr>`,
      )}</tbody>
</table></div>`;

/** A name that leads to the page of the thing, and below it by what programs know it. */
export const named = (href: string, name: Value, id?: Value): Html =>
  html`<a href="${href}">${name}</a>${id !== undefined && id !== name && html`<span class="id">${id}</span>`}`;

/** What stands where there is nothing yet: what this is for, and the first step. */
export const empty = (sentence: Html, first?: Deed): Html =>
  html`<div class="empty"><p>${sentence}</p>${first && html`<p>${link(first)}</p>`}</div>`;

/** Pages of one thing that are links; the one that is open is marked. `name` is read out. */
export const tabs = (name: Html, all: readonly { href: string; text: Html; open: boolean }[]): Html =>
  html`<nav class="tabs" aria-label="${name}"><ul>${all.map(({ href, text, open }) => html`<li><a href="${href}"${open && html` aria-current="page"`}>${text}</a></li>`)}</ul></nav>`;

/** What is known of a thing, each with its name; what is not known is left out. */
export const facts = (all: readonly (readonly [Html, Value])[]): Html =>
  html`<dl class="facts">${all
    .filter(([, value]) => value !== undefined && value !== false && value !== '')
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;

/** A part of a page under a heading of its own. */
export const section = (title: Html, content: Value, more?: Deed): Html =>
  html`<section class="part"><div class="head"><h2>${title}</h2>${more && html`<p><a href="${more.href}">${more.text}</a></p>`}</div>
${content}</section>`;

/** The filters of a table. They stand in the address, so that what is seen can be kept and sent. */
export const filters = ({ say }: Frame, action: string, fields: Html): Html =>
  html`<form action="${action}" class="filters" role="search" aria-label="${say('console.filter')}">${fields}
<button>${say('console.filter.deed')}</button></form>`;

/** A field of such a filter. */
export const filterText = (name: string, label: Html, value: string | undefined, sample?: string): Html =>
  html`<div><label for="f-${name}">${label}</label><input id="f-${name}" name="${name}" type="search" maxlength="200" autocomplete="off" spellcheck="false" value="${value}"${sample !== undefined && html` placeholder="${sample}"`}></div>`;

/** A field of such a filter that is chosen from a list; the first of it is usually "all". */
export const filterChoice = (
  name: string,
  label: Html,
  { value = '', options }: { value?: string | undefined; options: readonly (readonly [string, Value])[] },
): Html =>
  html`<div><label for="f-${name}">${label}</label><select id="f-${name}" name="${name}">${options.map(
    ([one, text]) => html`<option value="${one}"${one === value && html` selected`}>${text}</option>`,
  )}</select></div>`;

/** The way to the next page of a long list, and back to its beginning. */
export const more = (
  { say }: Frame,
  { first, next }: { first?: string | undefined; next?: string | undefined },
): Html | false =>
  (first !== undefined || next !== undefined) &&
  html`<p class="more">${first !== undefined && html`<a class="button" href="${first}">${say('console.first')}</a>`}
${next !== undefined && html`<a class="button" href="${next}">${say('console.next')}</a>`}</p>`;
