import { z } from 'zod';
import type { Enrolled } from '../factors/factor.ts';

const time = z.int().meta({ description: 'Seconds since the epoch' });

/** A factor as the admin API and the CLI show it: nothing secret. */
export const factorReply = z
  .object({
    id: z.string(),
    kind: z.enum(['totp', 'webauthn', 'recovery-codes']),
    name: z.string().meta({ description: 'What the person calls it' }),
    level: z.enum(['2fa', 'phr']),
    passkey: z.boolean().meta({ description: 'It can sign in alone' }),
    created: time,
    used: time.optional(),
    left: z.int().optional().meta({ description: 'Recovery codes that are left' }),
    blocked: z.boolean().meta({ description: 'Too many wrong proofs in a row: it counts no more' }),
  })
  .meta({ id: 'Factor', description: 'What a person proves themselves with beside the password' });

/** A factor under the names of the wire. */
export const factorDocument = ({ user: _whose, ...factor }: Enrolled): z.input<typeof factorReply> => factor;
