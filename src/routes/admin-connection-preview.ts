import { z } from 'zod';
import type { Access } from '../directory/access.ts';
import type { Groups } from '../directory/groups.ts';
import type { Organizations } from '../directory/organizations.ts';
import type { Connections } from '../federation/connections.ts';
import { previewed, withRules } from '../federation/previewing.ts';
import { type Operation, operation } from '../http/resource.ts';
import { connectionRules, settingsOf } from './connection-document.ts';
import { seenConnection } from './known-connection.ts';

interface Parts {
  connections: Connections;
  organizations: Organizations;
  access: Access;
  groups: Groups;
}

const text = z.string();
const texts = z.array(text);

/** What the rules of a connection would make of claims. */
export const previewReply = z.object({
  subject: text,
  email: text.optional(),
  email_verified: z.boolean(),
  profile: z.record(text, z.unknown()),
  roles: texts,
  roles_missing: texts.meta({ description: 'Roles of these that nobody has made yet' }),
  groups: texts.meta({ description: 'Groups here that the person would be in' }),
  groups_missing: texts.meta({ description: 'Groups of these that nobody has made yet' }),
  groups_without_rule: texts.meta({ description: 'Groups of the provider that no rule names' }),
  groups_said: z.boolean().meta({ description: 'Whether the claims say anything of groups' }),
  second_factor: z.enum(['2fa', 'phr', 'not proven']),
  amr: texts,
  ignored: texts.meta({ description: 'Claims that no rule looks at' }),
  email_why: text.meta({ description: 'Why the address counts as verified, or does not' }),
});

/** Names of claims, but for those by which stores and programs mean something else. */
const claims = z
  .record(z.string().regex(/^[^$]/).max(300), z.unknown())
  .meta({ description: 'Claims or attributes by the names that the provider uses' });

/** The names of these that stand for nothing yet. */
async function unmade(names: readonly string[], find: (name: string) => Promise<unknown>): Promise<string[]> {
  const found = await Promise.all(names.map(find));
  return names.filter((_, index) => found[index] === undefined);
}

/** The admin API's operation that shows what rules do before they do it; `sallyport connection preview` and the console make the same call. */
export const adminConnectionPreview = (parts: Parts): Operation[] => [
  operation({
    name: 'previewConnection',
    method: 'post',
    path: '/connections/:id/preview',
    changesNothing: () => true,
    about: 'Show what the rules of a connection, saved or not yet, would make of claims; nothing changes',
    permission: 'connections:read',
    scope: 'organization',
    params: z.object({ id: text }),
    body: z.strictObject({
      claims,
      rules: connectionRules.partial().optional().meta({ description: 'Instead of those that the connection has' }),
    }),
    reply: previewReply,
    async run({ params: { id }, body, by }) {
      const saved = await seenConnection(parts, by, id);
      const connection = body.rules === undefined ? saved : withRules(saved, settingsOf(body.rules));
      const seen = previewed(body.claims, connection, Math.floor(Date.now() / 1000));
      // Which names there are is known to whoever may look beyond one organisation.
      const look = by.organization === undefined ? unmade : async () => [];
      return {
        ...{ subject: seen.subject, email: seen.email, email_verified: seen.emailVerified, email_why: seen.why },
        ...{ profile: seen.profile, roles: seen.roles, groups: seen.localGroups, groups_said: seen.groupsSaid },
        roles_missing: await look(seen.roles, (name) => parts.access.role(name)),
        groups_missing: await look(seen.localGroups, (name) => parts.groups.get(name)),
        groups_without_rule: seen.unmapped,
        second_factor: seen.proven ?? ('not proven' as const),
        ...{ amr: seen.amr, ignored: seen.ignored },
      };
    },
  }),
];

/** The claims that a text holds as a JSON object; undefined when it holds none. */
export function claimsIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
