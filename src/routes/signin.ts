import type { Context, Middleware } from 'koa';
import { problemPage } from '../../views/problem.ts';
import type { Client, Clients } from '../clients/clients.ts';
import { readForm } from '../http/form.ts';
import { sameOrigin } from '../http/origin.ts';
import { invalid, Problem, problem } from '../kernel/errors.ts';
import type { Html } from '../kernel/html.ts';
import { ended, type Flow, type SignIn, type Visit } from '../signin/flow.ts';
import type { ThroughProvider, Way } from '../signin/through.ts';
import { goOn, show } from './answer.ts';
import { startOf } from './application.ts';
import type { Frames } from './languages.ts';
import { viewOf } from './pages.ts';
import { follow, stepPage, tooOften } from './signin-answers.ts';

/** A form that another site made the browser send. */
const foreignForm = problem('foreign_form', 403, () => 'This form was sent from another site, so nothing was done');

const wrongPassword = 'This e-mail address and password do not belong together. Check both and try again.';
const wrongDirectory = 'This user name and password do not belong together. Check both and try again.';

interface Parts {
  signIn: SignIn;
  through: ThroughProvider;
  clients: Clients;
  frames: Frames;
}

/** What was sent, and to what. */
interface Sent {
  visit: Visit;
  flow: Flow;
  form: ReadonlyMap<string, string>;
}

type SentThere = Sent & { step: Extract<Flow['step'], { name: 'federation' }> };

/** What came of a password, here or at a directory. */
interface Told {
  flow: Flow;
  outcome: Way | { wrong: true } | { waitSeconds: number };
  /** The sentence for a wrong one. */
  wrong: string;
}

/**
 * The pages of a sign-in, all at one address: the step decides which one is shown. A form answers the current step or is
 * sent back to it; nothing in a form names a person, a client or a step. Below it is where a browser picks up what a
 * provider has sent (federation.ts).
 */
export function signinPages(parts: Parts): Middleware {
  return async (ctx, next) => {
    const [, uid, back] = /^\/signin\/([\w-]{1,100})(\/return)?$/.exec(ctx.path) ?? [];
    if (uid === undefined) return next();
    const { ip, requestId } = ctx.state;
    const visit = { uid, request: ctx.req, response: ctx.res, ip, requestId };
    const deed = back !== undefined ? comeBack : ctx.method === 'POST' ? receive : ask;
    try {
      await deed(parts, ctx, visit);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== ended().code) throw error;
      await tellEnded(parts, ctx, error);
    }
    return undefined;
  };
}

/** The sign-in of this address; its pages are in the language that its client asks for. */
async function load({ signIn }: Parts, ctx: Context, visit: Visit): Promise<Flow> {
  const flow = await signIn.load(visit);
  ctx.state.uiLocales = flow.interaction.params.ui_locales;
  return flow;
}

/** The page of its step. */
const page = ({ frames, through }: Parts, ctx: Context, flow: Flow, error?: string): Promise<Html> =>
  stepPage({ frame: frames(ctx), through }, flow, error);

const placeOf = ({ uid }: Visit): string => `/signin/${uid}`;

async function ask(parts: Parts, ctx: Context, visit: Visit): Promise<void> {
  const { signIn, through, frames } = parts;
  const flow = await load(parts, ctx, visit);
  const { step } = flow;
  if (step.name === 'finished') return goOn(ctx, step.goOn);
  rememberClient(ctx, visit, flow.client);
  if (ctx.querystring === 'restart') {
    if (step.name !== 'consent') await signIn.restart(flow);
    return goOn(ctx, placeOf(visit));
  }
  const way = step.name === 'identify' ? await through.byHints(visit, flow) : undefined;
  if (way) return follow(ctx, { frame: frames(ctx), flow, way });
  return show(ctx, await page(parts, ctx, flow));
}

async function comeBack(parts: Parts, ctx: Context, visit: Visit): Promise<void> {
  const { through, frames } = parts;
  const flow = await load(parts, ctx, visit);
  const { step } = flow;
  if (step.name === 'finished') return goOn(ctx, step.goOn);
  const { ticket } = ctx.query;
  if (typeof ticket !== 'string' || step.name === 'consent') return goOn(ctx, placeOf(visit));
  return follow(ctx, { frame: frames(ctx), flow, way: await through.comeBack(visit, flow, ticket) });
}

