import {
  authorizationCodeGrant,
  type Configuration,
  calculatePKCECodeChallenge,
  clientCredentialsGrant,
  customFetch,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
} from 'openid-client';
import type { OidcConnection, Surroundings } from './connection.ts';
import type { Connector, Login, Memo, Reply, Trace, UpstreamIdentity } from './connector.ts';
import { groupsFromGraph, isOverage } from './entra-groups.ts';
import { evidenceOf, groupsOf, merged, personAt, subjectOf } from './oidc-claims.ts';
import { clientOf, type Opened } from './oidc-client.ts';
import { type Metadata, providerOf } from './oidc-discovery.ts';
import { claimsIn, explained } from './oidc-failures.ts';
import { refusal, shown } from './oidc-refusals.ts';
import { checkReply } from './oidc-reply.ts';
import { addressOf, maxAgeOf, parametersOf } from './oidc-request.ts';
import { checkKeyIssuer, endpointOf, forTenants, issuerOf, tenantIn } from './oidc-tenants.ts';

type Claims = Readonly<Record<string, unknown>>;

/** A sign-in that has come back: what it was begun with, and who hears of its checks. */
interface Coming {
  login: Login;
  nonce: string;
  verifier: string;
  began: number;
  trace: Trace;
}

/** What the provider issued, verified. */
interface Issued {
  client: Configuration;
  metadata: Metadata;
  claims: Claims;
  idToken: string;
  accessToken: string;
}

const redirectUri = ({ settings, around }: Opened): string => `${around.issuer}/federation/${settings.id}/callback`;

/** A provider by OpenID Connect (Core 1.0): code flow with PKCE, and a verified signature on every ID token. */
export function oidc(settings: OidcConnection, around: Surroundings): Connector {
  const opened: Opened = { settings, around, provider: providerOf(settings, around) };
  return {
    kind: 'oidc',
    async begin(login) {
      const metadata = await opened.provider.metadata();
      if (forTenants(settings.issuer) && !settings.subject.includes('tid')) throw refusal('ambiguous_subject');
      const [nonce, verifier] = [randomNonce(), randomPKCECodeVerifier()];
      const challenge = await calculatePKCECodeChallenge(verifier);
      const secrets = { redirectUri: redirectUri(opened), nonce, challenge };
      const url = await addressOf(opened, metadata, parametersOf(settings, metadata, login, secrets));
      return { by: 'redirect', url, memo: { nonce, verifier, began: around.now() } };
    },
    async complete(reply, login, memo, trace) {
      const coming: Coming = { login, ...begun(memo), trace };
      const metadata = await opened.provider.metadata();
      checkReply(settings, metadata, { fields: reply.fields, ticket: login.ticket }, trace);
      const issued = await redeem(opened, metadata, { reply, coming });
      const { claims } = issued;
      checkKeyIssuer(
        settings,
        { kid: kidOf(issued.idToken), keys: (await opened.provider.keys()).keys, claims },
        trace,
      );
      checkTimes(opened, claims, coming);
      const userinfo = await userinfoOf(opened, issued, trace);
      return identityOf(opened, { issued, userinfo }, trace);
    },
  };
}

function begun(memo: Memo): { nonce: string; verifier: string; began: number } {
  const { nonce, verifier, began } = memo;
  if (typeof nonce === 'string' && typeof verifier === 'string' && typeof began === 'number') {
    return { nonce, verifier, began };
  }
  throw new TypeError('the memo of this sign-in was not made by the OIDC connector');
}

/** The header's key id of a token that has been verified. */
const kidOf = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;

/** Redeems the code and verifies the ID token: signature, issuer, audience, times, nonce. */
async function redeem(
  opened: Opened,
  shared: Metadata,
  { reply, coming: { login, nonce, verifier, trace } }: { reply: Reply; coming: Coming },
): Promise<Issued> {
  const back = new URL(`${redirectUri(opened)}?${new URLSearchParams(reply.fields)}`);
  // Fresh for each use, because the library writes into it.
  const checks = () => ({
    expectedState: login.ticket,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  });
  try {
    const { metadata, held } = forTenants(opened.settings.issuer)
      ? await tenantBy(opened, { ...shared, issuer: reply.fields.iss ?? shared.issuer }, (client) =>
          authorizationCodeGrant(client, back, checks()),
        )
      : { metadata: shared, held: undefined };
    const client = await clientOf(opened, metadata, await opened.provider.keys());
    const fetch = client[customFetch];
    if (held && fetch) {
      client[customFetch] = async (url, options) => (url === metadata.token_endpoint ? held : fetch(url, options));
    }
    const answer = await authorizationCodeGrant(client, back, checks());
    const claims = answer.claims();
    if (!claims || answer.id_token === undefined) throw refusal('no_id_token');
    trace.received('ID token', claims);
    for (const check of ['signature', 'iss', 'aud', 'exp', 'nonce'])
      trace.passed(check, seen(check, claims, answer.id_token));
    return { client, metadata, claims, idToken: answer.id_token, accessToken: answer.access_token };
  } catch (error) {
    const claims = claimsIn(error);
    if (claims !== undefined) trace.received('ID token, not verified', claims);
    throw explained(error, 'token');
  }
}

