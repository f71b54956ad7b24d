import { z } from 'zod';
import { factorReply } from '../routes/factor-document.ts';
import { misused } from './command.ts';
import { deskCommand } from './desk.ts';
import { columns, moment } from './listing.ts';
import { calledAs, personOf } from './subject.ts';

/** Whoever takes a factor from somebody says why. */
export const reason = { value: 'TEXT', required: true, about: 'Why, for the audit trail' } as const;

/** The reason as it was typed. Throws `misused` for an empty one. */
export function stated(text: string): string {
  if (text.trim() === '') throw misused('--reason must say why');
  return text.trim();
}

const factors = z.object({ items: z.array(factorReply) });

const list = deskCommand({
  words: ['factor', 'list'],
  operands: ['email'],
  about: 'List the factors of a person, oldest first',
  async run({ operands, answer }, desk) {
    const { id } = await personOf(operands.email, desk);
    const { items } = await desk.call('listFactors', factors, { params: { id } });
    const rows = items.map((one) => [
      ...[one.id, one.kind, one.name, one.level, one.passkey ? 'yes' : ''],
      ...[moment(one.created), moment(one.used), one.left, one.blocked ? 'blocked' : ''],
    ]);
    const titles = ['id', 'kind', 'name', 'level', 'passkey', 'created', 'used', 'left', 'state'];
    answer(items, columns(titles, rows));
  },
});

const remove = deskCommand({
  words: ['factor', 'remove'],
  operands: ['email', 'id'],
  options: { reason },
  about: 'Remove a factor of a person',
  async run({ operands: { email, id: factor }, options, answer }, desk) {
    const user = await personOf(email, desk);
    const query = { reason: stated(options.reason) };
    await desk.tell('removeFactor', { params: { id: user.id, factor }, query });
    answer({ id: factor, user: user.id }, `Removed the factor ${factor} of ${calledAs(user)}`);
  },
});

/** `sallyport factor …` */
export const factorCommands = [list, remove];
