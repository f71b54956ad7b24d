import type { Provider } from 'oidc-provider';
import { invalidMetadata } from '../clients/metadata.ts';
import { adminApi } from '../directory/built-in.ts';
import { Problem } from '../kernel/errors.ts';
import type { TokenStatus } from './token-status.ts';

/** Fetches one of a client's addresses, within bounds and never inside our network. */
type Fetch = (url: string, init: { headers: Record<string, string> }) => Promise<Response>;

/** Whose token this is, when it is a client's own, for this server, and good for registering others (`dcr`) at this moment. */
export const whoMayRegister =
  (status: TokenStatus) =>
  async (token: string): Promise<{ kind: 'client'; clientId: string } | undefined> => {
    const live = await status.live(token);
    if (!live || live.user !== undefined || live.payload.aud !== adminApi) return undefined;
    // A token bound to a key or certificate proves nothing by itself (RFC 8705 §3, RFC 9449 §7.1).
    if (live.payload.jkt !== undefined || live.payload['x5t#S256'] !== undefined) return undefined;
    const known = await status.known(token, live.client);
    return known?.claims.scope?.split(' ').includes('dcr') ? { kind: 'client', clientId: live.client.id } : undefined;
  };

/**
 * What the library has against a client's metadata, beyond our own checks: it throws its error with the code of RFC 7591
 * §3.2.2. A sector identifier is read once, here; the library would read it again each time it meets the client.
 */
export const metadataCheck =
  (provider: Provider, fetch: Fetch) =>
  async (metadata: Record<string, unknown>): Promise<void> => {
    const client = Reflect.construct(provider.Client, [metadata]);
    if (client.sectorIdentifierUri !== undefined)
      await checkSector(client.sectorIdentifierUri, client.redirectUris, fetch);
  };

/** OpenID Connect Registration §5. */
async function checkSector(uri: string, redirects: readonly string[], fetch: Fetch): Promise<void> {
  const listed = await readList(uri, fetch);
  if (redirects.every((redirect) => listed.includes(redirect))) return;
  throw invalidMetadata('sector_identifier_uri must lead to a JSON list with all redirect_uris of the client');
}

async function readList(uri: string, fetch: Fetch): Promise<unknown[]> {
  try {
    const response = await fetch(uri, { headers: { accept: 'application/json' } });
    const list: unknown = response.status === 200 ? JSON.parse(await response.text()) : undefined;
    return Array.isArray(list) ? list : [];
  } catch (error) {
    if (error instanceof Problem) throw invalidMetadata(`sector_identifier_uri: ${error.message}`);
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
