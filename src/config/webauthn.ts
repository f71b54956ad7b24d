import { z } from 'zod';

const setting = <T extends z.ZodType>(type: T, env: string, description: string, more?: Record<string, unknown>): T =>
  type.meta({ env: `SALLYPORT_WEBAUTHN_${env}`, description, ...more });

/** Which security keys and passkeys may be enrolled. */
export const webauthn = z
  .strictObject({
    attestation: setting(
      z.enum(['none', 'mds']).default('none'),
      'ATTESTATION',
      '`none` takes every security key and passkey; `mds` only those whose maker vouches for them and whom the FIDO Metadata Service lists',
    ),
    mdsFile: setting(
      z.string().min(1).optional(),
      'MDS_FILE',
      'File of the FIDO Metadata Service (https://mds3.fidoalliance.org), which you download and renew; read again when it changes',
      { unset: 'none; `attestation: mds` needs it' },
    ),
  })
  .refine(({ attestation, mdsFile }) => attestation === 'none' || mdsFile !== undefined, {
    path: ['mdsFile'],
    message: 'is missing: attestation mds needs the file of the FIDO Metadata Service',
  });
