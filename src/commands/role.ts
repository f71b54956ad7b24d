import type { Role } from '../directory/access.ts';
import type { House } from '../house.ts';
import { missing } from '../kernel/errors.ts';
import { subjectName } from '../routes/subjects.ts';
import { command } from './command.ts';
import { columns, everything, facts } from './listing.ts';
import { actor, inHouse } from './office.ts';

const options = {
  permission: { value: 'AUDIENCE#P', repeat: true, about: 'A permission on an API; replaces those it has' },
  include: { value: 'ROLE', repeat: true, about: 'A role whose permissions it has too; replaces those it has' },
} as const;

const changed = (before: Role, options: { permission: readonly string[]; include: readonly string[] }): Role => ({
  ...before,
  permissions: options.permission.length > 0 ? [...options.permission] : before.permissions,
  includes: options.include.length > 0 ? [...options.include] : before.includes,
});

async function known(name: string, { access }: House): Promise<Role> {
  const role = await access.role(name);
  if (!role) throw missing(`The role ${name}`);
  return role;
}

const add = command({
  words: ['role', 'add'],
  operands: ['name'],
  options,
  about: 'Add a role',
  run: ({ operands: { name }, options, answer }) =>
    inHouse(async ({ rights }) => {
      const role = await rights.addRole({ actor }, changed({ id: name, permissions: [], includes: [] }, options));
      answer(role, `Added the role ${role.id}`);
    }),
});

const set = command({
  words: ['role', 'set'],
  operands: ['name'],
  options,
  about: 'Change a role; what is not named stays',
  run: ({ operands, options, answer }) =>
    inHouse(async (house) => {
      await known(operands.name, house);
      const role = await house.rights.changeRole({ actor }, operands.name, (now) => changed(now, options));
      answer(role, `Changed the role ${role.id}`);
    }),
});

const list = command({
  words: ['role', 'list'],
  about: 'List the roles',
  run: ({ answer }) =>
    inHouse(async ({ access }) => {
      const all = await everything((page) => access.roles(page));
      const rows = all.map((role) => [role.id, role.includes, role.permissions]);
      answer(all, columns(['role', 'includes', 'permissions'], rows));
    }),
});

const show = command({
  words: ['role', 'show'],
  operands: ['name'],
  about: 'Show a role and who has it',
  run: ({ operands, answer }) =>
    inHouse(async (house) => {
      const role = await known(operands.name, house);
      const assigned = await everything((page) => house.access.assignments({ role: role.id }, page));
      const subjects = await Promise.all(assigned.map(({ subject }) => subjectName(subject, house)));
      answer({ ...role, subjects }, facts({ ...role, subjects }));
    }),
});

const remove = command({
  words: ['role', 'remove'],
  operands: ['name'],
  about: 'Remove a role and take it from everybody',
  run: ({ operands: { name }, answer }) =>
    inHouse(async ({ rights, mfaPolicies }) => {
      await rights.removeRole({ actor }, name);
      await mfaPolicies.forget(`role:${name}`, actor);
      answer({ id: name }, `Removed the role ${name}`);
    }),
});

/** `sallyport role …` */
export const roleCommands = [add, set, list, show, remove];
