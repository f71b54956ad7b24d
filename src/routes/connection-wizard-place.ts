import { z } from 'zod';
import type { Room } from '../../views/admin/frame.ts';
import { connectionReply } from './connection-document.ts';
import type { ConsoleVisit } from './console-page.ts';

/** Where the wizard stands, and for whom. */
export interface WizardPlace {
  /** `at()` is where it is left to, `at('new')` where a provider is added, `at(id, 'setup')` where one is set up; names come out encoded. */
  at(...names: readonly string[]): string;
  room: Room;
  /** For whoever looks after one organisation: what that one may not do is not offered. */
  bounded?: boolean;
}

/** The pattern of an address with `:id` and its like in it. */
export const patternOf = ({ at }: WizardPlace, ...names: readonly string[]): string =>
  at(...names).replaceAll('%3A', ':');

const texts = z.array(z.string());

/** A connection with those of its settings that the wizard is about. */
const setupReply = connectionReply.extend({
  name: z.string(),
  provision: z.boolean(),
  shown: z.boolean(),
  mfa: z.enum(['ignore', 'accept', 'require']),
  mapping: z.record(z.string(), texts),
  group_rules: z.array(z.object({ upstream: z.string(), role: z.string().optional(), group: z.string().optional() })),
  evidence: z.array(z.record(z.string(), z.unknown())),
  strong_request: z.record(z.string(), texts),
  groups: z.union([texts, z.record(z.string(), z.unknown())]),
  subject: z.union([texts, z.string()]),
  issuer: z.string().optional(),
  client_id: z.string().optional(),
  auth: z.string().optional(),
  tenants: texts.optional(),
  metadata_url: z.string().optional(),
  entity_ids: texts.optional(),
  servers: texts.optional(),
  base: z.string().optional(),
  bind_dn: z.string().optional(),
  certificate_authority: z.string().optional(),
});

/** A connection as the wizard reads it. */
export type Setup = z.output<typeof setupReply>;

/** The connection of this address, with the state that forms are made of. Throws `missing`. */
export async function setupOf(visit: ConsoleVisit): Promise<{ one: Setup; etag: string }> {
  const { reply, etag } = await visit.run('getConnection', setupReply, { params: { id: visit.params.id ?? '' } });
  return { one: reply, etag };
}
