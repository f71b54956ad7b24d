import { type Html, html } from '../../src/kernel/html.ts';
import type { Key, Say } from '../words.ts';

/** Identity scopes (OIDC Core §5.4, §11) as what a client may do with them. */
const scopes: Readonly<Record<string, Key>> = {
  openid: 'scope.openid',
  profile: 'scope.profile',
  email: 'scope.email',
  address: 'scope.address',
  phone: 'scope.phone',
  roles: 'scope.roles',
  offline_access: 'scope.offline_access',
};

/** Single claims (OIDC Core §5.1). */
const claims: Readonly<Record<string, Key>> = {
  address: 'scope.address',
  birthdate: 'claim.birthdate',
  email: 'scope.email',
  email_verified: 'claim.email_verified',
  family_name: 'claim.family_name',
  gender: 'claim.gender',
  given_name: 'claim.given_name',
  groups: 'claim.groups',
  locale: 'claim.locale',
  middle_name: 'claim.middle_name',
  name: 'claim.name',
  nickname: 'claim.nickname',
  phone_number: 'scope.phone',
  phone_number_verified: 'claim.phone_number_verified',
  picture: 'claim.picture',
  preferred_username: 'claim.preferred_username',
  profile: 'claim.profile',
  roles: 'claim.roles',
  updated_at: 'claim.updated_at',
  website: 'claim.website',
  zoneinfo: 'claim.zoneinfo',
};

const verbs: Readonly<Record<string, Key>> = {
  read: 'permission.read',
  write: 'permission.write',
  create: 'permission.create',
  update: 'permission.update',
  delete: 'permission.delete',
  approve: 'permission.approve',
  manage: 'permission.manage',
};

const plain = (name: string): string => name.replaceAll(/[_.-]+/g, ' ').trim();

const own = (keys: Readonly<Record<string, Key>>, name: string): Key | undefined =>
  Object.hasOwn(keys, name) ? keys[name] : undefined;

/** An identity scope in plain words; one that we do not know stays as it is. */
export function scopeWords(say: Say, scope: string): Html {
  const key = own(scopes, scope);
  return key === undefined ? html`${scope}` : say(key);
}

/** A single claim: `phone_number` becomes "See your phone number". */
export function claimWords(say: Say, claim: string): Html {
  const key = own(claims, claim);
  return key === undefined ? say('claim.other', { claim: plain(claim) }) : say(key);
}

/** A permission: `orders:read` becomes "See orders"; one that is built otherwise stays as it is. */
export function permissionWords(say: Say, permission: string): Html {
  const [, thing, verb] = /^([^:]+):([a-z]+)$/.exec(permission) ?? [];
  const does = verb === undefined ? undefined : own(verbs, verb);
  return thing === undefined || does === undefined ? html`${permission}` : say(does, { thing: plain(thing) });
}

/** Where the browser goes back to, as people know it: a host, this computer, or the app that opens a scheme. */
export function backWords(say: Say, address: string): Html {
  const url = URL.parse(address);
  if (!url) return say('consent.back');
  const { protocol: scheme, host } = url;
  if (scheme !== 'http:' && scheme !== 'https:') return say('consent.back.app', { scheme });
  return say(isHere(url) ? 'consent.back.device' : 'consent.back.host', { host });
}

/** A page of an application by its host. */
export function siteWords(say: Say, address: string): Html {
  const url = URL.parse(address);
  if (!url) return html`${address}`;
  return isHere(url) ? say('consent.site.device', { host: url.host }) : html`${url.host}`;
}

const isHere = ({ hostname }: URL): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
