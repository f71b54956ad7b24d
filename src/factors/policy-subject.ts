import { domainToASCII } from 'node:url';
import { invalid } from '../kernel/errors.ts';

const longest = 254;

/** Groups of directories have no case, and a policy of a group only ever asks for more (signin/demands.ts). */
const forms: Record<string, (name: string) => string> = {
  client: (name) => name,
  role: (name) => name,
  connection: (name) => name,
  group: (name) => name.trim().normalize('NFC').toLowerCase(),
  domain: (name) => domainToASCII(name.trim().replace(/^@|\.$/g, '')),
};

/**
 * The one spelling of whom a policy is for: `default`, `client:ID`, `role:NAME`, `group:NAME`, `connection:ID` or
 * `domain:NAME`. Throws `invalid`.
 */
export function policySubject(text: string): string {
  if (text === 'default') return text;
  const [, kind = '', name = ''] = /^([a-z]+):(.+)$/su.exec(text) ?? [];
  const form = Object.hasOwn(forms, kind) ? forms[kind] : undefined;
  const known = form?.(name) ?? '';
  if (known !== '' && known.length <= longest && !/\p{C}/u.test(known)) return `${kind}:${known}`;
  throw invalid(
    'A policy of second factors is for default, client:ID, role:NAME, group:NAME, connection:ID or domain:NAME',
  );
}
