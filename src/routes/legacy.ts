import type { Context, Middleware } from 'koa';
import type { Clients } from '../clients/clients.ts';
import { wrongMethod } from '../http/edge.ts';
import { field, handBack, readForm, readFormText } from '../http/form.ts';
import { Proxies } from '../http/proxies.ts';
import { problem } from '../kernel/errors.ts';
import { callerBySecret, invalidClient, invalidRequest } from '../protocol/caller.ts';
import { tokenInfo, validated, validatedBearer } from '../protocol/legacy-answers.ts';
import type { TokenStatus } from '../protocol/token-status.ts';

/** What is switched on, and who may ask where nobody proves who it is (addresses and CIDR ranges). */
interface Switches {
  validate: boolean;
  validateBearer: boolean;
  tokeninfo: boolean;
  from: readonly string[];
}

interface Parts {
  legacy: Switches;
  clients: Clients;
  status: TokenStatus;
  /** Counts answers for the metrics. */
  count(result: 'active' | 'inactive' | 'refused'): void;
}

const validateBearer = 'urn:pingidentity.com:oauth2:grant_type:validate_bearer';
const pingPath = '/as/token.oauth2';

const notFromHere = problem(
  'access_denied',
  403,
  () => 'Only the gateways listed in legacy.from (SALLYPORT_LEGACY_FROM) may ask here',
);
const badToken = problem('invalid_token', 400, () => 'The access token is unknown, expired, revoked or bound to a key');
const badBearer = problem(
  'invalid_token',
  401,
  () => 'The access token is unknown, expired, revoked or bound to a key',
);
const badGrant = problem(
  'invalid_grant',
  400,
  () => 'The token is unknown, expired, revoked or not for this client to see',
);

/** Paths at which a token may stand in the address, with these settings. */
export const tokensInAddress = ({ validate, tokeninfo }: Switches): string[] => [
  ...(validate ? ['/validate'] : []),
  ...(tokeninfo ? ['/oauth2/tokeninfo'] : []),
];

/** What policies of old gateways ask instead of introspection, as far as it is switched on; else nothing is there. */
export function legacy(parts: Parts): Middleware {
  const { validate, validateBearer: ping, tokeninfo, from } = parts.legacy;
  const gateways = new Proxies(from);
  const unasked = (ctx: Context): void => {
    if (!gateways.trusts(String(ctx.state.ip))) throw notFromHere();
  };
  return async (ctx, next) => {
    if (validate && ctx.path === '/validate') {
      unasked(ctx);
      return muleValidate(parts, ctx);
    }
    if (tokeninfo && ctx.path === '/oauth2/tokeninfo') {
      unasked(ctx);
      return openAmTokenInfo(parts, ctx);
    }
    if (ping && (ctx.path === pingPath || (await isValidateBearer(ctx)))) return pingValidate(parts, ctx);
    return next();
  };
}

/** The policy for the Mule OAuth 2.0 provider tells its caller 400 for a bad token, as it hears it. */
async function muleValidate(parts: Parts, ctx: Context): Promise<void> {
  allow(ctx, 'GET', 'POST');
  const inBody = ctx.method === 'POST' && ctx.is('application/x-www-form-urlencoded');
  const token = single(ctx) ?? (inBody ? field(await readForm(ctx), 'access_token') : undefined);
  if (!token) throw invalidRequest('Send the token once, in the parameter access_token');
  tell(parts, ctx, await validated(parts.status, token), badToken);
}

async function openAmTokenInfo(parts: Parts, ctx: Context): Promise<void> {
  allow(ctx, 'GET');
  const [, bearer] = /^bearer +([\w.~+/-]+=*) *$/i.exec(ctx.get('authorization')) ?? [];
  const inQuery = single(ctx);
  if (bearer !== undefined && inQuery !== undefined) throw invalidRequest('Send the token once');
  const token = bearer ?? inQuery;
  if (!token) throw invalidRequest('Send the token in the Authorization header, or in the parameter access_token');
  tell(parts, ctx, await tokenInfo(parts.status, token), badBearer);
}

async function pingValidate(parts: Parts, ctx: Context): Promise<void> {
  allow(ctx, 'POST');
  ctx.set('Cache-Control', 'no-store');
  const form = await readForm(ctx);
  ctx.state.clientId = form.client_id;
  if (form.grant_type !== validateBearer) throw invalidRequest(`Here grant_type is ${validateBearer} only`);
  const caller = await callerBySecret(parts.clients, ctx.headers.authorization, form);
  if (!caller) throw invalidClient('Authenticate with the credentials of a client, by Basic or in the body');
  const token = field(form, 'token');
  if (!token) throw invalidRequest('Send the token once, in the parameter token');
  tell(parts, ctx, await validatedBearer(parts.status, token, caller), badGrant);
}

function tell({ count }: Parts, ctx: Context, answer: object | undefined, bad: () => Error): void {
  count(answer ? 'active' : 'inactive');
  if (!answer) throw bad();
  ctx.status = 200;
  ctx.body = answer;
}

/** The rest of what is asked for at the token endpoint is the library's, which finds the body as it was sent. */
async function isValidateBearer(ctx: Context): Promise<boolean> {
  if (ctx.path !== '/oauth2/token' || ctx.method !== 'POST') return false;
  if (!ctx.is('application/x-www-form-urlencoded')) return false;
  const text = await readFormText(ctx);
  handBack(ctx.req, Promise.resolve(Buffer.from(text)));
  return new URLSearchParams(text).get('grant_type') === validateBearer;
}

function allow(ctx: Context, ...methods: string[]): void {
  if (methods.includes(ctx.method)) return;
  ctx.set('Allow', methods.join(', '));
  throw wrongMethod(ctx.method);
}

function single(ctx: Context): string | undefined {
  const { access_token: token } = ctx.query;
  if (Array.isArray(token)) throw invalidRequest('Send the token once');
  return token;
}
