import { hashPassword, passwordFits } from '../kernel/crypto.ts';
import { group, inGroup, plain } from './typed-code.ts';

/** One code that is left: the group that it begins with, by which it is found, and the hash of the rest. */
export interface KeptCode {
  group: string;
  /** argon2id, PHC string, with a salt of its own. */
  hash: string;
}

/** Of the five groups, the four that are secret hold 27 to the power of 16: 76 bits (NIST SP 800-63B-4 §4.2.1.1 wants 64). */
const groups = 5;
const howMany = 10;

/** Ten new codes, to be shown once, and what is kept of them. */
export async function newCodes(): Promise<{ codes: string[]; kept: KeptCode[] }> {
  const firsts = new Set<string>();
  while (firsts.size < howMany) firsts.add(group());
  const codes = [...firsts].map((first) => [first, ...Array.from({ length: groups - 1 }, group)].join('-'));
  const kept: KeptCode[] = [];
  for (const code of codes) kept.push({ group: code.slice(0, inGroup), hash: await hashPassword(secretOf(code)) });
  return { codes, kept };
}

/**
 * Which of these codes was typed. Each guess costs one derivation, whether its first group is known or not, so that ten codes
 * do not cost ten and time tells nothing.
 */
export async function codeOf(kept: readonly KeptCode[], typed: string): Promise<KeptCode | undefined> {
  const text = plain(typed);
  if (text.length !== groups * inGroup) return undefined;
  const meant = kept.find((one) => one.group === text.slice(0, inGroup));
  const other = meant ?? kept[0];
  const fits = other !== undefined && (await passwordFits(other.hash, secretOf(text)));
  return fits ? meant : undefined;
}

const secretOf = (code: string): string => plain(code).slice(inGroup);
