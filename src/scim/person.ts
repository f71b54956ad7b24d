import { createHash } from 'node:crypto';
import type { User } from '../directory/users.ts';
import type { Entity } from '../store/port.ts';
import { compact } from './accepted.ts';
import type { Resource } from './matching.ts';
import { otherVersion } from './problems.ts';
import { userKind } from './schemas.ts';

/** An organisation whose identity provider calls. */
export interface Tenant {
  readonly organization: string;
  /** Where its resources are: `https://…/scim/v2/ORGANIZATION`. */
  readonly base: string;
}

/** What is to be made of what can be pushed. */
export type Edit = (now: Resource) => Resource | Promise<Resource>;

/** In whose name what an organisation pushes is done. */
export const actorOf = ({ organization }: Pick<Tenant, 'organization'>): string => `scim:${organization}`;
/** By whose word people are members and in groups: none of an administrator's, so it never gives the administration away. */
export const wordOf = (tenant: Pick<Tenant, 'organization'>): string => actorOf(tenant);

/** What an organisation said of a person whom it manages; its id is the person's, so nobody has two managers. */
export interface PersonRecord extends Entity {
  readonly organization: string;
  /** As it was pushed, without `active`, which is the account's. */
  readonly resource: Resource;
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly updated: number;
  /** The account is being made at this moment. */
  readonly pending?: true;
  /** The organisation has disabled the person, so it may enable the person too. */
  readonly off?: true;
}

/** Somebody whom an organisation manages; without a record it has never said anything of them. */
export interface Person {
  readonly user: User;
  readonly record?: PersonRecord | undefined;
}

/** What a person is to an organisation that has not said anything yet. */
export function resourceOf({ email, profile }: User): Resource {
  const { name, given_name: givenName, family_name: familyName } = profile;
  return compact({
    userName: email,
    displayName: name,
    name: compact({ formatted: name, givenName, familyName }),
    emails: [{ value: email, type: 'work', primary: true }],
  });
}

/** All that can be pushed of a person, as it stands. */
export const stateOf = ({ user, record }: Person): Resource => ({
  ...(record?.resource ?? resourceOf(user)),
  active: user.state === 'active',
});

/** The ETag of a person; a weak one, since the same state can be shown in several ways (RFC 7644 §3.14). */
export function personVersion(person: Person): string {
  const state = JSON.stringify([person.record?.revision ?? 0, stateOf(person)]);
  return `W/"${createHash('sha256').update(state).digest('base64url').slice(0, 22)}"`;
}

/** Whether If-Match or If-None-Match names this version, a weak one or a strong one; `*` names all. */
export function isVersion(header: string, version: string): boolean {
  const bare = (tag: string) => tag.trim().replace(/^W\//, '');
  return header.split(',').some((one) => bare(one) === '*' || bare(one) === bare(version));
}

/** Throws `changed` when the header names another version. */
export function checkVersion(header: string | undefined, version: string): void {
  if (header !== undefined && header.trim() !== '' && !isVersion(header, version)) throw otherVersion();
}

/** Times as RFC 7643 §2.3.5 has them. */
export const moment = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** A person as a resource (RFC 7643 §4.1). */
export function personDocument(person: Person, { base }: Tenant): Resource {
  const { user, record } = person;
  const state = stateOf(person);
  const extensions = userKind.extensions.filter(({ id }) => state[id] !== undefined).map(({ id }) => id);
  return {
    schemas: [userKind.schema.id, ...extensions],
    id: user.id,
    ...state,
    meta: {
      resourceType: 'User',
      created: moment(record?.created ?? user.created * 1000),
      lastModified: moment(Math.max(record?.updated ?? 0, user.updated * 1000)),
      location: `${base}/Users/${user.id}`,
      version: personVersion(person),
    },
  };
}
