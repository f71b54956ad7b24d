import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import type { Access, Api } from '../directory/access.ts';
import type { Decide } from '../directory/decide.ts';
import type { Organizations } from '../directory/organizations.ts';
import { askAge, refuseTooWeak } from './api-demands.ts';
import { identityScopes } from './claims.ts';
import { chooseForMachine, organizationOf } from './organization.ts';

/** A request, as far as the choice of an API and of its permissions goes. */
interface Wish {
  /** The scopes that are asked for. */
  scopes: readonly string[];
  /** Those that the client is registered for; undefined for any (RFC 7591 §2). */
  registered: readonly string[] | undefined;
  /** The client whose own rights count, for client credentials. */
  machine: string | undefined;
  /** The organisation that the token is for. */
  organization: string | undefined;
}

const words = (text: unknown): string[] => (typeof text === 'string' ? text.split(' ').filter(Boolean) : []);

const isMachine = (ctx: KoaContextWithOIDC): boolean => ctx.oidc.params?.grant_type === 'client_credentials';

const wishOf = (ctx: KoaContextWithOIDC, clientId: string): Wish => ({
  scopes: words(ctx.oidc.params?.scope),
  registered: ctx.oidc.client?.scope?.split(' '),
  machine: isMachine(ctx) ? clientId : undefined,
  organization: organizationOf(ctx),
});

interface Parts {
  access: Access;
  decide: Decide;
  organizations: Organizations;
  jwtLifetime: number;
}

/**
 * Which API a token is for (RFC 8707), and which of its permissions go into it: asked for, allowed to the client, and held
 * by the subject now.
 */
export class Resources {
  readonly #access: Access;
  readonly #decide: Decide;
  readonly #organizations: Organizations;
  readonly #jwtLifetime: number;

  /** `jwtLifetime`: how long a JWT lives where its API says nothing (seconds): what it says of rights does not change any more. */
  constructor({ access, decide, organizations, jwtLifetime }: Parts) {
    this.#access = access;
    this.#decide = decide;
    this.#organizations = organizations;
    this.#jwtLifetime = jwtLifetime;
  }