async function receive(parts: Parts, ctx: Context, visit: Visit): Promise<void> {
  if (!sameOrigin(ctx)) throw foreignForm();
  const form = await fields(ctx);
  const { signIn, through, frames } = parts;
  const flow = await load(parts, ctx, visit);
  const { step } = flow;
  if (step.name === 'finished') return goOn(ctx, step.goOn);
  const decision = form.get('decision');
  const sent = { visit, flow, form };
  if (step.name === 'consent') {
    if (decision !== 'allow' && decision !== 'deny') return goOn(ctx, ctx.path);
    return goOn(ctx, await signIn.decide(visit, flow, step, decision === 'allow'));
  }
  if (decision === 'cancel') return goOn(ctx, await signIn.giveUp(visit, flow));
  if (step.name === 'link') {
    if (decision !== 'link' && decision !== 'skip') return goOn(ctx, ctx.path);
    return follow(ctx, {
      frame: frames(ctx),
      flow,
      way: await through.decideLink(visit, flow, step, decision === 'link'),
    });
  }
  const chosen = form.get('connection');
  if (chosen !== undefined)
    return follow(ctx, { frame: frames(ctx), flow, way: await through.choose(visit, flow, chosen) });
  return step.name === 'federation' ? proveThere(parts, ctx, { ...sent, step }) : prove(parts, ctx, sent);
}

/** Takes who the person is, the password, or both from one form. An address alone may be of a domain that has a provider. */
async function prove(parts: Parts, ctx: Context, { visit, flow, form }: Sent): Promise<void> {
  const { signIn, through, frames } = parts;
  const identifier = form.get('identifier')?.trim().slice(0, 254);
  const password = form.get('password') ?? '';
  if (identifier === '') return show(ctx, await page(parts, ctx, flow, 'Enter your e-mail address.'), 400);
  if (identifier !== undefined && password === '' && flow.step.name !== 'connect') {
    const connection = await through.forAddress(identifier);
    const way = connection && (await through.choose(visit, flow, connection.id, identifier));
    if (way) return follow(ctx, { frame: frames(ctx), flow, way });
  }
  // Who goes back and corrects the address means the new one; it proves nothing.
  const named = identifier === undefined ? flow : await signIn.identify(flow, identifier);
  const asked = named.step.name === 'password' || named.step.name === 'connect';
  if (!asked || named.facts.identifier === undefined || password === '') return goOn(ctx, ctx.path);
  return tell(parts, ctx, {
    flow: named,
    outcome: await signIn.tryPassword(visit, named, password),
    wrong: wrongPassword,
  });
}

/** Takes user name and password for a directory. */
async function proveThere(parts: Parts, ctx: Context, { visit, flow, form, step }: SentThere): Promise<void> {
  const identifier = form.get('identifier')?.trim().slice(0, 254) ?? step.identifier;
  const password = form.get('password') ?? '';
  if (!identifier) return show(ctx, await page(parts, ctx, flow, 'Enter your user name.'), 400);
  const named = await parts.signIn.restate(flow, { ...flow.facts, identifier });
  if (named.step.name !== 'federation' || password === '') return goOn(ctx, ctx.path);
  const outcome = await parts.through.tryDirectory(visit, named, named.step, password);
  return tell(parts, ctx, { flow: named, outcome, wrong: wrongDirectory });
}

async function tell(parts: Parts, ctx: Context, { flow, outcome, wrong }: Told): Promise<void> {
  if ('wrong' in outcome) return show(ctx, await page(parts, ctx, flow, wrong), 400);
  if (!('waitSeconds' in outcome)) return follow(ctx, { frame: parts.frames(ctx), flow, way: outcome });
  ctx.set('Retry-After', String(outcome.waitSeconds));
  return show(ctx, await page(parts, ctx, flow, tooOften(outcome.waitSeconds)), 429);
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
function rememberClient(ctx: Context, visit: Visit, { id }: Client): void {
  ctx.cookies.set(clientCookie(ctx), Buffer.from(id).toString('base64url'), {
    ...{ path: placeOf(visit), maxAge: aDay, httpOnly: true, sameSite: 'lax', secure: ctx.secure, signed: false },
  });
}

async function tellEnded({ clients, frames }: Parts, ctx: Context, problem: Problem): Promise<void> {
  const frame = frames(ctx);
  const id = ctx.cookies.get(clientCookie(ctx), { signed: false }) ?? '';
  const client = await clients.get(Buffer.from(id, 'base64url').toString());
  const href = client && startOf(client, frame.issuer);
  const link = href === undefined ? undefined : { href, text: `Go back to ${client?.name}` };
  show(ctx, problemPage(frame, { ...viewOf(problem, String(ctx.state.requestId)), link }), problem.status);
}
