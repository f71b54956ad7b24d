import type { Client } from './client.ts';

/** The id under which the account pages of this server sign people in; nobody can have, change or remove it. */
export const accountClientId = 'sallyport-account';

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
