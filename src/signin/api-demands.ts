import { errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { Access } from '../directory/access.ts';
import { atLeast, type Level, levels } from './proof.ts';
import { worthOfSession } from './worth.ts';

const { Check } = interactionPolicy;

type OIDC = KoaContextWithOIDC['oidc'];

/** The highest level that the APIs of this request demand; undefined when none demands any. How old it may be is `max_age`. */
export async function apiLevel(
  { resourceServers = {} }: OIDC,
  access: Pick<Access, 'api'>,
): Promise<Level | undefined> {
  const apis = await Promise.all(Object.keys(resourceServers).map((audience) => access.api(audience)));
  return levels.findLast((level) => apis.some((one) => one?.acr === level));
}

/**
 * An API demands a stronger sign-in than the session is (RFC 9470 §5): the person proves more, and where that was not done
 * just now, the client hears unmet_authentication_requirements instead of being sent round for ever.
 */
export const apiTooWeak = (access: Pick<Access, 'api'>) =>
  new Check('api_too_weak', 'an API demands a stronger sign-in', 'login_required', async ({ oidc }) => {
    const wanted = await apiLevel(oidc, access);
    const worth = worthOfSession(oidc.session);
    if (wanted === undefined || atLeast(worth, wanted)) return false;
    if (!oidc.result?.login) return true;
    throw new errors.UnmetAuthenticationRequirements(`an API demands the acr ${wanted}; this sign-in has ${worth}`);
  });
