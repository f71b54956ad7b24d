import { STATUS_CODES } from 'node:http';
import type Koa from 'koa';
import { Problem } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import { wrongMethod } from './edge.ts';
import { pageHeaders } from './headers.ts';
import { loggedPath } from './metrics.ts';
import { ownOrigin } from './origin.ts';
import { Unfit } from './unfit.ts';

/** The error page for whoever asks; `reference` is the request id that the log carries too. */
export type ProblemPage = (problem: Problem, reference: string, ctx: Koa.Context) => string;

/** Error codes of RFC 6749, 6750, 7009, 7591, 8628, 8693, 8707, 9126, 9449 and OIDC: these leave as they are. */
const oauthCodes = new Set(
  `invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type invalid_scope access_denied
  unsupported_response_type server_error temporarily_unavailable invalid_token insufficient_scope unsupported_token_type
  invalid_redirect_uri invalid_client_metadata invalid_software_statement unapproved_software_statement
  authorization_pending slow_down expired_token invalid_target invalid_request_uri invalid_request_object
  request_not_supported request_uri_not_supported registration_not_supported login_required consent_required
  interaction_required account_selection_required invalid_dpop_proof use_dpop_nonce`.split(/\s+/),
);

const codeOfStatus: Record<number, string> = {
  401: 'invalid_client',
  403: 'access_denied',
  429: 'slow_down',
  500: 'server_error',
  503: 'temporarily_unavailable',
};

/** Methods of the endpoints that have only some, to tell a wrong method from a wrong address. */
const methodsOf: Record<string, string> = {
  '/oauth2/token': 'POST',
  '/oauth2/introspect': 'POST',
  '/oauth2/revoke': 'POST',
  '/oauth2/register': 'POST',
  '/oauth2/par': 'POST',
  '/oauth2/device': 'POST',
  '/oauth2/ciba': 'POST',
  '/oauth2/authorize': 'GET, POST',
  '/oauth2/logout': 'GET, POST',
  '/oauth2/userinfo': 'GET, POST',
  '/oauth2/jwks': 'GET, HEAD',
  '/.well-known/openid-configuration': 'GET, HEAD',
  '/.well-known/oauth-authorization-server': 'GET, HEAD',
};

type Style = 'oauth' | 'json' | 'page';

