import type { z } from 'zod';
import { policyLevels, secondFactors } from '../factors/policies.ts';
import { given } from '../http/given.ts';
import { mfaPolicyReply } from '../routes/mfa-policy-document.ts';
import { misused } from './command.ts';
import { deskCommand } from './desk.ts';
import { columns, facts } from './listing.ts';
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

const days = (option: string, text: string | undefined): number | undefined => {
  const count = whole(option, text);
  return count === undefined ? undefined : count * day;
};

/** Seconds as people say them. */
const inDays = (seconds: number | undefined): string | undefined =>
  seconds === undefined ? undefined : seconds % day === 0 ? `${seconds / day} days` : `${seconds} seconds`;

const shown = ({ id, second_factor, level, grace, remember }: z.output<typeof mfaPolicyReply>) => ({
  ...{ id, second_factor, level },
  grace: inDays(grace),
  remember: inDays(remember),
});

const list = deskCommand({
  words: ['mfa', 'list'],
  about: 'List the policies of second factors',
  async run({ answer }, desk) {
    const usual = await desk.call('getMfaPolicy', mfaPolicyReply, { params: { id: 'default' } });
    const others = (await desk.all('listMfaPolicies', mfaPolicyReply)).filter(({ id }) => id !== 'default');
    const all = [usual, ...others];
    const rows = all.map((one) => Object.values(shown(one)));
    answer(all, columns(['subject', 'second factor', 'level', 'grace', 'remember'], rows));
  },
});

const show = deskCommand({
  words: ['mfa', 'show'],
  operands: ['subject'],
  about: 'Show the policy for default, client:ID, role:NAME, group:NAME, connection:ID or domain:NAME',
  async run({ operands: { subject: id }, answer }, desk) {
    const policy = await desk.call('getMfaPolicy', mfaPolicyReply, { params: { id } });
    answer(policy, facts(shown(policy)));
  },
});

const set = deskCommand({
  words: ['mfa', 'set'],
  operands: ['subject'],
  options,
  about: 'Say which second factors a subject needs; what is not named stays, or is left to the other policies',
  async run({ operands: { subject: id }, options, answer }, desk) {
    const body = {
      ...Object.fromEntries(options.leave.map((name) => [name.replace('-', '_'), null])),
      ...given({
        second_factor: options['second-factor'],
        level: options.level,
        grace: days('grace', options.grace),
        remember: days('remember', options.remember),
      }),
    };
    if (Object.keys(body).length === 0) throw misused('name what to change');
    const policy = await desk.call('changeMfaPolicy', mfaPolicyReply, { params: { id }, body });
    answer(policy, `Set the policy of second factors for ${policy.id}\n${facts(shown(policy))}`);
  },
});

const remove = deskCommand({
  words: ['mfa', 'remove'],
  operands: ['subject'],
  about: 'Remove a policy; default becomes what the configuration says',
  async run({ operands: { subject: id }, answer }, desk) {
    await desk.tell('removeMfaPolicy', { params: { id } });
    answer({ id }, `Removed the policy of second factors for ${id}`);
  },
});

/** `sallyport mfa …` */
export const mfaCommands = [list, show, set, remove];
