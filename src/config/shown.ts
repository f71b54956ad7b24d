import { originsOf } from './load.ts';
import type { Config } from './schema.ts';
import { type Setting, settings } from './settings.ts';

/** A setting as it may be told to those who look after the server from elsewhere. */
export interface ShownSetting {
  /** `ttl.code` */
  readonly name: string;
  readonly variable: string;
  readonly about: string;
  /** Only of a number, a switch or one of a few words. */
  readonly value?: string | number | boolean | undefined;
  /** Whether there is a value. */
  readonly set: boolean;
  readonly from?: 'environment' | 'file' | 'default' | undefined;
}

/** What everybody who meets this server learns anyway. */
const known = new Set(['issuer', 'mail.from', 'mail.replyTo']);

/**
 * Every setting, and where it comes from. Of a secret, and of any other free text or list, only whether it is set: names of
 * hosts, networks and files are what whoever breaks into an administrator's browser would look for next, and whoever has to
 * know them is on the machine.
 */
export function shownSettings(config: Config): ShownSetting[] {
  const origins = originsOf(config);
  return settings.map((setting) => {
    const name = setting.path.join('.');
    const value = settingAt(config, setting.path);
    return {
      ...{ name, variable: setting.env, about: setting.description },
      ...(isTold(setting, name) && isPlain(value) ? { value } : {}),
      set: value !== undefined && !(Array.isArray(value) && value.length === 0),
      ...(origins && { from: origins.get(name) ?? ('default' as const) }),
    };
  });
}

const isTold = ({ kind, closed, secret }: Setting, name: string): boolean =>
  !secret && (kind === 'number' || kind === 'switch' || closed || known.has(name));

const isPlain = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

function settingAt(group: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return group;
  const member: unknown = typeof group === 'object' && group !== null ? Reflect.get(group, name) : undefined;
  return settingAt(member, rest);
}
