import { type MfaPolicy, policyLevels, type RulesChange, secondFactors } from '../factors/policies.ts';
import { given } from '../http/given.ts';
import { missing } from '../kernel/errors.ts';
import { mfaPolicyDocument, refuseUnknown } from '../routes/mfa-policy-document.ts';
import { command, misused } from './command.ts';
import { columns, everything, facts } from './listing.ts';
import { actor, inHouse } from './office.ts';
import { whole } from './reading.ts';

const day = 24 * 60 * 60;

const options = {
  'second-factor': {
    value: 'WHEN',
    choices: secondFactors,
    about: 'Ask nobody for a second factor, whoever has one, or everybody',
  },
  level: { value: 'LEVEL', choices: policyLevels, about: 'What it must be worth; phr cannot be phished' },
  grace: { value: 'DAYS', about: 'How long somebody without a factor may still go on without, at most 90 days' },
  remember: { value: 'DAYS', about: 'How long a device may be remembered, at most 30 days; 0 is never' },
  leave: {
    value: 'WHAT',
    repeat: true,
    choices: ['second-factor', 'level', 'grace', 'remember'],
    about: 'Say nothing of this any more: the other policies do',
  },
} as const;

const members = { 'second-factor': 'secondFactor', level: 'level', grace: 'grace', remember: 'remember' } as const;

const days = (option: string, text: string | undefined): number | undefined => {
  const count = whole(option, text);
  return count === undefined ? undefined : count * day;
};

/** Seconds as people say them. */
const inDays = (seconds: number | undefined): string | undefined =>
  seconds === undefined ? undefined : seconds % day === 0 ? `${seconds / day} days` : `${seconds} seconds`;

const shown = ({ id, secondFactor, level, grace, remember }: MfaPolicy) => ({
  id,
  second_factor: secondFactor,
  level,
  grace: inDays(grace),
  remember: inDays(remember),
});

const list = command({
  words: ['mfa', 'list'],
  about: 'List the policies of second factors',
  run: ({ answer }) =>
    inHouse(async ({ mfaPolicies }) => {
      const usual = await mfaPolicies.get('default');
      const others = (await everything((page) => mfaPolicies.list(page))).filter(({ id }) => id !== 'default');
      const all = [...(usual ? [usual] : []), ...others];
      const rows = all.map((one) => Object.values(shown(one)));
      answer(all.map(mfaPolicyDocument), columns(['subject', 'second factor', 'level', 'grace', 'remember'], rows));
    }),
});

const show = command({
  words: ['mfa', 'show'],
  operands: ['subject'],
  about: 'Show the policy for default, client:ID, role:NAME, group:NAME, connection:ID or domain:NAME',
  run: ({ operands: { subject }, answer }) =>
    inHouse(async ({ mfaPolicies }) => {
      const policy = await mfaPolicies.get(subject);
      if (!policy) throw missing(`A policy of second factors for ${subject}`);
      answer(mfaPolicyDocument(policy), facts(shown(policy)));
    }),
});

const set = command({
  words: ['mfa', 'set'],
  operands: ['subject'],
  options,
  about: 'Say which second factors a subject needs; what is not named stays, or is left to the other policies',
  run: ({ operands: { subject }, options, answer }) =>
    inHouse(async (house) => {
      const left = Object.fromEntries(options.leave.map((name) => [members[name], null]));
      const change: RulesChange = {
        ...left,
        ...given({
          secondFactor: options['second-factor'],
          level: options.level,
          grace: days('grace', options.grace),
          remember: days('remember', options.remember),
        }),
      };
      if (Object.keys(change).length === 0) throw misused('name what to change');
      await refuseUnknown(subject, house);
      const policy = await house.mfaPolicies.change(subject, change, actor);
      answer(mfaPolicyDocument(policy), `Set the policy of second factors for ${policy.id}\n${facts(shown(policy))}`);
    }),
});

const remove = command({
  words: ['mfa', 'remove'],
  operands: ['subject'],
  about: 'Remove a policy; default becomes what the configuration says',
  run: ({ operands: { subject }, answer }) =>
    inHouse(async ({ mfaPolicies }) => {
      await mfaPolicies.remove(subject, actor);
      answer({ id: subject }, `Removed the policy of second factors for ${subject}`);
    }),
});

/** `sallyport mfa …` */
export const mfaCommands = [list, show, set, remove];
