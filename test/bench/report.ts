import type { Row } from './measure.ts';

/** One line of the table: what was to be reached, and what was. */
export interface Figure {
  figure: string;
  target: string;
  measured: string;
  met: boolean;
}

const number = (value: number | undefined, digits: number): string =>
  value === undefined || Number.isNaN(value) ? '—' : value.toLocaleString('en', digitsOf(digits));
const digitsOf = (digits: number) => ({ minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Columns side by side; the first `left` are texts. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], left = 2): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column < left ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n');
}

/** The measured paths; `others` are the servers that each row is compared with. */
export function rowsTable(rows: readonly Row[], others: readonly string[]): string {
  const head = [
    'path',
    'server',
    'per second',
    'p50 ms',
    'p99 ms',
    'CPU µs',
    ...others.map((name) => `× ${name}`),
    'RSS MiB',
  ];
  const cells = rows.map((row) => [
    row.path,
    row.server,
    number(row.rate, 0),
    number(row.p50, 2),
    number(row.p99, 2),
    number(row.cpu, 0),
    ...others.map((name) => (name === row.server ? '1' : number(row.ratios[name], 2))),
    number(row.memory, 0),
  ]);
  return table(head, cells);
}

/** What a reader must know to believe the rows. */
export function doubts(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => [
    ...(row.busy > 0.9
      ? [`${row.path}, ${row.server}: the generator took ${number(row.busy * 100, 0)} % of a core and was the limit`]
      : []),
    ...(row.failures > 0
      ? [`${row.path}, ${row.server}: ${row.failures} connections ended early; the first: ${row.failure}`]
      : []),
  ]);
}

export const figuresTable = (figures: readonly Figure[]): string =>
  table(
    ['figure', 'target', 'measured', ''],
    figures.map(({ figure, target, measured, met }) => [figure, target, measured, met ? 'met' : 'NOT MET']),
    4,
  );
