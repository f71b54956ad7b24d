import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { isBuiltInClient } from '../clients/built-in.ts';
import type { Client, Clients } from '../clients/clients.ts';
import { adminApi } from '../directory/built-in.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

type OIDC = KoaContextWithOIDC['oidc'];
type Grant = InstanceType<Provider['Grant']>;

/** What a client asks a person for: scopes about the person, single claims, and permissions by API (its audience). */
export interface Asked {
  scopes: string[];
  claims: string[];
  resources: Record<string, string[]>;
}

/** What a person has allowed a client; given in seconds. */
export interface Consent extends Entity, Asked {
  account: string;
  client: string;
  given: number;
}

const seconds = (): number => Math.floor(Date.now() / 1000);
/** After a year people have forgotten what they allowed, and are asked again (seconds). */
const remembered = 365 * 24 * 60 * 60;
/** Claims about the sign-in rather than the person: they need nobody's consent. */
const aboutTheSignIn = new Set(['sub', 'sid', 'auth_time', 'acr', 'amr', 'iss']);
const nothing: Asked = { scopes: [], claims: [], resources: {} };

/** What this request asks for. */
export function askedBy({ oidc }: KoaContextWithOIDC): Asked {
  const scopes = oidc.requestParamScopes;
  return {
    scopes: [...oidc.requestParamOIDCScopes],
    claims: [...oidc.requestParamClaims].filter((claim) => !aboutTheSignIn.has(claim)),
    resources: Object.fromEntries(
      Object.entries(oidc.resourceServers ?? {}).map(([audience, server]) => [
        audience,
        [...server.scopes].filter((scope) => scopes.has(scope)),
      ]),
    ),
  };
}

/** Whether this is what the prompt for consent kept (policy.ts). */
export function isAsked(value: unknown): value is Asked {
  return typeof value === 'object' && value !== null && 'scopes' in value && 'claims' in value && 'resources' in value;
}

/**
 * Whether the answer surely reaches this client and nobody who pretends to be it: it proves itself, or the address
 * belongs to it, as that of the account pages does (RFC 8252 §8.6). A program of its own name may listen on a loopback
 * port or catch a scheme.
 */
const isCertain = (
  client: { clientId: string; clientAuthMethod?: string | undefined },
  redirectUri: unknown,
): boolean =>
  client.clientAuthMethod !== 'none' || isBuiltInClient(client.clientId) || String(redirectUri).startsWith('https:');

/**
 * Whether somebody is to be given the person's power over this server: then no address counts, since whoever looks after clients
 * could change it, and a link that is followed would be enough.
 */
const administers = ({ client, resourceServers }: OIDC): boolean =>
  Object.hasOwn(resourceServers ?? {}, adminApi) && !isBuiltInClient(client?.clientId ?? '');

/** Whether the person must be asked in this sign-in, whatever was allowed before and whoever the client is. */
export const needsConsentNow = (oidc: OIDC): boolean =>
  oidc.client !== undefined && (!isCertain(oidc.client, oidc.params?.redirect_uri) || administers(oidc));

/** The same question for a client as it is registered, and what it asks for. */
export const isAskedEachTime = ({ id: clientId, metadata }: Client, redirectUri: unknown, asked: Asked): boolean =>
  Object.hasOwn(asked.resources, adminApi) ||
  !isCertain({ clientId, clientAuthMethod: metadata.token_endpoint_auth_method }, redirectUri);

const union = (one: readonly string[], other: readonly string[]): string[] => [...new Set([...one, ...other])];

function together(one: Asked, other: Asked): Asked {
  const audiences = union(Object.keys(one.resources), Object.keys(other.resources));
  return {
    scopes: union(one.scopes, other.scopes),
    claims: union(one.claims, other.claims),
    resources: Object.fromEntries(
      audiences.map((name) => [name, union(one.resources[name] ?? [], other.resources[name] ?? [])]),
    ),
  };
}

/** The part of what is asked for that was allowed before; of an API, the permissions that were. */
function part(asked: Asked, allowed: Asked): Asked {
  const within = (all: readonly string[], some: readonly string[] = []) => all.filter((one) => some.includes(one));
  return {
    scopes: within(asked.scopes, allowed.scopes),
    claims: within(asked.claims, allowed.claims),
    resources: Object.fromEntries(
      Object.entries(asked.resources)
        .filter(([audience]) => Object.hasOwn(allowed.resources, audience))
        .map(([audience, names]) => [audience, within(names, allowed.resources[audience])]),
    ),
  };
}

/**
 * Puts what is allowed into a grant. Each API gets the identity scopes too: one token serves the API and userinfo when
 * the client names no resource at the token endpoint.
 */
