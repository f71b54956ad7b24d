import { z } from 'zod';
import { missing } from '../kernel/errors.ts';
import { userReply } from '../routes/user-document.ts';
import type { Desk } from './desk.ts';

/** A person as administration shows one. */
export type Person = z.output<typeof userReply>;

const found = z.object({ items: z.array(userReply) });

/** The person by address, or by `sub` for people who have none. Throws `missing`. */
export async function personOf(name: string, desk: Desk): Promise<Person> {
  if (!name.includes('@')) return desk.call('getUser', userReply, { params: { id: name } });
  const { items } = await desk.call('listUsers', found, { query: { email: name } });
  const [person] = items;
  if (!person) throw missing(`A user with the e-mail address or sub ${name}`);
  return person;
}

/** How a person is spoken of: by address where there is one. */
export const calledAs = ({ email, name, id }: Pick<Person, 'email' | 'name' | 'id'>): string => email ?? name ?? id;
