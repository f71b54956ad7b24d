import type { Groups } from './directory/groups.ts';
import type { Organizations } from './directory/organizations.ts';
import type { Users } from './directory/users.ts';
import { forgetPerson } from './forgetting.ts';
import type { House } from './house.ts';
import type { ScimParts } from './routes/scim-resources.ts';
import { ScimGroups } from './scim/groups.ts';
import { People } from './scim/people.ts';
import { actorOf } from './scim/person.ts';
import { Pushing } from './scim/pushing.ts';
import { Searching } from './scim/searching.ts';
import { ScimTokens } from './scim/tokens.ts';

/** What identity providers have pushed into organisations, and the tokens with which they do. */
export interface Pushed {
  tokens: ScimTokens;
  people: People;
  groups: ScimGroups;
  /** The organisation that has pushed a person. */
  managerOf(user: string): Promise<string | undefined>;
  /** A person is gone. */
  forget(user: string): Promise<void>;
  /** An organisation is gone: its tokens open nothing, and nobody manages its people. */
  forgetOrganization(organization: string, actor: string): Promise<void>;
}

interface Ground extends Pick<House, 'store' | 'vault' | 'trail'> {
  users: Users;
  groups: Groups;
  organizations: Organizations;
}

/** Puts it together. */
export function pushed({ store, vault, trail, users, groups: local, organizations }: Ground): Pushed {
  const tokens = new ScimTokens({ store, vault, trail });
  const people = new People({ store, users, organizations });
  const groups = new ScimGroups({ store, groups: local, people });
  return {
    ...{ tokens, people, groups },
    managerOf: (user) => people.managerOf(user),
    async forget(user) {
      const manager = await people.managerOf(user);
      if (manager !== undefined) await groups.leave(manager, user);
      await people.forget(user);
    },
    async forgetOrganization(organization, actor) {
      await tokens.remove(organization, actor);
      await groups.forgetOrganization(organization, actor);
      await people.forgetOrganization(organization);
    },
  };
}

/** The same with what changes and finds it; `endAll` ends a person's sessions and grants, and tells applications of it. */
export function scimRooms(house: House, endAll: (account: string) => Promise<unknown>): ScimParts {
  const { people, groups } = house.scim;
  const pushing = new Pushing({
    ...house,
    people,
    forget: (user, actor) => forgetPerson(house, user, actor, endAll),
    leaveGroups: (organization, user) => groups.leave(organization, user),
  });
  return {
    ...{ people, groups, pushing, searching: new Searching({ people, groups }) },
    async asked(tenant, operation, on) {
      // Ids of ours have no such sign; an address would outlive the person in the trail. A bulk request has paths of any length.
      const parts = on.split('/').map((part) => (part.includes('@') ? '…@…' : part));
      const detail = { operation, on: parts.join('/') };
      await house.trail.record({ type: 'scim.asked', actor: actorOf(tenant), detail });
    },
  };
}
