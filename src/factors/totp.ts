import { generateSecret, generateURI, verifySync } from 'otplib';

/** RFC 6238 as every authenticator app knows it: SHA-1, six digits, a new code every 30 seconds. */
const period = 30;
/** 160 bits, which RFC 4226 §4 recommends. */
const secretBytes = 20;

const seconds = (): number => Math.floor(Date.now() / 1000);

/** A new secret, in base32. */
export const newSecret = (): string => generateSecret({ length: secretBytes });

/** What the QR code says: `otpauth://totp/…`. */
export const keyUri = (issuer: string, label: string, secret: string): string =>
  generateURI({ issuer, label, secret, period, digits: 6, algorithm: 'sha1' });

/**
 * The time step whose code this is: the current one or the one before, never one to come, and only one after `used`
 * (RFC 6238 §5.2). Undefined for every other text, whatever it is. Blanks do not count: apps show codes in groups.
 */
export function stepOf(secret: string, typed: string, used = -1): number | undefined {
  const token = typed.replaceAll(/\s/g, '');
  if (!/^[0-9]{6}$/.test(token)) return undefined;
  const epoch = seconds();
  // The library throws when the clock has been set back behind the last step.
  if (used >= Math.floor(epoch / period)) return undefined;
  const found = verifySync({
    secret,
    token,
    epoch,
    period,
    epochTolerance: [period, 0],
    ...(used < 0 ? {} : { afterTimeStep: used }),
  });
  return found.valid && 'timeStep' in found ? found.timeStep : undefined;
}
