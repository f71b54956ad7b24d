import type Koa from 'koa';
import type { Organizations } from '../directory/organizations.ts';
import { wrongMethod } from '../http/edge.ts';
import { received } from '../http/form.ts';
import { parseJson } from '../http/json.ts';
import { Pace } from '../http/pace.ts';
import { scimType } from '../http/scim-problem.ts';
import { Problem, problem } from '../kernel/errors.ts';
import type { Tenant } from '../scim/person.ts';
import { invalidSyntax } from '../scim/problems.ts';
import type { ScimTokens } from '../scim/tokens.ts';
import { answering, type Call, type Reply } from './scim-answers.ts';
import type { ScimParts } from './scim-resources.ts';

interface Parts extends ScimParts {
  issuer: string;
  tokens: ScimTokens;
  organizations: Organizations;
}

/** One organisation's pushing must not be felt by another: so many operations at once, and so many more each second. */
const allowance = { burst: 2000, perSecond: 50 };

const badToken = problem(
  'invalid_token',
  401,
  () =>
    'Send a SCIM token of this organization: Authorization: Bearer …; an administrator makes one by sallyport organization scim-token',
);
const notJson = problem(
  'wrong_content_type',
  415,
  () => 'Send the body as JSON, with Content-Type: application/scim+json',
);
const tooFast = (seconds: number): Problem =>
  new Problem({
    code: 'too_many_requests',
    status: 429,
    sentence: `This organization sends more than ${allowance.perSecond} operations in a second; go on in ${seconds} s`,
    retryAfter: seconds,
  });

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/**
 * SCIM 2.0 (RFC 7644) at `/scim/v2/ORGANIZATION`: the identity provider of an organisation pushes and, above all, removes
 * people and groups. A token opens one organisation only, and what it may see of it is decided in src/scim.
 */
export function scim(parts: Parts): Koa.Middleware {
  const answer = answering(parts);
  const pace = new Pace(allowance);
  return async (ctx, next) => {
    const [, written, rest = ''] = /^\/scim\/v2\/([^/]+)(\/.*)?$/.exec(ctx.path) ?? [];
    if (written === undefined) return next();
    const tenant = await tenantOf(parts, ctx, written);
    const spend = (operations: number): void => {
      const seconds = pace.spend(tenant.organization, operations);
      if (seconds > 0) throw tooFast(seconds);
    };
    spend(1);
    write(ctx, await answer(tenant, await callOf(ctx, rest), spend));
  };
}

/** The organisation in the address, if the token that is shown is one of its. */
async function tenantOf({ issuer, tokens, organizations }: Parts, ctx: Koa.Context, written: string): Promise<Tenant> {
  // The guard counts failures by address and by what was claimed.
  ctx.state.clientId = `scim:${written}`;
  const [, token] = /^bearer +([\w.~+/-]+=*) *$/i.exec(ctx.get('authorization')) ?? [];
  const organization = token === undefined ? undefined : await tokens.organizationOf(token);
  const asked = decoded(written);
  if (organization !== undefined && organization === asked && (await organizations.get(organization))) {
    return { organization, base: `${issuer}/scim/v2/${encodeURIComponent(organization)}` };
  }
  ctx.set('WWW-Authenticate', `Bearer realm="scim"${token === undefined ? '' : ', error="invalid_token"'}`);
  throw badToken();
}

async function callOf(ctx: Koa.Context, rest: string): Promise<Call> {
  const method = methods.find((one) => one === (ctx.method === 'HEAD' ? 'GET' : ctx.method));
  if (!method) throw wrongMethod(ctx.method);
  const body = method === 'GET' || method === 'DELETE' ? undefined : await readBody(ctx);
  const match = ctx.get('if-match');
  const noneMatch = ctx.get('if-none-match');
  return {
    ...{ method, path: rest.split('/').filter(Boolean).map(decoded), query: { ...ctx.query }, body },
    match: match === '' ? undefined : match,
    noneMatch: noneMatch === '' ? undefined : noneMatch,
  };
}

async function readBody(ctx: Koa.Context): Promise<unknown> {
  const bytes = await received(ctx.req);
  if (bytes.length === 0) throw invalidSyntax('Send a JSON object as the body');
  if (!ctx.is(scimType, 'application/json')) throw notJson();
  try {
    return parseJson(bytes);
  } catch (error) {
    throw error instanceof Problem ? invalidSyntax(error.message) : error;
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function write(ctx: Koa.Context, { status, body, location, version, allow }: Reply): void {
  ctx.status = status;
  if (version !== undefined) ctx.set('ETag', version);
  if (location !== undefined) ctx.set(status === 201 ? 'Location' : 'Content-Location', location);
  if (allow !== undefined) ctx.set('Allow', allow);
  if (body === undefined) return;
  ctx.type = scimType;
  ctx.body = JSON.stringify(body);
}
