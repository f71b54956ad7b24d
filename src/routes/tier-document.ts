import { z } from 'zod';
import type { Tier, TierTerms } from '../clients/tiers.ts';
import { given } from '../http/given.ts';

const limit = z.strictObject({
  api: z.string().optional().meta({ description: 'An audience; without it, calls on all APIs count together' }),
  requests: z.int(),
  period: z.int().meta({ description: 'Seconds; periods follow the clock' }),
});

const terms = {
  limits: z.array(limit),
  excess: z.enum(['reject', 'queue']).meta({ description: 'queue: held until the next period, if patience allows' }),
  patience: z.int().meta({ description: 'The longest time for which a call is held, in seconds; only with queue' }),
};

/** A tier as the admin API and the CLI show it. */
export const tierReply = z
  .object({ id: z.string(), ...terms, patience: terms.patience.optional() })
  .meta({ id: 'Tier', description: 'What a client may ask of APIs' });

/** What a new tier is made of. */
export const newTierBody = z.strictObject({
  id: z.string(),
  limits: terms.limits,
  excess: terms.excess.default('reject'),
  patience: terms.patience.optional(),
});

/** A change: what is not named stays, null takes the patience away (RFC 7396). */
export const tierChangeBody = z.strictObject({ ...terms, patience: terms.patience.nullable() }).partial();

/** The tier under the names of the wire. */
export const tierDocument = (tier: Tier): z.input<typeof tierReply> => ({ ...tier });

type Said = z.output<typeof tierChangeBody>;

/** The terms that a document says. */
export const tierTerms = ({ limits = [], excess = 'reject', patience }: Said): TierTerms => ({
  limits: limits.map(given),
  excess,
  ...given({ patience: patience ?? undefined }),
});

/** What a change means for the tier as it is now; one whose calls wait no more has no patience either. */
export function tierChange(now: Tier, { limits = now.limits, excess = now.excess, patience }: Said): TierTerms {
  const kept = excess === 'queue' ? now.patience : undefined;
  return tierTerms({ limits, excess, patience: patience === undefined ? kept : patience });
}
