import { calledAs } from '../directory/users.ts';
import { command } from './command.ts';
import { actor, inHouse } from './office.ts';
import { personOf } from './subject.ts';

const enrolmentCode = command({
  words: ['user', 'enrolment-code'],
  operands: ['email'],
  about: 'Make the code with which a person without a factor may bind the first one; good once, for ten minutes',
  run: ({ operands, answer }) =>
    inHouse(async (house) => {
      const user = await personOf(operands.email, house);
      const code = await house.enrolmentCodes.issue(user.id, actor);
      const text = `Code for ${calledAs(user)} (shown this once, good for 10 minutes): ${code}\nGive it to them on a way that you know is theirs.`;
      answer({ id: user.id, email: user.email, code, expires_in: 600 }, text);
    }),
});

/** `sallyport user enrolment-code` and what else is about a person's factors. */
export const userFactorCommands = [enrolmentCode];
