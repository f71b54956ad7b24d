import { closeSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { checked } from './values.ts';

/** A file whose first line looks like one of Have I Been Pwned's; that it is sorted is seen when it is searched. */
const isHashFile = (path: string): string | undefined => {
  try {
    const file = openSync(path, 'r');
    try {
      const start = Buffer.alloc(64);
      const length = readSync(file, start, 0, start.length, 0);
      return /^[\dA-F]{40}:\d+\r?(?:\n|$)/i.test(start.toString('latin1', 0, length))
        ? undefined
        : 'must name a file of lines SHA-1:COUNT, sorted by hash, as the downloader of Have I Been Pwned makes it';
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    return `names a file that cannot be read (${code}): correct the path or its permissions`;
  }
};

const isRangeUrl = (text: string): string | undefined =>
  /^https?:\/\/[^?#]+[^/?#]$/.test(text) && URL.canParse(text)
    ? undefined
    : 'must be an address without final slash, such as https://api.pwnedpasswords.com';

/** Which new passwords are refused because they were stolen somewhere. Nothing leaves this machine unless it is said. */
export const passwords = z.strictObject({
  breached: z.enum(['off', 'file', 'api']).default('off').meta({
    env: 'SALLYPORT_PASSWORDS_BREACHED',
    description:
      'Where new passwords are looked up among stolen ones: nowhere besides the built-in list of common ones, in `breachedFile`, or at an API that is told 20 bits of a hash',
  }),
  breachedFile: checked(isHashFile).optional().meta({
    env: 'SALLYPORT_PASSWORDS_BREACHED_FILE',
    description:
      'File of lines `SHA-1:COUNT`, sorted by hash, as the downloader of Have I Been Pwned makes it; it is searched where it is, and may be huge',
  }),
  breachedUrl: checked(isRangeUrl).default('https://api.pwnedpasswords.com').meta({
    env: 'SALLYPORT_PASSWORDS_BREACHED_URL',
    description: 'The API, or a copy of it: `/range/` and five hexadecimal digits are put after it',
  }),
});
