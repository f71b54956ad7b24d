import assert from 'node:assert/strict';
import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { settingsFile } from '../support/settings.ts';
import { temporaryPath } from '../support/temporary.ts';

const launcher = join(import.meta.dirname, '../../bin/sallyport.js');

function sallyport(args: string[], environment: Record<string, string> = {}) {
  const options: SpawnSyncOptionsWithStringEncoding = {
    env: { PATH: process.env.PATH, ...environment },
    encoding: 'utf8',
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], options);
  return { status, stdout, stderr };
}

describe('sallyport config check', () => {
  it('says in one line that all is well', () => {
    const { status, stdout, stderr } = sallyport(['config', 'check']);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^The configuration is fine: .*development\.yaml, development, http:\/\/localhost:3000\n$/);
  });

  it('ends with 2 and a line for each problem: path, what is wrong, what to do, variable', () => {
    const { status, stdout, stderr } = sallyport(['config', 'check'], {
      NODE_ENV: 'production',
      SALLYPORT_PORT: 'x',
      SALLYPORT_MAIL_URL: 'smtp://mail.example.com',
    });
    assert.deepEqual([status, stdout], [2, '']);
    const lines = stderr.trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => line.split(':')[0]),
      ['port', 'issuer', 'issuer', 'masterKey'],
    );
    assert.equal(lines[0], 'port: must be a number (SALLYPORT_PORT)');
  });

  it('says the same to programs', () => {
    const environment = { SALLYPORT_CONFIG: settingsFile('prot: 1') };
    const { status, stdout } = sallyport(['config', 'check', '--json'], environment);
    assert.equal(status, 2);
    assert.deepEqual(JSON.parse(stdout).problems, [{ path: 'prot', sentence: 'is not a setting; did you mean port?' }]);
  });

  it('remarks on what works but is probably not meant, and still ends with 0', () => {
    const { status, stderr } = sallyport(['config', 'check'], { SALLYPORT_ISUER: 'x' });
    assert.deepEqual([status, stderr], [0, 'note: SALLYPORT_ISUER: is set, but Sallyport knows no such variable\n']);
  });
});

describe('sallyport config schema', () => {
  it('prints a JSON Schema without what editors do not know', () => {
    const { status, stdout } = sallyport(['config', 'schema']);
    const schema = JSON.parse(stdout);
    assert.equal(status, 0);
    assert.equal(schema.properties.port.maximum, 65_535);
    assert.match(schema.properties.store.description, /\(SALLYPORT_STORE\)$/);
    assert.deepEqual(Object.keys(schema.properties.store).sort(), ['default', 'description', 'type']);
  });
});

describe('sallyport', () => {
  it('shows every command, and ends with 2 when none was asked for', () => {
    const shown = sallyport(['--help']);
    assert.equal(shown.status, 0);
    assert.match(shown.stdout, /^ {2}config check +Say everything/m);
    assert.deepEqual(sallyport([]), { ...shown, status: 2 });
  });

  it('shows the commands of a noun, and how one of them is used', () => {
    assert.match(sallyport(['config', '--help']).stdout, /config schema/);
    assert.match(
      sallyport(['config', 'check', '--help']).stdout,
      /^sallyport config check \[--json\]\n[\s\S]*--json +Print/,
    );
  });

  const misuses: [string, string[], RegExp][] = [
    ['an unknown noun', ['gateways'], /^sallyport: there is no such command; the nouns are .*config/],
    [
      'an unknown verb',
      ['config', 'chek'],
      /^sallyport: config knows check, schema, show; see: sallyport config --help\n$/,
    ],
    [
      'an unknown option',
      ['config', 'check', '--secret=a'],
      /^sallyport: Unknown option '--secret'; usage: sallyport config check/,
    ],
    ['an argument too many', ['config', 'check', 'a'], /^sallyport: expected no further argument, got 1; usage: /],
  ];
  for (const [name, args, expected] of misuses) {
    it(`ends with 2 and one line after ${name}`, () => {
      const { status, stderr } = sallyport(args);
      assert.equal(status, 2);
      assert.match(stderr, expected);
      assert.equal(stderr.trimEnd().split('\n').length, 1);
    });
  }

  it('answers under the name of the package, as npx calls it', () => {
    const { status, stdout } = spawnSync('npx', ['--offline', 'sallyport', 'config', 'check'], {
      cwd: join(import.meta.dirname, '../..'),
      encoding: 'utf8',
    });
    assert.equal(status, 0);
    assert.match(stdout, /^The configuration is fine/);
  });
});

describe('the launcher, under a Node.js that is too old', () => {
  /** Runs a launcher that takes its Node.js for an old one, somewhere else; one that it calls knows better. */
  function underOld(file: string, args: string[]) {
    const preload = temporaryPath('older.cjs');
    mkdirSync(dirname(preload), { recursive: true });
    writeFileSync(
      preload,
      `if (!process.env.CALLED_AGAIN) {
        process.env.CALLED_AGAIN = 'yes';
        process.execPath = '/usr/bin/node';
        Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });
      }`,
    );
    const options = { encoding: 'utf8', env: { PATH: process.env.PATH } } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', preload, file, ...args], options);
    return { status, stdout, stderr };
  }

  it('hands over to the pinned one, and hands back what came of it', () => {
    const fine = underOld(launcher, ['config', 'check']);
    assert.deepEqual([fine.status, fine.stderr], [0, '']);
    assert.match(fine.stdout, /^The configuration is fine/);
    assert.equal(underOld(launcher, ['config', 'chek']).status, 2);
  });

  it('says so in one line when the pinned one is not installed', () => {
    const alone = temporaryPath('sallyport.mjs');
    mkdirSync(dirname(alone), { recursive: true });
    copyFileSync(launcher, alone);
    const { status, stdout, stderr } = underOld(alone, ['config', 'check']);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /^sallyport: this is Node\.js 20\.20\.2, and 24\.8 or newer is needed: run "npm ci".*\n$/);
  });
});

describe('sallyport completion', () => {
  it('prints what completes words and options in a shell', () => {
    const { status, stdout } = sallyport(['completion', 'bash']);
    assert.equal(status, 0);
    const tries = [['cli'], ['client', 'a'], ['client', 'approve', 'x', '--t'], ['connection', 'domain', 'v']];
    const asked = tries.map((words) => {
      const typed = ['sallyport', ...words].map((word) => `'${word}'`).join(' ');
      return (
        `COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _sallyport sallyport '${words.at(-1)}'; echo "$` +
        '{COMPREPLY[*]}"'
      );
    });
    const said = spawnSync('bash', ['-c', [stdout, ...asked].join('\n')], { encoding: 'utf8' });
    assert.deepEqual([said.stdout, said.stderr], ['client\nadd approve\n--tier\nverify\n', '']);
    assert.match(sallyport(['completion', 'zsh']).stdout, /^autoload .*bashcompinit/);
    assert.deepEqual(sallyport(['completion', 'tcsh']).status, 2);
  });
});
