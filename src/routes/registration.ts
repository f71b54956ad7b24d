import Router from '@koa/router';
import type { Context, Next } from 'koa';
import { invalidToken, type Registered, type RegistrationDesk } from '../clients/desk.ts';
import { needsSecret } from '../clients/metadata.ts';
import { wrongMethod } from '../http/edge.ts';
import { readJson } from '../http/json.ts';
import { Problem, problem } from '../kernel/errors.ts';

interface Parts {
  /** Where the answers say that a client is looked after: `ISSUER/oauth2/register/ID`, whatever Host was used. */
  issuer: string;
  desk: RegistrationDesk;
}

const invalidRequest = problem('invalid_request', 400, (sentence: string) => sentence);

/** The configuration of a registered client at `ID` (RFC 7592), and POST for a new one (RFC 7591). */
export function registration({ issuer, desk }: Parts) {
  const router = new Router({ prefix: '/oauth2/register' });
  const answer = (ctx: Context, status: number, registered: Registered): void => {
    ctx.status = status;
    ctx.body = document(issuer, registered);
  };
  router.use(async (ctx, next) => {
    ctx.set('Cache-Control', 'no-store');
    try {
      await next();
    } catch (error) {
      if (error instanceof Problem && error.status === 401) ctx.set('WWW-Authenticate', challenge(ctx, issuer));
      throw error;
    }
  });
  router.post('/', async (ctx) => {
    const credential = presented(ctx);
    answer(ctx, 201, await desk.register(credential, await readDocument(ctx)));
  });
  router.get('/:id', async (ctx) => {
    answer(ctx, 200, await desk.read(ctx.params.id ?? '', presented(ctx)));
  });
  router.put('/:id', async (ctx) => {
    const credential = presented(ctx);
    answer(ctx, 200, await desk.update(ctx.params.id ?? '', credential, await readDocument(ctx)));
  });
  router.delete('/:id', async (ctx) => {
    await desk.remove(ctx.params.id ?? '', presented(ctx));
    ctx.status = 204;
  });
  const refuse = (allowed: string) => (ctx: Context, next: Next) => {
    if (ctx.method === 'OPTIONS') return next();
    ctx.set('Allow', allowed);
    throw wrongMethod(ctx.method);
  };
  router.all('/', refuse('POST'));
  router.all('/:id', refuse('GET, PUT, DELETE'));
  return router.routes();
}

/** Anypoint sends whatever header its operator typed: `Bearer …`, or `SSWS …` as Okta wants it. */
function presented(ctx: Context): string {
  const [, credential] = /^(?:bearer|ssws) +([\w.~+/-]+=*) *$/i.exec(ctx.get('authorization')) ?? [];
  if (credential === undefined) throw invalidToken();
  return credential;
}

/** RFC 6750 §3: the error only when something was presented. */
function challenge(ctx: Context, issuer: string): string {
  const realm = `Bearer realm="${issuer}"`;
  return ctx.get('authorization') === '' ? realm : `${realm}, error="invalid_token"`;
}

/** The guard has bounded its size. */
async function readDocument(ctx: Context): Promise<object> {
  const body = await readJson(ctx);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw invalidRequest('Send the client metadata as one JSON object');
}

/** RFC 7591 §3.2.1 and RFC 7592 §3, with one member of ours: whether the client waits for approval. */
function document(issuer: string, { client, secret, token }: Registered) {
  return {
    client_id: client.id,
    client_id_issued_at: client.created,
    ...(secret === undefined ? {} : { client_secret: secret }),
    ...(needsSecret(client.metadata) ? { client_secret_expires_at: 0 } : {}),
    ...(token === undefined ? {} : { registration_access_token: token }),
    registration_client_uri: `${issuer}/oauth2/register/${encodeURIComponent(client.id)}`,
    client_name: client.name,
    ...client.metadata,
    client_status: client.state,
  };
}
