import assert from 'node:assert/strict';
import { startApp, type TestApp } from './app.ts';
import type { Browser, Page } from './browser.ts';
import { type Describing, describing } from './discovery.ts';
import { near } from './logging-out.ts';
import { newBrowser } from './signing-in.ts';

/** Two organisations, of which the second has a connection, another connection that belongs to nobody, and set-up links. */
export class SetUp {
  readonly app: TestApp;
  readonly provider: Describing;

  constructor(app: TestApp, provider: Describing) {
    this.app = app;
    this.provider = provider;
  }

  static async start(): Promise<SetUp> {
    const set = new SetUp(...(await Promise.all([startApp(near), describing()])));
    const { access, connections, organizations } = set.app.parts;
    const permissions = ['connections:read', 'connections:write'].map((name) => `urn:sallyport:admin#${name}`);
    await access.saveRole({ id: 'connector', permissions, includes: [] }, 'cli');
    for (const id of ['globex', 'free']) await connections.add(set.said(id), 'cli');
    await organizations.add({ id: 'acme', name: 'Acme & Sons', domains: ['acme.test'], connections: [] }, 'cli');
    const theirs = { domains: ['globex.test'], connections: ['globex'] };
    await organizations.add({ id: 'globex', name: 'Globex', ...theirs }, 'cli');
    return set;
  }

  async stop(): Promise<void> {
    await this.app.close();
    this.provider.close();
  }

  /** A link as somebody made it: its page, and the secret in its address. */
  async link(by = 'cli', organization = 'acme'): Promise<{ id: string; path: string; key: string }> {
    const { link, key } = await this.app.parts.setupLinks.make({ organization }, by);
    return { id: link.id, path: `/setup/link/${link.id}/${key}`, key };
  }

  /** A browser that has opened one, and the page it came to. */
  async opened(by?: string, organization?: string): Promise<{ id: string; browser: Browser; page: Page }> {
    const [browser, { id, path }] = [newBrowser(this.app), await this.link(by, organization)];
    const page = await browser.submit(await browser.open(path), {});
    assert.equal(page.status, 200, page.text);
    return { id, browser, page };
  }

  /** What the second step of the wizard is filled in with. */
  filled(more: Record<string, string> = {}): Record<string, string> {
    return {
      ...{ preset: 'generic-oidc', from: this.provider.url, name: 'Acme sign-in' },
      ...{ clientId: 'us', clientSecret: 'their secret', ...more },
    };
  }

  /** What an administrator says of a connection. */
  said(id: string) {
    return {
      ...{ id, name: id, preset: 'generic-oidc', from: this.provider.url, clientId: 'us', clientSecret: 'secret' },
    };
  }
}