function styleOf(ctx: Koa.Context): Style {
  const { path } = ctx;
  if (/^\/(?:oauth2\/(?!authorize\b|logout\b)|(?:validate|as\/token\.oauth2)$)/.test(path)) return 'oauth';
  // Providers call these; Back-Channel Logout 1.0 §2.8 wants errors as RFC 6749 has them.
  if (/^\/federation\/[^/]+\/(?:backchannel|universal)-logout$/.test(path)) return 'oauth';
  if (/^\/(?:admin\/api|access|gateway|ssf|\.well-known)\//.test(path)) return 'json';
  return ctx.accepts('html', 'json') === 'json' ? 'json' : 'page';
}

/** The same sentence in the way the caller reads it. */
function write(ctx: Koa.Context, problem: Problem, page: ProblemPage): void {
  const reference = String(ctx.state.requestId ?? '');
  const style = styleOf(ctx);
  ctx.status = problem.status;
  if (problem.retryAfter !== undefined) ctx.set('Retry-After', String(problem.retryAfter));
  ctx.set('Cache-Control', 'no-store');
  if (style === 'page') {
    ctx.type = 'html';
    ctx.body = page(problem, reference, ctx);
    return;
  }
  if (problem.status === 401 && !ctx.response.get('WWW-Authenticate'))
    ctx.set('WWW-Authenticate', challenge(ctx, style));
  ctx.type = style === 'oauth' ? 'application/json' : 'application/problem+json';
  ctx.body = style === 'oauth' ? oauthBody(problem) : problemBody(problem, reference);
}

function challenge(ctx: Koa.Context, style: Style): string {
  const bearer = style === 'json' || /^\/(?:oauth2\/(?:userinfo|register|tokeninfo)|federation\/)/.test(ctx.path);
  return `${bearer ? 'Bearer' : 'Basic'} realm="${ownOrigin(ctx)}"`;
}

/** RFC 6749 §5.2 allows printable ASCII without quotation mark and backslash. */
const describe = (sentence: string): string => sentence.replaceAll('"', "'").replace(/[^\x20-\x5b\x5d-\x7e]/g, '?');

function oauthBody(problem: Problem): string {
  const error = oauthCodes.has(problem.code) ? problem.code : (codeOfStatus[problem.status] ?? 'invalid_request');
  return JSON.stringify({ error, error_description: describe(problem.message) });
}

/** RFC 9457. */
function problemBody(problem: Problem, reference: string): string {
  const { status, message, code } = problem;
  const title = STATUS_CODES[status];
  const errors = problem instanceof Unfit ? problem.errors : undefined;
  return JSON.stringify({ type: 'about:blank', title, status, detail: message, code, reference, errors });
}

const bug = (reference: string, cause: unknown): Problem =>
  new Problem({
    code: 'server_error',
    status: 500,
    sentence: `Something went wrong on our side; whoever runs this service finds it in the log under ${reference}`,
    cause,
  });

const nothingHere = (): Problem =>
  new Problem({ code: 'missing', status: 404, sentence: 'There is nothing at this address' });

/** Errors that HTTP libraries mean for the caller carry a status and `expose`. */
function asProblem(error: unknown, reference: string): Problem {
  if (error instanceof Problem) return error;
  const meant = error instanceof Error && 'expose' in error && error.expose === true && 'status' in error;
  if (!meant || typeof error.status !== 'number') return bug(reference, error);
  const [code, sentence] =
    'error_description' in error ? [error.message, String(error.error_description)] : ['invalid', error.message];
  return new Problem({ code, status: error.status, sentence, cause: error });
}

/** The caller hung up; there is nobody to answer and nothing to repair. */
const hungUp = (ctx: Koa.Context): boolean => ctx.res.destroyed || ctx.req.socket.destroyed;

const sayAgainAfter = 1000;

/** What `problems` works with; `failed` counts faults of ours by code. */
interface Parts {
  page: ProblemPage;
  log: Log;
  failed?: (code: string) => void;
}

/** Tells metrics and log about faults of ours; the log hears of one that repeats (the store is away) once a second. */
function reporter({ log, failed }: Parts): (ctx: Koa.Context, problem: Problem) => void {
  const said = new Map<string, number>();
  return (ctx, problem) => {
    if (problem.status < 500 || hungUp(ctx)) return;
    failed?.(problem.code);
    const repeats = problem.code !== 'server_error';
    if (repeats && Date.now() - (said.get(problem.code) ?? 0) < sayAgainAfter) return;
    if (repeats) said.set(problem.code, Date.now());
    const line = { requestId: ctx.state.requestId, method: ctx.method, path: loggedPath(ctx.path), code: problem.code };
    const cause = problem.cause === undefined ? {} : { err: problem.cause };
    log[problem.status === 500 ? 'error' : 'warn']({ ...line, ...cause }, problem.message);
  };
}

/** oidc-provider tells the client `server_error` by redirect; an outage has a name of its own there (RFC 6749 §4.1.2.1). */
function renameInRedirect(ctx: Koa.Context, problem: Problem): void {
  const location = ctx.response.get('Location');
  if (problem.status === 503 && location) {
    ctx.set('Location', location.replace('error=server_error', 'error=temporarily_unavailable'));
  }
}

/**
 * The outermost middleware: every error becomes an answer the caller can read, and only that. oidc-provider catches
 * what our own code threw inside it and answers `server_error`; it tells us by its event of that name, and the answer
 * is written anew from the Problem (503 with Retry-After when the store is away).
 */
export function problems(app: Koa, parts: Parts): Koa.Middleware {
  const { page, log } = parts;
  const report = reporter(parts);
  const thrownInside = new WeakMap<object, unknown>();
  app.on('server_error', (ctx: Koa.Context, error: unknown) => {
    thrownInside.set(ctx, error);
  });
  // Koa tells of broken connections here; without a listener it would write them to standard error.
  app.on('error', (error: unknown, ctx?: Koa.Context) => {
    if (!ctx || !hungUp(ctx)) log.error({ err: error, requestId: ctx?.state.requestId }, 'an answer could not be sent');
  });

  const answer = (ctx: Koa.Context, error: unknown): void => {
    const problem = asProblem(error, String(ctx.state.requestId ?? ''));
    report(ctx, problem);
    if (ctx.headerSent || ctx.respond === false) return;
    if (ctx.status >= 300 && ctx.status < 400) renameInRedirect(ctx, problem);
    else write(ctx, problem, page);
  };

  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      ctx.status = 500;
      answer(ctx, error);
      return;
    }
    if (ctx.status >= 200 && ctx.status < 300) return;
    const inside = thrownInside.get(ctx);
    if (inside !== undefined) answer(ctx, inside);
    else if (ctx.status === 404 && ctx.body === undefined && ctx.respond !== false) answer(ctx, unanswered(ctx));
  };
}

function unanswered(ctx: Koa.Context): Problem {
  const allowed = methodsOf[ctx.path];
  if (allowed === undefined) return nothingHere();
  ctx.set('Allow', allowed);
  return wrongMethod(ctx.method);
}

/** oidc-provider's `renderError`: its errors on our page. Statuses and codes stay the library's. */
export const renderError =
  (page: ProblemPage) =>
  (ctx: Koa.Context, out: { error: string; error_description?: string | undefined }): void => {
    const sentence = out.error_description ?? out.error;
    pageHeaders(ctx.res);
    ctx.type = 'html';
    const problem = new Problem({ code: out.error, status: ctx.status, sentence });
    ctx.body = page(problem, String(ctx.state.requestId ?? ''), ctx);
  };
