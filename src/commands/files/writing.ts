import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import type { Doc, Found, Kind } from './kind.ts';

const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

/** Names of variables for secrets, each once. */
function namer(): (kind: Kind, key: string, member: string) => string {
  const used = new Set<string>();
  return (kind, key, member) => {
    const name = `${kind.noun}_${key}_${member}`.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
    let free = name;
    for (let count = 2; used.has(free); count += 1) free = `${name}_${count}`;
    used.add(free);
    return free;
  };
}

/** In the order of the schema, without what counts anyway, and with references where the server has secrets. */
function written(kind: Kind, { key, document, held = [] }: Found, variable: ReturnType<typeof namer>): Doc {
  const usual = kind.usual?.(document) ?? {};
  const names = (name: string): boolean => kind.key({ ...document, [name]: undefined }) !== key;
  const telling = Object.entries(document).filter(
    ([name, value]) => !kind.unwritten?.includes(name) && (names(name) || !isDeepStrictEqual(usual[name], value)),
  );
  const secrets = held.map((name) => [name, `env:${variable(kind, key, name)}`]);
  return Object.fromEntries([...telling, ...secrets]);
}

/** All that files can hold as one file; the same settings always as the same text. */
export function exported(parts: readonly { kind: Kind; found: readonly Found[] }[], people: boolean): string {
  const variable = namer();
  const blocks = parts.flatMap(({ kind, found }) => {
    const ours = found.filter(({ foreign, implied }) => foreign === undefined && implied !== true);
    const kept = ours.filter(({ person }) => people || person === undefined);
    if (kept.length === 0) return [];
    const documents = [...kept].sort(byKey).map((one) => written(kind, one, variable));
    return [stringify({ [kind.name]: documents }, { lineWidth: 0 })];
  });
  return blocks.join('\n');
}
