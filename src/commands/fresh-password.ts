import { randomInt } from 'node:crypto';

/** Consonants that are hard to confuse: nothing that reads like a word, or like another letter. */
const letters = 'bcdfghjkmnpqrstvwxz';

const group = (): string => Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('');

/** A random password that can be read out and typed (85 bits), without the name in this e-mail address. */
export function freshPassword(email: string): string {
  const [name = ''] = email.toLowerCase().split('@');
  for (;;) {
    const password = [group(), group(), group(), group()].join('-');
    if (name === '' || !password.includes(name)) return password;
  }
}
