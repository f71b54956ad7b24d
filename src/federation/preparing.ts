import type { Vault } from '../kernel/crypto.ts';
import { invalid } from '../kernel/errors.ts';
import type { FetchLimits } from '../kernel/fetch.ts';
import type { Connection } from './connection.ts';
import { drafted } from './draft.ts';
import { imported, type ReadMetadata } from './importing.ts';
import { type ConnectionChange, checkSettings, merged } from './input.ts';
import { boundTo, secretSettings } from './opening.ts';
import { presetNames, presetOf } from './presets.ts';
import { metadataFetch } from './surroundings.ts';

interface Parts {
  vault: Vault;
  outgoing: Partial<FetchLimits>;
  readMetadata: ReadMetadata;
  refuseRole(role: string): Promise<string | undefined>;
}

type Settings = Readonly<Record<string, unknown>>;

/** A connection that is not there yet, from its preset, the provider's description and what is said. Throws `invalid`. */
export async function prepared(
  id: string,
  presetName: string,
  said: ConnectionChange,
  parts: Parts,
): Promise<Connection> {
  const preset = presetOf(presetName);
  if (!preset) throw invalid(`There is no preset ${presetName.slice(0, 50)}; there are ${presetNames.join(', ')}`);
  const now = Math.floor(Date.now() / 1000);
  const own = { id, kind: preset.kind, preset: presetName, name: preset.name, created: now, updated: now };
  const start = { ...own, ...preset.settings };
  return (await preparedChange(start, said, parts, true))(start);
}

/**
 * Does what takes time (asking the provider, checking roles) and answers the atomic step, which makes the connection as it
 * is then into what it becomes. Both throw `invalid`.
 */
export async function preparedChange(
  before: Settings & Pick<Connection, 'id' | 'kind' | 'preset'>,
  change: ConnectionChange,
  parts: Parts,
  fresh = false,
): Promise<(now: object) => Connection> {
  const { id, kind } = before;
  const { confined = before.confined === true, ...settings } = change;
  checkSettings(kind, settings);
  const { from, metadata, ...said } = settings;
  const preset = presetOf(before.preset);
  const reads = fresh || from !== undefined || metadata !== undefined;
  const facts = preset && reads ? await imported(preset, source(before, settings), reader(parts, confined)) : {};
  for (const rule of Array.isArray(said.groupRules) ? said.groupRules : []) {
    const why = rule.role === undefined ? undefined : await parts.refuseRole(rule.role);
    if (why !== undefined) throw invalid(why);
  }
  const sealed = secretSettings.flatMap((name) => {
    const secret = said[name];
    return typeof secret === 'string' ? [[name, parts.vault.seal(secret, boundTo(id, name))]] : [];
  });
  const next = { ...said, ...Object.fromEntries(sealed) };
  const usual = { name: preset?.name, ...preset?.settings };
  return (now) => drafted(kind, merged({ ...now, ...facts, confined }, next, usual));
}

function source(before: Settings, { from, metadata, ...said }: ConnectionChange) {
  const [entityId] = Array.isArray(said.entityIds) ? said.entityIds : [];
  // As an export says a connection that was made of a metadata file.
  const told = before.kind === 'saml' && described.every((name) => said[name] !== undefined);
  return { from, metadata, told, tenants: said.tenants ?? before.tenants, auth: before.auth, entityId };
}

const described = ['entityIds', 'signOn', 'certificates'];

const reader = ({ outgoing, readMetadata }: Parts, confined: boolean) => ({
  fetch: (address: string) => metadataFetch(address, outgoing, confined),
  readMetadata,
  now: () => Math.floor(Date.now() / 1000),
});
