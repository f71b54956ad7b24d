import type { Context, Middleware } from 'koa';
import { homePage } from '../../views/home.ts';
import { type ProblemView, problemPage } from '../../views/problem.ts';
import { type ProblemPage, renderError } from '../http/problems.ts';
import type { Problem } from '../kernel/errors.ts';
import { ended } from '../signin/flow.ts';
import type { Frames } from './languages.ts';

type Words = Pick<ProblemView, 'title'> & Partial<Pick<ProblemView, 'sentence' | 'advice'>>;

const restart = 'Go back to the application that you came from and sign in from there again';
const nothingWrongWithYou =
  'Nothing is wrong with you or your account. Tell whoever runs the application what stands below';

/** Words for what often happens; where a sentence is missing, the problem's own is shown. */
const byCode: Record<string, Words> = {
  signin_ended: {
    title: 'This sign-in has ended',
    sentence: 'It was finished already, took too long, or began in another browser',
    advice: restart,
  },
  invalid_redirect_uri: {
    title: 'You cannot go on to this address',
    sentence: 'The application wants to send you to an address that is not known to belong to it',
    advice: nothingWrongWithYou,
  },
  invalid_client: {
    title: 'This application is not known here',
    sentence: 'The application that sent you here is not registered, or not any more',
    advice: nothingWrongWithYou,
  },
  unauthorized_client: {
    title: 'This application may not sign you in yet',
    sentence: 'The application that sent you here is registered, but may not be used at the moment',
    advice: nothingWrongWithYou,
  },
};

const byStatus: Record<number, Words> = {
  404: {
    title: 'Page not found',
    sentence: 'There is nothing at this address',
    advice: 'Check whether it was copied completely, or open the application that you want to use',
  },
  429: { title: 'Wait a moment' },
  500: {
    title: 'Something went wrong',
    sentence: 'The fault is on our side, and whoever runs this service has been told',
    advice: 'Try again in a few minutes. If it happens again, tell them the reference below',
  },
  503: { title: 'Not available right now' },
};

/** Problems that only the program that sent the browser here can put right. */
const byApplication: Words = {
  title: 'The application sent a request that does not work',
  sentence: 'The application that sent you here asked in a way that cannot be answered',
  advice: nothingWrongWithYou,
};

function words(problem: Pick<Problem, 'code' | 'status'>): Words {
  const { code, status } = problem;
  const known = byCode[code] ?? byStatus[status];
  return known ?? (/^(?:invalid|unsupported|request)_/.test(code) ? byApplication : { title: 'This did not work' });
}

const plainSentence = (sentence: string): string =>
  `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`.replace(/\.$/, '');

/** What happened, what to do now, and for faults of the application what it says to whoever runs that. */
export function viewOf(problem: Problem, reference: string): ProblemView {
  const said = words(problem);
  const { code, message } = problem;
  const technical = said.advice === nothingWrongWithYou ? { code, sentence: message } : undefined;
  return { sentence: plainSentence(message), ...said, technical, reference };
}

/** Every Problem on our card; the reference is the request id that the log carries too. */
export const problemPages =
  (frames: Frames): ProblemPage =>
  (problem, reference, ctx) =>
    problemPage(frames(ctx), viewOf(problem, reference)).toString();

/** oidc-provider's errors on the same card; it has no code of its own for a sign-in that is over. */
export function errorPages(page: ProblemPage) {
  const show = renderError(page);
  return (ctx: Context, out: { error: string; error_description?: string | undefined }, error: Error): void =>
    show(ctx, error.name === 'SessionNotFound' ? { ...out, error: ended().code } : out);
}

/** The page at the issuer's own address. */
export const home =
  (frames: Frames): Middleware =>
  async (ctx, next) => {
    if (ctx.path !== '/' || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    ctx.type = 'html';
    ctx.body = homePage(frames(ctx)).toString();
    return undefined;
  };
