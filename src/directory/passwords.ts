import { Problem } from '../kernel/errors.ts';

/** Words, keyboard rows and names from the top of every leaked list (three letters and more); longer ones first where one holds another. */
const common = `passwords password passwort passw0rd parola contrasena motdepasse administrator admin root user username
  login logon signin access master default guest test testing demo sample example changeme letmein welcome willkommen
  bienvenue hello iloveyou loveyou lovely love forever baby angel princess prince sunshine flower butterfly chocolate
  cookie cheese pepper ginger banana orange summer winter spring autumn monday friday january june july august october
  december monkey dragon tiger lion eagle falcon shadow phoenix unicorn kitty puppy soccer football fussball baseball
  basketball hockey tennis golf golfer ranger hunter killer warrior ninja samurai pirate wizard merlin batman superman
  spiderman ironman starwars startrek pokemon naruto minecraft mustang ferrari porsche mercedes harley yamaha corvette
  camaro computer internet server windows linux oracle google facebook microsoft apple samsung secret private secure
  security trustno trust whatever nothing blink freedom jesus christ michael jennifer jessica jordan thomas robert
  daniel andrew joshua matthew charlie ashley amanda nicole michelle george maggie hannah sophie william qwertyuiop
  qwertzuiop asdfghjkl zxcvbnm yxcvbnm azerty qwerty qwertz asdfgh asdf zxcv yxcv qazwsx wsxedc abcdefghijklmnopqrstuvwxyz
  abcdefgh abcdef abcd abc xyz sallyport`
  .split(/\s+/)
  .sort((a, b) => b.length - a.length);

/** What people write instead of a letter, and every guessing program undoes. */
const disguises: Record<string, string> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '!': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
  '7': 't',
};

const least = 15;
const most = 1000;

/** Why a password cannot be used. */
export type Weakness = 'short' | 'long' | 'own-name' | 'service' | 'guessable' | 'stolen';

const sentences: Readonly<Record<Weakness, (characters: number) => string>> = {
  short: (characters) =>
    `The password has ${characters} characters; it needs at least ${least}, and a few words do well`,
  long: () => `The password may have at most ${most} characters`,
  'own-name': () => 'The password must not contain the name in the e-mail address; choose other words',
  service: () => 'The password must not contain the name of this service',
  guessable: () => 'The password is one of the first to be guessed; choose a few words that do not belong together',
  stolen: () =>
    'The password is in lists of passwords that were stolen from other services; choose one that you use nowhere else',
};

/** `weak_password`: the password cannot be used. The sentence says why, and what would do; pages say it by `why`. */
export class WeakPassword extends Problem {
  readonly why: Weakness;
  readonly characters: number;

  constructor(why: Weakness, characters: number) {
    super({ code: 'weak_password', status: 400, sentence: sentences[why](characters) });
    this.why = why;
    this.characters = characters;
  }
}

/** What a password must have at least, and may have at most (characters). */
export const passwordLength = { least, most };

/** Characters as people count them (code points) of the one spelling that is hashed (NFC). */
const spelled = (password: string): string[] => [...password.normalize('NFC')];

/** Whether the text is too long to be anybody's password, so that it need not be hashed. */
export const tooLong = (password: string): boolean => spelled(password).length > most;

/**
 * Throws `weak_password` for a new password that is too short, too long or among the first to be guessed
 * (NIST SP 800-63B-4 §3.1.1.2). No rules about kinds of characters: they make passwords worse.
 */
export function refuseWeak(password: string, email: string): void {
  const characters = spelled(password);
  const refuse = (why: Weakness) => new WeakPassword(why, characters.length);
  if (characters.length < least) throw refuse('short');
  if (characters.length > most) throw refuse('long');
  const text = characters.join('').toLowerCase();
  const [name = ''] = email.normalize('NFC').toLowerCase().split('@');
  if (name.length > 2 && text.includes(name)) throw refuse('own-name');
  if (text.includes('sallyport')) throw refuse('service');
  if (isGuessable(text)) throw refuse('guessable');
}

/** Whether a password is known from a theft somewhere else. */
export type Breached = (password: string) => Promise<boolean>;

/** Throws `weak_password` for a password that was stolen somewhere: it is among the first that are tried elsewhere. */
export async function refuseBreached(password: string, breached: Breached): Promise<void> {
  if (!(await breached(password.normalize('NFC')))) return;
  throw new WeakPassword('stolen', spelled(password).length);
}

/** Of a good password, much is left when common words, years, runs and repeats are taken out. */
function isGuessable(text: string): boolean {
  if (new Set(text).size < 5 || /^(.{1,12}?)\1+.{0,3}$/su.test(text)) return true;
  const plain = text.replace(/[@4310!$57]/g, (character) => disguises[character] ?? character);
  return [text, plain].some((spelling) => [...withoutCommon(spelling)].length < 5);
}

function withoutCommon(text: string): string {
  let rest = text;
  for (const word of common) rest = rest.replaceAll(word, ' ');
  return withoutRuns(rest.replace(/(?:19|20)\d\d/g, ' ')).replace(/[\s!-@[-`{-~]/g, '');
}

/** Takes out `1234`, `zyx`, `aaaa`: three or more neighbours in the order of the alphabet, back or in place. */
function withoutRuns(text: string): string {
  let rest = '';
  let run = '';
  let step: number | undefined;
  for (const character of `${text}\0`) {
    const next = run === '' ? undefined : (character.codePointAt(0) ?? 0) - (run.codePointAt(run.length - 1) ?? 0);
    if (next !== undefined && Math.abs(next) <= 1 && (step === undefined || next === step)) {
      run += character;
      step = next;
      continue;
    }
    if (run.length < 3) rest += run;
    run = character;
    step = undefined;
  }
  return rest;
}
