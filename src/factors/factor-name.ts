import type { FactorKind } from './factor.ts';

/** As long as a name on a page may be (characters). */
const longest = 60;

const usual: Record<FactorKind, string> = {
  totp: 'Authenticator app',
  webauthn: 'Security key',
  'recovery-codes': 'Recovery codes',
};

/** A name as people typed it or a browser gave it: in one line, and cut. */
export function oneLine(typed: string): string {
  const name = typed
    .normalize('NFC')
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  return [...name].slice(0, longest).join('').trim();
}

/** The name under which a factor is kept; what its kind is called where nothing was typed. */
export const factorName = (typed: string, { kind, passkey }: { kind: FactorKind; passkey: boolean }): string =>
  oneLine(typed) || (passkey ? 'Passkey' : usual[kind]);
