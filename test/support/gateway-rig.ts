import { once } from 'node:events';
import { request as ask, createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { startApp, type TestApp } from './app.ts';
import { type Certificate, makeCertificate } from './certificates.ts';
import { type Cli, cli } from './cli.ts';
import { basic, post } from './oauth.ts';
import { freePort } from './ports.ts';
import type { Program } from './program.ts';
import { temporaryPath } from './temporary.ts';

/** The API of the demo resources, and its host. */
export const orders = 'https://api.example.test/orders';
const host = 'api.example.test';

/** What came to the service behind the gateway. */
export interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
}

/** What a caller sends through the gateway. */
export interface Call {
  method?: string;
  path?: string;
  token?: string | undefined;
  headers?: Record<string, string>;
}

/** What the caller hears, and what the service saw of it: undefined when nothing was let through. */
export interface Heard {
  status: number;
  headers: IncomingHttpHeaders;
  seen: Seen | undefined;
}

/** A server with a service, before which a gateway is started on the configuration that the command line writes. */
export class GatewayRig {
  readonly app: TestApp;
  readonly authority: Certificate;
  /** The same server over https, for gateways that ask no other. */
  readonly secure: string;
  readonly #cli: Cli;
  readonly #upstream: string;
  readonly #seen: Seen[];
  readonly #closing: (() => void)[];
  #gateway: Program | undefined;
  #lost = false;

  private constructor(parts: {
    app: TestApp;
    authority: Certificate;
    cli: Cli;
    closing: (() => void)[];
    seen: Seen[];
    urls: Record<'secure' | 'upstream', string>;
  }) {
    this.app = parts.app;
    this.authority = parts.authority;
    this.secure = parts.urls.secure;
    this.#cli = parts.cli;
    this.#closing = parts.closing;
    this.#upstream = parts.urls.upstream;
    this.#seen = parts.seen;
  }

  static async start(): Promise<GatewayRig> {
    const store = `sqlite:${temporaryPath()}`;
    const settings = { SALLYPORT_STORE: store, SALLYPORT_TRUSTED_PROXIES: '127.0.0.1' };
    const app = await startApp({ ...settings, SALLYPORT_HOST: '127.0.0.1' });
    const key = { SALLYPORT_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') };
    const seen: Seen[] = [];
    const service = createServer((request, response) => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers });
      request.resume().once('end', () => response.end('served'));
    });
    const authority = makeCertificate('Gateway authority');
    const own = makeCertificate('server', { names: 'IP:127.0.0.1', by: authority });
    const tls = createTls({ key: own.key, cert: own.certificate }, (request, response) => {
      const onward = ask(`${app.url}${request.url}`, { method: request.method, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    const listening = async (server: typeof service | typeof tls) => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    };
    const urls = {
      upstream: `http://127.0.0.1:${await listening(service)}`,
      secure: `https://127.0.0.1:${await listening(tls)}`,
    };
    const closing = [service, tls].map((server) => () => {
      server.closeAllConnections();
      server.close();
    });
    return new GatewayRig({
      app,
      authority,
      cli: await cli({ ...settings, ...key, SALLYPORT_ISSUER: app.issuer }),
      closing,
      seen,
      urls,
    });
  }

  /** Writes the configuration with `sallyport gateway config` and starts the product on it. */
  async guard(
    kind: string,
    start: (home: string, port: number) => Promise<Program>,
    { client = 'demo-gateway', port = 0, args = [] as string[] } = {},
  ): Promise<void> {
    const home = dirname(temporaryPath('configuration'));
    await this.#begin({ kind, client, args, home, port: port || (await freePort()) }, start);
  }

  async #begin(
    { kind, client, args, home, port }: { kind: string; client: string; args: string[]; home: string; port: number },
    start: (home: string, port: number) => Promise<Program>,
  ): Promise<void> {
    const secret = this.app.client(client).client_secret;
    const given = ['--client', client, '--upstream', this.#upstream, '--port', String(port), '--into', home];
    const written = await this.#cli.run(['gateway', 'config', kind, ...given, '--secret-stdin', ...args], secret);
    if (written.status !== 0) throw new Error(written.stderr);
    this.#gateway = await start(home, port);
  }

  get port(): number {
    return this.#gateway?.port ?? 0;
  }

  /** What the product wrote, for a failure that nobody understands. */
  said(): string {
    return this.#gateway?.said() ?? '';
  }

  /** A token with what `demo-service` holds now. */
  async token(): Promise<string> {
    const form = { grant_type: 'client_credentials', resource: orders };
    const { body } = await post(`${this.app.issuer}/oauth2/token`, form, basic(this.app.client('demo-service')));
    return body.access_token;
  }

  async call({ method = 'GET', path = '/orders/7', token, headers = {} }: Call): Promise<Heard> {
    this.#seen.length = 0;
    const request = ask({
      host: '127.0.0.1',
      port: this.port,
      method,
      path,
      agent: false,
      headers: { host, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    });
    request.end(/^(?:POST|PUT|PATCH)$/.test(method) ? '{"of":"the caller"}' : undefined);
    const [answer] = await once(request, 'response');
    await text(answer);
    return { status: answer.statusCode ?? 0, headers: answer.headers, seen: this.#seen[0] };
  }

  /** The server goes away; the gateway stays. */
  async lose(): Promise<void> {
    if (this.#lost) return;
    this.#lost = true;
    await this.app.close();
  }

  async stop(): Promise<void> {
    await this.#gateway?.stop();
    await this.lose();
    for (const close of this.#closing) close();
  }
}
