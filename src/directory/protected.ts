import type { Access } from './access.ts';
import { adminApi, administrator } from './built-in.ts';

/**
 * Why no outside provider may give this role: it is the administrator's, includes that one, or holds permissions of the
 * administration. Undefined when one may. Roles change, so whoever gives one asks again.
 */
export async function refuseRole(access: Access, name: string): Promise<string | undefined> {
  const seen = new Set<string>();
  const waiting = [name];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const role = id === administrator ? undefined : await access.role(id);
    if (id === administrator || role?.permissions.some((permission) => permission.startsWith(`${adminApi}#`))) {
      return `The role ${name} administers this server, and no other provider can give it; assign it here, to a person`;
    }
    waiting.push(...(role?.includes ?? []));
  }
  return undefined;
}
