import { z } from 'zod';

/** What the console asks of those who administer; in force over every policy of second factors (src/signin/demands.ts). */
export const consoleSettings = z.strictObject({
  level: z.enum(['1fa', '2fa', 'phr']).default('phr').meta({
    env: 'SALLYPORT_CONSOLE_LEVEL',
    description:
      'What a sign-in to the console must be worth: `phr` (a passkey or another factor that cannot be phished), `2fa`, or `1fa` for a password alone',
  }),
});
