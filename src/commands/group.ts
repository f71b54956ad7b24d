import type { Group } from '../directory/groups.ts';
import type { Membership } from '../directory/memberships.ts';
import type { House } from '../house.ts';
import { missing } from '../kernel/errors.ts';
import { subjectName, subjectOf } from '../routes/subjects.ts';
import { command } from './command.ts';
import { columns, everything, facts, moment } from './listing.ts';
import { actor, inHouse } from './office.ts';
import { future } from './reading.ts';

const options = {
  include: { value: 'GROUP', repeat: true, about: 'A group whose members are in it too; replaces those it has' },
} as const;

async function known(name: string, { groups }: House): Promise<Group> {
  const group = await groups.get(name);
  if (!group) throw missing(`The group ${name}`);
  return group;
}

/** Members on one line each: who, by whose word, until when. */
export const memberLines = (all: readonly Membership[], house: House): Promise<string[]> =>
  Promise.all(
    all.map(async ({ member, until, connection }) => {
      const by = connection === undefined ? [] : [`by ${connection}`];
      const end = until === undefined ? [] : [`until ${moment(until)}`];
      return [await subjectName(member, house), ...by, ...end].join(' ');
    }),
  );

/** Members as JSON. */
export const memberFacts = (all: readonly Membership[]) =>
  all.map(({ member: subject, until, connection }) => ({ subject, until, connection }));

const add = command({
  words: ['group', 'add'],
  operands: ['name'],
  options,
  about: 'Add a group, to which roles can be assigned as group:NAME',
  run: ({ operands: { name }, options: { include }, answer }) =>
    inHouse(async ({ rights }) => {
      const group = await rights.addGroup({ actor }, { id: name, includes: [...include] });
      answer(group, `Added the group ${group.id}`);
    }),
});

const set = command({
  words: ['group', 'set'],
  operands: ['name'],
  options,
  about: 'Change which groups a group includes; what is not named stays',
  run: ({ operands: { name }, options: { include }, answer }) =>
    inHouse(async (house) => {
      const { includes } = await known(name, house);
      const next = include.length > 0 ? [...include] : includes;
      const group = await house.rights.saveGroup({ actor }, { id: name, includes: next });
      answer(group, `Changed the group ${group.id}`);
    }),
});

const list = command({
  words: ['group', 'list'],
  about: 'List the groups',
  run: ({ answer }) =>
    inHouse(async ({ groups }) => {
      const all = await everything((page) => groups.list(page));
      answer(
        all,
        columns(
          ['group', 'includes'],
          all.map(({ id, includes }) => [id, includes]),
        ),
      );
    }),
});

const show = command({
  words: ['group', 'show'],
  operands: ['name'],
  about: 'Show a group, who is in it, and its roles',
  run: ({ operands: { name }, answer }) =>
    inHouse(async (house) => {
      const group = await known(name, house);
      const members = await everything((page) => house.groups.members(name, page));
      const { roles } = await house.decide.held(`group:${name}`, undefined);
      answer(
        { ...group, roles, members: memberFacts(members) },
        facts({ ...group, roles, members: await memberLines(members, house) }),
      );
    }),
});

const remove = command({
  words: ['group', 'remove'],
  operands: ['name'],
  about: 'Remove a group with its memberships and its roles',
  run: ({ operands: { name }, answer }) =>
    inHouse(async ({ rights }) => {
      await rights.removeGroup({ actor }, name);
      answer({ id: name }, `Removed the group ${name}`);
    }),
});

const join = command({
  words: ['group', 'join'],
  operands: ['name', 'subject'],
  options: { until: { value: 'TIME', about: 'When it ends by itself, such as 2030-01-31T18:00:00Z' } },
  about: 'Take a user (e-mail address), a client (id) or group:NAME into a group',
  run: ({ operands: { name, subject: typed }, options, answer }) =>
    inHouse(async (house) => {
      const until = future('until', options.until);
      const subject = await subjectOf(typed, house);
      await house.rights.join({ actor }, name, subject, { until });
      const end = until === undefined ? '' : ` until ${moment(until)}`;
      answer({ group: name, subject, until }, `${typed} is in the group ${name}${end}`);
    }),
});

const leave = command({
  words: ['group', 'leave'],
  operands: ['name', 'subject'],
  about: 'Take a user, a client or group:NAME out of a group',
  run: ({ operands: { name, subject: typed }, answer }) =>
    inHouse(async (house) => {
      const subject = await subjectOf(typed, house);
      await house.rights.leave({ actor }, name, subject);
      answer({ group: name, subject }, `${typed} is no longer in the group ${name}`);
    }),
});

/** `sallyport group …` */
export const groupCommands = [add, set, list, show, remove, join, leave];
