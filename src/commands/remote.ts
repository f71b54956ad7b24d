import { z } from 'zod';
import { commandClientId } from '../clients/built-in.ts';
import { clientElsewhere } from '../config/load.ts';
import { adminApi } from '../directory/built-in.ts';
import type { Given } from '../http/resource.ts';
import { Problem, problem } from '../kernel/errors.ts';
import { misused } from './command.ts';
import type { Ask } from './desk.ts';
import { type KeptSignIn, keepSignIn, keptSignIn } from './kept-sign-ins.ts';

const notSignedIn = problem(
  'not_signed_in',
  401,
  (server: string) => `You are not signed in at ${server}, or no longer; sign in: sallyport login --server ${server}`,
);
/** The server gives no answer that could be used. */
export const unreachable = problem(
  'unreachable',
  503,
  (server: string, why: string) => `${server} does not answer (${why})`,
);
const notSallyport = problem(
  'unreachable',
  502,
  (server: string) => `${server} does not answer like Sallyport; give the address that its tokens have as issuer`,
);

/** So long a server may take for an answer (milliseconds). */
const patience = 30_000;

/** What a command has said so far is not to be shown twice, so a token is renewed while it surely lasts (seconds). */
const margin = 30;

/** The origin of a server that was typed. Throws `misused` for anything else, and for http outside this machine. */
export function serverOf(typed: string): string {
  const url = URL.parse(typed);
  const loopback = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url === null || (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback))) {
    throw misused('--server must be an address such as https://auth.example.com');
  }
  return url.origin;
}

/** One request; the answer is JSON or nothing. Throws `unreachable`. */
export async function exchange(
  server: string,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; body: unknown; etag: string | undefined }> {
  try {
    const response = await fetch(`${server}${path}`, {
      ...init,
      redirect: 'error',
      signal: AbortSignal.timeout(patience),
    });
    const text = await response.text();
    const etag = response.headers.get('etag') ?? undefined;
    return { status: response.status, etag, body: text === '' ? undefined : JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) throw notSallyport(server);
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw unreachable(server, cause instanceof Error ? cause.message : 'no answer');
  }
}

const document = z.object({
  servers: z.tuple([z.object({ url: z.string() })]),
  paths: z.record(z.string(), z.record(z.string(), z.object({ operationId: z.string() }))),
});

interface Place {
  method: string;
  path: string;
}

/** Where each operation is found, as the server itself says (its OpenAPI document). */
async function placesAt(server: string): Promise<ReadonlyMap<string, Place>> {
  const { status, body } = await exchange(server, '/admin/api/openapi.json');
  const read = document.safeParse(body);
  if (status !== 200 || !read.success) throw notSallyport(server);
  const base = new URL(read.data.servers[0].url).pathname;
  return new Map(
    Object.entries(read.data.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [operationId, { method, path: `${base}${path}` }]),
    ),
  );
}

const tokens = z.object({
  access_token: z.string(),
  expires_in: z.number(),
  refresh_token: z.string().optional(),
});

/** What the token endpoint gave, as it is kept. Throws `not_signed_in` for an answer without a token. */
export function signInFrom(server: string, body: unknown): KeptSignIn {
  const read = tokens.safeParse(body);
  if (!read.success) throw notSignedIn(server);
  const { access_token: accessToken, expires_in: life, refresh_token: refreshToken } = read.data;
  return { accessToken, refreshToken, expires: Math.floor(Date.now() / 1000) + life };
}

const badClient = problem(
  'refused',
  403,
  (server: string, why: string) => `${server} gives SALLYPORT_CLIENT_ID no token for its administration: ${why}`,
);

/** A token for the client that these commands are: it holds what its roles allow. */
async function clientToken(server: string, { id, secret }: { id: string; secret: string }): Promise<string> {
  const form = { grant_type: 'client_credentials', resource: adminApi };
  const known = [id, secret].map((text) => encodeURIComponent(text)).join(':');
  const { status, body } = await exchange(server, '/oauth2/token', {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(known).toString('base64')}` },
    body: new URLSearchParams(form),
  });
  if (status === 200) return signInFrom(server, body).accessToken;
  if (status >= 500) throw unreachable(server, `it answered ${status}`);
  const read = z.object({ error: z.string(), error_description: z.string().optional() }).safeParse(body);
  throw badClient(server, read.data?.error_description ?? read.data?.error ?? `it answered ${status}`);
}

/** A token that still lasts; throws `not_signed_in`. */
async function tokenFor(server: string): Promise<string> {
  const client = clientElsewhere();
  if (client) return clientToken(server, client);
  const kept = keptSignIn(server);
  if (!kept) throw notSignedIn(server);
  if (kept.expires - margin > Date.now() / 1000) return kept.accessToken;
  if (kept.refreshToken === undefined) throw notSignedIn(server);
  const form = { grant_type: 'refresh_token', client_id: commandClientId, refresh_token: kept.refreshToken };
  const { status, body } = await exchange(server, '/oauth2/token', { method: 'POST', body: new URLSearchParams(form) });
  if (status >= 500) throw unreachable(server, `it answered ${status}`);
  if (status !== 200) keepSignIn(server, undefined);
  const renewed = signInFrom(server, body);
  keepSignIn(server, { ...renewed, refreshToken: renewed.refreshToken ?? kept.refreshToken });
  return renewed.accessToken;
}

const refusal = z.object({ code: z.string(), detail: z.string() });

function refused(server: string, status: number, body: unknown): Problem {
  const read = refusal.safeParse(body);
  if (status === 401) return notSignedIn(server);
  if (!read.success) return unreachable(server, `it answered ${status}`);
  return new Problem({ code: read.data.code, status, sentence: read.data.detail });
}

/** Work at a server, as the person who has signed in there. */
export async function atServer(typed: string, work: (ask: Ask) => Promise<void>): Promise<void> {
  const server = serverOf(typed);
  const [token, places] = await Promise.all([tokenFor(server), placesAt(server)]);
  const ask: Ask = async (name, given = {}) => {
    const place = places.get(name);
    if (!place)
      throw new Problem({
        code: 'missing',
        status: 404,
        sentence: `${server} is older than this command and has no ${name}`,
      });
    const { status, body, etag } = await exchange(server, addressOf(place, given), {
      method: place.method.toUpperCase(),
      headers: {
        authorization: `Bearer ${token}`,
        ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(given.match === undefined ? {} : { 'if-match': given.match }),
      },
      ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
    });
    if (status >= 400) throw refused(server, status, body);
    return { reply: body, etag };
  };
  await work(ask);
}

function addressOf({ path }: Place, { params = {}, query = {} }: Given): string {
  const there = path.replace(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(params[name] ?? ''));
  const asked = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return asked.length === 0 ? there : `${there}?${new URLSearchParams(asked)}`;
}
