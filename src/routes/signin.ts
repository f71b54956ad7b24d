import type { Context, Middleware } from 'koa';
import type { Frame } from '../../views/layout.ts';
import { problemPage } from '../../views/problem.ts';
import { consentPage } from '../../views/signin/consent.ts';
import { identifyPage } from '../../views/signin/identify.ts';
import { passwordPage } from '../../views/signin/password.ts';
import type { Client, Clients } from '../clients/clients.ts';
import { readForm } from '../http/form.ts';
import { sameOrigin } from '../http/origin.ts';
import { invalid, Problem, problem } from '../kernel/errors.ts';
import type { Html } from '../kernel/html.ts';
import { ended, type Flow, type SignIn, type Visit } from '../signin/flow.ts';
import { goOn, show } from './answer.ts';
import { viewOf } from './pages.ts';

/** A form that another site made the browser send. */
const foreignForm = problem('foreign_form', 403, () => 'This form was sent from another site, so nothing was done');

type ConsentStep = Extract<Flow['step'], { name: 'consent' }>;

const wrongPassword = 'This e-mail address and password do not belong together. Check both and try again.';
const duration = (seconds: number): string => {
  if (seconds < 2) return 'a second';
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
};
const tooOften = (seconds: number): string =>
  `There were too many wrong passwords. Wait ${duration(seconds)} and try again.`;

interface Parts {
  signIn: SignIn;
  clients: Clients;
  frame: Frame;
}

/** What was sent, and to what. */
interface Sent {
  visit: Visit;
  flow: Flow;
  form: ReadonlyMap<string, string>;
}

/**
 * The pages of a sign-in, all at one address: the step decides which one is shown. A form answers the current step or is
 * sent back to it; nothing in a form names a person, a client or a step.
 */
export function signinPages(parts: Parts): Middleware {
  return async (ctx, next) => {
    const [, uid] = /^\/signin\/([\w-]{1,100})$/.exec(ctx.path) ?? [];
    if (uid === undefined) return next();
    const { ip, requestId } = ctx.state;
    const visit = { uid, request: ctx.req, response: ctx.res, ip, requestId };
    try {
      await (ctx.method === 'POST' ? receive(parts, ctx, visit) : ask(parts, ctx, visit));
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== ended().code) throw error;
      await tellEnded(parts, ctx, error);
    }
    return undefined;
  };
}

async function ask({ signIn, frame }: Parts, ctx: Context, visit: Visit): Promise<void> {
  const flow = await signIn.load(visit);
  if (flow.step.name === 'finished') return goOn(ctx, flow.step.goOn);
  rememberClient(ctx, flow.client);
  if (ctx.querystring !== 'restart') return show(ctx, page(frame, ctx.path, flow));
  if (flow.step.name === 'password') await signIn.identify(flow, undefined);
  return goOn(ctx, ctx.path);
}

async function receive(parts: Parts, ctx: Context, visit: Visit): Promise<void> {
  if (!sameOrigin(ctx)) throw foreignForm();
  const form = await fields(ctx);
  const flow = await parts.signIn.load(visit);
  const { step } = flow;
  if (step.name === 'finished') return goOn(ctx, step.goOn);
  if (step.name !== 'consent') return prove(parts, ctx, { visit, flow, form });
  const decision = form.get('decision');
  if (decision !== 'allow' && decision !== 'deny') return goOn(ctx, ctx.path);
  return goOn(ctx, await parts.signIn.decide(visit, flow, step, decision === 'allow'));
}

/** Takes who the person is, the password, or both from one form. */
async function prove({ signIn, frame }: Parts, ctx: Context, { visit, flow, form }: Sent): Promise<void> {
  const identifier = form.get('identifier')?.trim();
  const password = form.get('password') ?? '';
  if (identifier === '') return show(ctx, page(frame, ctx.path, flow, 'Enter your e-mail address.'), 400);
  // Who goes back and corrects the address means the new one; it proves nothing.
  const named = identifier === undefined ? flow : await signIn.identify(flow, identifier.slice(0, 254));
  if (named.step.name !== 'password' || password === '') return goOn(ctx, ctx.path);
  const outcome = await signIn.tryPassword(visit, named, password);
  if ('goOn' in outcome) return goOn(ctx, outcome.goOn);
  if ('wrong' in outcome) return show(ctx, page(frame, ctx.path, named, wrongPassword), 400);
  ctx.set('Retry-After', String(outcome.waitSeconds));
  return show(ctx, page(frame, ctx.path, named, tooOften(outcome.waitSeconds)), 429);
}

/** The page of the step that a sign-in has come to. */
function page(frame: Frame, action: string, flow: Flow, error?: string): Html {
  const { step, client, suggested, otherPerson } = flow;
  const { name } = client;
  if (step.name === 'password')
    return passwordPage(frame, { action, client: name, identifier: step.identifier, error });
  if (step.name === 'consent') return consentPage(frame, consentRequest(action, flow, step));
  const notice = otherPerson ? `${name} asks for another account than the one that you used just now.` : undefined;
  return identifyPage(frame, { action, client: name, identifier: suggested, error, notice });
}

function consentRequest(action: string, { client, interaction }: Flow, step: ConsentStep) {
  const { id, name, metadata, registrar, firstParty } = client;
  return {
    action,
    client: { id, name, homePage: metadata.client_uri, policy: metadata.policy_uri, terms: metadata.tos_uri },
    unverified: registrar !== undefined && !firstParty,
    account: step.user.email,
    ...step.asked,
    redirectUri: String(interaction.params.redirect_uri),
    eachTime: step.eachTime,
  };
}

/** The fields of a form; one that is sent twice is refused, since others might read the other one. */
async function fields(ctx: Context): Promise<ReadonlyMap<string, string>> {
  const form = new Map<string, string>();
  for (const [name, value] of Object.entries(await readForm(ctx))) {
    if (typeof value !== 'string') throw invalid(`The field ${name} was sent more than once`);
    form.set(name, value);
  }
  return form;
}

const aDay = 24 * 60 * 60 * 1000;
const clientCookie = (ctx: Context): string => `${ctx.secure ? '__Secure-' : ''}signin-client`;

/** The sign-in itself is forgotten when it ends; which application it was for outlives it here, to show a way on. */
function rememberClient(ctx: Context, { id }: Client): void {
  ctx.cookies.set(clientCookie(ctx), Buffer.from(id).toString('base64url'), {
    ...{ path: ctx.path, maxAge: aDay, httpOnly: true, sameSite: 'lax', secure: ctx.secure, signed: false },
  });
}

async function tellEnded({ clients, frame }: Parts, ctx: Context, problem: Problem): Promise<void> {
  const id = ctx.cookies.get(clientCookie(ctx), { signed: false }) ?? '';
  const client = await clients.get(Buffer.from(id, 'base64url').toString());
  const href = client && startOf(client, frame.issuer);
  const link = href === undefined ? undefined : { href, text: `Go back to ${client?.name}` };
  show(ctx, problemPage(frame, { ...viewOf(problem, String(ctx.state.requestId)), link }), problem.status);
}

/** Where a sign-in to this application begins (OIDC Core §4), or else its home page. */
function startOf({ metadata }: Client, issuer: string): string | undefined {
  if (metadata.initiate_login_uri !== undefined) {
    const start = new URL(metadata.initiate_login_uri);
    start.searchParams.set('iss', issuer);
    return start.href;
  }
  const redirect = metadata.redirect_uris?.find((uri) => /^https?:/.test(uri));
  return metadata.client_uri ?? (redirect === undefined ? undefined : new URL('/', redirect).href);
}
