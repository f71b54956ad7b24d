import { explain, type Path } from '../directory/explain.ts';
import { missing } from '../kernel/errors.ts';
import { subjectOf } from '../routes/subjects.ts';
import { command } from './command.ts';
import { columns, moment } from './listing.ts';
import { actor, inHouse } from './office.ts';
import { future } from './reading.ts';

const organization = { value: 'ID', about: 'Within this organization only' } as const;

const assign = command({
  words: ['assign'],
  operands: ['subject', 'role'],
  options: { until: { value: 'TIME', about: 'When it ends by itself, such as 2030-01-31T18:00:00Z' }, organization },
  about: 'Give a role to a user (e-mail address), a client (id) or group:NAME',
  run: ({ operands: { subject: typed, role }, options, answer }) =>
    inHouse(async (house) => {
      const until = future('until', options.until);
      const bounds = { until, organization: options.organization };
      const { subject } = await house.rights.assign({ actor }, await subjectOf(typed, house), role, bounds);
      const end = until === undefined ? '' : ` until ${moment(until)}`;
      answer({ subject, role, ...bounds }, `${typed} has the role ${role}${within(bounds.organization)}${end}`);
    }),
});

const unassign = command({
  words: ['unassign'],
  operands: ['subject', 'role'],
  options: { organization },
  about: 'Take a role from a user, a client or group:NAME',
  run: ({ operands: { subject: typed, role }, options: { organization: place }, answer }) =>
    inHouse(async (house) => {
      const subject = await subjectOf(typed, house);
      await house.rights.unassign({ actor }, subject, role, place);
      answer({ subject, role, organization: place }, `${typed} no longer has the role ${role}${within(place)}`);
    }),
});

const within = (place: string | undefined): string => (place === undefined ? '' : ` within ${place}`);

/** The provider and the organisation where there are some, the groups, then each role down to the permission. */
const through = ({ connection, organization: place, groups, roles }: Path): string =>
  [
    ...(connection === undefined ? [] : [`connection ${connection}`]),
    ...(place === undefined ? [] : [`organization ${place}`]),
    ...groups.map((name) => `group:${name}`),
    ...roles,
  ].join(' → ');

const explained = command({
  words: ['access', 'explain'],
  operands: ['subject', 'audience'],
  options: { organization: { value: 'ID', about: 'With the roles within this organization' } },
  about: 'Say which permissions somebody holds on an API now, and through which groups and roles',
  run: ({ operands: { subject: typed, audience }, options: { organization: place }, answer }) =>
    inHouse(async (house) => {
      const subject = await subjectOf(typed, house);
      if (!(await house.access.api(audience))) throw missing(`The API ${audience}`);
      if (place !== undefined && !(await house.organizations.get(place))) throw missing(`The organization ${place}`);
      const held = await house.decide.held(subject, audience, place);
      const { paths, more } = await explain(house, subject, audience, place);
      const rows = paths.map((path) => [path.permission, through(path), moment(path.until)]);
      const nothing = `${typed} holds no permission on ${audience}; roles: ${held.roles.join(', ') || 'none'}`;
      const text = rows.length > 0 ? columns(['permission', 'through', 'until'], rows) : nothing;
      answer({ subject, audience, organization: place, ...held, paths, more }, more ? `${text}\nand more` : text);
    }),
});

/** `sallyport assign` */
export const assignCommands = [assign];
/** `sallyport unassign` */
export const unassignCommands = [unassign];
/** `sallyport access …` */
export const accessCommands = [explained];
