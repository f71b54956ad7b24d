import { z } from 'zod';

const setting = <T extends z.ZodType>(type: T, env: string, description: string): T =>
  type.meta({ env: `SALLYPORT_MFA_${env}`, description });

const days = (most: number, usual: number) => z.int().min(0).max(most).default(usual);

/** What is asked of everybody beside the first proof, where no policy in the store says more (src/factors/policies.ts). */
export const mfa = z.strictObject({
  secondFactor: setting(
    z.enum(['off', 'if-enrolled', 'required']).default('if-enrolled'),
    'SECOND_FACTOR',
    'Whether a second factor is asked for: `off`, `if-enrolled` (from whoever has one) or `required`; `sallyport mfa` says it for clients, roles and others',
  ),
  level: setting(
    z.enum(['2fa', 'phr']).default('2fa'),
    'LEVEL',
    'What a second factor must be worth: `2fa`, or `phr` for one that cannot be phished',
  ),
  graceDays: setting(
    days(90, 0),
    'GRACE_DAYS',
    'Days, from the first sign-in at which it is asked for, in which people may still go on without a required factor',
  ),
  rememberDays: setting(
    days(30, 30),
    'REMEMBER_DAYS',
    'Days for which a device may be remembered, so that no second factor is asked for there; 0 is never',
  ),
});
