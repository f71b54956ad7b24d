import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { type Api, meets } from '../directory/terms.ts';

/** What a sign-in was, as a code or a refresh token remembers it. */
interface Source {
  acr?: string | undefined;
  amr?: string[] | undefined;
}

/**
 * An API that wants a sign-in of a certain age is a client that asks for it (`max_age`, OIDC Core §3.1.2.1): so the session is
 * looked at, the provider asked and the ID token given its auth_time, all in the one way there is. Pushed requests are
 * left as they were pushed: what they ask for is looked at when the person comes with them.
 */
export function askAge({ oidc }: KoaContextWithOIDC, { maxAge }: Api): void {
  const { params, route } = oidc;
  if (maxAge === undefined || !params || (route !== 'authorization' && route !== 'resume')) return;
  const asked = params.max_age === undefined ? maxAge : Number(params.max_age);
  // What is no number, the library refuses.
  if (!Number.isNaN(asked)) params.max_age = Math.min(asked, maxAge);
}

/**
 * A grant whose sign-in never reached what the API demands gives no token for it. Its age is not asked here: it grows after
 * the token is issued too, and the API can see it (`auth_time`, RFC 9470 §6). Throws invalid_grant.
 */
export function refuseTooWeak(source: Source | undefined, { id, acr }: Api): void {
  const had = source?.acr ?? (source?.amr?.includes('pwd') ? '1fa' : undefined);
  if (source === undefined || acr === undefined || meets(had, acr)) return;
  throw new errors.CustomOIDCProviderError(
    'invalid_grant',
    `${id} demands a sign-in with acr ${acr}, and this one has ${had ?? 'none'}; send the person to the authorization endpoint again`,
  );
}
