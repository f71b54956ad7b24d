import assert from 'node:assert/strict';
import type { User } from '../../src/directory/users.ts';
import { startApp, type TestApp } from './app.ts';
import { Browser, type Page } from './browser.ts';
import { type Arrived, type MailServer, startMailServer } from './mail.ts';

/** The password that was forgotten, and the new one. */
export const old = 'the password that was forgotten';
export const fresh = 'four rivers beside one lamp';

/** Somebody with an address. */
export type Somebody = User & { email: string };

const aLink = /^(http\S+\/account\/reset\/[\w-]{43})$/m;

/** A server with a mail server beside it, and people who forget their passwords; each comes from an address of their own. */
export class Forgetting {
  readonly app: TestApp;
  readonly server: MailServer;
  #count = 0;

  private constructor(app: TestApp, server: MailServer) {
    this.app = app;
    this.server = server;
  }

  static async start(): Promise<Forgetting> {
    const server = await startMailServer();
    const environment = { SALLYPORT_MAIL_URL: server.url, SALLYPORT_TRUSTED_PROXIES: '127.0.0.1,::1' };
    return new Forgetting(await startApp(environment), server);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.server.stop();
  }

  /** Somebody with a password, an address in the world, and a browser there. */
  async somebody(): Promise<{ user: Somebody; browser: Browser; ip: string }> {
    this.#count += 1;
    const user = await this.app.parts.users.add({ email: `person${this.#count}@example.test`, password: old }, 'cli');
    const ip = `198.51.100.${this.#count}`;
    return { user, browser: this.browserAt(ip), ip };
  }

  browserAt(ip: string): Browser {
    return new Browser({ origin: this.app.issuer, headers: { 'x-forwarded-for': ip } });
  }

  /** Mails to this address that say this, once there are so many. */
  async mailsTo(address: string, wanted: number, says = /./): Promise<Arrived[]> {
    for (;;) {
      const found = this.server.mails.filter(({ to, text }) => to.includes(address) && says.test(text));
      if (found.length >= wanted) return found;
      await this.server.arrived(this.server.mails.length + 1);
    }
  }

  /** The link in the latest of so many mails that have one. */
  async linkTo(address: string, wanted = 1): Promise<string> {
    const mail = (await this.mailsTo(address, wanted, aLink)).at(-1);
    return aLink.exec(mail?.text ?? '')?.[1] ?? assert.fail('there is no link');
  }

  /** Asks for a link, and opens the mailbox. */
  async asked(browser: Browser, { email }: Somebody): Promise<string> {
    const before = this.server.mails.filter(({ to, text }) => to.includes(email) && aLink.test(text)).length;
    assert.equal((await ask(browser, email)).status, 200);
    return this.linkTo(email, before + 1);
  }
}

/** Asks for a link. */
export const ask = async (browser: Browser, identifier: string, query = ''): Promise<Page> =>
  browser.submit(await browser.open(`/account/forgot${query}`), { identifier });

/** Follows a link and sets a password. */
export const set = async (browser: Browser, link: string, password = fresh): Promise<Page> =>
  browser.submit(await browser.open(link), { password });
