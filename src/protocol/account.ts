import type { FindAccount } from 'oidc-provider';
import type { Decide } from '../directory/decide.ts';
import type { Organizations } from '../directory/organizations.ts';
import type { Users } from '../directory/users.ts';
import { ownMembers } from './client-model.ts';
import { organizationOf } from './organization.ts';
import { rightsOf } from './rights.ts';
import { stillWithin } from './within.ts';

/** When the sign-in behind a token began, as far as the token tells: rotation keeps the first refresh token's time. */
function begun(token: object | undefined): number {
  const time: unknown = token && (Reflect.get(token, 'iiat') ?? Reflect.get(token, 'iat'));
  return typeof time === 'number' ? time : Number.POSITIVE_INFINITY;
}

interface Parts {
  users: Users;
  decide: Decide;
  organizations: Organizations;
}

/** The organisation that a token or code was issued for. */
function issuedFor(token: object | undefined): string | undefined {
  const extra: unknown = token && Reflect.get(token, 'extra');
  const id: unknown = typeof extra === 'object' && extra !== null ? Reflect.get(extra, 'org_id') : undefined;
  return typeof id === 'string' ? id : undefined;
}

/**
 * A person as the library sees one, with all standard claims (OIDC Core §5.1) and the roles held now: found only while
 * active, not by what was issued before a sign-out of everything, and not for a client that is suspended.
 */
export const findAccount =
  ({ users, decide, organizations }: Parts): FindAccount =>
  async (ctx, id, token) => {
    const user = await users.get(id);
    const { client } = ctx.oidc;
    if (client && client[ownMembers.state] !== 'approved') return undefined;
    // A client that was removed and made again under its old id is another one.
    const made = client?.clientIdIssuedAt ?? 0;
    if (user?.state !== 'active' || begun(token) < Math.max(user.signedOut ?? 0, made)) return undefined;
    return {
      accountId: id,
      async claims(_use, scope) {
        const subject = `user:${id}`;
        const organization = await stillWithin(organizations, issuedFor(token) ?? organizationOf(ctx), subject);
        const wanted = scope.split(' ').includes('roles');
        const held = wanted ? rightsOf(await decide.held(subject, undefined, organization)) : undefined;
        return {
          ...user.profile,
          sub: id,
          ...(user.email === undefined ? {} : { email: user.email, email_verified: user.emailVerified }),
          updated_at: user.updated,
          roles: held?.roles ?? [],
          groups: held?.groups ?? [],
          ...(organization === undefined ? {} : { org_id: organization }),
        };
      },
    };
  };
