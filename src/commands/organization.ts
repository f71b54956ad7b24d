import type { Organization } from '../directory/organizations.ts';
import type { House } from '../house.ts';
import { given } from '../http/given.ts';
import { missing } from '../kernel/errors.ts';
import { subjectOf } from '../routes/subjects.ts';
import { command, misused } from './command.ts';
import { memberFacts, memberLines } from './group.ts';
import { columns, everything, facts, moment } from './listing.ts';
import { actor, inHouse } from './office.ts';
import { organizationScimToken } from './organization-scim.ts';
import { future } from './reading.ts';

const options = {
  name: { value: 'NAME', about: 'What people call it (default: its id)' },
  domain: {
    value: 'D',
    repeat: true,
    about: 'A domain of it, which counts while it is verified for one of its connections; replaces those it has',
  },
  connection: {
    value: 'C',
    repeat: true,
    about: 'A connection whose people are members; replaces those it has',
  },
} as const;

async function known(id: string, { organizations }: House): Promise<Organization> {
  const found = await organizations.get(id);
  if (!found) throw missing(`The organization ${id}`);
  return found;
}

const add = command({
  words: ['organization', 'add'],
  operands: ['id'],
  options,
  about: 'Add an organization, within which its members can have roles of their own',
  run: ({ operands: { id }, options: { name = id, domain, connection }, answer }) =>
    inHouse(async ({ organizations }) => {
      const asked = { id, name, domains: [...domain], connections: [...connection] };
      const added = await organizations.add(asked, actor);
      answer(added, `Added the organization ${added.id}`);
    }),
});

const set = command({
  words: ['organization', 'set'],
  operands: ['id'],
  options,
  about: 'Change an organization; what is not named stays',
  run: ({ operands: { id }, options: { name, domain, connection }, answer }) =>
    inHouse(async ({ organizations }) => {
      const change = given({
        name,
        domains: domain.length > 0 ? [...domain] : undefined,
        connections: connection.length > 0 ? [...connection] : undefined,
      });
      if (Object.keys(change).length === 0) throw misused('name what to change');
      const changed = await organizations.change(id, change, actor);
      answer(changed, `Changed the organization ${changed.id}`);
    }),
});

const list = command({
  words: ['organization', 'list'],
  about: 'List the organizations',
  run: ({ answer }) =>
    inHouse(async ({ organizations }) => {
      const all = await everything((page) => organizations.list(page));
      const rows = all.map(({ id, name, domains, connections }) => [id, name, domains, connections]);
      answer(all, columns(['id', 'name', 'domains', 'connections'], rows));
    }),
});

const show = command({
  words: ['organization', 'show'],
  operands: ['id'],
  about: 'Show an organization and its members',
  run: ({ operands: { id }, answer }) =>
    inHouse(async (house) => {
      const found = await known(id, house);
      const members = await everything((page) => house.organizations.members(id, page));
      const verified = await Promise.all(found.domains.map((name) => house.organizations.ofDomain(name)));
      const domains = found.domains.map((name, at) => `${name}${verified[at] ? '' : ' (not verified)'}`);
      answer(
        { ...found, members: memberFacts(members) },
        facts({ ...found, domains, members: await memberLines(members, house) }),
      );
    }),
});

const remove = command({
  words: ['organization', 'remove'],
  operands: ['id'],
  about: 'Remove an organization with its memberships and the roles within it',
  run: ({ operands: { id }, answer }) =>
    inHouse(async ({ organizations }) => {
      await organizations.remove(id, actor);
      answer({ id }, `Removed the organization ${id}`);
    }),
});

const join = command({
  words: ['organization', 'join'],
  operands: ['id', 'subject'],
  options: { until: { value: 'TIME', about: 'When it ends by itself, such as 2030-01-31T18:00:00Z' } },
  about: 'Make a user (e-mail address) or a client (id) a member',
  run: ({ operands: { id, subject: typed }, options, answer }) =>
    inHouse(async (house) => {
      const until = future('until', options.until);
      const subject = await subjectOf(typed, house);
      await house.rights.joinOrganization({ actor }, id, subject, { until });
      const end = until === undefined ? '' : ` until ${moment(until)}`;
      answer({ organization: id, subject, until }, `${typed} is a member of ${id}${end}`);
    }),
});

const leave = command({
  words: ['organization', 'leave'],
  operands: ['id', 'subject'],
  about: 'End a membership; who signs in through a connection of the organization is a member again',
  run: ({ operands: { id, subject: typed }, answer }) =>
    inHouse(async (house) => {
      const subject = await subjectOf(typed, house);
      await house.organizations.leave(id, subject, actor);
      answer({ organization: id, subject }, `${typed} is no longer a member of ${id}`);
    }),
});

/** `sallyport organization …` */
export const organizationCommands = [add, set, list, show, remove, join, leave, organizationScimToken];
