import type { Context, Middleware } from 'koa';
import { homePage } from '../../views/home.ts';
import type { Frame } from '../../views/layout.ts';
import { type ProblemView, problemPage } from '../../views/problem.ts';
import { duration, type Key } from '../../views/words.ts';
import { type ProblemPage, renderError } from '../http/problems.ts';
import type { Problem } from '../kernel/errors.ts';
import { ended } from '../signin/flow.ts';
import type { Frames } from './languages.ts';

/** What a page says of a problem. */
interface Words {
  title: Key;
  sentence: Key;
  advice?: Key;
}

const nothingWrongWithYou = 'problem.not-your-fault';

/** Words for what often happens. */
const byCode: Readonly<Record<string, Words>> = {
  signin_ended: {
    title: 'problem.signin-ended.title',
    sentence: 'problem.signin-ended',
    advice: 'problem.restart',
  },
  invalid_redirect_uri: {
    title: 'problem.redirect.title',
    sentence: 'problem.redirect',
    advice: nothingWrongWithYou,
  },
  invalid_client: {
    title: 'problem.client.title',
    sentence: 'problem.client',
    advice: nothingWrongWithYou,
  },
  unauthorized_client: {
    title: 'problem.unauthorized-client.title',
    sentence: 'problem.unauthorized-client',
    advice: nothingWrongWithYou,
  },
  overloaded: { title: 'problem.away.title', sentence: 'problem.busy' },
  foreign_form: { title: 'problem.title', sentence: 'problem.foreign-form' },
  connection_disabled: { title: 'problem.title', sentence: 'problem.connection-disabled' },
  logout_refused: { title: 'problem.title', sentence: 'problem.logout-refused' },
  only_way: { title: 'problem.title', sentence: 'problem.only-way' },
  signout_ended: { title: 'problem.title', sentence: 'problem.signout-ended' },
};

const byStatus: Readonly<Record<number, Words>> = {
  404: { title: 'problem.missing.title', sentence: 'problem.missing', advice: 'problem.missing.advice' },
  429: { title: 'problem.wait.title', sentence: 'problem.wait' },
  500: { title: 'problem.fault.title', sentence: 'problem.fault', advice: 'problem.fault.advice' },
  503: { title: 'problem.away.title', sentence: 'problem.away' },
};

/** Problems that only the program that sent the browser here can put right. */
const byApplication: Words = {
  title: 'problem.request.title',
  sentence: 'problem.request',
  advice: nothingWrongWithYou,
};

/** Whatever else there is; what exactly it is stands below. */
const other: Words = { title: 'problem.title', sentence: 'problem.other' };

function words({ code, status }: Pick<Problem, 'code' | 'status'>): Words {
  const known = (Object.hasOwn(byCode, code) ? byCode[code] : undefined) ?? byStatus[status];
  return known ?? (/^(?:invalid|unsupported|request)_/.test(code) ? byApplication : other);
}

/**
 * What happened and what to do now, in the language of the page. Where only a program or a developer can put it right, what
 * the problem itself says stands below.
 */
export function viewOf({ say }: Frame, problem: Problem, reference: string): ProblemView {
  const { code, message, retryAfter = 1 } = problem;
  const { title, sentence, advice } = words(problem);
  const forDevelopers = advice === nothingWrongWithYou || sentence === other.sentence;
  return {
    title: say(title),
    sentence: say(sentence, { time: duration(say, retryAfter) }),
    advice: advice && say(advice),
    technical: forDevelopers ? { code, sentence: message } : undefined,
    reference,
  };
}

/** Every Problem on our card; the reference is the request id that the log carries too. */
export const problemPages =
  (frames: Frames): ProblemPage =>
  (problem, reference, ctx) => {
    const frame = frames(ctx);
    return problemPage(frame, viewOf(frame, problem, reference)).toString();
  };

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
