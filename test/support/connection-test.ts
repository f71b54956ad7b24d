import assert from 'node:assert/strict';
import { adminApi, adminToken } from './admin.ts';
import type { TestApp } from './app.ts';
import type { Browser, Page } from './browser.ts';

/** A test of a connection that the admin API has begun. */
export interface Begun {
  run: string;
  link: string;
  expires: number;
}

/** Begins a test by the admin API. */
export async function beginTest(app: TestApp, id: string, wishes: object = {}): Promise<Begun> {
  const { status, body } = await adminApi(app, await adminToken(app)).send('POST', `/connections/${id}/test`, wishes);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

/** What the admin API says of a test. */
export async function reportOf(app: TestApp, id: string, run: string) {
  return (await adminApi(app, await adminToken(app)).get(`/connections/${id}/test/${run}`)).body;
}

/** The records of the tests, in the store. */
export const testRecords = (app: TestApp) =>
  app.parts.store.collection<{ id: string; connection: string }, 'connection'>({
    name: 'connection-tests',
    indexes: { connection: { key: ({ connection }) => connection } },
  });

/** Every record of the tests, as the store keeps it. */
export const keptTests = (app: TestApp): Promise<{ id: string }[]> => testRecords(app).find({}, { limit: 1000 });

/** The checks of a report or of its page by their marks. */
export const checksOf = (report: { steps: { check?: string; passed?: boolean }[] }): string[] =>
  report.steps.flatMap(({ check, passed }) => (check === undefined ? [] : [`${passed ? '✓' : '✗'} ${check}`]));

/** Presses the button of the start page; answers where the browser is sent. */
export async function startOf(browser: Browser, page: Page, wishes: Record<string, string> = {}): Promise<URL> {
  const { headers, text } = await browser.send('POST', page.url, wishes, { origin: page.url.origin });
  assert.ok(headers.location, text);
  return new URL(headers.location, page.url);
}
