import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchema, type Setting, settings } from '../../src/config/settings.ts';
import { guides } from '../../src/gateways/guides.ts';
import { type Kind, productOf } from '../../src/gateways/products.ts';

const root = join(import.meta.dirname, '../..');

/** The text of a file with this between the marks of its name. */
function filledIn(file: string, name: string, content: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  const marks = { begin: `<!-- ${name}: written by \`npm run generate\` -->`, end: `<!-- /${name} -->` };
  const [before, rest] = [text.indexOf(marks.begin), text.indexOf(marks.end)];
  if (before < 0 || rest < before) throw new Error(`${file} has lost the marks around ${name}`);
  return `${text.slice(0, before)}${marks.begin}\n${content}\n${text.slice(rest)}`;
}

function usual({ usual, unset }: Setting): string {
  if (unset !== undefined) return unset;
  if (usual === undefined) return '';
  if (Array.isArray(usual)) return 'none';
  return `\`${usual}\``;
}

const row = (setting: Setting): string =>
  `| \`${setting.path.join('.')}\` | \`${setting.env}\` | ${usual(setting)} | ${setting.description} |`;

/** The README's table of settings, as the schema has them. */
const table = (): string =>
  ['| setting | variable | default | meaning |', '| --- | --- | --- | --- |', ...settings.map(row)].join('\n');

const without = {
  request: 'next request',
  token: '**end of the token**',
  cache: 'what its own cache does',
  minute: '60 s',
} as const;
const kept = { seconds: 'N', exp: 'N by `exp`', same: 'the same' } as const;

function bounds(kind: Kind): string[] {
  const product = productOf(kind);
  const { measured, run, how } = product;
  return [
    without[product.without],
    kept[product.kept],
    measured === undefined ? '–' : `${measured.none} s, ${measured.five === undefined ? '–' : `${measured.five} s`}`,
    `${run ? 'yes' : 'no'}${how === undefined ? '' : `; ${how}`}`,
  ];
}

/** The table of docs/gateways.md that says how long something still counts at each kind, in columns as the formatter wants them. */
function boundsTable(): string {
  const titles = ['kind', 'asks', 'without kept seconds', 'with N kept seconds', 'measured: 0 kept, 5 kept'];
  const head = [...titles, 'run in our tests'];
  const rows = guides.map(({ kind, asks }) => [`\`${kind}\``, asks, ...bounds(kind)]);
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0, fill)).join(' | ')} |`;
  return [
    line(head),
    line(
      head.map(() => '-'),
      '-',
    ),
    ...rows.map((row) => line(row)),
  ].join('\n');
}

/** Files that are printed from the code, with the content they should have. */
export const generated = (): { file: string; content: string }[] => [
  { file: join(root, 'README.md'), content: filledIn('README.md', 'settings', table()) },
  { file: join(root, 'docs/gateways.md'), content: filledIn('docs/gateways.md', 'bounds', boundsTable()) },
  { file: join(root, 'config/schema.json'), content: `${JSON.stringify(jsonSchema(), undefined, 2)}\n` },
];

if (import.meta.main) for (const { file, content } of generated()) writeFileSync(file, content);
