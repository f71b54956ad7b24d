import type { Context, Middleware } from 'koa';
import type { Frame } from '../../views/layout.ts';
import { problemPage } from '../../views/problem.ts';
import type { Key } from '../../views/words.ts';
import type { Client, Clients } from '../clients/clients.ts';
import { browserName } from '../http/user-agent.ts';
import { Problem } from '../kernel/errors.ts';
import type { Html } from '../kernel/html.ts';
import { browserOf, nameBrowser } from '../signin/browser-cookie.ts';
import type { FirstProof, Outcome } from '../signin/first.ts';
import { ended, type Flow, type SignIn, type Visit } from '../signin/flow.ts';
import type { SecondProof } from '../signin/second.ts';
import type { ThroughProvider, Way } from '../signin/through.ts';
import { goOn, show } from './answer.ts';
import { startOf } from './application.ts';
import type { Frames } from './languages.ts';
import { viewOf } from './pages.ts';
import { sentForm } from './sent-form.ts';
import { follow, stepPage, tooOften } from './signin-answers.ts';
import { isOwnStep, ownPage, receiveOwn } from './signin-factors.ts';

interface Parts {
  signIn: SignIn;
  first: FirstProof;
  second: SecondProof;
  through: ThroughProvider;
  /** Whether a link for a new password can be sent. */
  canReset: boolean;
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
  /** What is said of a wrong one. */
  wrong: Key;
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
    const visit = visitOf(ctx, uid);
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

function visitOf(ctx: Context, uid: string): Visit {
  const { ip, requestId } = ctx.state;
  return {
    ...{ uid, request: ctx.req, response: ctx.res, ip, requestId, browser: browserOf(ctx) },
    device: browserName(ctx.get('user-agent')) ?? 'Browser',
    nameBrowser: (name) => nameBrowser(ctx, name),
  };
}

/** The sign-in of this address; its pages are in the language that its client asks for. */
async function load({ signIn }: Parts, ctx: Context, visit: Visit): Promise<Flow> {
  const flow = await signIn.load(visit);
  ctx.state.uiLocales = flow.interaction.params.ui_locales;
  return flow;
}

/** The page of its step. */
async function page(
  { frames, through, first, second, canReset }: Parts,
  ctx: Context,
  flow: Flow,
  error?: (frame: Frame) => Html,
): Promise<Html> {
  const frame = frames(ctx);
  const { step } = flow;
  if (!isOwnStep(step)) return stepPage({ frame, through, first, canReset }, { ...flow, step }, error?.(frame));
  const { way } = ctx.query;
  return ownPage({ frame, second, flow, way: typeof way === 'string' ? way : undefined }, step);
}

const saying =
  (key: Key) =>
  ({ say }: Frame): Html =>
    say(key);

const placeOf = ({ uid }: Visit): string => `/signin/${uid}`;

async function ask(parts: Parts, ctx: Context, visit: Visit): Promise<void> {
  const { signIn, through, frames } = parts;
  const flow = await load(parts, ctx, visit);
  const { step } = flow;
  if (step.name === 'finished') return goOn(ctx, step.goOn);
  rememberClient(ctx, visit, flow.client);
  if (ctx.querystring === 'restart') {
    if (step.name !== 'consent') await signIn.restart(visit, flow);
    return goOn(ctx, placeOf(visit));
  }
  const way = step.name === 'identify' ? await through.byHints(visit, flow) : await through.byOrigin(visit, flow);
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
  const form = await sentForm(ctx);
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
  if (isOwnStep(step)) return receiveOwn(ctx, { ...sent, frame: frames(ctx), second: parts.second }, step);
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
  const { first, signIn, through, frames } = parts;
  const response = form.get('response');
  const bySelf = flow.step.name === 'identify' || flow.step.name === 'password';
  if (response && bySelf) return tellPasskey(parts, ctx, flow, await first.tryPasskey(visit, flow, response));
  const identifier = form.get('identifier')?.trim().slice(0, 254);
  const password = form.get('password') ?? '';
  if (identifier === '') return show(ctx, await page(parts, ctx, flow, saying('signin.no-email')), 400);
  if (identifier !== undefined && password === '' && flow.step.name !== 'connect') {
    const connection = await through.forAddress(identifier);
    const way = connection && (await through.choose(visit, flow, connection.id, identifier));
    if (way) return follow(ctx, { frame: frames(ctx), flow, way });
  }
  // Who goes back and corrects the address means the new one; it proves nothing.
  const named = identifier === undefined ? flow : await signIn.identify(visit, flow, identifier);
  const asked = named.step.name === 'password' || named.step.name === 'connect';
  if (!asked || named.facts.identifier === undefined || password === '') return goOn(ctx, ctx.path);
  return tell(parts, ctx, {
    flow: named,
    outcome: await first.tryPassword(visit, named, password),
    wrong: 'signin.wrong',
  });
}

/** Takes user name and password for a directory. */
async function proveThere(parts: Parts, ctx: Context, { visit, flow, form, step }: SentThere): Promise<void> {
  const identifier = form.get('identifier')?.trim().slice(0, 254) ?? step.identifier;
  const password = form.get('password') ?? '';
  if (!identifier) return show(ctx, await page(parts, ctx, flow, saying('signin.no-user-name')), 400);
  const named = await parts.signIn.restate(visit, flow, { ...flow.facts, identifier });
  if (named.step.name !== 'federation' || password === '') return goOn(ctx, ctx.path);
  const outcome = await parts.through.tryDirectory(visit, named, named.step, password);
  return tell(parts, ctx, { flow: named, outcome, wrong: 'signin.wrong-directory' });
}

async function tell(parts: Parts, ctx: Context, { flow, outcome, wrong }: Told): Promise<void> {
  if ('wrong' in outcome) return show(ctx, await page(parts, ctx, flow, saying(wrong)), 400);
  if (!('waitSeconds' in outcome)) return follow(ctx, { frame: parts.frames(ctx), flow, way: outcome });
  ctx.set('Retry-After', String(outcome.waitSeconds));
  return show(ctx, await page(parts, ctx, flow, (frame) => tooOften(frame, outcome.waitSeconds)), 429);
}

/** As for a password, but next to the button of the passkey. */
async function tellPasskey(parts: Parts, ctx: Context, flow: Flow, outcome: Outcome): Promise<void> {
  const { step } = flow;
  if ('goOn' in outcome || isOwnStep(step)) return goOn(ctx, 'goOn' in outcome ? outcome.goOn : ctx.path);
  const frame = parts.frames(ctx);
  const wait = 'waitSeconds' in outcome ? outcome.waitSeconds : undefined;
  const passkeyError = wait === undefined ? frame.say('signin.passkey.wrong') : tooOften(frame, wait);
  if (wait !== undefined) ctx.set('Retry-After', String(wait));
  show(ctx, await stepPage({ ...parts, frame, passkeyError }, { ...flow, step }), wait === undefined ? 400 : 429);
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
  const link = href === undefined ? undefined : { href, text: frame.say('page.back-to', { client: client?.name }) };
  show(ctx, problemPage(frame, { ...viewOf(frame, problem, String(ctx.state.requestId)), link }), problem.status);
}
