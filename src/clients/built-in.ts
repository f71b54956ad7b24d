import type { Client } from './client.ts';

/** The id under which the account pages of this server sign people in; nobody can have, change or remove it. */
export const accountClientId = 'sallyport-account';
/** The same for the console. */
export const consoleClientId = 'sallyport-console';

/** Whether this id belongs to pages of this server itself. */
export const isBuiltInClient = (id: string): boolean => id === accountClientId || id === consoleClientId;

/**
 * The clients that our own pages are. They are in no store and in no list: they are as this server is. Where people are sent
 * back to is an address of this server itself, so that nobody can pretend to be one of them.
 */
export const builtInClients = (issuer: string): Client[] => [
  client(accountClientId, 'Sallyport', `${issuer}/account`),
  client(consoleClientId, 'Sallyport console', `${issuer}/admin`),
];

const client = (id: string, name: string, address: string): Client => ({
  id,
  name,
  state: 'approved',
  metadata: {
    ...{ application_type: 'web', token_endpoint_auth_method: 'none', scope: 'openid' },
    ...{ grant_types: ['authorization_code'], response_types: ['code'] },
    redirect_uris: [`${address}/return`],
    client_uri: address,
  },
  secrets: [],
  firstParty: true,
  introspects: [],
  pkce: 'required',
  created: 0,
  updated: 0,
});
