import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import type { Access, Api } from '../directory/access.ts';
import type { Decide } from '../directory/decide.ts';
import { identityScopes } from './claims.ts';

const asked = (ctx: KoaContextWithOIDC): string[] => {
  const scope = ctx.oidc.params?.scope;
  return typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [];
};

/**
 * Which API a token is for (RFC 8707), and which of its permissions go into it: asked for, allowed to the client, and held
 * by the subject now.
 */
export class Resources {
  readonly #access: Access;
  readonly #decide: Decide;
  constructor(access: Access, decide: Decide) {
    this.#access = access;
    this.#decide = decide;
  }

  /**
   * The APIs a request means when it names none: those whose permissions it asks for, or, for client credentials without a
   * scope, the one API on which the client holds anything.
   */
  async implied(ctx: KoaContextWithOIDC, clientId: string, oneOf?: string[]): Promise<string | string[] | undefined> {
    if (oneOf) return oneOf.length === 1 ? oneOf[0] : oneOf;
    const scopes = asked(ctx).filter((scope) => !identityScopes.includes(scope));
    refuseBeyond(ctx, scopes);
    const machine = ctx.oidc.params?.grant_type === 'client_credentials';
    const held = machine ? await this.#decide.audiencesHeld(`client:${clientId}`) : [];
    if (asked(ctx).length === 0) return held.length === 1 ? held[0] : undefined;
    const apis = await this.#access.apis({ limit: 1000 });
    if (machine) {
      const offered = new Set(apis.flatMap((api) => api.permissions));
      refuse(
        asked(ctx).filter((scope) => !offered.has(scope)),
        'no API offers this scope to clients; see its permissions',
      );
    }
    const offering = apis.filter((api) => scopes.some((scope) => api.permissions.includes(scope)));
    const own = offering.filter((api) => held.includes(api.id));
    const meant = (own.length > 0 ? own : offering).map((api) => api.id);
    return meant.length > 1 ? meant : meant[0];
  }

  /** The library's view of an API for this request. Throws invalid_target (RFC 8707 §2) or invalid_scope (RFC 6749 §5.2). */
  async server(ctx: KoaContextWithOIDC, audience: string, clientId: string): Promise<ResourceServer> {
    const api = await this.#access.api(audience);
    if (!api) throw new errors.InvalidTarget(`no API has the identifier ${audience.slice(0, 200)}`);
    refuseBeyond(
      ctx,
      asked(ctx).filter((scope) => api.permissions.includes(scope)),
    );
    const subject = subjectAt(ctx, clientId);
    const may = subject ? (await this.#decide.held(subject, audience)).entitlements : api.permissions;
    if (ctx.oidc.params?.grant_type === 'client_credentials') this.#settleScope(ctx, api, may);
    // The tokens of a sign-in carry the identity scopes too, so that one token serves the API and userinfo.
    const identity = subject?.startsWith('user:') && ctx.oidc.body?.resource === undefined ? identityScopes : [];
    return {
      scope: [...may, ...identity].join(' '),
      audience,
      ...(api.tokenTtl === undefined ? {} : { accessTokenTTL: api.tokenTtl }),
      accessTokenFormat: api.tokenFormat,
      jwt: { sign: { alg: api.signingAlg } },
    };
  }

  /** A client that asks for nothing gets all it holds; one that asks for what it can never get is told so. */
  #settleScope(ctx: KoaContextWithOIDC, api: Api, held: readonly string[]): void {
    const scopes = asked(ctx);
    const allowed = ctx.oidc.client?.scope?.split(' ') ?? held;
    const granted = (scopes.length > 0 ? scopes : held).filter(
      (scope) => held.includes(scope) && allowed.includes(scope),
    );
    const unknown = scopes.filter((scope) => !api.permissions.includes(scope));
    const refused = unknown.length > 0 ? unknown : granted.length === 0 ? scopes : [];
    refuse(refused, `this client holds no such permission on ${api.id}; ask for less, or have a role assigned to it`);
    if (ctx.oidc.params) ctx.oidc.params.scope = granted.join(' ') || undefined;
  }
}

/** A client that was registered for certain scopes gets no others. Throws invalid_scope (RFC 6749 §3.3). */
function refuseBeyond(ctx: KoaContextWithOIDC, scopes: readonly string[]): void {
  const allowed = ctx.oidc.client?.scope?.split(' ');
  const beyond = allowed ? scopes.filter((scope) => !allowed.includes(scope)) : [];
  refuse(beyond, 'this client is not registered for this scope');
}

function refuse(scopes: readonly string[], why: string): void {
  if (scopes.length > 0) throw new errors.InvalidScope(why, scopes.join(' '));
}

/** Whose rights count: known at the token endpoint, not yet at the authorization endpoint. */
function subjectAt(ctx: KoaContextWithOIDC, clientId: string): string | undefined {
  if (ctx.oidc.route !== 'token') return undefined;
  const { Account } = ctx.oidc.entities;
  if (Account) return `user:${Account.accountId}`;
  return ctx.oidc.params?.grant_type === 'client_credentials' ? `client:${clientId}` : undefined;
}
