import { inspect } from 'node:util';
import type { BrowserContext, Page } from 'playwright-core';

const squeezed = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

/** Where a page is, and its heading and alerts: what somebody would tell who looked at it. Never fails. */
async function shown(page: Page): Promise<string> {
  const said = await page
    .locator('h1, [role=alert]:visible')
    .allTextContents()
    .catch((error: unknown) => [String(error)]);
  return `${page.url()} shows ${said.map((text) => JSON.stringify(squeezed(text))).join(', ') || 'no heading'}`;
}

/** Does something in a browser; what goes wrong there tells what its pages showed, which a time-out does not. */
export async function telling<T>(context: BrowserContext, deed: () => Promise<T>): Promise<T> {
  try {
    return await deed();
  } catch (error) {
    const pages = await Promise.all(context.pages().map(shown));
    const why = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
    throw new Error(`${why}\n${pages.join('\n')}`);
  }
}
