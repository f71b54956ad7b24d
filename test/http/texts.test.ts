import assert from 'node:assert/strict';
import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { html } from '../../src/kernel/html.ts';
import english from '../../views/locales/en.json' with { type: 'json' };
import { duration, language, listed } from '../../views/words.ts';
import { bareTexts } from '../support/bare-texts.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'views/locales');
type Texts = Record<string, string>;
const files: [string, Texts][] = readdirSync(folder).map((file) => [
  file.replace('.json', ''),
  JSON.parse(readFileSync(join(folder, file), 'utf8')),
]);

const forms = /\.(?:zero|one|two|few|many|other)$/;
const gaps = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).sort();

/** Names of texts that have several forms. */
const counted = Object.keys(english).flatMap((key) =>
  key.endsWith('.one') && key.replace(/one$/, 'other') in english ? [key.replace(/\.one$/, '')] : [],
);
const nameOf = (key: string): string => {
  const name = key.replace(forms, '');
  return counted.includes(name) ? name : key;
};

describe('the texts of a language', () => {
  for (const [tag, texts] of files) {
    it(`${tag} are those of English, each with what it fills in, in the order of their names`, () => {
      const wanted = [
        ...Object.keys(english).filter((key) => nameOf(key) === key),
        ...counted.flatMap((name) =>
          new Intl.PluralRules(tag).resolvedOptions().pluralCategories.map((form) => `${name}.${form}`),
        ),
      ].sort();
      assert.deepEqual(Object.keys(texts).sort(), wanted);
      assert.deepEqual(Object.keys(texts), wanted, 'sorted');
      for (const [key, text] of Object.entries(texts)) {
        const model = (english as Texts)[key] ?? (english as Texts)[`${nameOf(key)}.other`] ?? '';
        // "A second" needs no number, whatever the language.
        const needed = gaps(model).filter((name) => name !== 'count' || nameOf(key) === key);
        assert.deepEqual(
          gaps(text).filter((name) => name !== 'count' || nameOf(key) === key),
          needed,
          key,
        );
        assert.equal(text, text.trim(), key);
        assert.notEqual(text, '', key);
      }
    });
  }

  it('are all used', () => {
    const sources = globSync('{src,views}/**/*.ts', { cwd: root }).map((path) =>
      readFileSync(join(root, path), 'utf8'),
    );
    const patterns = sources.flatMap((text) =>
      [...text.matchAll(/['`]([a-z][\w-]*(?:\.(?:[\w-]|\$\{[^}]*\})+)+)['`]/g)].map(([, literal = '']) => literal),
    );
    const exact = new Set(patterns);
    const open = patterns
      .filter((pattern) => pattern.includes('${'))
      .map((pattern) => new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll(/\$\{[^}]*\}/g, '[\\w.-]+')}$`));
    const unused = Object.keys(english)
      .map(nameOf)
      .filter((key) => key !== 'language' && !exact.has(key) && !open.some((pattern) => pattern.test(key)));
    assert.deepEqual(unused, []);
  });

  it('German has its own quotation marks, and speaks to people formally', () => {
    const german = Object.entries(files.find(([tag]) => tag === 'de')?.[1] ?? {});
    for (const [key, text] of german) {
      assert.doesNotMatch(text, /["'”]|\.\.\.| - |\b(?:du|dein|deine|deinen|deiner|dich|dir|dass dein)\b/i, key);
      assert.equal(text.split('„').length, text.split('“').length, key);
    }
  });
});

describe('a text', () => {
  const { say } = language('de', {
    language: 'Deutsch',
    'signin.title': 'Bei {client} anmelden',
    'wait.minutes.one': 'eine Minute',
    'wait.minutes.other': '{count} Minuten',
  });

  it('is escaped where it is filled in, unless that is HTML already', () => {
    assert.equal(String(say('signin.title', { client: '<b>&' })), 'Bei &lt;b&gt;&amp; anmelden');
    assert.equal(String(say('signin.title', { client: html`<b>${'<'}</b>` })), 'Bei <b>&lt;</b> anmelden');
  });

  it('is English where the language lacks it', () => {
    assert.equal(String(say('signin.submit')), 'Sign in');
    assert.equal(String(say('wait.seconds', { count: 3 })), '3 seconds');
  });

  it('has the form of its number', () => {
    assert.deepEqual(
      [1, 2].map((count) => String(say('wait.minutes', { count }))),
      ['eine Minute', '2 Minuten'],
    );
    const polish = language('pl', { 'wait.minutes.few': '{count} minuty', 'wait.minutes.other': '{count} minut' });
    assert.deepEqual(
      [2, 5].map((count) => String(polish.say('wait.minutes', { count }))),
      ['2 minuty', '5 minut'],
    );
  });

  it('of a time to wait is as short as it can be', () => {
    const { say: inEnglish } = language('en', {});
    const words = [0, 1, 1.2, 89, 90, 121].map((seconds) => String(duration(inEnglish, seconds)));
    assert.deepEqual(words, ['a second', 'a second', '2 seconds', '89 seconds', '2 minutes', '3 minutes']);
  });

  it('of several things joins them as the language does', () => {
    assert.equal(String(listed('en', ['a', html`<b>b</b>`, '<'])), 'a, <b>b</b>, and &lt;');
    assert.equal(String(listed('de', ['a', 'b'])), 'a und b');
  });
});

describe('a view', () => {
  for (const path of globSync('views/**/*.ts', { cwd: root })) {
    it(`has no text of its own: ${path}`, () => {
      assert.deepEqual(bareTexts(readFileSync(join(root, path), 'utf8')), []);
    });
  }

  const bare: [string, string][] = [
    ['between tags', `html\`<p>Hello \${name}</p>\``],
    ['in an attribute that is read aloud', `html\`<nav aria-label="Rooms">\${name}</nav>\``],
    ['in a value', `html\`<p>\${wrong ? 'This is wrong' : say('x.right')}</p>\``],
    ['in a template inside of another', `html\`<p>\${all.map((one) => html\`<b>\${one} times</b>\`)}</p>\``],
  ];
  for (const [name, source] of bare) {
    it(`is caught with a text ${name}`, () => assert.notDeepEqual(bareTexts(source), []));
  }

  it('may have attributes, values and names', () => {
    const said = `<p class="notice wide"\${wrong && html\` hidden\`}>Sallyport \${say('x.y')}</p>`;
    assert.deepEqual(bareTexts(`html\`${said} · API &amp; <code>sallyport start</code>\``), []);
  });
});

describe('a new language', () => {
  const copy = mkdtempSync(join(tmpdir(), 'sallyport-texts-'));
  after(() => rmSync(copy, { recursive: true }));

  it('is one more file', async () => {
    for (const name of ['src', 'views']) cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    writeFileSync(join(copy, 'package.json'), '{"type":"module"}');
    const french = { language: 'Français', 'signin.submit': 'Se connecter' };
    writeFileSync(join(copy, 'views/locales/fr-CA.json'), JSON.stringify(french));
    const { languageChoices, languageOf }: typeof import('../../src/routes/languages.ts') = await import(
      pathToFileURL(join(copy, 'src/routes/languages.ts')).href
    );
    assert.deepEqual(
      languageChoices.find(([tag]) => tag === 'fr-CA'),
      ['fr-CA', 'Français'],
    );
    const { tag, say } = languageOf(['xx', 'FR-ca-x-any', 'de']);
    assert.deepEqual(
      [tag, String(say('signin.submit')), String(say('signin.password'))],
      ['fr-CA', 'Se connecter', 'Password'],
    );
  });
});
