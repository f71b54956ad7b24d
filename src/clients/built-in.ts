import type { Client } from './client.ts';

/** The id under which the account pages of this server sign people in; nobody can have, change or remove it. */
export const accountClientId = 'sallyport-account';

/** The id under which the command line signs people in; nobody can have, change or remove it. */
export const commandClientId = 'sallyport-cli';

/** The client that the command line is, on whatever machine it runs: anybody may pretend to be it, so people are asked each time. */
export const commandClient: Client = {
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

/**
 * The client that the account pages are. It is in no store and in no list: it is as this server is. Where people are sent
 * back to is an address of this server itself, so that nobody can pretend to be it.
 */
export const accountClient = (issuer: string): Client => ({
  id: accountClientId,
  name: 'Sallyport',
  state: 'approved',
  metadata: {
    ...{ application_type: 'web', token_endpoint_auth_method: 'none', scope: 'openid' },
    ...{ grant_types: ['authorization_code'], response_types: ['code'] },
    redirect_uris: [`${issuer}/account/return`],
    client_uri: `${issuer}/account`,
  },
  secrets: [],
  firstParty: true,
  introspects: [],
  pkce: 'required',
  created: 0,
  updated: 0,
});
