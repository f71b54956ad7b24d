import { z } from 'zod';
import type { Clients } from '../clients/clients.ts';
import type { Access } from '../directory/access.ts';
import { type MfaPolicy, policyLevels, type RulesChange, secondFactors } from '../factors/policies.ts';
import { policySubject } from '../factors/policy-subject.ts';
import type { Connections } from '../federation/connections.ts';
import { missing } from '../kernel/errors.ts';

const rules = {
  second_factor: z.enum(secondFactors).meta({ description: 'From nobody, from whoever has one, from everybody' }),
  level: z.enum(policyLevels).meta({ description: 'The least that a second factor must be worth' }),
  grace: z.int().meta({ description: 'Seconds in which somebody without a factor may still go on without' }),
  remember: z.int().meta({ description: 'Seconds for which a device may be remembered; 0 is never' }),
};

/** A policy as the admin API and the CLI show it: what it does not name, it leaves to the others. */
export const mfaPolicyReply = z
  .object({
    id: z.string().meta({
      description: '`default`, `client:ID`, `role:NAME`, `group:NAME`, `connection:ID` or `domain:NAME`',
    }),
    ...z.object(rules).partial().shape,
  })
  .meta({ id: 'MfaPolicy', description: 'What is asked of whom beside the password' });

/** A change: what is not named stays, null leaves a member to the other policies (RFC 7396). */
export const mfaPolicyChange = z
  .strictObject(
    Object.fromEntries(Object.entries(rules).map(([name, type]) => [name, type.nullable()])) as {
      [N in keyof typeof rules]: z.ZodNullable<(typeof rules)[N]>;
    },
  )
  .partial();

/** A policy under the names of the wire. */
export const mfaPolicyDocument = ({
  id,
  secondFactor,
  level,
  grace,
  remember,
}: MfaPolicy): z.input<typeof mfaPolicyReply> => ({ id, second_factor: secondFactor, level, grace, remember });

/** What a change on the wire means. */
export function rulesChange({ second_factor: secondFactor, ...rest }: z.output<typeof mfaPolicyChange>): RulesChange {
  return { ...rest, ...(secondFactor === undefined ? {} : { secondFactor }) };
}

interface Known {
  clients: Pick<Clients, 'get'>;
  access: Pick<Access, 'role'>;
  connections: Pick<Connections, 'get'>;
}

/**
 * Throws `missing` for a client, role or connection that does not exist: with a slip in its name, a policy would guard
 * nobody. Groups and domains are known by their names only.
 */
export async function refuseUnknown(subject: string, { clients, access, connections }: Known): Promise<void> {
  const [, kind, name = ''] = /^([a-z]+):(.*)$/su.exec(policySubject(subject)) ?? [];
  if (kind === 'client' && !(await clients.get(name))) throw missing(`The client ${name}`);
  if (kind === 'role' && !(await access.role(name))) throw missing(`The role ${name}`);
  if (kind === 'connection' && !(await connections.get(name))) throw missing(`The connection ${name}`);
}
