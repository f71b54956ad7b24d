import { calledAs } from '../directory/users.ts';
import { resetFactors } from '../signin/factor-reset.ts';
import { command } from './command.ts';
import { reason, stated } from './factor.ts';
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

const resetFactorsOf = command({
  words: ['user', 'reset-factors'],
  operands: ['email'],
  options: { reason },
  about: 'Take all factors, recovery codes and remembered devices from a person, who is signed out',
  run: ({ operands, options, answer }) =>
    inHouse(async (house) => {
      const user = await personOf(operands.email, house);
      const { factors, devices } = await resetFactors(house, user.id, actor, stated(options.reason));
      const text = `Took ${factors} factors and ${devices} remembered devices from ${calledAs(user)}; sessions have ended`;
      answer({ id: user.id, email: user.email, factors, devices }, text);
    }),
});

const resetPassword = command({
  words: ['user', 'reset-password'],
  operands: ['email'],
  about: 'Make a link by which a person chooses a new password; good once, and what they have open ends then',
  run: ({ operands, answer }) =>
    inHouse(async (house) => {
      const user = await personOf(operands.email, house);
      const { link, minutes } = await house.passwordResets.linkFor(user, actor);
      const text = `Link for ${calledAs(user)} (shown this once, good for ${minutes} minutes): ${link}\nGive it to them on a way that you know is theirs.`;
      answer({ id: user.id, email: user.email, link, expires_in: minutes * 60 }, text);
    }),
});

/** `sallyport user enrolment-code` and what else is about a person's factors. */
export const userFactorCommands = [enrolmentCode, resetFactorsOf, resetPassword];
