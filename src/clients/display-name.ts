import { problem } from '../kernel/errors.ts';

const invalidName = problem('invalid_client_metadata', 400, (sentence: string) => `client_name ${sentence}`);

const longest = 100;

/** Letters of other scripts that look like Latin ones: within one word they are there to deceive. */
const latin = /\p{Script=Latin}/u;
const lookalike = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}]/u;

/** A name as people will read it on the consent page, in NFC. Throws `invalid_client_metadata`. */
export function displayName(given: unknown): string {
  if (typeof given !== 'string') throw invalidName('must be a text');
  const name = given.normalize('NFC').trim();
  if (name === '' || [...name].length > longest) throw invalidName(`must have 1 to ${longest} characters`);
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(name)) {
    throw invalidName('must not have control, invisible or direction-changing characters');
  }
  if (/\p{M}{4}/u.test(name)) throw invalidName('must not have more than three marks on a letter');
  if (name.split(/[^\p{L}\p{M}\p{N}]+/u).some((word) => latin.test(word) && lookalike.test(word))) {
    throw invalidName('must not mix letters of several alphabets in one word');
  }
  return name;
}

const twins: Record<string, string> = {
  а: 'a',
  в: 'b',
  е: 'e',
  ё: 'e',
  і: 'i',
  ї: 'i',
  ј: 'j',
  к: 'k',
  м: 'm',
  н: 'h',
  о: 'o',
  р: 'p',
  с: 'c',
  ѕ: 's',
  т: 't',
  у: 'y',
  х: 'x',
  α: 'a',
  β: 'b',
  ε: 'e',
  ι: 'i',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  τ: 't',
  υ: 'u',
  χ: 'x',
  '0': 'o',
  '1': 'l',
  i: 'l',
  '|': 'l',
  '5': 's',
  '3': 'e',
  '4': 'a',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
};

/** What is left of a name when spelling, marks, spaces and lookalikes are taken out: equal for names that pass for one another. */
export const skeleton = (name: string): string =>
  [...name.normalize('NFKD').toLowerCase()]
    .map((character) => twins[character] ?? character)
    .join('')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
