import type { Access } from './access.ts';

/** All permissions of these roles, and of those that they include; a role that is not there has none. */
export async function permissionsOf(access: Pick<Access, 'role'>, names: readonly string[]): Promise<Set<string>> {
  const [seen, given, waiting] = [new Set<string>(), new Set<string>(), [...names]];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const role = seen.has(name) ? undefined : await access.role(name);
    seen.add(name);
    for (const text of role?.permissions ?? []) given.add(text);
    waiting.push(...(role?.includes ?? []));
  }
  return given;
}