  /**
   * The APIs a request means when it names none: those whose permissions it asks for, or, for client credentials without a
   * scope, the one API on which the client holds anything.
   */
  async implied(ctx: KoaContextWithOIDC, clientId: string, oneOf?: string[]): Promise<string | string[] | undefined> {
    if (oneOf) return oneOf.length === 1 ? oneOf[0] : oneOf;
    if (isMachine(ctx)) await chooseForMachine(this.#organizations, ctx, clientId);
    return this.#implied(wishOf(ctx, clientId));
  }

  /** The library's view of an API for this request. Throws invalid_target (RFC 8707 §2) or invalid_scope (RFC 6749 §5.2). */
  async server(ctx: KoaContextWithOIDC, audience: string, clientId: string): Promise<ResourceServer> {
    if (isMachine(ctx)) await chooseForMachine(this.#organizations, ctx, clientId);
    const wish = wishOf(ctx, clientId);
    const api = await this.#api(audience, wish);
    askAge(ctx, api);
    refuseTooWeak(signInBehind(ctx), api);
    const subject = subjectAt(ctx, clientId);
    const may = subject
      ? (await this.#decide.held(subject, audience, wish.organization)).entitlements
      : api.permissions;
    if (wish.machine !== undefined && ctx.oidc.params) {
      ctx.oidc.params.scope = granted(wish, api, may).join(' ') || undefined;
    }
    // The tokens of a sign-in carry the identity scopes too, so that one token serves the API and userinfo.
    const identity = subject?.startsWith('user:') && ctx.oidc.body?.resource === undefined ? identityScopes : [];
    return {
      scope: [...may, ...identity].join(' '),
      audience,
      ...lifetimeOf(api, this.#jwtLifetime),
      accessTokenFormat: api.tokenFormat,
      jwt: { sign: { alg: api.signingAlg } },
    };
  }

  /**
   * To be asked before a refresh token is rotated, because a client that is refused afterwards would never hear its new
   * value. Throws as `refuseTooWeak` does.
   */
  async refuseRefresh({ oidc }: KoaContextWithOIDC): Promise<void> {
    const source = oidc.entities.RefreshToken;
    const audience = oidc.params?.resource ?? source?.resource;
    const api = typeof audience === 'string' ? await this.#access.api(audience) : undefined;
    if (api) refuseTooWeak(source, api);
  }

  /**
   * What client credentials without a named API come to: the API, and the scope granted on it; undefined when they come to
   * no API or to several. Throws as `server` does.
   */
  async forMachine(
    machine: string,
    asked: { scope: string | undefined; registered: string | undefined },
  ): Promise<{ api: Api; scope: string } | undefined> {
    const wish = {
      machine,
      scopes: words(asked.scope),
      registered: asked.registered?.split(' '),
      organization: undefined,
    };
    const implied = await this.#implied(wish);
    if (typeof implied !== 'string') return undefined;
    const api = await this.#api(implied, wish);
    const { entitlements } = await this.#decide.held(`client:${machine}`, api.id);
    return { api, scope: granted(wish, api, entitlements).join(' ') };
  }

  async #implied(wish: Wish): Promise<string | string[] | undefined> {
    const { machine, organization } = wish;
    const scopes = wish.scopes.filter((scope) => !identityScopes.includes(scope));
    refuseBeyond(wish, scopes);
    const held = machine === undefined ? [] : await this.#decide.audiencesHeld(`client:${machine}`, organization);
    if (wish.scopes.length === 0) return held.length === 1 ? held[0] : undefined;
    const apis = await this.#access.apis({ limit: 1000 });
    if (machine !== undefined) {
      const offered = new Set(apis.flatMap((api) => api.permissions));
      refuse(
        wish.scopes.filter((scope) => !offered.has(scope)),
        'no API offers this scope to clients; see its permissions',
      );
    }
    const offering = apis.filter((api) => scopes.some((scope) => api.permissions.includes(scope)));
    const own = offering.filter((api) => held.includes(api.id));
    const meant = (own.length > 0 ? own : offering).map((api) => api.id);
    return meant.length > 1 ? meant : meant[0];
  }

  async #api(audience: string, wish: Wish): Promise<Api> {
    const api = await this.#access.api(audience);
    if (!api) throw new errors.InvalidTarget(`no API has the identifier ${audience.slice(0, 200)}`);
    refuseBeyond(
      wish,
      wish.scopes.filter((scope) => api.permissions.includes(scope)),
    );
    return api;
  }
}

/** Nothing where the configured life of access tokens counts. */
function lifetimeOf({ tokenTtl, tokenFormat }: Api, jwtLifetime: number): { accessTokenTTL?: number } {
  const accessTokenTTL = tokenTtl ?? (tokenFormat === 'jwt' ? jwtLifetime : undefined);
  return accessTokenTTL === undefined ? {} : { accessTokenTTL };
}

/** A client that asks for nothing gets all it holds; one that asks for what it can never get is told so. */
function granted({ scopes, registered }: Wish, api: Api, held: readonly string[]): string[] {
  const allowed = registered ?? held;
  const settled = (scopes.length > 0 ? scopes : held).filter(
    (scope) => held.includes(scope) && allowed.includes(scope),
  );
  const unknown = scopes.filter((scope) => !api.permissions.includes(scope));
  const refused = unknown.length > 0 ? unknown : settled.length === 0 ? scopes : [];
  refuse(refused, `this client holds no such permission on ${api.id}; ask for less, or have a role assigned to it`);
  return settled;
}

/** A client that was registered for certain scopes gets no others. Throws invalid_scope (RFC 6749 §3.3). */
function refuseBeyond({ registered }: Wish, scopes: readonly string[]): void {
  const beyond = registered ? scopes.filter((scope) => !registered.includes(scope)) : [];
  refuse(beyond, 'this client is not registered for this scope');
}

function refuse(scopes: readonly string[], why: string): void {
  if (scopes.length > 0) throw new errors.InvalidScope(why, scopes.join(' '));
}

/** The sign-in that a token at the token endpoint rests on; a device code has none before its person has signed in. */
const signInBehind = ({ oidc: { entities, route } }: KoaContextWithOIDC) =>
  entities.RefreshToken ?? entities.AuthorizationCode ?? (route === 'token' ? entities.DeviceCode : undefined);

/** Whose rights count: known at the token endpoint, not yet at the authorization endpoint. */
function subjectAt(ctx: KoaContextWithOIDC, clientId: string): string | undefined {
  if (ctx.oidc.route !== 'token') return undefined;
  const { Account } = ctx.oidc.entities;
  if (Account) return `user:${Account.accountId}`;
  return isMachine(ctx) ? `client:${clientId}` : undefined;
}
