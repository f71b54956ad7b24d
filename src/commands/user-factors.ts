import { z } from 'zod';
import { given } from '../http/given.ts';
import { linkReply } from '../routes/user-document.ts';
import { deskCommand } from './desk.ts';
import { reason, stated } from './factor.ts';
import { calledAs, type Person, personOf } from './subject.ts';

const codeReply = z.object({ code: z.string(), expires_in: z.int() });
const taken = z.object({ factors: z.int(), devices: z.int() });
const onTheirWay = 'Give it to them on a way that you know is theirs.';
const who = ({ id, email }: Person) => ({ id, ...given({ email }) });

const enrolmentCode = deskCommand({
  words: ['user', 'enrolment-code'],
  operands: ['email'],
  about: 'Make the code with which a person without a factor may bind the first one; good once, for ten minutes',
  async run({ operands, answer }, desk) {
    const user = await personOf(operands.email, desk);
    const made = await desk.call('issueEnrolmentCode', codeReply, { params: { id: user.id } });
    const text = `Code for ${calledAs(user)} (shown this once, good for ${made.expires_in / 60} minutes): ${made.code}`;
    answer({ ...who(user), ...made }, `${text}\n${onTheirWay}`);
  },
});

const resetFactors = deskCommand({
  words: ['user', 'reset-factors'],
  operands: ['email'],
  options: { reason },
  about: 'Take all factors, recovery codes and remembered devices from a person, who is signed out',
  async run({ operands, options, answer }, desk) {
    const user = await personOf(operands.email, desk);
    const body = { reason: stated(options.reason) };
    const { factors, devices } = await desk.call('resetFactors', taken, { params: { id: user.id }, body });
    const text = `Took ${factors} factors and ${devices} remembered devices from ${calledAs(user)}; sessions have ended`;
    answer({ ...who(user), factors, devices }, text);
  },
});

const resetPassword = deskCommand({
  words: ['user', 'reset-password'],
  operands: ['email'],
  options: { reason: { value: 'TEXT', about: 'Why, for the audit trail (default: asked for on the command line)' } },
  about: 'Make a link by which a person chooses a new password; good once, and what they have open ends then',
  async run({ operands, options, answer }, desk) {
    const user = await personOf(operands.email, desk);
    const body = { reason: stated(options.reason ?? 'asked for on the command line') };
    const made = await desk.call('resetUserPassword', linkReply, { params: { id: user.id }, body });
    const text = `Link for ${calledAs(user)} (shown this once, good for ${made.expires_in / 60} minutes): ${made.link}`;
    answer({ ...who(user), ...made }, `${text}\n${onTheirWay}`);
  },
});

/** `sallyport user enrolment-code` and what else is about how a person comes in. */
export const userFactorCommands = [enrolmentCode, resetFactors, resetPassword];
