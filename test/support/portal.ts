import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { password } from './account.ts';
import { startApp, type TestApp } from './app.ts';
import { chromiumFlags, chromiumPath } from './chromium.ts';
import { telling } from './shown.ts';
import { authorization } from './signing-in.ts';

/** Chromium, a server, and an application elsewhere that says how it was answered. */
export class Portal {
  readonly app: TestApp;
  readonly origin: string;
  readonly #browser: Browser;
  readonly #stop: () => void;

  constructor(parts: { app: TestApp; origin: string; browser: Browser; stop: () => void }) {
    this.app = parts.app;
    this.origin = parts.origin;
    this.#browser = parts.browser;
    this.#stop = parts.stop;
  }

  static async open(): Promise<Portal> {
    const client = createServer((incoming, outgoing) => {
      const { searchParams } = new URL(incoming.url ?? '', 'http://client');
      outgoing.setHeader('content-type', 'text/html');
      outgoing.end(`<h1>${searchParams.get('error') ?? (searchParams.has('code') ? 'code' : 'nothing')}</h1>`);
    }).listen(0, '127.0.0.1');
    await once(client, 'listening');
    const origin = `http://127.0.0.1:${(client.address() as AddressInfo).port}`;
    const app = await startApp();
    const metadata = { redirect_uris: [`${origin}/cb`] };
    await app.parts.clients.add({ id: 'portal', name: 'Orders portal', firstParty: true, metadata }, 'cli');
    const browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: chromiumFlags,
    });
    return new Portal({ app, origin, browser, stop: () => client.close().closeAllConnections() });
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.app.close();
    this.#stop();
  }

  /** A fresh browser; answers what its console complained of. */
  async visit(walk: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<string[]> {
    const context = await this.#browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.route(`${this.origin}/favicon.ico`, (route) => route.fulfill({ status: 204 }));
    await telling(context, () => walk(page));
    await context.close();
    return complaints;
  }

  /** The application sends the browser to sign in. */
  async start(page: Page, more: Record<string, string> = {}, waitUntil: 'load' | 'commit' = 'load'): Promise<void> {
    const redirect = { client_id: 'portal', redirect_uri: `${this.origin}/cb` };
    await page.goto(authorization(this.app, { ...redirect, ...more }), { waitUntil });
  }

  /** Waits until the browser is back: `code`, or the error. */
  async arrived(page: Page): Promise<string | null> {
    await page.waitForURL(`${this.origin}/cb**`);
    return heading(page);
  }

  /** Binds the device that is plugged in, on the way in, and forgets the session. */
  async enrol(page: Page, email: string): Promise<void> {
    await this.start(page, { acr_values: '2fa' });
    await enter(page, email);
    await page.getByRole('link', { name: 'Use a passkey or security key instead' }).click();
    await button(page, 'Set up a passkey or security key').click();
    await button(page, 'I have kept them, continue').click();
    assert.equal(await this.arrived(page), 'code');
    await page.context().clearCookies();
  }
}

/** The heading of a page. */
export const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent();
/** The button with exactly this text. */
export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Fills in the first page of a sign-in, for somebody with the password of tests. */
export async function enter(page: Page, email: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await button(page, 'Sign in').click();
}
