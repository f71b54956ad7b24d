import type { FindAccount } from 'oidc-provider';
import type { Decide } from '../directory/decide.ts';
import type { Users } from '../directory/users.ts';

/** A person as the library sees one: found only while active, with all standard claims (OIDC Core §5.1) and the roles held now. */
export const findAccount =
  (users: Users, decide: Decide): FindAccount =>
  async (_ctx, id) => {
    const user = await users.get(id);
    if (user?.state !== 'active') return undefined;
    return {
      accountId: id,
      async claims(_use, scope) {
        const { roles } = scope.split(' ').includes('roles')
          ? await decide.held(`user:${id}`, undefined)
          : { roles: [] };
        return {
          ...user.profile,
          sub: id,
          email: user.email,
          email_verified: user.emailVerified,
          updated_at: user.updated,
          roles,
          groups: [],
        };
      },
    };
  };
