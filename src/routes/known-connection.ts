import type { Organizations } from '../directory/organizations.ts';
import type { Connection } from '../federation/connection.ts';
import type { Connections } from '../federation/connections.ts';
import type { By } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';

interface Parts {
  connections: Connections;
  organizations: Organizations;
}

const nothing = (id: string) => missing(`The connection ${id.slice(0, 200)}`);

/** The connection of this id. Throws `missing`. */
export async function knownConnection(connections: Connections, id: string): Promise<Connection> {
  const connection = await connections.get(id);
  if (!connection) throw nothing(id);
  return connection;
}

/** The same, as far as the caller may know of it: within an organisation, those that belong to that one. */
export async function seenConnection({ connections, organizations }: Parts, by: By, id: string): Promise<Connection> {
  const connection = await knownConnection(connections, id);
  if (by.organization !== undefined && (await organizations.ofConnection(id))?.id !== by.organization)
    throw nothing(id);
  return connection;
}
