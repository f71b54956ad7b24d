import { z } from 'zod';
import { type Api, acrLevels, claimProfiles } from '../directory/terms.ts';
import { given } from '../http/given.ts';

const text = z.string();
const texts = z.array(text);

const optional = {
  token_ttl: z.int().meta({ description: 'Life of its access tokens in seconds, where it differs' }),
  acr: z.enum(acrLevels).meta({ description: 'What the sign-in of a person must be worth' }),
  max_age: z.int().meta({ description: 'How old the sign-in may be (seconds)' }),
  host: text.meta({ description: 'The host under which gateways offer it' }),
  profile: z.enum(claimProfiles).meta({ description: 'The names in which a gateway reads what a token may do' }),
};
const needed = {
  permissions: texts.meta({ description: 'The scopes that clients ask for' }),
  token_format: z.enum(['opaque', 'jwt']),
  signing_alg: z.enum(['RS256', 'ES256', 'EdDSA']),
  routes: texts.meta({ description: 'METHOD PATH = PERMISSION' }),
};

/** An API as the admin API and the CLI show it. */
export const apiReply = z
  .object({
    id: text.meta({ description: 'The audience of its tokens' }),
    ...needed,
    ...z.object(optional).partial().shape,
  })
  .meta({
    id: 'Api',
    description: 'Something that tokens are for: its id is the audience, its permissions are the scopes',
  });

/** What a new API may be made of. */
export const newApiBody = z.strictObject({ id: text, ...z.object({ ...needed, ...optional }).partial().shape });

/** A change: what is not named stays, null takes a member away (RFC 7396). */
export const apiChangeBody = z
  .strictObject({
    ...needed,
    token_ttl: optional.token_ttl.nullable(),
    acr: optional.acr.nullable(),
    max_age: optional.max_age.nullable(),
    host: optional.host.nullable(),
    profile: optional.profile.nullable(),
  })
  .partial();

/** An API under the names of the wire. */
export const apiDocument = (api: Api): z.input<typeof apiReply> => ({
  id: api.id,
  permissions: api.permissions,
  token_format: api.tokenFormat,
  signing_alg: api.signingAlg,
  token_ttl: api.tokenTtl,
  acr: api.acr,
  max_age: api.maxAge,
  routes: api.routes,
  host: api.host,
  profile: api.profile,
});

/** The API with what a document says of it; null takes away. */
export function apiWith(now: Api, said: z.output<typeof apiChangeBody>): Api {
  const { id, permissions, tokenFormat, signingAlg, routes } = now;
  const kept = <V>(value: V | null | undefined, before: V | undefined): V | undefined =>
    value === undefined ? before : (value ?? undefined);
  return {
    id,
    permissions: said.permissions ?? permissions,
    tokenFormat: said.token_format ?? tokenFormat,
    signingAlg: said.signing_alg ?? signingAlg,
    routes: said.routes ?? routes,
    ...given({
      tokenTtl: kept(said.token_ttl, now.tokenTtl),
      acr: kept(said.acr, now.acr),
      maxAge: kept(said.max_age, now.maxAge),
      host: kept(said.host, now.host),
      profile: kept(said.profile, now.profile),
    }),
  };
}
