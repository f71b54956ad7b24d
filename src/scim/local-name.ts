const longest = 100;
const longestPrefix = 60;

/**
 * What a group that an organisation pushed is called here: `ORGANIZATION:Name`, in the letters that a group may have. No part
 * after the colon has one, so the names of two organisations never meet. `attempt` counts those that were in use.
 */
export function localName(organization: string, displayName: string, attempt = 0): string {
  const plain = displayName
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  const prefix = organization.slice(0, longestPrefix);
  const end = attempt === 0 ? '' : `-${attempt + 1}`;
  const room = longest - prefix.length - 1 - end.length;
  return `${prefix}:${(plain || 'group').slice(0, room).replace(/[^A-Za-z0-9]+$/, '')}${end}`;
}
