import { randomInt } from 'node:crypto';

/** Nothing that is hard to tell apart, or reads like a word: 27 of them. */
const letters = 'bcdfghjkmnpqrstvwxz23456789';

/** So many letters are in a group of a code that people type. */
export const inGroup = 4;

/** One group of such a code, at random: 27 to the power of 4. */
export const group = (): string => Array.from({ length: inGroup }, () => letters[randomInt(letters.length)]).join('');

/** A code as it is typed: in any case, with or without what parts the groups. */
export const plain = (typed: string): string => typed.toLowerCase().replaceAll(/[\s-]/g, '');
