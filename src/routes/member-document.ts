import { z } from 'zod';
import type { Membership } from '../directory/memberships.ts';
import { given } from '../http/given.ts';
import { subjectCalled, subjectName } from './subjects.ts';

const time = z.int().meta({ description: 'Seconds since the epoch' });
const subject = z
  .string()
  .meta({ description: 'user:ID, client:ID or group:NAME; asked for also as address or client id' });

/** A member as the admin API shows one. */
export const memberReply = z
  .object({
    subject,
    name: subjectCalled,
    until: time.optional(),
    connection: z.string().optional().meta({ description: 'The connection whose provider says so' }),
  })
  .meta({ id: 'Member', description: 'Somebody who belongs to a group or organization' });

/** Who is to be a member, perhaps until a time. */
export const newMemberBody = z.strictObject({ subject, until: time.optional() });

/** A membership under the names of the wire. */
export const memberDocument = async (
  { member, until, connection }: Membership,
  parts: Parameters<typeof subjectName>[1],
): Promise<z.input<typeof memberReply>> => ({
  subject: member,
  name: await subjectName(member, parts),
  ...given({ until, connection }),
});
