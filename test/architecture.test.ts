import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { broken, type Source } from './support/house-rules.ts';

const root = join(import.meta.dirname, '..');

const source = (path: string, ...lines: string[]): Source => ({ path, text: lines.join('\n') });

describe('the house', () => {
  it('keeps its rules', () => {
    const paths = globSync('{src,views,test,bin}/**/*.{ts,js}', { cwd: root }).sort();
    const sources = paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
    assert.deepEqual(broken(sources), []);
  });
});

describe('the rules of the house', () => {
  const caught: [string, Source[], RegExp][] = [
    [
      'a capability that uses another',
      [source('src/clients/a.ts', "import { b } from '../directory/b.ts';")],
      /may not use directory/,
    ],
    [
      'a route that reads the store',
      [source('src/routes/a.ts', "import type { Store } from '../store/port.ts';")],
      /may not use store/,
    ],
    [
      'a kernel that knows the house',
      [source('src/kernel/a.ts', "export { b } from '../config/b.ts';")],
      /may not use config/,
    ],
    [
      'a folder that uses the composition',
      [source('src/signin/a.ts', "import { b } from '../app.ts';")],
      /may not use root/,
    ],
    [
      'a late import across',
      [source('src/store/a.ts', "const b = await import('../audit/b.ts');")],
      /may not use audit/,
    ],
    [
      'an import over several lines',
      [source('src/store/a.ts', 'import {', '  b,', "} from '../audit/b.ts';")],
      /may not use audit/,
    ],
    [
      'a view that does more than show',
      [source('views/a.ts', "import { b } from '../src/kernel/log.ts';")],
      /may not use kernel/,
    ],
    [
      'settings read at import in http',
      [source('src/http/a.ts', "import { schema } from '../config/schema.ts';")],
      /more than types/,
    ],
    [
      'a library by another door',
      [source('src/clients/a.ts', "import { MongoClient } from 'mongodb';")],
      /another door/,
    ],
    [
      'a cycle',
      [
        source('src/store/a.ts', "import { b } from './b.ts';"),
        source('src/store/b.ts', "import { c } from './c.ts';"),
        source('src/store/c.ts', "import { a } from './a.ts';"),
      ],
      /cycle: src\/store\/a\.ts → src\/store\/b\.ts → src\/store\/c\.ts → src\/store\/a\.ts/,
    ],
    ['a long file', [source('test/a.test.ts', ...Array<string>(302).fill('//'))], /more than 300 lines/],
    ['a drawer for everything', [source('src/http/utils/a.ts', '')], /says nothing/],
    ['a folder nobody planned', [source('src/payments/a.ts', '')], /not in the plan/],
    ['a barrel', [source('src/clients/index.ts', '')], /barrel/],
    ['an export of everything', [source('src/clients/a.ts', "export * from './b.ts';")], /hands on everything/],
    ['a setting that is read aside', [source('src/http/a.ts', 'const level = process.env.LEVEL;')], /process\.env/],
    ['a silenced check', [source('src/http/a.ts', `// @ts-${'ignore'}`)], /silences/],
    ['an export without a promise', [source('src/http/a.ts', 'export const a = 1;')], /nothing says/],
    ['a sixth file in the kernel', [1, 2, 3, 4, 5, 6].map((n) => source(`src/kernel/a${n}.ts`, '')), /more than five/],
    [
      'a command that loads the library of the server',
      [
        source('src/commands/a.ts', "import { b } from '../protocol/b.ts';"),
        source('src/protocol/b.ts', "import { errors } from 'oidc-provider';"),
      ],
      /only a server needs/,
    ],
  ];
  for (const [name, sources, expected] of caught) {
    it(`catch ${name}`, () => assert.match(broken(sources).join('\n'), expected));
  }

  it('let through what is allowed', () => {
    const sources = [
      source('src/signin/a.ts', "import { b } from '../directory/b.ts';", "import { c } from '../kernel/errors.ts';"),
      source('src/directory/b.ts', "import type { A } from './c.ts';"),
      source('src/directory/c.ts', "import { type D, type E } from './b.ts';", "import { F } from './b.ts';"),
      source('src/commands/a.ts', "import { openHouse } from '../house.ts';", "import { parse } from 'yaml';"),
      source('views/a.ts', "import { html } from '../src/kernel/html.ts';", "import { b } from './b.ts';"),
    ];
    assert.deepEqual(broken(sources), []);
  });
});
