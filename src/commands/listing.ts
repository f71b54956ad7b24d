/** A table for people: a line of titles, then one line for each row, in columns. */
export function columns(titles: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const lines = [titles.map((title) => title.toUpperCase()), ...rows.map((row) => row.map(shown))];
  const widths = titles.map((_, index) => Math.max(...lines.map((line) => (line[index] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One line for each member: name and value. */
export function facts(record: object): string {
  const rows = Object.entries(record).filter(([, value]) => value !== undefined);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${shown(value)}`).join('\n');
}

/** Values on one line. What is printed may come from strangers, so nothing in it can steer the terminal. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(shown).join(', ');
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(/\p{C}/gu, '\ufffd');
}

/** The first of many names, and how many more there are: a line of a table that all of them would make unreadable. */
export function few(names: readonly string[], most = 6): string[] {
  return names.length <= most + 1 ? [...names] : [...names.slice(0, most), `and ${names.length - most} more`];
}

/** Seconds since the epoch as people read them. */
export const moment = (seconds: number | undefined): string | undefined =>
  seconds === undefined ? undefined : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

/** Of these names, those under which `find` finds nothing. */
export async function unknown(names: readonly string[], find: (name: string) => Promise<unknown>): Promise<string[]> {
  const found = await Promise.all(names.map(find));
  return names.filter((_, index) => found[index] === undefined);
}
