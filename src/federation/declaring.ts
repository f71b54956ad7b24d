import type { Vault } from '../kernel/crypto.ts';
import { Problem } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import type { ConnectionInput } from './input.ts';
import { domainName } from './mapping.ts';

interface Parts {
  connections: Connections;
  vault: Vault;
  log: Pick<Log, 'error' | 'info'>;
}

const system = 'system';

/**
 * Makes the connections what the configuration file says. One that is so already costs nothing and asks nobody; one that
 * cannot be made (its provider is away) is told of in the log, stays as it was, and keeps nobody from starting. A
 * connection that the file no longer has lets nobody in, until somebody enables or removes it.
 */
export async function declare(inputs: readonly ConnectionInput[], parts: Parts): Promise<void> {
  const { connections, vault, log } = parts;
  for (const input of inputs) {
    const mark = vault.fingerprint('declared-connection', JSON.stringify(sorted(input)));
    try {
      await made(input, mark, connections);
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      log.error({ connection: input.id, err: error }, 'a declared connection could not be made as the file says');
    }
  }
  const named = new Set(inputs.map(({ id }) => id));
  for (const { id, declared } of await every(connections)) {
    if (declared === undefined || named.has(id)) continue;
    await connections.release(id, system);
    log.info({ connection: id }, 'the file no longer declares this connection; it is disabled');
  }
}

async function made(input: ConnectionInput, mark: string, connections: Connections): Promise<void> {
  const known = await connections.get(input.id);
  if (known?.declared === mark) {
    // Whoever made it may have ended before all of its domains were there.
    const missing = (input.domains ?? []).filter((name) => !known.domains.some((one) => one.name === domainName(name)));
    for (const name of missing) await connections.domains.add(input.id, name, system);
    return;
  }
  if (known) {
    await connections.redeclare(input, mark, system);
    return;
  }
  try {
    await connections.add(input, system, mark);
  } catch (error) {
    // Another process starts with the same file.
    const faster = error instanceof Problem && error.code === 'taken' ? await connections.get(input.id) : undefined;
    if (faster?.declared !== mark) throw error;
  }
}

async function every(connections: Connections): Promise<Connection[]> {
  const all: Connection[] = [];
  for (let after = ''; ; ) {
    const page = await connections.list({ limit: 1000, after });
    all.push(...page);
    after = page.at(-1)?.id ?? '';
    if (page.length < 1000) return all;
  }
}

/** The same settings in another order say the same. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, sorted(one)]),
  );
}