function add(grant: Grant, { scopes, claims, resources }: Asked): void {
  if (scopes.length > 0) grant.addOIDCScope(scopes.join(' '));
  if (claims.length > 0) grant.addOIDCClaims(claims);
  for (const [audience, names] of Object.entries(resources)) {
    const all = [...scopes, ...names];
    if (all.length > 0) grant.addResourceScope(audience, all.join(' '));
  }
}

function holds(grant: Grant, { scopes, claims, resources }: Asked): boolean {
  const covers = (have: string, want: readonly string[]) => want.every((one) => have.split(' ').includes(one));
  return (
    covers(grant.getOIDCScope(), scopes) &&
    claims.every((claim) => grant.getOIDCClaims().includes(claim)) &&
    Object.entries(resources).every(([audience, names]) =>
      covers(grant.getResourceScope(audience), [...scopes, ...names]),
    )
  );
}

const isEmpty = ({ scopes, claims, resources }: Asked): boolean =>
  scopes.length === 0 && claims.length === 0 && Object.keys(resources).length === 0;

/** Whose grant it is to be (the account by its id), and the id of the one that exists. */
interface Parties {
  account: string;
  client: Client;
  grantId?: string | undefined;
}

/** The grant that exists, if it is between these two; one with an earlier client of the same id is not. */
async function known(provider: Provider, { account, client, grantId }: Parties): Promise<Grant | undefined> {
  const grant = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const fits = grant?.accountId === account && grant.clientId === client.id && grant.iat >= client.created;
  return fits ? grant : undefined;
}

/** The grant between a person and a client with what is allowed added; a new one where there is none. */
async function extended(provider: Provider, parties: Parties, allowed: Asked): Promise<Grant> {
  const before = await known(provider, parties);
  if (before && holds(before, allowed)) return before;
  const grant = before ?? new provider.Grant({ accountId: parties.account, clientId: parties.client.id });
  add(grant, allowed);
  await grant.save();
  return grant;
}

/** What people have allowed, and the grants of the protocol library that follow from it. */
export class Consents {
  readonly #all: Collection<Consent, 'account' | 'client'>;
  readonly #clients: Clients;

  constructor(store: Store, clients: Clients) {
    this.#clients = clients;
    this.#all = store.collection<Consent, 'account' | 'client'>({
      name: 'consents',
      indexes: { account: { key: (one) => one.account }, client: { key: (one) => one.client } },
    });
  }

  /** The grant with which a request begins: all that a client of ours asks for, and for others what was allowed before. */
  async existing(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
    const { oidc } = ctx;
    const account = oidc.account?.accountId;
    const client = await this.#clients.get(oidc.client?.clientId ?? '');
    if (account === undefined || !client) return undefined;
    const chosen = oidc.result?.consent?.grantId;
    const parties = { account, client, grantId: chosen ?? oidc.session?.grantIdFor(client.id) };
    const asked = askedBy(ctx);
    const settled = chosen !== undefined || needsConsentNow(oidc);
    const allowed = settled ? nothing : client.firstParty ? asked : part(asked, await this.#before(account, client));
    return isEmpty(allowed) ? known(oidc.provider, parties) : extended(oidc.provider, parties, allowed);
  }

  /** The person allows what is asked: remembers it for a year, and answers the id of the grant that holds it. */
  async allow(provider: Provider, parties: Parties, asked: Asked): Promise<string> {
    const { account, client } = parties;
    const allowed = together(await this.#before(account, client), asked);
    const consent = { id: `${account}|${client.id}`, account, client: client.id, given: seconds(), ...allowed };
    await this.#all.put(consent, remembered);
    return (await extended(provider, parties, asked)).jti;
  }

  /** What a person has allowed, to every client. */
  ofAccount(account: string): Promise<Consent[]> {
    return this.#all.find({ account }, { limit: 1000 });
  }

  /** The person allows it no more, and is asked anew. Answers whether anything was allowed. */
  async withdraw(account: string, client: string): Promise<boolean> {
    return (await this.#all.take(`${account}|${client}`)) !== undefined;
  }

  /** Forgets all that a person has allowed. */
  async forget(account: string): Promise<void> {
    await this.#all.drop({ account });
  }

  /** What was allowed to this client; what was allowed to an earlier client of the same id counts for nothing. */
  async #before(account: string, client: Client): Promise<Asked> {
    const consent = await this.#all.get(`${account}|${client.id}`);
    if (!consent || consent.given < client.created) return nothing;
    const { scopes, claims, resources } = consent;
    return { scopes, claims, resources };
  }
}
