import type { Context, Middleware } from 'koa';
import { Seldom } from '../audit/seldom.ts';
import type { Trail } from '../audit/trail.ts';
import type { Client, Clients } from '../clients/clients.ts';
import { claimedClient, isGuarded } from '../http/attempts.ts';
import { Problem } from '../kernel/errors.ts';
import { subjectOf } from '../protocol/claims.ts';
import { deniedIn, type Introspection } from '../protocol/token-status.ts';

const told = new Set(['unauthorized_client', 'too_many_failures']);

/**
 * Stands outside of the guard and puts on the trail which programs were turned away where they have to prove who they are: by
 * wrong credentials, since they were not approved, or for a while since they failed too often. A flood of the same is told once
 * a minute. Who is named is a client that is there, and they have only claimed to be it.
 */
export function refusedClients({ trail, clients }: { trail: Trail; clients: Clients }): Middleware {
  const seldom = new Seldom();
  const tell = async (ctx: Context, status: number, reason: string): Promise<void> => {
    if (!isGuarded(ctx.path) || (status !== 401 && !told.has(reason))) return;
    // There people's tokens run out all the time.
    if (ctx.path === '/oauth2/userinfo' && status === 401) return;
    const at = ctx.path.startsWith('/scim/') ? '/scim' : ctx.path;
    const named: unknown =
      claimedClient(ctx.headers.authorization) ?? ctx.state.clientId ?? ctx.oidc?.body?.client_id ?? '';
    // Whatever else stands there may be a secret that was misplaced.
    const client = typeof named === 'string' && named !== '' ? ((await clients.get(named))?.id ?? '') : '';
    const { ip, requestId } = ctx.state;
    if (!seldom.isNew(ip, at, reason, client)) return;
    await trail.record({
      ...{ type: 'client.refused', actor: 'anonymous', outcome: 'failure', ip, requestId },
      detail: { at, reason, ...(client === '' ? {} : { client }) },
    });
  };
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const known = error instanceof Error && 'status' in error && typeof error.status === 'number';
      if (known) await tell(ctx, Number(error.status), error instanceof Problem ? error.code : error.message);
      throw error;
    }
    await tell(ctx, ctx.status, codeIn(ctx.body));
  };
}

/** The `error` of an answer as RFC 6749 §5.2 has it. */
const codeIn = (body: unknown): string =>
  typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'string' ? body.error : '';

/** Puts on the trail that a client asked about a token of which it may know nothing; the same is told once a minute. */
export class Denials {
  readonly #trail: Trail;
  readonly #seldom = new Seldom();

  constructor(trail: Trail) {
    this.#trail = trail;
  }

  /** The answer as its caller gets it, looked at before. */
  async tell(answer: Introspection, caller: Client, ip: string): Promise<void> {
    const token = deniedIn(answer);
    if (!token) return;
    const { aud } = token.payload;
    const audience = typeof aud === 'string' ? aud : undefined;
    if (!this.#seldom.isNew(caller.id, audience ?? '', ip)) return;
    await this.#trail.record({
      ...{ type: 'introspection.refused', actor: `client:${caller.id}`, outcome: 'failure' },
      detail: { client: caller.id, audience, subject: subjectOf(token.payload), reason: 'not_for_this_caller' },
    });
  }
}
