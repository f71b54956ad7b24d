import type { Organizations } from '../directory/organizations.ts';

/** The organisation that something was issued for, while its subject is a member of it. */
export async function stillWithin(
  organizations: Organizations,
  asked: unknown,
  subject: string,
): Promise<string | undefined> {
  return typeof asked === 'string' && (await organizations.isMember(asked, subject)) ? asked : undefined;
}
