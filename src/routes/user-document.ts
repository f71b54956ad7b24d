import { z } from 'zod';
import type { User, UserChange } from '../directory/users.ts';
import { given } from '../http/given.ts';

const text = z.string();
const time = z.int().meta({ description: 'Seconds since the epoch' });

/** Standard claims (OIDC Core §5.1); what the values may be, src/directory/profile.ts says. */
const claims = {
  name: text,
  given_name: text,
  family_name: text,
  middle_name: text,
  nickname: text,
  preferred_username: text,
  profile: text,
  picture: text,
  website: text,
  gender: text,
  birthdate: text,
  zoneinfo: text,
  locale: text,
  phone_number: text,
  phone_number_verified: z.boolean(),
  address: z
    .strictObject({
      formatted: text,
      street_address: text,
      locality: text,
      region: text,
      postal_code: text,
      country: text,
    })
    .partial(),
};

const account = {
  email: text.meta({ description: 'In one spelling; nobody else has it' }),
  email_verified: z.boolean().meta({ description: 'Whether the address is known to be theirs' }),
};

/** Whether a person may come in. */
export const userState = z.enum(['active', 'disabled']);

/** A person as the admin API and the CLI show one; nothing by which one could sign in. */
export const userReply = z
  .object({
    id: text.meta({ description: 'The `sub` of their tokens' }),
    email: account.email.optional(),
    email_verified: account.email_verified,
    state: userState,
    has_password: z
      .boolean()
      .meta({ description: 'Without one they sign in through a provider, or were not here yet' }),
    ...z.object(claims).partial().shape,
    created: time,
    updated: time,
  })
  .meta({ id: 'User', description: 'A person' });

/** A link that is shown once. */
export const linkReply = z.object({
  link: z
    .url()
    .meta({ description: 'Good once; whoever has it chooses the password. Give it to nobody but the person' }),
  expires_in: z.int().meta({ description: 'Seconds' }),
});

/** The same with the link by which the person chooses a first password. */
export const newUserReply = userReply
  .extend({ invitation: linkReply.optional() })
  .meta({ id: 'NewUser', description: 'A person who was just added' });

/** What a new person is made of; nobody but the person ever chooses a password (ASVS 6.4.6). */
export const newUserBody = z.strictObject({
  ...z.object({ ...account, ...claims }).partial().shape,
  email: account.email,
  invite: z.boolean().default(true).meta({
    description: 'Whether to answer a link by which they choose a password; false for who signs in elsewhere',
  }),
});

/** A change: what is not named stays, null takes a claim away (RFC 7396). */
export const userChangeBody = z
  .strictObject({
    ...account,
    ...(Object.fromEntries(Object.entries(claims).map(([name, type]) => [name, type.nullable()])) as {
      [N in keyof typeof claims]: z.ZodNullable<(typeof claims)[N]>;
    }),
  })
  .partial();

/** A person under the names of the wire. */
export const userDocument = (user: User): z.input<typeof userReply> => {
  const { id, email, emailVerified, state, password, profile, created, updated } = user;
  return {
    id,
    ...given({ email }),
    email_verified: emailVerified,
    state,
    has_password: password !== undefined,
    ...profile,
    created,
    updated,
  };
};

/** What a change on the wire means. */
export function userChange({ email, email_verified, ...profile }: z.output<typeof userChangeBody>): UserChange {
  const changed = Object.keys(profile).length > 0 ? profile : undefined;
  return given({ email, emailVerified: email_verified, profile: changed });
}
