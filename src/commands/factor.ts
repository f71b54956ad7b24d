import { calledAs } from '../directory/users.ts';
import { factorDocument } from '../routes/factor-document.ts';
import { command, misused } from './command.ts';
import { columns, moment } from './listing.ts';
import { actor, inHouse } from './office.ts';
import { personOf } from './subject.ts';

/** Whoever takes a factor from somebody says why. */
export const reason = { value: 'TEXT', required: true, about: 'Why, for the audit trail' } as const;

/** The reason as it was typed. Throws `misused` for an empty one. */
export function stated(text: string): string {
  if (text.trim() === '') throw misused('--reason must say why');
  return text.trim();
}

const list = command({
  words: ['factor', 'list'],
  operands: ['email'],
  about: 'List the factors of a person, oldest first',
  run: ({ operands, answer }) =>
    inHouse(async (house) => {
      const { id } = await personOf(operands.email, house);
      const all = await house.enrolments.of(id);
      const rows = all.map((one) => [
        ...[one.id, one.kind, one.name, one.level, one.passkey ? 'yes' : ''],
        ...[moment(one.created), moment(one.used), one.left, one.blocked ? 'blocked' : ''],
      ]);
      const titles = ['id', 'kind', 'name', 'level', 'passkey', 'created', 'used', 'left', 'state'];
      answer(all.map(factorDocument), columns(titles, rows));
    }),
});

const remove = command({
  words: ['factor', 'remove'],
  operands: ['email', 'id'],
  options: { reason },
  about: 'Remove a factor of a person',
  run: ({ operands: { email, id }, options, answer }) =>
    inHouse(async (house) => {
      const user = await personOf(email, house);
      await house.enrolments.remove(id, user.id, { actor, reason: stated(options.reason) });
      answer({ id, user: user.id }, `Removed the factor ${id} of ${calledAs(user)}`);
    }),
});

/** `sallyport factor …` */
export const factorCommands = [list, remove];
