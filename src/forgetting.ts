import type { User } from './directory/users.ts';
import type { House } from './house.ts';

/**
 * Removes a person and everything of theirs. The person goes first: from then on no session, token or code of theirs counts,
 * whatever is still kept of it; what is left then is taken away one by one, and may be again when it was interrupted. The
 * audit trail keeps what happened, under an id that nobody gets again. `endAll` ends sessions and grants, where a server is
 * there to tell applications of it. Throws `missing`.
 */
export async function forgetPerson(
  house: House,
  { id }: Pick<User, 'id'>,
  actor: string,
  endAll: (account: string) => Promise<unknown> = (account) => endQuietly(house, account),
): Promise<void> {
  const { access, consents, demands, devices, emailChanges, enrolments, groups, identities } = house;
  const { organizations, scim, seenSessions, upstreamSessions, users } = house;
  await users.remove(id, actor);
  await endAll(id);
  await scim.forget(id);
  await Promise.all([
    access.forget(`user:${id}`, actor),
    groups.forget(`user:${id}`, actor),
    organizations.forget(`user:${id}`, actor),
    identities.forget({ user: id }, actor),
    consents.forget(id),
    demands.forget(id),
    devices.forgetPerson(id),
    enrolments.forget(id),
    emailChanges.forgetAll(id),
    seenSessions.forgetAll(id),
    upstreamSessions.forgetAll(id),
  ]);
}

async function endQuietly({ records, status }: House, account: string): Promise<void> {
  await records.sessions.drop({ account });
  await status.endGrantsOf(account);
}
