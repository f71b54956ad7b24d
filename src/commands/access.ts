import { explain, type Path } from '../directory/explain.ts';
import { missing } from '../kernel/errors.ts';
import { command } from './command.ts';
import { columns, moment } from './listing.ts';
import { actor, inHouse } from './office.ts';
import { future } from './reading.ts';
import { subjectOf } from './subject.ts';

const assign = command({
  words: ['assign'],
  operands: ['subject', 'role'],
  options: { until: { value: 'TIME', about: 'When it ends by itself, such as 2030-01-31T18:00:00Z' } },
  about: 'Give a role to a user (e-mail address), a client (id) or group:NAME',
  run: ({ operands: { subject: typed, role }, options, answer }) =>
    inHouse(async (house) => {
      const until = future('until', options.until);
      const { subject } = await house.access.assign(await subjectOf(typed, house), role, actor, { until });
      const end = until === undefined ? '' : ` until ${moment(until)}`;
      answer({ subject, role, until }, `${typed} has the role ${role}${end}`);
    }),
});

const unassign = command({
  words: ['unassign'],
  operands: ['subject', 'role'],
  about: 'Take a role from a user, a client or group:NAME',
  run: ({ operands: { subject: typed, role }, answer }) =>
    inHouse(async (house) => {
      const subject = await subjectOf(typed, house);
      await house.access.unassign(subject, role, actor);
      answer({ subject, role }, `${typed} no longer has the role ${role}`);
    }),
});

/** The provider that gave the first role, if one did, then each role down to the permission. */
const through = ({ connection, roles }: Path): string =>
  [...(connection === undefined ? [] : [`connection ${connection}`]), ...roles].join(' → ');

const explained = command({
  words: ['access', 'explain'],
  operands: ['subject', 'audience'],
  about: 'Say which permissions somebody holds on an API now, and through which roles',
  run: ({ operands: { subject: typed, audience }, answer }) =>
    inHouse(async (house) => {
      const subject = await subjectOf(typed, house);
      if (!(await house.access.api(audience))) throw missing(`The API ${audience}`);
      const { roles, entitlements } = await house.decide.held(subject, audience);
      const { paths } = await explain(house, subject, audience);
      const rows = paths.map((path) => [path.permission, through(path), moment(path.until)]);
      const nothing = `${typed} holds no permission on ${audience}; roles: ${roles.join(', ') || 'none'}`;
      const text = rows.length > 0 ? columns(['permission', 'through', 'until'], rows) : nothing;
      answer({ subject, audience, roles, entitlements, paths }, text);
    }),
});

/** `sallyport assign` */
export const assignCommands = [assign];
/** `sallyport unassign` */
export const unassignCommands = [unassign];
/** `sallyport access …` */
export const accessCommands = [explained];
