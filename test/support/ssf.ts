import assert from 'node:assert/strict';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { startApp, type TestApp } from './app.ts';
import { near } from './logging-out.ts';
import { type Answer, basic, post, read } from './oauth.ts';
import { storeUrl } from './store.ts';

/** The CAEP events by their last words. */
export const caep = (name: string): string => `https://schemas.openid.net/secevent/caep/event-type/${name}`;
export const push = 'urn:ietf:rfc:8935';
export const poll = 'urn:ietf:rfc:8936';

/** The transmitter as one receiver uses it. */
export interface Transmitter {
  get(path: string): Promise<Answer>;
  send(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Makes a stream of these events and answers its id. */
  stream(events: readonly string[], delivery?: object): Promise<string>;
  poll(id: string, asked?: object): Promise<Answer>;
}

/** The transmitter with this token, at this process. */
export function transmitter({ url }: Pick<TestApp, 'url'>, token: string | undefined): Transmitter {
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  const send = async (method: string, path: string, body?: unknown): Promise<Answer> =>
    read(
      await fetch(`${url}/ssf${path}`, {
        method,
        headers: {
          ...(authorization === undefined ? {} : { authorization }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  return {
    get: (path) => send('GET', path),
    send,
    async stream(events, delivery) {
      const wanted = { events_requested: events.map(caep), ...(delivery === undefined ? {} : { delivery }) };
      const { status, body } = await send('POST', '/streams', wanted);
      assert.equal(status, 201, JSON.stringify(body));
      return body.stream_id;
    },
    poll: (id, asked = { returnImmediately: true }) => send('POST', `/poll/${id}`, asked),
  };
}

/** A client that may look after streams, and its token. */
export async function receiverClient(app: TestApp, id: string): Promise<string> {
  const { access, clients } = app.parts;
  if (!(await access.role('receiver'))) {
    const permissions = ['urn:sallyport:admin#ssf.manage', 'urn:sallyport:admin#ssf.read'];
    await access.saveRole({ id: 'receiver', permissions, includes: [] }, 'cli');
  }
  const { secret = '' } = await clients.add({ id, metadata: { grant_types: ['client_credentials'] } }, 'cli');
  await access.assign(`client:${id}`, 'receiver', 'cli');
  const form = { grant_type: 'client_credentials', resource: 'urn:sallyport:admin', scope: 'ssf.manage ssf.read' };
  const { body } = await post(`${app.issuer}/oauth2/token`, form, basic({ client_id: id, client_secret: secret }));
  return body.access_token;
}

/** What a SET says, once it is proven by the published keys, as a receiver does it. */
export async function provenSet(app: TestApp, raw: string, audience: string): Promise<ReturnType<typeof JSON.parse>> {
  const keys = createRemoteJWKSet(new URL(`${app.issuer}/oauth2/jwks`));
  const { payload, protectedHeader } = await jwtVerify(raw, keys, {
    issuer: app.issuer,
    audience,
    typ: 'secevent+jwt',
  });
  assert.equal(protectedHeader.alg, 'RS256');
  assert.deepEqual([payload.sub, payload.exp, Object.keys(payload.events ?? {}).length], [undefined, undefined, 1]);
  return payload;
}

/** Two processes on one store, and the client `listener` at both. */
export interface Pair {
  one: TestApp;
  two: TestApp;
  own: Transmitter;
  there: Transmitter;
  /** Somebody new, by the `sub`. */
  person(): Promise<string>;
  close(): Promise<void>;
}

/** Starts them. */
export async function startPair(): Promise<Pair> {
  const store = await storeUrl();
  const one = await startApp({ ...near, SALLYPORT_STORE: store });
  const two = await startApp({ ...near, SALLYPORT_STORE: store, SALLYPORT_ISSUER: one.issuer });
  const token = await receiverClient(one, 'listener');
  let count = 0;
  return {
    ...{ one, two, own: transmitter(one, token), there: transmitter(two, token) },
    async person() {
      count += 1;
      return (await one.parts.users.add({ email: `person-${count}@example.test` }, 'cli')).id;
    },
    async close() {
      await Promise.all([one.close(), two.close()]);
    },
  };
}
