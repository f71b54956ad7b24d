import { z } from 'zod';
import { newUserBody } from '../../routes/user-document.ts';
import type { Desk } from '../desk.ts';
import { type Address, type Doc, type Found, type Kind, type Member, picked, textOf } from './kind.ts';

const text = z.string();
const reply = z.record(z.string(), z.unknown());
const until = z.int().optional();

/** Subjects in one spelling: an address, a client id, `group:NAME`. */
const spelt = (subject: unknown): string => {
  const name = textOf(subject).replace(/^(?:client|user):/, '');
  return name.includes('@') ? name.toLowerCase() : name;
};

const isOver = ({ until: end }: Doc): boolean => typeof end === 'number' && end <= Date.now() / 1000;

/** By our own word; what a provider gives, it alone gives and takes. */
const isOurs = (one: Doc): boolean => one.connection === undefined && !isOver(one);

/** The person it is about. */
const person = ({ subject, name }: Doc): string | undefined =>
  textOf(subject).startsWith('user:') ? spelt(name) : undefined;

interface Circle {
  name: string;
  noun: string;
  /** `group` */
  of: string;
  lists: { all: string; members: string };
  operations: Kind['operations'];
}

/** Who is in what, by our own word. */
function members({ name, noun, of, lists, operations }: Circle): Kind {
  const key = (one: Doc): string => `${spelt(one.subject)} in ${textOf(one[of])}`;
  const document = (one: Doc): Doc => picked(one, [of, 'subject', 'until']);
  const ofOne = async (desk: Desk, id: string): Promise<Found[]> => {
    const all = await desk.all(lists.members, reply, { params: { id } });
    return all.filter(isOurs).map((one) => {
      const said = document({ ...one, [of]: id, subject: one.name });
      const address = { id, subject: textOf(one.subject) };
      // A group includes another one for good by its own document.
      const implied = textOf(one.subject).startsWith('group:') && one.until === undefined;
      return { key: key(said), address, document: said, implied, person: person(one) };
    });
  };
  return {
    ...{ name, noun, key, document, operations },
    schema: z.strictObject({ [of]: text, subject: text, until }),
    async found(desk, { wanted, all }) {
      const named = new Set(wanted.map((one) => textOf(one[of])));
      const there = (await desk.all(lists.all, reply)).map(({ id }) => textOf(id));
      const found = await Promise.all(there.filter((id) => all || named.has(id)).map((id) => ofOne(desk, id)));
      return found.flat();
    },
    usual: () => ({}),
    // However a subject is spelt, it is the same.
    settled: (wanted, { document: now }) => ({ ...wanted, subject: now.subject }),
    made: ({ [of]: id, ...body }) => ({ at: { id: textOf(id) }, body }),
  };
}

/** Who is in a group. */
export const groupMembers = members({
  name: 'group_members',
  noun: 'group member',
  of: 'group',
  lists: { all: 'listGroups', members: 'listGroupMembers' },
  operations: { add: 'addGroupMember', remove: 'removeGroupMember' },
});

/** Who is a member of an organisation. */
export const organizationMembers = members({
  name: 'organization_members',
  noun: 'organization member',
  of: 'organization',
  lists: { all: 'listOrganizations', members: 'listOrganizationMembers' },
  operations: { add: 'addOrganizationMember', remove: 'removeOrganizationMember' },
});

const assignmentKey = ({ subject, role, organization }: Doc): string =>
  `${textOf(role)} of ${spelt(subject)}${organization === undefined ? '' : ` in ${textOf(organization)}`}`;

/** Who has which role. */
export const assignments: Kind = {
  name: 'assignments',
  noun: 'assignment',
  schema: z.strictObject({ subject: text, role: text, until, organization: text.optional() }),
  key: assignmentKey,
  document: (one) => picked({ ...one, subject: one.name }, ['subject', 'role', 'organization', 'until']),
  async found(desk) {
    const all = await desk.all('listAssignments', reply);
    return all.filter(isOurs).map((one) => {
      const document = assignments.document(one);
      const address = { id: textOf(one.id) };
      return { key: assignmentKey(document), address, document, person: person(one) };
    });
  },
  usual: () => ({}),
  settled: (wanted, { document: now }) => ({ ...wanted, subject: now.subject }),
  operations: { add: 'addAssignment', get: 'getAssignment', remove: 'removeAssignment' },
};

const { invite: _link, ...account } = newUserBody.shape;
const entry = z.strictObject({ ...account, state: z.enum(['active', 'disabled']).optional() });
const names = Object.keys(entry.shape);

async function turned(desk: Desk, params: Address, { after }: Member, match = '') {
  return (await desk.read(after === 'disabled' ? 'disableUser' : 'enableUser', { params, match })).etag;
}

const asFound = (one: Doc): Found => {
  const email = spelt(one.email);
  return { key: email, address: { id: textOf(one.id) }, document: picked(one, names), person: email };
};

/** People: who they are, never by what they sign in. Files never remove one, and what a document does not name stays. */
export const users: Kind = {
  name: 'users',
  noun: 'user',
  schema: entry,
  key: ({ email }) => spelt(email),
  document: (one) => picked(one, names),
  async found(desk, { wanted, all }) {
    // Of perhaps a million people, those that the files name.
    const asked = all ? [{}] : wanted.map(({ email }) => ({ email }));
    const pages = await Promise.all(asked.map((query) => desk.all('listUsers', reply, { query })));
    return pages
      .flat()
      .filter(({ email }) => email !== undefined)
      .map(asFound);
  },
  settled: (wanted, { document: now }) => ({ ...wanted, email: now.email }),
  operations: { add: 'addUser', get: 'getUser', change: 'changeUser' },
  made: ({ state, ...body }) => ({ body: { ...body, invite: false }, later: state === 'disabled' ? ['state'] : [] }),
  deeds: { state: turned },
};
