import { invalid } from '../kernel/errors.ts';

/** Roots of passwords that attackers try first (NIST SP 800-63B-4 §3.1.1.2); repeats and sequences are caught by shape. */
const common = ['password', 'passwort', 'qwerty', 'letmein', 'welcome', 'iloveyou', 'administrator', 'sallyport', 'changeme'];

const onlyCommon = (text: string, words: readonly string[]): boolean => {
  let rest = text.toLowerCase();
  for (const word of words) if (word.length > 2) rest = rest.replaceAll(word, '');
  return rest.replace(/[\d\s!@#$%^&*._-]/g, '').length < 4;
};

/** Throws `invalid` for a password that is too short, too long or easily guessed; says which, and what would do. */
export function refuseWeak(password: string, email: string): void {
  const text = password.normalize('NFC');
  const length = [...text].length;
  if (length < 15) throw invalid('The password must have at least 15 characters; several words do well');
  if (length > 1000) throw invalid('The password must have at most 1000 characters');
  if (new Set(text.toLowerCase()).size < 5) throw invalid('The password repeats too few characters; choose several words');
  const [name = ''] = email.split('@');
  if (onlyCommon(text, [...common, name])) {
    throw invalid('The password is made of words that are guessed first; choose several others');
  }
}
