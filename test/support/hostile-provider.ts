import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

type Json = Record<string, unknown>;
type Change = (said: Json) => unknown;

/** What the provider says otherwise than an honest one; each gets the honest word and answers what is said instead. */
export interface Lies {
  discovery?: Change;
  keys?: Change;
  /** Header and claims of the ID token, before it is signed. */
  header?: Change;
  claims?: Change;
  /** The key that signs instead of the provider's own; a text makes an HMAC, undefined no signature at all. */
  signer?: KeyObject | string | undefined;
  /** The answer of the token endpoint. */
  token?: Change;
  userinfo?: Change;
  /** What the browser brings back. */
  reply?: Change;
  graph?: Change;
  /** Status by path; 0 never answers. */
  status?: Record<string, number>;
  /** A body by path, as it is. */
  body?: Record<string, string>;
  /** The content type by path, instead of JSON. */
  type?: Record<string, string>;
}

/** A request as it came in. */
export interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  form: URLSearchParams;
  body: string;
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT of these parts, signed with RS256 unless the key is a text (HS256) or missing (no signature). */
export function jwt(header: unknown, claims: unknown, key?: KeyObject | string): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  if (key === undefined) return `${input}.`;
  const signature =
    typeof key === 'string'
      ? createHmac('sha256', key).update(input).digest()
      : sign('sha256', Buffer.from(input), key);
  return `${input}.${signature.toString('base64url')}`;
}

/** A pair of RSA keys; the public one as a JWK with this id. */
export function rsa(kid: string): { kid: string; privateKey: KeyObject; jwk: Json } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' } };
}

/** An OpenID provider of our own that can lie in every field; it knows nobody and lets everybody in. */
export class HostileProvider {
  readonly issuer: string;
  readonly asked: Asked[] = [];
  key = rsa('k1');
  /** Its clock (seconds). */
  now = Math.floor(Date.now() / 1000);
  claims: Json = {};
  userinfo: Json = {};
  lies: Lies = {};
  readonly #server;
  readonly #pushed = new Map<string, URLSearchParams>();
  readonly #codes = new Map<string, URLSearchParams>();

  constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => this.#serve(request, response));
  }

  /** Forgets what it was asked, and is honest again. */
  reset(): void {
    this.asked.length = 0;
    this.#codes.clear();
    this.lies = {};
    this.claims = { sub: 'person-1' };
    this.userinfo = {};
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** How often a path was asked for. */
  count = (path: string): number => this.asked.filter((one) => one.path === path).length;

  /** The parameters of a request, wherever they are: in the address, pushed, or in a signed object. */
  parametersOf(address: string): URLSearchParams {
    const { searchParams } = new URL(address);
    const pushed = this.#pushed.get(searchParams.get('request_uri') ?? '') ?? searchParams;
    const [, payload] = (pushed.get('request') ?? '').split('.');
    if (payload === undefined) return pushed;
    const claims: Json = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return new URLSearchParams(Object.entries(claims).map(([name, value]) => [name, String(value)]));
  }

  /** Signs everybody in: the fields that the browser brings back from this address. */
  answer(address: string): Record<string, string> {
    const asked = this.parametersOf(address);
    const code = `the-code-${this.#codes.size + 1}`;
    this.#codes.set(code, asked);
    const honest = { code, state: asked.get('state') ?? '', iss: this.issuer };
    return this.#said('reply', honest) as Record<string, string>;
  }

  /** A token of the provider with these claims. */
  issue(claims: Json, header: Json = {}): string {
    const signer = 'signer' in this.lies ? this.lies.signer : this.key.privateKey;
    return jwt({ alg: 'RS256', kid: this.key.kid, ...header }, claims, signer);
  }

  #said(what: keyof Omit<Lies, 'signer' | 'status' | 'body' | 'type'>, honest: Json): unknown {
    return this.lies[what]?.(honest) ?? honest;
  }

  #idToken(code: string): string {
    const asked = this.#codes.get(code);
    const honest = {
      iss: this.issuer,
      aud: asked?.get('client_id') ?? 'client',
      iat: this.now,
      exp: this.now + 300,
      nonce: asked?.get('nonce'),
      ...this.claims,
    };
    return this.issue(this.#said('claims', honest) as Json, this.#said('header', {}) as Json);
  }

  #discovery(): Json {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/organizations/token`,
      jwks_uri: `${this.issuer}/keys`,
      userinfo_endpoint: `${this.issuer}/userinfo`,
      end_session_endpoint: `${this.issuer}/logout`,
      id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
      authorization_response_iss_parameter_supported: true,
    };
  }

  #push(form: URLSearchParams): Json {
    const request_uri = `urn:request:${randomUUID()}`;
    this.#pushed.set(request_uri, form);
    return { request_uri, expires_in: 60 };
  }

  #answerTo({ path, form }: Asked): unknown {
    if (path.endsWith('/.well-known/openid-configuration')) return this.#said('discovery', this.#discovery());
    if (path === '/keys') return this.#said('keys', { keys: [this.key.jwk] });
    if (path === '/push') return this.#push(form);
    if (path === '/userinfo') return this.#said('userinfo', { sub: this.claims.sub, ...this.userinfo });
    if (path.startsWith('/v1.0/')) return this.#said('graph', { value: ['group-1'] });
    if (path.endsWith('/token')) {
      const honest = { access_token: 'access', token_type: 'Bearer', expires_in: 300 };
      return form.get('grant_type') === 'client_credentials'
        ? { ...honest, access_token: 'application' }
        : this.#said('token', { ...honest, id_token: this.#idToken(form.get('code') ?? '') });
    }
    return undefined;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path } = new URL(request.url ?? '/', this.issuer);
    const body = await text(request);
    const asked = {
      method: request.method ?? '',
      path,
      headers: request.headers,
      form: new URLSearchParams(body),
      body,
    };
    this.asked.push(asked);
    const status = this.lies.status?.[path];
    if (status === 0) return;
    const answer = this.#answerTo(asked);
    const usual = answer === undefined ? 404 : path === '/push' ? 201 : 200;
    response.writeHead(status ?? usual, { 'content-type': this.lies.type?.[path] ?? 'application/json' });
    response.end(this.lies.body?.[path] ?? JSON.stringify(answer ?? {}));
  }
}

/** Starts one. */
export async function hostileProvider(): Promise<HostileProvider> {
  const server = createServer();
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const provider = new HostileProvider(server);
  provider.reset();
  return provider;
}
