import type { TestApp } from './app.ts';
import { type Answer, basic, post, read } from './oauth.ts';

/** The admin API as one caller uses it. */
export interface AdminApi {
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** Sends the body as JSON; a text or bytes as they are. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** An access token for `urn:sallyport:admin` with these scopes, or all that the client holds. */
export async function adminToken(app: TestApp, scope?: string, id = 'demo-admin'): Promise<string> {
  const form = {
    grant_type: 'client_credentials',
    resource: 'urn:sallyport:admin',
    ...(scope === undefined ? {} : { scope }),
  };
  const { status, body } = await post(`${app.issuer}/oauth2/token`, form, basic(app.client(id)));
  if (status !== 200) throw new Error(`no admin token: ${JSON.stringify(body)}`);
  return body.access_token;
}

const isRaw = (body: unknown): body is string | Uint8Array<ArrayBuffer> =>
  typeof body === 'string' || body instanceof Uint8Array;

/** The admin API with this token. */
export function adminApi(app: TestApp, token: string): AdminApi {
  const send: AdminApi['send'] = async (method, path, body, headers = {}) =>
    read(
      await fetch(`${app.issuer}/admin/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: isRaw(body) ? body : JSON.stringify(body) }),
      }),
    );
  return { get: (path, headers) => send('GET', path, undefined, headers), send };
}
