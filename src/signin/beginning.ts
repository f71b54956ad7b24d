import type { Interaction } from './flow.ts';
import { type Facts, nothing } from './steps.ts';
import { originOfSession, type UpstreamSessions } from './upstream-sessions.ts';
import { worthOfSession } from './worth.ts';

/** Reasons for asking that only want more of the person who is signed in already (policy.ts, and two of the library). */
const wantsMore = ['too_weak', 'api_too_weak', 'second_factor', 'essential_acr', 'essential_acrs'];

/**
 * With what a sign-in begins: with nothing, or with the session of somebody of whom only more is wanted. Whoever is sent to
 * a certain provider begins there again.
 */
export async function beginning(
  { prompt: { name, reasons, details }, params, session }: Interaction,
  upstreamSessions: Pick<UpstreamSessions, 'ofSession'>,
): Promise<Facts> {
  const elsewhere = params.idp_hint !== undefined || params.kc_idp_hint !== undefined;
  if (name !== 'login' || !session?.accountId || elsewhere || !reasons.every((one) => wantsMore.includes(one))) {
    return nothing;
  }
  const { accountId: user, amr = [], uid } = session;
  const federated = amr.includes('fed');
  const upstream = federated && uid !== undefined ? await upstreamSessions.ofSession(uid) : undefined;
  if (federated && !upstream) return nothing;
  const authTime = typeof details.authTime === 'number' ? details.authTime : 0;
  const origin = upstream ? { origin: originOfSession(upstream) } : {};
  return { amr: [], user, before: { amr, worth: worthOfSession(session), authTime, ...origin } };
}
