import type { Access } from '../directory/access.ts';
import type { Groups } from '../directory/groups.ts';
import type { Organizations } from '../directory/organizations.ts';
import type { Proof } from './proof.ts';

interface Parts {
  access: Access;
  groups: Groups;
  organizations: Organizations;
}

/** Makes a person what the provider says now: these roles and groups, and a member of the connection's organisation. */
export async function givenBy(
  { access, groups, organizations }: Parts,
  user: string,
  { connection, roles, localGroups = [] }: Pick<Proof, 'connection' | 'roles' | 'localGroups'>,
): Promise<void> {
  const [subject, actor] = [`user:${user}`, `connection:${connection}`];
  await access.sync(subject, connection, roles, actor);
  await groups.sync(subject, connection, localGroups, actor);
  await organizations.arrive(subject, connection, actor);
}

/** Takes from a person what a provider gave: no account of theirs is connected there any more. */
export async function takenBack(
  { access, groups, organizations }: Parts,
  user: string,
  connection: string,
  actor: string,
): Promise<void> {
  const subject = `user:${user}`;
  await access.sync(subject, connection, [], actor);
  await groups.sync(subject, connection, [], actor);
  await organizations.depart(subject, connection, actor);
}
