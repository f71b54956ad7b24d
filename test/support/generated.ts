import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchema, type Setting, settings } from '../../src/config/settings.ts';

const root = join(import.meta.dirname, '../..');

const marks = { begin: '<!-- settings: written by `npm run generate` -->', end: '<!-- /settings -->' };

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

function readme(): string {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const [before, rest] = [text.indexOf(marks.begin), text.indexOf(marks.end)];
  if (before < 0 || rest < before) throw new Error('README.md has lost the marks around the table of settings');
  return `${text.slice(0, before)}${marks.begin}\n${table()}\n${text.slice(rest)}`;
}

/** Files that are printed from the code, with the content they should have. */
export const generated = (): { file: string; content: string }[] => [
  { file: join(root, 'README.md'), content: readme() },
  { file: join(root, 'config/schema.json'), content: `${JSON.stringify(jsonSchema(), undefined, 2)}\n` },
];

if (import.meta.main) for (const { file, content } of generated()) writeFileSync(file, content);
