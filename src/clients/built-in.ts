import type { Client } from './client.ts';

/** The id under which the account pages of this server sign people in; nobody can have, change or remove it. */
export const accountClientId = 'sallyport-account';
/** The same for the console. */
export const consoleClientId = 'sallyport-console';

/** Whether this id belongs to pages of this server itself. */
export const isBuiltInClient = (id: string): boolean => id === accountClientId || id === consoleClientId;

/** The id under which the command line signs people in; nobody can have, change or remove it. */
export const commandClientId = 'sallyport-cli';

/** The client that the command line is, on whatever machine it runs: anybody may pretend to be it, so people are asked each time. */
const commandClient: Client = {
  id: commandClientId,
  name: 'Sallyport command line',
  state: 'approved',
  metadata: {
    ...{ application_type: 'native', token_endpoint_auth_method: 'none' },
    ...{ grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'], response_types: [] },
  },
  secrets: [],
  firstParty: false,
  introspects: [],
  pkce: 'required',
  created: 0,
  updated: 0,
};

/** Whether people administer through this client: the console, and the command line elsewhere. */
export const isForAdministration = (id: string): boolean => id === consoleClientId || id === commandClientId;

/**
 * The clients that this server itself is. They are in no store and in no list. Where people are sent back to from our own pages is
 * an address of this server, so that nobody can pretend to be one of those.
 */
export const builtInClients = (issuer: string): Client[] => [
  client(accountClientId, 'Sallyport', `${issuer}/account`),
  client(consoleClientId, 'Sallyport console', `${issuer}/admin`),
  commandClient,
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
