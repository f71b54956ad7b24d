import { type Answer, read } from './oauth.ts';

/** A call of the registration endpoint or of a client's place there, with JSON and a Bearer credential. */
export async function call(method: string, url: string, credential?: string, body?: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return read(response);
}
