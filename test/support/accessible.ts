import assert from 'node:assert/strict';
import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** On a small phone and on a desk, in the light and the dark. */
export const settings = [
  { width: 320, colorScheme: 'light' },
  { width: 320, colorScheme: 'dark' },
  { width: 1440, colorScheme: 'light' },
  { width: 1440, colorScheme: 'dark' },
] as const;

/** Controls that stand alone; links within a sentence are exempt (WCAG 2.5.8), and a box is hit by its label (`.choice`). */
const controls =
  'button, input:not([hidden]):not([type=hidden]):not([type=checkbox]), summary, .choice, .person a, a.primary, a.button';

/** A rule of axe looks at colours or at places, never at both: two settings that differ in each find what four would. */
const isTelling = ({ width, colorScheme }: (typeof settings)[number]): boolean =>
  (width === 320) === (colorScheme === 'light');

/** Holds a page against WCAG 2.2 AA in one setting: by axe, by its width, and by the size of what is to be hit (`least` pixels). */
export async function checkPage(page: Page, setting: (typeof settings)[number], least = 44): Promise<void> {
  const { width, colorScheme } = setting;
  const where = `${colorScheme}, ${width} px`;
  await page.waitForLoadState();
  await page.setViewportSize({ width, height: 640 });
  // Without motion: colours that are on their way from one scheme to the other have the contrast of neither.
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  if (isTelling(setting)) assert.deepEqual(await violations(page, where), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, where);
  // In one go: fifty rows have hundreds of controls.
  const small = await page.locator(controls).evaluateAll((all, pixels) => {
    const sizeOf = ({ width, height }: DOMRect): number => Math.min(width, height);
    return all
      .filter((control) => control.checkVisibility() && sizeOf(control.getBoundingClientRect()) < pixels)
      .map((control) => control.outerHTML);
  }, least);
  assert.deepEqual(small, [], `${where}: too small to hit`);
}

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * In the page itself, which has no frames of other sites: its source once for each page, since that takes longer than a
 * look, and of what it found only what is wrong, since the rest is ten times as much.
 */
async function violations(page: Page, where: string): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const found = await page.evaluate(async (tags) => {
    const { axe: here } = globalThis as unknown as { axe: typeof axe };
    const { violations } = await here.run(document, { runOnly: tags, resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`);
  }, standards);
  return found.map((one) => `${where}: ${one}`);
}
