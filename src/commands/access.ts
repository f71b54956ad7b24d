import type { Path } from '../directory/explain.ts';
import { given } from '../http/given.ts';
import { missing } from '../kernel/errors.ts';
import { assignmentReply, explainedReply } from '../routes/admin-assignments.ts';
import { deskCommand } from './desk.ts';
import { columns, moment } from './listing.ts';
import { future } from './reading.ts';

const organization = { value: 'ID', about: 'Within this organization only' } as const;

const assign = deskCommand({
  words: ['assign'],
  operands: ['subject', 'role'],
  options: { until: { value: 'TIME', about: 'When it ends by itself, such as 2030-01-31T18:00:00Z' }, organization },
  about: 'Give a role to a user (e-mail address), a client (id) or group:NAME',
  async run({ operands: { subject, role }, options, answer }, desk) {
    const bounds = given({ until: future('until', options.until), organization: options.organization });
    const one = await desk.call('addAssignment', assignmentReply, { body: { subject, role, ...bounds } });
    const end = bounds.until === undefined ? '' : ` until ${moment(bounds.until)}`;
    answer(one, `${subject} has the role ${role}${within(bounds.organization)}${end}`);
  },
});

const unassign = deskCommand({
  words: ['unassign'],
  operands: ['subject', 'role'],
  options: { organization },
  about: 'Take a role from a user, a client or group:NAME',
  async run({ operands: { subject, role }, options: { organization: place }, answer }, desk) {
    const query = given({ subject, role, organization: place });
    const all = await desk.all('listAssignments', assignmentReply, { query });
    const one = all.find((assigned) => assigned.organization === place);
    if (!one) throw missing(`An assignment of ${role} to ${subject}${within(place)}`);
    await desk.tell('removeAssignment', { params: { id: one.id } });
    answer(one, `${subject} no longer has the role ${role}${within(place)}`);
  },
});

const within = (place: string | undefined): string => (place === undefined ? '' : ` within ${place}`);

/** The provider and the organisation where there are some, the groups, then each role down to the permission. */
const through = ({
  connection,
  organization: place,
  groups,
  roles,
}: Pick<Path, 'groups' | 'roles'> & Sources): string =>
  [
    ...(connection === undefined ? [] : [`connection ${connection}`]),
    ...(place === undefined ? [] : [`organization ${place}`]),
    ...groups.map((name) => `group:${name}`),
    ...roles,
  ].join(' → ');

interface Sources {
  connection?: string | undefined;
  organization?: string | undefined;
}

const explained = deskCommand({
  words: ['access', 'explain'],
  operands: ['subject', 'audience'],
  options: { organization: { value: 'ID', about: 'With the roles within this organization' } },
  about: 'Say which permissions somebody holds on an API now, and through which groups and roles',
  async run({ operands: { subject, audience }, options: { organization: place }, answer }, desk) {
    const query = given({ subject, audience, organization: place });
    const why = await desk.call('explainAccess', explainedReply, { query });
    const rows = why.paths.map((path) => [path.permission, through(path), moment(path.until)]);
    const nothing = `${subject} holds no permission on ${audience}; roles: ${why.roles.join(', ') || 'none'}`;
    const text = rows.length > 0 ? columns(['permission', 'through', 'until'], rows) : nothing;
    answer(why, why.more ? `${text}\nand more` : text);
  },
});

/** `sallyport assign` */
export const assignCommands = [assign];
/** `sallyport unassign` */
export const unassignCommands = [unassign];
/** `sallyport access …` */
export const accessCommands = [explained];
