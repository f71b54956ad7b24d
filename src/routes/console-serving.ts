import { Problem } from '../kernel/errors.ts';
import type { ConsolePage, ConsoleReply, PageVisit } from './console-page.ts';

/** A page, and what stands in the address that was asked for. */
export interface Found<P> {
  page: P;
  params: Readonly<Record<string, string>>;
}

/** Addresses without a gap come first, so that no name can be taken for one. */
export function pageFinder<P extends { path: string }>(pages: readonly P[]): (path: string) => Found<P> | undefined {
  const exact = new Map(pages.map((page) => [page.path, page]));
  const patterns = pages
    .filter(({ path }) => path.includes(':'))
    .map((page) => ({ page, pattern: new RegExp(`^${page.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`) }));
  return (path) => {
    const page = exact.get(path);
    if (page) return { page, params: {} };
    for (const one of patterns) {
      const groups = one.pattern.exec(path)?.groups;
      const params = groups && decoded(groups);
      if (params) return { page: one.page, params };
    }
    return undefined;
  };
}

function decoded(groups: Record<string, string>): Record<string, string> | undefined {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch {
    return undefined;
  }
}

/** What the caller can put right is told on the page itself (`problem`), which keeps what was typed. */
export async function answerTo(
  page: ConsolePage<PageVisit>,
  visit: PageVisit,
  form: ReadonlyMap<string, string>,
): Promise<{ reply: ConsoleReply; problem?: Problem }> {
  try {
    return { reply: (await page.post?.(visit, form)) ?? { goOn: page.path } };
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
    const shown = await page.get(visit.again(form, error));
    if (!('content' in shown)) throw error;
    return { reply: { status: error.status, ...shown }, problem: error };
  }
}
