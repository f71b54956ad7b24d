/** Identity scopes (OIDC Core §5.4, §11) as what a client may do with them. */
const scopes: Record<string, string> = {
  openid: 'Know that it is you when you sign in',
  profile: 'See your name and the rest of your profile',
  email: 'See your e-mail address',
  address: 'See your postal address',
  phone: 'See your phone number',
  roles: 'See your roles and groups',
  offline_access: 'Keep its access while you do not use it',
};

const verbs: Record<string, string> = {
  read: 'See',
  write: 'Add and change',
  create: 'Add',
  update: 'Change',
  delete: 'Delete',
  approve: 'Approve',
  manage: 'Do everything with',
};

const plain = (name: string): string => name.replaceAll(/[_.-]+/g, ' ').trim();

/** An identity scope in plain words; one that we do not know stays as it is. */
export const scopeWords = (scope: string): string => scopes[scope] ?? scope;

/** A single claim: `phone_number` becomes "See your phone number". */
export const claimWords = (claim: string): string => `See your ${plain(claim)}`;

/** A permission: `orders:read` becomes "See orders"; one that is built otherwise stays as it is. */
export function permissionWords(permission: string): string {
  const [, thing, verb] = /^([^:]+):([a-z]+)$/.exec(permission) ?? [];
  const does = verb === undefined ? undefined : verbs[verb];
  return thing === undefined || does === undefined ? permission : `${does} ${plain(thing)}`;
}

/** Where an address leads, as people know it: a host, this computer, or the app that opens a scheme. */
export function placeWords(address: string): string {
  const url = URL.parse(address);
  if (!url) return 'the application';
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `the app that opens ${url.protocol} addresses`;
  const here = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return here ? `a program on this device (${url.host})` : url.host;
}
