import { invalid } from '../kernel/errors.ts';
import type { Entity } from '../store/port.ts';
import { commandClientId, isBuiltInClient } from './built-in.ts';
import type { State } from './life.ts';
import type { Metadata } from './metadata.ts';
import type { Secret } from './secrets.ts';

/** An application that gets tokens, or a gateway that asks about them. Times in seconds. */
export interface Client extends Entity {
  name: string;
  state: State;
  /** Why it was rejected, suspended or revoked, in the administrator's words. */
  reason?: string;
  /** SLA tier, which introspection tells gateways. */
  tier?: string;
  metadata: Metadata;
  secrets: Secret[];
  /** Ours: people are not asked for their consent. */
  firstParty: boolean;
  /** The audiences whose tokens it may introspect. */
  introspects: 'all' | string[];
  /** It is told that tokens end this many seconds from now at the latest, so that it asks again; undefined: when they end. */
  cacheSeconds?: number;
  /** `optional` only for a confidential client that uses `nonce` instead (RFC 9700 §2.1.1). */
  pkce: 'required' | 'optional';
  /** Who registered it: the name of a registrar, or `client:ID`. */
  registrar?: string;
  /** Fingerprint of the registration access token (RFC 7592). */
  registrationToken?: string;
  created: number;
  updated: number;
}

/** What may be said of a client when it is made; metadata in the form of RFC 7591. */
export interface NewClient {
  id?: string;
  name?: string;
  metadata: object;
  firstParty?: boolean;
  introspects?: 'all' | string[];
  pkce?: 'required' | 'optional';
  state?: 'pending' | 'approved';
  tier?: string;
  cacheSeconds?: number;
  /** A secret made elsewhere by `randomToken()`, instead of a fresh one. */
  secret?: string;
  /** Who registers it, how many clients that one may have, and the registration access token to come. */
  registrar?: string;
  limit?: number;
  registrationToken?: string;
}

/** A change of a client: what is not named stays, metadata is given as a whole; an undefined tier or cacheSeconds takes it away. */
export interface ClientChange {
  name?: string;
  metadata?: object;
  firstParty?: boolean;
  introspects?: 'all' | string[];
  pkce?: 'required' | 'optional';
  tier?: string | undefined;
  cacheSeconds?: number | undefined;
  registrationToken?: string;
}

/** Does what may take the administration of this server from a client, or undoes it and throws. */
type Guard = <T>(deed: () => Promise<T>, undo: (done: T) => Promise<unknown>, subject?: string) => Promise<T>;

/** What clients are kept with. */
export interface Around {
  /** Clients that are not kept, because they are parts of this server. */
  builtIn?: readonly Client[];
  guard?: Guard;
}

/** Ids go into Basic credentials (no colon) and subjects; those of people begin like no client's (RFC 9700 §4.15). */
export function checkedId(id: string): string {
  const lower = id.toLowerCase();
  if (isBuiltInClient(lower) || lower === commandClientId)
    throw invalid(`The client id ${lower} belongs to this server itself`);
  if (/^usr_/i.test(id)) throw invalid('A client id must not begin with usr_, as the ids of people do');
  if (/^[\x21\x23-\x39\x3b-\x5b\x5d-\x7b\x7d\x7e]{1,200}$/.test(id)) return id;
  throw invalid('A client id has 1 to 200 printable ASCII characters, without space and any of : | " \\');
}

const day = 24 * 60 * 60;

/** The rules between members. */
export function checkedClient(client: Client): Client {
  const { pkce, metadata, introspects, tier, cacheSeconds } = client;
  if (pkce === 'optional' && metadata.token_endpoint_auth_method === 'none') {
    throw invalid('PKCE cannot be lifted for a public client; give it a secret or a key first (RFC 9700 §2.1.1)');
  }
  if (introspects !== 'all' && introspects.some((audience) => audience === '' || audience.length > 200)) {
    throw invalid('introspects is "all" or a list of audiences');
  }
  if (tier !== undefined) checkedTierName(tier);
  if (cacheSeconds !== undefined && !(Number.isSafeInteger(cacheSeconds) && cacheSeconds >= 1 && cacheSeconds <= day)) {
    throw invalid(`A gateway may keep answers for 1 to ${day} whole seconds`);
  }
  return client;
}

/** The name of an SLA tier, whether it is defined or not. Throws `invalid`. */
export function checkedTierName(name: string): string {
  if (/^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u.test(name)) return name;
  throw invalid('A tier is a name of 1 to 100 visible characters');
}

/** Names of the members that differ, and of those of the metadata; never their values. */
export function differences(before: Client, after: Client): string[] {
  const differ = (a: object, b: object): string[] => {
    const [old, fresh] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
    const names = new Set([...old.keys(), ...fresh.keys()]);
    return [...names].filter((name) => JSON.stringify(old.get(name)) !== JSON.stringify(fresh.get(name)));
  };
  const members = differ(before, after).filter((name) => name !== 'metadata' && name !== 'updated');
  return [...members, ...differ(before.metadata, after.metadata)];
}

/** What the trail tells of a client that was made. */
export function createdFacts({ state, registrar, pkce, firstParty, introspects, metadata }: Client) {
  const audiences = introspects === 'all' ? 'all' : introspects.join(' ');
  return { state, registrar, grants: metadata.grant_types?.join(' '), pkce, firstParty, introspects: audiences };
}

/** What the audit trail tells of a change: which members, and the values of those that say who may do what. */
export function changedFacts({ pkce, firstParty, introspects, tier }: Client, changed: ReadonlySet<string>) {
  const facts = { pkce, firstParty, introspects: introspects === 'all' ? 'all' : introspects.join(' '), tier };
  const telling = Object.fromEntries(Object.entries(facts).filter(([name]) => changed.has(name)));
  return { changed: [...changed].join(' '), ...telling };
}
