import assert from 'node:assert/strict';
import type { TestApp } from './app.ts';
import { connect } from './federation.ts';
import { type Answer, read } from './oauth.ts';

/** An organisation's identity provider. */
export interface ScimClient {
  organization: string;
  token: string;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** Sends the body as SCIM; a text as it is. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** Calls with this token; the path begins after the organisation. */
export function scimClient(app: TestApp, organization: string, token: string): ScimClient {
  const send: ScimClient['send'] = async (method, path, body, headers = {}) =>
    read(
      await fetch(`${app.url}/scim/v2/${organization}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/scim+json; charset=utf-8' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );
  return { organization, token, get: (path, headers) => send('GET', path, undefined, headers), send };
}

/** An organisation with one connection, whose domain is verified, and a token. `provider` is who proves its people. */
export async function pushingOrganization(
  app: TestApp,
  id: string,
  domain: string,
  provider: TestApp = app,
): Promise<ScimClient> {
  const connection = `${id}-sso`;
  await connect(app, provider, connection, { domains: [domain], provision: false, name: `${id} SSO` });
  await app.parts.connections.domains.verify(connection, domain, 'cli', true);
  await app.parts.organizations.add({ id, name: id, domains: [domain], connections: [connection] }, 'cli');
  const { token } = await app.parts.scim.tokens.make(id, 'cli');
  return scimClient(app, id, token);
}

export const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const errorSchema = 'urn:ietf:params:scim:api:messages:2.0:Error';
export const listSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** A person as it is pushed. */
export const newUser = (userName: string, more: object = {}): object => ({
  schemas: [userSchema],
  userName,
  name: { givenName: 'Ada', familyName: 'Byron' },
  emails: [{ value: userName, type: 'work', primary: true }],
  active: true,
  ...more,
});

/** A PATCH with these operations. */
export const patch = (...operations: object[]): object => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: operations,
});

/** Pushes a person, and answers it as it is now. */
export async function pushUser(client: ScimClient, userName: string, more: object = {}) {
  const { status, body } = await client.send('POST', '/Users', newUser(userName, more));
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

/** Pushes a group with these people. */
export async function pushGroup(client: ScimClient, displayName: string, ...members: string[]) {
  const group = { schemas: [groupSchema], displayName, members: members.map((value) => ({ value })) };
  const { status, body } = await client.send('POST', '/Groups', group);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}