/** What satisfied a check of the ID token; the nonce is nobody's business. */
function seen(check: string, claims: Claims, token: string): string | undefined {
  if (check === 'signature') return `key ${shown(kidOf(token) ?? 'without id')}`;
  return check === 'nonce' ? undefined : shown(claims[check]);
}

/**
 * Entra's shared issuer has a gap where the tenant goes, and only the token says which tenant it is, while the library wants
 * the issuer before it asks. So its request is made and the answer held, to be verified with the issuer of that tenant.
 * `shared` has the issuer that the answer in the browser named, if it did: that has been looked at.
 */
async function tenantBy(
  opened: Opened,
  shared: Metadata,
  request: (client: Configuration) => Promise<unknown>,
): Promise<{ metadata: Metadata; held: Response }> {
  const asking = await clientOf(opened, { ...shared, authorization_response_iss_parameter_supported: false });
  const fetch = asking[customFetch];
  let held: Response | undefined;
  asking[customFetch] = async (url, options) => {
    held = await fetch?.(url, options);
    throw new Error('held until its tenant is known');
  };
  await request(asking).catch((error: unknown) => {
    if (!held) throw error;
  });
  if (!held) throw refusal('unreachable');
  const body: unknown = await held
    .clone()
    .json()
    .catch(() => undefined);
  const token = typeof body === 'object' && body !== null && 'id_token' in body ? body.id_token : undefined;
  // An answer without a token has no tenant; the library says what is wrong with it.
  const issuer = token === undefined ? opened.settings.issuer : issuerOf(opened.settings, tenantIn(token));
  return { metadata: { ...shared, issuer }, held };
}

/** The times that the library does not look at: a token from the future, and how long ago the person was there. */
function checkTimes({ settings: { skew }, around }: Opened, claims: Claims, { login, began, trace }: Coming): void {
  const { iat, auth_time: authTime } = claims;
  const now = around.now();
  if (typeof iat !== 'number' || iat > now + skew) {
    throw refusal('issued_in_future', { came: shown(iat), wanted: `${now} or before` });
  }
  trace.passed('iat', String(iat));
  const maxAge = maxAgeOf(login);
  if (maxAge === undefined) return;
  if (typeof authTime !== 'number') throw refusal('no_auth_time');
  // Counted from when it was asked for: what the person does after having signed in takes its own time.
  const earliest = began - maxAge - skew;
  if (authTime < earliest || authTime > now + skew) {
    throw refusal('stale_authentication', { came: String(authTime), wanted: `${earliest} to ${now + skew}` });
  }
  trace.passed('auth_time', String(authTime));
}

/** What userinfo says of the same person; nothing where it is not asked. */
async function userinfoOf(
  { settings }: Opened,
  { client, metadata, claims, accessToken }: Issued,
  trace: Trace,
): Promise<Claims> {
  if (!settings.userinfo || metadata.userinfo_endpoint === undefined) return {};
  try {
    const userinfo = await fetchUserInfo(client, accessToken, String(claims.sub));
    trace.received('userinfo', userinfo);
    trace.passed('sub of userinfo', shown(userinfo.sub));
    return { ...userinfo };
  } catch (error) {
    throw explained(error, 'userinfo');
  }
}

async function identityOf(
  opened: Opened,
  { issued, userinfo }: { issued: Issued; userinfo: Claims },
  trace: Trace,
): Promise<UpstreamIdentity> {
  const { settings } = opened;
  const subject = subjectOf(settings, issued.claims);
  trace.passed('subject', subject);
  const claims = merged(settings, issued.claims, userinfo);
  const { sid } = issued.claims;
  return {
    subject,
    issuer: String(issued.claims.iss),
    claims,
    groups: await allGroups(opened, { issued, claims }, trace),
    evidence: evidenceOf(issued.claims),
    session: {
      id: typeof sid === 'string' && sid !== '' ? sid : undefined,
      hint: issued.idToken,
      name: personAt(String(issued.claims.iss), String(issued.claims.sub)),
    },
  };
}

/** Groups from the claims, or from Graph when Entra had too many to send. */
async function allGroups(
  opened: Opened,
  { issued, claims }: { issued: Issued; claims: Claims },
  trace: Trace,
): Promise<readonly string[] | undefined> {
  const { settings, around } = opened;
  const groups = groupsOf(settings, claims);
  if (!isOverage(settings, issued.claims)) return groups;
  trace.received('groups', 'left out by Entra: too many for a token');
  if (settings.overage === 'refuse') throw refusal('groups_overage');
  const { oid, tid } = issued.claims;
  if (typeof oid !== 'string') throw refusal('graph_refused', { came: 'no oid in the ID token' });
  const application = async (): Promise<string> => {
    const tenant = typeof tid === 'string' ? tid : '';
    const token_endpoint = endpointOf(issued.metadata.token_endpoint, tenant);
    const client = await clientOf(opened, { ...issued.metadata, token_endpoint });
    const scope = `${settings.graph.replace(/\/$/, '')}/.default`;
    return (await clientCredentialsGrant(client, { scope })).access_token;
  };
  const graph = {
    address: settings.graph,
    fetch: (url: string | URL, init?: RequestInit) => around.fetch(url, init),
    person: issued.accessToken,
    oid,
    application,
  };
  return [...new Set([...(groups ?? []), ...(await groupsFromGraph(graph, trace))])];
}
