import type { Browser } from '../support/code-flow.ts';

/** Where a browser began, where it is expected, and who sits before it. */
export interface Trip {
  url: string;
  /** Sent there with POST. */
  form?: Record<string, string>;
  backTo: string;
  person: { identifier: string; password: string };
}

/** What a browser met on its way. */
export interface Journey {
  /** The pages that asked the person for something. */
  asked: ('login' | 'consent' | 'logout')[];
  /** Those pages. */
  texts: string[];
  /** What came back to the client, and how; undefined when the browser stayed here. */
  answer?: URLSearchParams;
  by?: 'query' | 'form_post';
  /** The last page that was shown, and its status. */
  page: { status: number; text: string };
  nonce?: string;
}

const decoded = (text = ''): string =>
  text.replace(
    /&(amp|quot|#39|lt|gt);/g,
    (_, name: string) => ({ amp: '&', quot: '"', lt: '<', gt: '>' })[name] ?? "'",
  );

/** The form of a page with its hidden fields. */
function formOf(page: string): { action: string; hidden: Record<string, string> } | undefined {
  const [, action] = /<form[^>]*\saction="(?!\/language")([^"]+)"/.exec(page) ?? [];
  if (action === undefined) return undefined;
  const inputs = page.match(/<input[^>]*type="hidden"[^>]*>/g) ?? [];
  const attribute = (input: string, name: string) => decoded(new RegExp(`\\s${name}="([^"]*)"`).exec(input)?.[1]);
  const hidden = Object.fromEntries(inputs.map((input) => [attribute(input, 'name'), attribute(input, 'value')]));
  return { action: decoded(action), hidden };
}

function asks(page: string): Journey['asked'][number] | undefined {
  if (/name="identifier"|name="password"/.test(page)) return 'login';
  if (/name="decision" value="allow"/.test(page)) return 'consent';
  return /name="decision" value="logout"/.test(page) ? 'logout' : undefined;
}

type Page = Awaited<ReturnType<Browser['ask']>>;

/** The answer that this page or redirect takes back to the client. */
function arrival({ location, text }: Page, backTo: string): Pick<Journey, 'answer' | 'by'> | undefined {
  if (location !== '' && location.split('?')[0] === backTo.split('?')[0]) {
    return { answer: new URL(location).searchParams, by: 'query' };
  }
  const form = location === '' ? formOf(text) : undefined;
  return form?.action === backTo ? { answer: new URLSearchParams(form.hidden), by: 'form_post' } : undefined;
}

/** Follows redirects and answers every page as its person would, until the client gets its answer or a page stays. */
export async function walk(browser: Browser, { url, form, backTo, person }: Trip): Promise<Journey> {
  const answers = { login: person, consent: { decision: 'allow' }, logout: { decision: 'logout' } };
  const met: Pick<Journey, 'asked' | 'texts'> = { asked: [], texts: [] };
  let page = await browser.ask(url, form);
  for (let hops = 0; hops < 15; hops += 1) {
    const arrived = arrival(page, backTo);
    if (arrived) return { ...met, ...arrived, page };
    if (page.location !== '') {
      page = await browser.ask(page.location);
      continue;
    }
    const found = formOf(page.text);
    if (found === undefined || page.status >= 400) return { ...met, page };
    const question = asks(page.text);
    if (question) {
      met.asked.push(question);
      met.texts.push(page.text);
    }
    page = await browser.ask(found.action, { ...found.hidden, ...(question ? answers[question] : {}) });
  }
  throw new Error(`the browser goes round and round at ${page.location || url}`);
}
