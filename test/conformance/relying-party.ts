import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createLocalJWKSet, importJWK, type JSONWebKeySet, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { TestApp } from '../support/app.ts';
import { Browser } from '../support/code-flow.ts';
import { type Answer, basic, post, read } from '../support/oauth.ts';
import { type Journey, walk } from './journey.ts';

/** Where the suite, as a client, takes answers. */
export const callback = 'https://suite.example/test/a/sallyport/callback';

/** A client of the suite, and how it proves itself. */
export interface SuiteClient {
  client_id: string;
  client_secret: string;
  method: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  redirectUri: string;
  key?: JWK;
}

/** Parameters of a request; undefined leaves out what the suite usually sends. */
type Parameters = Record<string, string | undefined>;

/** What a finished flow gives. */
export interface SignedIn {
  journey: Journey;
  tokens: Answer['body'];
  claims: JWTPayload;
}

const random = (bytes = 16): string => randomBytes(bytes).toString('base64url');
const given = (parameters: Parameters): Record<string, string> =>
  Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

/** The suite as one client with one browser: it uses `state` and `nonce`, and no PKCE. */
export class RelyingParty {
  readonly app: TestApp;
  readonly client: SuiteClient;
  readonly browser: Browser;
  readonly #formPost: boolean;

  constructor(app: TestApp, client: SuiteClient, { formPost = false, browser = new Browser(app.issuer) } = {}) {
    this.app = app;
    this.client = client;
    this.browser = browser;
    this.#formPost = formPost;
  }

  /** Sends the browser to the authorization endpoint and signs alice in where it is asked to. */
  async authorize(more: Parameters = {}, method: 'GET' | 'POST' = 'GET'): Promise<Journey> {
    const request = given({
      client_id: this.client.client_id,
      response_type: 'code',
      redirect_uri: this.client.redirectUri,
      scope: 'openid',
      state: random(),
      nonce: random(),
      ...(this.#formPost ? { response_mode: 'form_post' } : {}),
      ...more,
    });
    const journey = await walk(this.browser, {
      ...(method === 'GET'
        ? { url: `/oauth2/authorize?${new URLSearchParams(request)}` }
        : { url: '/oauth2/authorize', form: request }),
      backTo: this.client.redirectUri,
      person: { identifier: 'alice@example.test', password: this.app.password('alice@example.test') },
    });
    if (journey.answer === undefined) return journey;
    assert.equal(journey.by, this.#formPost ? 'form_post' : 'query');
    assert.equal(journey.answer.get('iss'), this.app.issuer, 'iss (RFC 9207 §2)');
    if (request.state !== undefined) assert.equal(journey.answer.get('state'), request.state);
    return { ...journey, ...(request.nonce === undefined ? {} : { nonce: request.nonce }) };
  }

  /** One call of the token endpoint with this client's proof; an assertion is meant for `audience`. */
  async token(form: Record<string, string>, audience?: string): Promise<Answer> {
    const { client_id, client_secret, method } = this.client;
    const endpoint = `${this.app.issuer}/oauth2/token`;
    if (method === 'client_secret_basic') return post(endpoint, form, basic(this.client));
    if (method === 'client_secret_post') return post(endpoint, { ...form, client_id, client_secret });
    return post(endpoint, {
      ...form,
      client_id,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await this.#assertion(audience ?? endpoint),
    });
  }

  redeem(code: string, audience?: string): Promise<Answer> {
    return this.token({ grant_type: 'authorization_code', code, redirect_uri: this.client.redirectUri }, audience);
  }

  /** A whole code flow with the checks that every module of the suite makes of its ID token. */
  async signIn(more: Parameters = {}, method: 'GET' | 'POST' = 'GET'): Promise<SignedIn> {
    const journey = await this.authorize(more, method);
    assert.equal(journey.answer?.get('error') ?? undefined, undefined, String(journey.answer));
    const answer = await this.redeem(journey.answer?.get('code') ?? '');
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.match(answer.headers.get('cache-control') ?? '', /no-store/);
    assert.equal(answer.body.token_type, 'Bearer');
    assert.ok(answer.body.expires_in > 0);
    const claims = await this.verified(answer.body.id_token);
    assert.equal(claims.nonce, journey.nonce);
    return { journey, tokens: answer.body, claims };
  }

  /** The claims of an ID token after the checks of OIDC Core §3.1.3.7. */
  async verified(token: string, algorithm = 'RS256'): Promise<JWTPayload> {
    const keys: JSONWebKeySet = await (await fetch(`${this.app.issuer}/oauth2/jwks`)).json();
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), {
      issuer: this.app.issuer,
      audience: this.client.client_id,
      algorithms: [algorithm],
      requiredClaims: ['sub', 'iat', 'exp'],
    });
    assert.ok(protectedHeader.kid, 'kid (OIDC Core §10.1)');
    assert.equal(payload.aud, this.client.client_id);
    assert.match(payload.sub ?? '', /^[\x20-\x7e]{1,255}$/);
    return payload;
  }

  /** What userinfo answers to a token in the header. */
  async userinfo(token: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}` };
    return read(await fetch(`${this.app.issuer}/oauth2/userinfo`, { headers }));
  }

  async #assertion(audience: string): Promise<string> {
    const { client_id, key } = this.client;
    if (key === undefined) throw new Error('this client has no key');
    return new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', ...(key.kid === undefined ? {} : { kid: key.kid }) })
      .setIssuer(client_id)
      .setSubject(client_id)
      .setAudience(audience)
      .setJti(random())
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(await importJWK(key, 'RS256'));
  }
}
