import type { z } from 'zod';
import { given } from '../http/given.ts';
import { memberReply } from '../routes/member-document.ts';
import type { Command } from './command.ts';
import { type Desk, deskCommand } from './desk.ts';
import { moment } from './listing.ts';
import { future } from './reading.ts';

type Member = z.output<typeof memberReply>;

/** What people are taken into, and how that is said. */
export interface Circle {
  noun: 'group' | 'organization';
  /** The operand that names it. */
  operand: 'name' | 'id';
  operations: { list: string; join: string; leave: string };
  about: { join: string; leave: string };
  said: { joined(subject: string, id: string): string; left(subject: string, id: string): string };
}

/** Who is directly in it. */
export const membersOf = (desk: Desk, { operations }: Circle, id: string): Promise<Member[]> =>
  desk.all(operations.list, memberReply, { params: { id } });

/** Members on one line each: who, by whose word, until when. */
export const memberLines = (all: readonly Member[]): string[] =>
  all.map(({ name, until, connection }) => {
    const by = connection === undefined ? [] : [`by ${connection}`];
    const end = until === undefined ? [] : [`until ${moment(until)}`];
    return [name, ...by, ...end].join(' ');
  });

/** The commands by which somebody comes into it and goes. */
export const memberCommands = ({ noun, operand, operations, about, said }: Circle): Command[] => [
  deskCommand({
    words: [noun, 'join'],
    operands: [operand, 'subject'],
    options: { until: { value: 'TIME', about: 'When it ends by itself, such as 2030-01-31T18:00:00Z' } },
    about: about.join,
    async run({ operands: { [operand]: id = '', subject = '' }, options, answer }, desk) {
      const until = future('until', options.until);
      const body = given({ subject, until });
      const member = await desk.call(operations.join, memberReply, { params: { id }, body });
      const end = until === undefined ? '' : ` until ${moment(until)}`;
      answer({ [noun]: id, ...member }, `${said.joined(subject, id)}${end}`);
    },
  }),
  deskCommand({
    words: [noun, 'leave'],
    operands: [operand, 'subject'],
    about: about.leave,
    async run({ operands: { [operand]: id = '', subject = '' }, answer }, desk) {
      await desk.tell(operations.leave, { params: { id, subject } });
      answer({ [noun]: id, subject }, said.left(subject, id));
    },
  }),
];
