import type { FindAccount } from 'oidc-provider';
import type { Decide } from '../directory/decide.ts';
import type { Users } from '../directory/users.ts';
import { ownMembers } from './client-model.ts';

/** When the sign-in behind a token began, as far as the token tells: rotation keeps the first refresh token's time. */
function begun(token: object | undefined): number {
  const time: unknown = token && (Reflect.get(token, 'iiat') ?? Reflect.get(token, 'iat'));
  return typeof time === 'number' ? time : Number.POSITIVE_INFINITY;
}

/**
 * A person as the library sees one, with all standard claims (OIDC Core §5.1) and the roles held now: found only while
 * active, not by what was issued before a sign-out of everything, and not for a client that is suspended.
 */
export const findAccount =
  (users: Users, decide: Decide): FindAccount =>
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
        const { roles, groups } = scope.split(' ').includes('roles')
          ? await decide.held(`user:${id}`, undefined)
          : { roles: [], groups: [] };
        return {
          ...user.profile,
          sub: id,
          ...(user.email === undefined ? {} : { email: user.email, email_verified: user.emailVerified }),
          updated_at: user.updated,
          roles,
          groups,
        };
      },
    };
  };
