import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page, type Request } from 'playwright-core';
import { chromiumFlags, chromiumPath } from './chromium.ts';
import { type Cli, cli } from './cli.ts';
import { basic, post } from './oauth.ts';
import { freePort } from './ports.ts';
import { startServer } from './server.ts';
import { telling } from './shown.ts';

/** Demo secrets as `sallyport demo --json` prints them. */
interface Demo {
  clients: Record<string, { client_id: string; client_secret: string }>;
  users: Record<string, { password: string }>;
}

/** A server in a process of its own and the command line beside it: all that somebody has who did not write it. */
export interface Installation {
  issuer: string;
  /** Where this process listens: not the issuer, when something stands before it. */
  url: string;
  sallyport: Cli;
  demo: Demo;
  /** Runs a command that has to work; answers what it printed. */
  must(args: readonly string[], input?: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts one on a free port of this host, with the settings that everybody begins with. */
export async function install(host = 'localhost', settings: Record<string, string> = {}): Promise<Installation> {
  const port = String(await freePort());
  const issuer = `http://${host}:${port}`;
  const own = { SALLYPORT_HOST: host, SALLYPORT_PORT: port, SALLYPORT_ISSUER: issuer, SALLYPORT_OPS_PORT: '0' };
  const sallyport = await cli({ ...own, SALLYPORT_LOG_REQUESTS: 'false', ...settings });
  const demo = await sallyport.json<Demo>(['demo']);
  const server = await startServer(sallyport);
  const must = async (args: readonly string[], input?: string) => {
    const { status, stdout, stderr } = await sallyport.run(args, input);
    assert.equal(status, 0, `sallyport ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const named = settings.SALLYPORT_ISSUER ?? issuer;
  return { issuer: named, url: server.url, sallyport, demo, must, stop: () => server.kill() };
}

/** One address before several processes, as a load balancer is: each path goes to the one that `choose` names now. */
export async function front(choose: (path: string) => string): Promise<{ issuer: string; close(): void }> {
  const server = createServer((incoming, outgoing) => {
    const { method, url = '/', headers } = incoming;
    const onwards = request(new URL(url, choose(url)), { method: method ?? 'GET', headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    onwards.on('error', () => outgoing.destroy());
    incoming.pipe(onwards);
  }).listen(0, 'localhost');
  await once(server, 'listening');
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  return { issuer, close: () => server.close().closeAllConnections() };
}

/** Proof key of the application, and its challenge (RFC 7636). */
const verifier = 'a-verifier-of-the-length-that-rfc-7636-wants';
const challenge = createHash('sha256').update(verifier).digest('base64url');

/** Tokens, with the claims of the ID token, and what a gateway hears about the access token. */
export interface SignedIn {
  claims: Record<string, unknown>;
  roles: readonly string[];
  introspection: Record<string, unknown>;
}

/** An application on a site of its own, which was added by the command line. */
export interface Application {
  /** Where it sends the browser to; `more` are parameters of the request. */
  address(more?: Record<string, string>): string;
  callback: string;
  /** Takes the code from the address of the page and gets tokens for it. */
  redeem(page: Page): Promise<SignedIn>;
  close(): void;
}

/** Starts an application and adds it to the installation. */
export async function application(home: Installation): Promise<Application> {
  const server = createServer((_incoming, outgoing) => {
    outgoing.setHeader('content-type', 'text/html');
    outgoing.end('<link rel="icon" href="data:,"><h1>The application</h1>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const callback = `http://127.0.0.1:${(server.address() as AddressInfo).port}/cb`;
  const grants = ['--grant', 'authorization_code', '--redirect-uri', callback];
  const added = await home.sallyport.json<{ client_secret: string }>(['client', 'add', 'portal', ...grants]);
  const credentials = { client_id: 'portal', client_secret: added.client_secret };
  return {
    callback,
    address: (more = {}) =>
      `${home.issuer}/oauth2/authorize?${new URLSearchParams({
        ...{ client_id: 'portal', redirect_uri: callback, response_type: 'code', state: 's' },
        ...{ scope: 'openid email orders:read', code_challenge: challenge, code_challenge_method: 'S256', ...more },
      })}`,
    async redeem(page) {
      // An alert does not tell that it failed: it may be of the page before, which goes away just now.
      await page.waitForURL(`${callback}**`);
      const code = new URL(page.url()).searchParams.get('code');
      assert.ok(code, page.url());
      const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: callback };
      const { status, body } = await post(`${home.issuer}/oauth2/token`, form, basic(credentials));
      assert.equal(status, 200, JSON.stringify(body));
      const gateway = home.demo.clients['demo-gateway'];
      assert.ok(gateway);
      const told = await post(`${home.issuer}/oauth2/introspect`, { token: body.access_token }, basic(gateway));
      const [, payload = ''] = String(body.id_token).split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      return { claims, roles: told.body.roles, introspection: told.body };
    },
    close: () => server.close().closeAllConnections(),
  };
}

/** A person with a browser of their own. */
export interface Person {
  page: Page;
  /** Every request of the browser to this origin, as `GET /signin/… 303`. */
  asked(origin: string): Promise<string[]>;
  /** The requests themselves. */
  requests: Request[];
  /** Origins of the pages that were shown. */
  shown: string[];
}

/** Chromium, for all persons of a test file. */
export const openChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });

/** Gives somebody a browser without cookies for as long as the walk takes. */
export async function walk<T>(browser: Browser, way: (person: Person) => Promise<T>): Promise<T> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const requests: Request[] = [];
  const shown: string[] = [];
  page.on('request', (request) => requests.push(request));
  page.on('framenavigated', (frame) => shown.push(new URL(frame.url()).origin));
  const asked = async (origin: string) => {
    const ours = requests.filter((request) => request.url().startsWith(`${origin}/`));
    return Promise.all(ours.map(async (request) => `${line(request)} ${(await request.response())?.status()}`));
  };
  try {
    return await telling(context, () => way({ page, requests, shown, asked }));
  } finally {
    await context.close();
  }
}

const line = (request: Request): string =>
  `${request.method()} ${new URL(request.url()).pathname.replace(/(?<=\/(?:signin|authorize)\/)[\w-]+/, '…')}`;

/** What a page with an error says: its heading, its alert, and the reference. */
export async function failureOf(page: Page): Promise<{ heading: string; alert: string; reference: string }> {
  const text = async (selector: string) => ((await page.locator(selector).first().textContent()) ?? '').trim();
  await page.getByRole('alert').waitFor();
  return { heading: await text('h1'), alert: await text('[role=alert]'), reference: await text('dd code') };
}

/** What `sallyport audit search --reference` prints for what a page told a person. */
export async function trailOf(home: Installation, reference: string): Promise<Record<string, unknown>> {
  const found = await home.sallyport.json<{ type: string; detail?: Record<string, unknown> }[]>([
    ...['audit', 'search', '--reference', reference],
  ]);
  assert.equal(found.length, 1, `${found.length} events for ${reference}`);
  return { type: found[0]?.type, ...found[0]?.detail };
}
