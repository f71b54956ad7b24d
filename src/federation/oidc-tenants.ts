import type { OidcConnection } from './connection.ts';
import type { Trace } from './connector.ts';
import { refusal, shown } from './oidc-refusals.ts';

/** What stands in Entra's issuer where the tenant goes (`common` and `organizations`). */
const gap = '{tenantid}';

/** Whether people of several tenants may come through this issuer. */
export const forTenants = (issuer: string): boolean => issuer.includes(gap);

/** The issuer as an address: Entra shows the document of all organizations in the place of a tenant. */
export const discoverable = (issuer: string): string => issuer.replace(gap, 'organizations');

/** The address of an endpoint for one tenant, where its document names the one for all. */
export const endpointOf = (endpoint: string, tenant: string): string =>
  endpoint.replace(/\/(?:organizations|common)\//, `/${encodeURIComponent(tenant)}/`);

/** The issuer of one tenant, once it is one of the connection's (which are GUIDs). Throws `refused` otherwise; an empty list lets nobody in. */
export function issuerOf({ issuer, tenants }: Pick<OidcConnection, 'issuer' | 'tenants'>, tenant: unknown): string {
  const allowed = typeof tenant === 'string' && tenants.some((one) => one.toLowerCase() === tenant.toLowerCase());
  if (!allowed) throw refusal('wrong_tenant', { came: shown(tenant), wanted: 'a tenant of the connection' });
  return issuer.replace(gap, tenant);
}

/** The tenant that an issuer of this form names; undefined when it is of another form. */
export const tenantOf = ({ issuer }: Pick<OidcConnection, 'issuer'>, concrete: string): string | undefined => {
  const [before = '', after = ''] = issuer.split(gap);
  const fits = concrete.startsWith(before) && concrete.endsWith(after);
  return fits ? concrete.slice(before.length, concrete.length - after.length) : undefined;
};

/** Reads which tenant an unverified token says it is from; the issuer made of it is compared when it is verified. */
export function tenantIn(token: unknown): unknown {
  try {
    const [, payload = ''] = String(token).split('.');
    return JSON.parse(Buffer.from(payload, 'base64url').toString()).tid;
  } catch {
    return undefined;
  }
}

interface SigningKey {
  kid?: string | undefined;
  issuer?: unknown;
}

/**
 * Entra's keys name the issuer whose tokens they may sign: a key of one tenant must not speak for another. Throws `refused`
 * when it is another, and, where several tenants come in, when the key does not say.
 */
export function checkKeyIssuer(
  settings: Pick<OidcConnection, 'issuer'>,
  { kid, keys, claims }: { kid: unknown; keys: readonly SigningKey[]; claims: Readonly<Record<string, unknown>> },
  trace: Trace,
): void {
  const named = keys.filter((key) => key.kid === kid);
  const issuers = named.flatMap((key) => (key.issuer === undefined ? [] : [key.issuer]));
  if (issuers.length === 0 && !forTenants(settings.issuer)) return;
  const [only] = issuers;
  const meant = typeof only === 'string' && issuers.length === 1 ? only.replace(gap, String(claims.tid)) : undefined;
  if (kid === undefined || named.length !== 1 || meant !== claims.iss) {
    throw refusal('wrong_key_issuer', { came: shown(only ?? 'none'), wanted: shown(claims.iss) });
  }
  trace.passed('issuer of the signing key', meant);
}
