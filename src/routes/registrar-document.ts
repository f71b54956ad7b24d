import { z } from 'zod';
import { grantTypes } from '../clients/members.ts';
import type { NewRegistrar, Registrar, RegistrarTerms } from '../clients/registrars.ts';
import { given } from '../http/given.ts';

const text = z.string();
const time = z.int().meta({ description: 'Seconds since the epoch' });

const terms = {
  approve: z.enum(['at-once', 'pending']).meta({ description: 'Whether its clients wait for an administrator' }),
  grants: z.array(z.enum(grantTypes)).meta({ description: 'The only grants that its clients may have; empty: any' }),
  scopes: z.array(text).meta({ description: 'The only scopes that its clients may ask for; empty: any' }),
  redirect_hosts: z
    .array(text)
    .meta({ description: 'The only hosts of redirect URIs: app.example, *.example; empty: any public one' }),
  pkce: z.enum(['required', 'optional']).meta({ description: 'optional: its confidential clients may use nonce' }),
  expires: time.meta({ description: 'When its credential ends (seconds since the epoch)' }),
  limit: z.int().meta({ description: 'The most clients that it may have at a time' }),
};

/** A registrar as the admin API and the CLI show it; its credential is known by a fingerprint only, which stays here. */
export const registrarReply = z
  .object({
    ...{ id: text, ...terms, grants: z.array(text) },
    expires: terms.expires.optional(),
    created: time,
  })
  .meta({ id: 'Registrar', description: 'A credential by which clients are registered (RFC 7591), and its rules' });

/** The same with the credential that was made just now. */
export const registrarWithToken = registrarReply
  .extend({ token: text.meta({ description: 'The credential, shown this once' }) })
  .meta({ id: 'RegistrarWithToken', description: 'A registrar with a credential that was just made' });

/** What a new registrar is made of; what is not said is as configured. */
export const newRegistrarBody = z.strictObject({ ...z.object(terms).partial().shape, id: text });
/** A change: what is not named stays. */
export const registrarChangeBody = z.strictObject(terms).partial();

type Said = z.output<typeof registrarChangeBody>;

/** What a document says of a registrar. */
export const registrarTerms = ({ redirect_hosts: redirectHosts, ...rest }: Said): RegistrarTerms =>
  given({ ...rest, redirectHosts });

/** A new registrar, with what the configuration says where the document does not. */
export const newRegistrar = (
  { id, ...said }: z.output<typeof newRegistrarBody>,
  usual: Required<Pick<RegistrarTerms, 'approve' | 'limit'>>,
): NewRegistrar => ({ ...usual, ...registrarTerms(said), id });

/** A registrar under the names of the wire. */
export const registrarDocument = (registrar: Registrar): z.input<typeof registrarReply> => {
  const { id, approve, grants, scopes, redirectHosts, pkce, expires, limit, created } = registrar;
  return {
    ...{ id, approve, grants, scopes, redirect_hosts: redirectHosts, pkce, limit, created },
    ...given({ expires }),
  };
};
