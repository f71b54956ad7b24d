import type { Entity, Spec } from '../store/port.ts';
import { type Beginning, beginnings } from './people-search.ts';
import type { Profile } from './profile.ts';

/** A person; the id is the `sub` of their tokens, never used again, and never the id of a client. Times in seconds. */
export interface User extends Entity {
  /** In the one spelling of `normalEmail`; nobody else has it. Without one a person comes through a provider only. */
  email?: string;
  emailVerified: boolean;
  profile: Profile;
  /** argon2id, PHC string; without one a person signs in elsewhere. */
  password?: string;
  state: 'active' | 'disabled';
  /** Sessions and tokens that began before this moment count no more: the password was changed, or the person disabled. */
  signedOut?: number;
  created: number;
  updated: number;
}

/** What is said of a person who is added. */
export interface NewUser {
  email: string;
  name?: string;
  password?: string;
  /** Standard claims; checked. */
  profile?: object;
  emailVerified?: boolean;
}

/** A person whom a provider has proven, as it describes them. */
export interface ProvisionedUser extends Pick<NewUser, 'profile' | 'emailVerified'> {
  email?: string | undefined;
}

/** A change of a person. The profile is merged: what is not named stays, null takes a claim away (RFC 7396). */
export interface UserChange {
  email?: string;
  emailVerified?: boolean;
  profile?: object;
}

/** How a new password came, and what has to hold before it is written. */
export interface PasswordChange {
  type?: 'user.password-changed' | 'user.password-reset';
  /** From where, for the audit trail. */
  seen?: { ip: string; requestId: string };
  /** Called once the password is known to be good; when it throws, nothing is changed. */
  confirm?: () => Promise<void>;
}

/** What people are found by. */
export type UserLookUp = 'email' | 'state' | Beginning;

/** How people are kept. */
export const keptUsers: Spec<User, UserLookUp> = {
  name: 'users',
  indexes: {
    email: { key: (user) => user.email, unique: true },
    state: { key: (user) => user.state },
    ...beginnings,
  },
  cached: true,
};
