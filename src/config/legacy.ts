import { z } from 'zod';
import { checked, isProxy } from './values.ts';

const setting = <T extends z.ZodType>(type: T, env: string, description: string): T =>
  type.meta({ env: `SALLYPORT_LEGACY_${env}`, description });

const off = z.boolean().default(false);

/** Answers for gateway policies that are older than introspection; each is off until it is asked for. */
export const legacy = z.strictObject({
  validate: setting(
    off,
    'VALIDATE',
    '`/validate`, as MuleSoft’s policy for the Mule OAuth 2.0 provider asks; unauthenticated',
  ),
  validateBearer: setting(
    off,
    'VALIDATE_BEARER',
    'The grant `validate_bearer` at `/oauth2/token` and `/as/token.oauth2`, as PingFederate has it',
  ),
  tokeninfo: setting(off, 'TOKENINFO', '`/oauth2/tokeninfo`, as OpenAM has it; unauthenticated'),
  from: setting(
    z.array(checked(isProxy)).default([]),
    'FROM',
    'Addresses and CIDR ranges of the gateways that may ask `/validate` and `/oauth2/tokeninfo`; nobody else is answered',
  ),
});
