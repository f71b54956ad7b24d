import type { Context, Middleware } from 'koa';
import { z } from 'zod';
import type { Client, Clients } from '../clients/clients.ts';
import { wrongMethod } from '../http/edge.ts';
import { readJson } from '../http/json.ts';
import { fitting, Unfit } from '../http/unfit.ts';
import { callerBySecret, invalidClient, isFailedProof } from '../protocol/caller.ts';
import type { Decision, Evaluation, Question } from '../protocol/evaluation.ts';

interface Parts {
  issuer: string;
  clients: Clients;
  evaluation: Evaluation;
}

const text = z.string().min(1).max(2000);
const subject = z.object({ type: text, id: text });
const action = z.object({ name: text });
const resource = z.object({
  type: text,
  id: text,
  properties: z.object({ host: text.optional(), hostname: text.optional() }).optional(),
});
const context = z.object({ organization: text.optional() });
const evaluation = z.object({ subject, action, resource, context: context.optional() });
const evaluations = z.object({
  ...z.object(evaluation.shape).partial().shape,
  evaluations: z.array(z.unknown()).max(100).optional(),
  options: z
    .object({
      evaluations_semantic: z.enum(['execute_all', 'deny_on_first_deny', 'permit_on_first_permit']).optional(),
    })
    .optional(),
});

const paths = { one: '/access/v1/evaluation', many: '/access/v1/evaluations' };
const metadata = '/.well-known/authzen-configuration';

/** Decisions for gateways and applications (OpenID AuthZEN Authorization API 1.0); the caller authenticates as at introspection. */
export function authzen({ issuer, clients, evaluation: by }: Parts): Middleware {
  return async (ctx, next) => {
    if (ctx.path === metadata) return tell(ctx, issuer);
    if (ctx.path !== paths.one && ctx.path !== paths.many) return next();
    if (ctx.method !== 'POST') throw refusedMethod(ctx, 'POST');
    const asked = ctx.get('x-request-id');
    if (/^[\x21-\x7e][\x20-\x7e]{0,255}$/.test(asked)) ctx.set('X-Request-ID', asked);
    const caller = await whoAsks(clients, ctx);
    const body = (await readJson(ctx)) ?? {};
    ctx.body =
      ctx.path === paths.one
        ? await by.decide(question(fitting(evaluation, body)), caller)
        : await all(by, body, caller);
    return undefined;
  };
}

function tell(ctx: Context, issuer: string): void {
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw refusedMethod(ctx, 'GET, HEAD');
  ctx.set('Cache-Control', 'public, max-age=300');
  ctx.body = {
    policy_decision_point: issuer,
    access_evaluation_endpoint: new URL(paths.one, issuer).href,
    access_evaluations_endpoint: new URL(paths.many, issuer).href,
  };
}

function refusedMethod(ctx: Context, allowed: string): Error {
  ctx.set('Allow', allowed);
  return wrongMethod(ctx.method);
}

async function whoAsks(clients: Clients, ctx: Context): Promise<Client> {
  try {
    const caller = await callerBySecret(clients, ctx.headers.authorization, {});
    if (caller) return caller;
    throw invalidClient('Authenticate with the credentials of a client that may introspect, by Basic');
  } catch (error) {
    if (isFailedProof(error)) ctx.set('WWW-Authenticate', 'Basic realm="access", charset="UTF-8"');
    throw error;
  }
}

/** An answer in a list: one that is no question is denied, with what is wrong about it (§7.2.1). */
type Answer = Decision | { decision: false; context: { error: { status: number; message: string } } };

/** The members of each evaluation stand before those that are given for all (§7.1.1); without any it is a single one. */
async function all(by: Evaluation, body: unknown, caller: Client): Promise<unknown> {
  const { evaluations: list = [], options, ...usual } = fitting(evaluations, body);
  if (list.length === 0) return by.decide(question(fitting(evaluation, usual)), caller);
  const semantic = options?.evaluations_semantic ?? 'execute_all';
  const answers: Answer[] = [];
  for (const one of list) {
    const asked = questioned(isObject(one) ? { ...usual, ...one } : one);
    const answer = 'decision' in asked ? asked : await by.decide(asked, caller);
    answers.push(answer);
    if (semantic === (answer.decision ? 'permit_on_first_permit' : 'deny_on_first_deny')) break;
  }
  return { evaluations: answers };
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function questioned(one: unknown): Question | Answer {
  try {
    return question(fitting(evaluation, one));
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    return { decision: false, context: { error: { status: error.status, message: error.message } } };
  }
}

const question = (asked: z.output<typeof evaluation>): Question => ({
  subject: asked.subject,
  action: asked.action.name,
  resource: {
    type: asked.resource.type,
    id: asked.resource.id,
    host: asked.resource.properties?.host ?? asked.resource.properties?.hostname,
  },
  organization: asked.context?.organization,
});
