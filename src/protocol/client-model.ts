import type { Adapter, AdapterPayload, ResponseType } from 'oidc-provider';
import { errors, Provider } from 'oidc-provider';
import type { Client, Clients } from '../clients/clients.ts';

const waiting = {
  pending: 'this client waits for an administrator to approve it; nothing else is wrong with the request',
  suspended: 'this client is suspended; ask an administrator of this server to resume it',
};

/** Refuses a client that may not take part yet, or not any more (RFC 6749 §5.2 unauthorized_client). */
function refuseUnapproved(state: unknown): void {
  if (state === 'pending' || state === 'suspended') throw new errors.UnauthorizedClient(waiting[state]);
}

/** Members of our own in the library's client: where it stands, and whether an administrator has let it go without PKCE. */
export const ownMembers = { state: 'client_state', pkceWaived: 'pkce_waived' } as const;

const documents = new WeakMap<Client, AdapterPayload>();

/** Our client as the registration document that the library reads. Secrets are compared by us, so none is in it. */
function document(client: Client): AdapterPayload {
  const known = documents.get(client);
  if (known) return known;
  const method = String(client.metadata.token_endpoint_auth_method ?? 'client_secret_basic');
  const made: AdapterPayload = {
    ...client.metadata,
    client_id: client.id,
    client_name: client.name,
    client_id_issued_at: client.created,
    [ownMembers.state]: client.state,
    [ownMembers.pkceWaived]: client.pkce === 'optional',
    ...(method.startsWith('client_secret') ? { client_secret: 'compared by fingerprint' } : {}),
  };
  documents.set(client, made);
  return made;
}

/**
 * The read side of the library's storage of clients. One that waits or is suspended is found, so that it can prove who it
 * is and then learn why it gets nothing; a browser is never sent on to such a client's address, it sees a page.
 */
export const findClient =
  (clients: Clients): Adapter['find'] =>
  async (id) => {
    const client = await clients.get(id);
    if (!client || client.state === 'rejected' || client.state === 'revoked') return undefined;
    const nothingToProve = client.metadata.token_endpoint_auth_method === 'none';
    if (nothingToProve || Provider.ctx?.oidc?.route === 'authorization') refuseUnapproved(client.state);
    return document(client);
  };

/** Teaches the library's Client to compare secrets by fingerprint, and to say unauthorized_client where the RFC does. */
export function teachClient(provider: Provider, clients: Clients): void {
  const { prototype } = provider.Client;
  const { grantTypeAllowed, responseTypeAllowed } = prototype;
  // A client may be registered for scopes of APIs too, which the library does not know; we have checked them (clients/members.ts).
  Object.assign(Reflect.get(provider.Client, 'Schema').prototype, { scopes() {} });
  Object.assign(prototype, {
    async compareClientSecret(this: { clientId: string }, secret: string): Promise<boolean> {
      const client = await clients.get(this.clientId);
      return client !== undefined && clients.secretFits(client, secret);
    },
    // The library asks these two once the client has proven who it is, at the token endpoint and for pushed requests.
    grantTypeAllowed(this: typeof prototype, type: string): boolean {
      const allowed = grantTypeAllowed.call(this, type);
      const oidc = Provider.ctx?.oidc;
      if (oidc?.route !== 'token' || oidc.params?.grant_type !== type) return allowed;
      refuseUnapproved(this[ownMembers.state]);
      if (allowed) return true;
      const may = this.grantTypes?.join(', ') || 'no grant at all';
      throw new errors.UnauthorizedClient(`this client is not registered for ${type}, but for ${may}`);
    },
    responseTypeAllowed(this: typeof prototype, type: ResponseType): boolean {
      refuseUnapproved(this[ownMembers.state]);
      return responseTypeAllowed.call(this, type);
    },
  });
}
