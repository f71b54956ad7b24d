import type { Access } from './directory/access.ts';
import { Groups } from './directory/groups.ts';
import { Organizations } from './directory/organizations.ts';
import type { MfaPolicies } from './factors/policies.ts';
import type { Connections } from './federation/connections.ts';
import { domainName } from './federation/mapping.ts';
import { SetupLinks } from './federation/setup-links.ts';
import type { House } from './house.ts';
import { type Pushed, pushed } from './provisioning.ts';

interface Parts extends Pick<House, 'store' | 'vault' | 'trail' | 'users'> {
  access: Access;
  mfaPolicies: MfaPolicies;
  /** Asked late: connections themselves forget here who came through one that goes. */
  connections(): Connections;
}

/** What people and connections belong to, and what is there for one organisation only. */
export interface Circles {
  groups: Groups;
  organizations: Organizations;
  scim: Pushed;
  setupLinks: SetupLinks;
}

/** Groups and organisations, with what goes when one of them does, and what connections know of them. */
export function belonging({ store, vault, trail, users, access, mfaPolicies, connections }: Parts) {
  const groups = new Groups({
    ...{ store, trail },
    async forget(subject, actor) {
      await access.forget(subject, actor);
      await mfaPolicies.forget(subject, actor);
    },
  });
  const setupLinks = new SetupLinks({ store, vault, trail });
  const organizations = new Organizations({
    ...{ store, trail },
    federation: {
      domainName,
      speaker: (domain) => connections().domains.speaker(domain),
      hasConnection: async (id) => (await connections().get(id)) !== undefined,
    },
    async forget(id, actor) {
      await scim.forgetOrganization(id, actor);
      await access.forgetOrganization(id, actor);
      await setupLinks.forget(id);
    },
    left: (id, subject, actor) => scim.leave(id, subject, actor),
  });
  const scim = pushed({ store, vault, trail, users, groups, organizations });
  /** A subject that is removed, or a connection: nothing is left of what they had or gave. */
  const forget = async (what: { subject: string } | { connection: string }, actor: string): Promise<void> => {
    if ('subject' in what) {
      for (const part of [access, groups, organizations]) await part.forget(what.subject, actor);
    } else {
      for (const part of [access, groups, organizations]) await part.forgetConnection(what.connection, actor);
    }
  };
  return { circles: { groups, organizations, scim, setupLinks } satisfies Circles, forget };
}
