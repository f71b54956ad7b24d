import { createHash } from 'node:crypto';
import { type Credentials, get, post } from './connection.ts';

/** Where requests go: the Host they name, and the paths of the endpoints. */
export interface Place {
  host: string;
  token: string;
  introspection: string;
  authorization: string;
}

/** What each connection does again and again. */
export type Work = { place: Place; credentials: Credentials } & (
  | { kind: 'client_credentials' }
  | { kind: 'introspection'; tokens: string[] | Drawn }
  | { kind: 'forward-auth'; tokens: string[] }
  | { kind: 'refresh'; tokens: string[] }
  | { kind: 'code'; cookies: string[]; redirectUri: string; scope: string }
);

/** Tokens with values that can be told from their number, so that a million of them need not be kept anywhere. */
export interface Drawn {
  seed: string;
  count: number;
}

/** The value of one of the tokens that were stored for a measurement. */
export const drawnToken = (seed: string, index: number): string =>
  createHash('sha256').update(`${seed} ${index}`).digest('base64url');

/** The work of one connection: the next request, and whether the answer ended one unit of work. Throws for a wrong answer. */
export interface Steps {
  next(): string;
  heard(answer: string): boolean;
  /** A token that the answers gave, for the work after this. */
  token?: string;
}

const verifier = 'the-verifier-of-a-load-generator-need-not-be-a-secret';
const challenge = createHash('sha256').update(verifier).digest('base64url');

/** The value of a member of a JSON answer whose values need no decoding. */
function member(answer: string, name: string): string {
  const before = `"${name}":"`;
  const from = answer.indexOf(before);
  if (from === -1) throw new Error(`the answer has no ${name}: ${answer.slice(0, 1000)}`);
  return answer.slice(from + before.length, answer.indexOf('"', from + before.length));
}

function expect(answer: string, status: string, part: string): void {
  if (!answer.startsWith(`HTTP/1.1 ${status}`) || !answer.includes(part))
    throw new Error(`unexpected answer: ${answer.slice(0, 1000)}`);
}

/** What the connection with this number does. */
export function steps(work: Work, number: number): Steps {
  switch (work.kind) {
    case 'client_credentials':
      return clientCredentials(work);
    case 'introspection':
      return introspection(work);
    case 'forward-auth':
      return forwardAuth(work);
    case 'refresh':
      return refresh(work, work.tokens[number] ?? '');
    case 'code':
      return code(work, work.cookies[number % work.cookies.length] ?? '');
  }
}

function clientCredentials({ place, credentials }: Work): Steps {
  const form = { grant_type: 'client_credentials' };
  const request = post({ host: place.host, path: place.token, credentials, form });
  const mine: Steps = {
    next: () => request,
    heard(answer) {
      expect(answer, '200', '"access_token":"');
      mine.token = member(answer, 'access_token');
      return true;
    },
  };
  return mine;
}

function introspection(work: Work & { kind: 'introspection' }): Steps {
  const { place, credentials, tokens } = work;
  const request = (token: string) =>
    post({ host: place.host, path: place.introspection, credentials, form: { token } });
  const heard = (answer: string): boolean => {
    expect(answer, '200', '"active":true');
    return true;
  };
  if (Array.isArray(tokens)) {
    const requests = tokens.map(request);
    return { next: () => requests[Math.floor(Math.random() * requests.length)] ?? '', heard };
  }
  // All values are of one length, so they can stand in for each other.
  const sample = drawnToken(tokens.seed, 0);
  const before = request(sample).slice(0, -sample.length);
  return { next: () => before + drawnToken(tokens.seed, Math.floor(Math.random() * tokens.count)), heard };
}

/** As Traefik asks. */
function forwardAuth({ place, tokens }: Work & { kind: 'forward-auth' }): Steps {
  const original = [
    'X-Forwarded-Method: GET',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: api.example.test',
    'X-Forwarded-Uri: /orders/4711?lines=all',
    'X-Forwarded-For: 192.0.2.1',
  ];
  const requests = tokens.map((token) =>
    [
      'GET /gateway/authorize HTTP/1.1',
      `Host: ${place.host}`,
      ...original,
      `Authorization: Bearer ${token}`,
      '',
      '',
    ].join('\r\n'),
  );
  return {
    next: () => requests[Math.floor(Math.random() * requests.length)] ?? '',
    heard(answer) {
      expect(answer, '200', 'X-Auth-Subject: demo-service');
      return true;
    },
  };
}

function refresh({ place, credentials }: Work, first: string): Steps {
  let token = first;
  return {
    next: () =>
      post({
        host: place.host,
        path: place.token,
        credentials,
        form: { grant_type: 'refresh_token', refresh_token: token },
      }),
    heard(answer) {
      expect(answer, '200', '"access_token":"');
      token = member(answer, 'refresh_token');
      return true;
    },
  };
}

/** The path and query of an authorization request with PKCE. */
export function authorizationRequest(
  place: Place,
  client: string,
  options: { redirectUri: string; scope: string },
): string {
  const query = new URLSearchParams({
    client_id: client,
    response_type: 'code',
    redirect_uri: options.redirectUri,
    scope: options.scope,
    state: 'a-state-that-is-long-enough',
    nonce: 'a-nonce-that-is-long-enough',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  return `${place.authorization}?${query}`;
}

/** The request that redeems a code. */
export const redemption = (place: Place, credentials: Credentials, code: string, redirectUri: string): string =>
  post({
    host: place.host,
    path: place.token,
    credentials,
    form: { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier },
  });

function code(work: Work & { kind: 'code' }, cookie: string): Steps {
  const { place, credentials, redirectUri } = work;
  const begin = get(place.host, authorizationRequest(place, credentials.id, work), cookie);
  let found: string | undefined;
  const mine: Steps = {
    next: () => (found === undefined ? begin : redemption(place, credentials, found, redirectUri)),
    heard(answer) {
      if (found === undefined) {
        expect(answer, '303', redirectUri);
        found = /[?&]code=([^&\s]+)/.exec(answer)?.[1];
        if (found === undefined) throw new Error(`no code: ${answer.slice(0, 1000)}`);
        return false;
      }
      found = undefined;
      expect(answer, '200', '"access_token":"');
      if (answer.includes('"refresh_token":"')) mine.token = member(answer, 'refresh_token');
      return true;
    },
  };
  return mine;
}
