import assert from 'node:assert/strict';
import type { Browser, Page } from './browser.ts';

const decoded = (text: string): string =>
  text.replaceAll(
    /&(amp|lt|gt|quot|#39);/g,
    (_, name) => ({ amp: '&', lt: '<', gt: '>', quot: '"' })[String(name)] ?? "'",
  );

const attribute = (tag: string, name: string): string | undefined => {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return found === undefined ? undefined : decoded(found);
};

/** What the form of a page of the console would send as it is: the one in its content, after search and filters. */
export function fieldsOf({ text }: Page): Record<string, string> {
  const [, form] = /<main[\s\S]*?<form method="post"[^>]*>([\s\S]*?)<\/form>/.exec(text) ?? [];
  assert.ok(form !== undefined, `there is no form on this page: ${text}`);
  const inputs = [...form.matchAll(/<input[^>]*>/g)]
    .filter(([tag]) => !/\stype="checkbox"/.test(tag) || /\schecked\b/.test(tag))
    .map(([tag]) => [attribute(tag, 'name') ?? '', attribute(tag, 'value') ?? '']);
  const areas = [...form.matchAll(/(<textarea[^>]*>)\n?([\s\S]*?)<\/textarea>/g)].map(([, tag = '', value = '']) => [
    attribute(tag, 'name') ?? '',
    decoded(value),
  ]);
  const choices = [...form.matchAll(/(<select[^>]*>)([\s\S]*?)<\/select>/g)].map(([, tag = '', options = '']) => {
    const [, marked = '', shown = ''] =
      /<option([^>]*\sselected[^>]*)>([^<]*)/.exec(options) ?? /<option([^>]*)>([^<]*)/.exec(options) ?? [];
    return [attribute(tag, 'name') ?? '', attribute(marked, 'value') ?? decoded(shown)];
  });
  return Object.fromEntries([...inputs, ...areas, ...choices]);
}

/** Sends that form with these fields other than they are (undefined: a box that is no longer ticked); answers the page after it. */
export async function follow(
  browser: Browser,
  page: Page,
  changed: Record<string, string | undefined> = {},
): Promise<Page> {
  const fields = Object.entries({ ...fieldsOf(page), ...changed }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const sent = await browser.send('POST', page.url, Object.fromEntries(fields));
  return sent.headers.location === undefined ? sent : browser.open(new URL(sent.headers.location, page.url));
}

/** The cells of the first table of a page, row by row, as they are read out: a mark by its label. */
export const rowsOf = ({ text }: Page): string[][] => {
  const [, body = ''] = /<tbody>([\s\S]*?)<\/tbody>/.exec(text) ?? [];
  return [...body.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, cell = '']) =>
      decoded(cell.replaceAll(/<b [^>]*aria-label="([^"]*)"[^>]*>[^<]*<\/b>/g, '$1').replaceAll(/<[^>]*>/g, '')),
    ),
  );
};
