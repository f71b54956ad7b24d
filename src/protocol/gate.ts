import type { IncomingHttpHeaders } from 'node:http';
import type { Spending, Spent } from '../clients/spending.ts';
import type { Decide, Held } from '../directory/decide.ts';
import type { Organizations } from '../directory/organizations.ts';
import type { GatewayRoutes, Match } from '../directory/routes.ts';
import { type Api, meets } from '../directory/terms.ts';
import { Problem } from '../kernel/errors.ts';
import { heldScope, stillAllowed } from './claims.ts';
import { type NotPresented, type Presented, proofAlgorithms, type Request } from './presented.ts';
import { holderOf, type LiveToken, organizationNow } from './token-status.ts';

/** A request that may pass, and whose it is. */
export interface Passage {
  token: LiveToken;
  match: Match;
  held: Held;
  /** The organisation that the token is for. */
  organization: string | undefined;
  /** What the token was given and its subject holds now. */
  scope: string;
  spent: Spent | undefined;
}

/** A refusal with what the caller would have to show instead (WWW-Authenticate; RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3). */
export class Challenged extends Problem {
  readonly challenges: readonly string[];

  constructor(what: { code: string; status: 401 | 403; sentence: string; challenges: readonly string[] }) {
    super(what);
    this.name = 'Challenged';
    this.challenges = what.challenges;
  }
}

/** The client has used up what its tier allows. */
export class Exhausted extends Problem {
  readonly spent: Spent;

  constructor(spent: Spent) {
    const sentence = `This client may send ${spent.requests} requests in ${spent.period} s; try again in ${spent.reset} s`;
    super({ code: 'rate_limited', status: 429, sentence, retryAfter: spent.reset });
    this.name = 'Exhausted';
    this.spent = spent;
  }
}

interface Parts {
  routes: GatewayRoutes;
  presented: Presented;
  decide: Decide;
  organizations: Organizations;
  spending: Pick<Spending, 'spend'>;
}

/** Decides for gateways that cannot introspect: may this request, with the token it brings, pass? */
export class Gate {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Both must hold: the token was given the permission of the route, and its subject holds it now. Throws 403 for a request
   * that no route takes, `Challenged` and `Exhausted`.
   */
  async pass(request: Request, headers: IncomingHttpHeaders): Promise<Passage> {
    const { routes, presented, decide, organizations, spending } = this.#parts;
    const match = await routes.match(request);
    if (!match) throw noRoute(request);
    const token = await presented.read(headers, request);
    if ('sentence' in token) throw unauthenticated(token, match);
    const { client, payload } = token;
    const audience = match.api.id;
    if (payload.aud !== audience) throw unauthenticated(meantForAnother(token, audience), match);
    refuseWeak(token, match.api);
    const organization = await organizationNow(organizations, token);
    const held = await decide.held(holderOf(token), audience, organization);
    const scope = heldScope(stillAllowed(payload.scope, client.metadata.scope), held.entitlements);
    if (!scope.split(' ').includes(match.permission)) throw notPermitted(token, match);
    const spent = await spending.spend(client, audience);
    if (spent?.allowed === false) throw new Exhausted(spent);
    return { token, match, held, organization, scope, spent };
  }
}

const noRoute = ({ method, host }: Request): Problem =>
  new Problem({
    code: 'no_route',
    status: 403,
    sentence: `No route of an API lets ${method} pass here${host === undefined ? '; the gateway does not tell for which host it asks' : ''}, or the path can be read in several ways`,
  });

const schemeOf = ({ payload }: LiveToken) => (payload.jkt === undefined ? 'Bearer' : 'DPoP');

const meantForAnother = (token: LiveToken, audience: string): NotPresented => ({
  scheme: schemeOf(token),
  code: 'invalid_token',
  sentence: `The access token is not meant for ${audience}; get one for it`,
});

function unauthenticated({ scheme, code, sentence }: NotPresented, { api, permission }: Match): Challenged {
  const scope = ['scope', permission] as const;
  const challenges =
    code === undefined
      ? [challenge('Bearer', api, scope), challenge('DPoP', api, scope)]
      : [challenge(scheme, api, ['error', code], ['error_description', sentence])];
  return new Challenged({ code: code ?? 'no_token', status: 401, sentence, challenges });
}

function notPermitted(token: LiveToken, { api, permission }: Match): Challenged {
  const code = 'insufficient_scope';
  const sentence = `This needs ${permission} on ${api.id}: in the token, and held by its subject now`;
  const challenges = [challenge(schemeOf(token), api, ['error', code], ['scope', permission])];
  return new Challenged({ code, status: 403, sentence, challenges });
}

/** What the API demands of the sign-in of people (RFC 9470 §3). */
function refuseWeak(token: LiveToken, api: Api): void {
  const { acr, maxAge } = api;
  const { acr: had, auth_time: since } = signInOf(token);
  const weak = acr !== undefined && !meets(had, acr);
  const old = maxAge !== undefined && !(since !== undefined && Date.now() / 1000 - since <= maxAge);
  if (!token.user || !(weak || old)) return;
  const code = 'insufficient_user_authentication';
  const sentence = weak
    ? `${api.id} demands a sign-in with acr ${acr}, and this one has ${had ?? 'none'}; send the person to sign in again`
    : `${api.id} demands a sign-in of the last ${maxAge} s; send the person to sign in again`;
  const members: [string, string][] = [
    ['error', code],
    ['error_description', sentence],
    ...(acr === undefined ? [] : [['acr_values', acr] as [string, string]]),
    ...(maxAge === undefined ? [] : [['max_age', String(maxAge)] as [string, string]]),
  ];
  throw new Challenged({ code, status: 401, sentence, challenges: [challenge(schemeOf(token), api, ...members)] });
}

function signInOf({ payload: { extra } }: LiveToken): { acr?: string; auth_time?: number } {
  const { acr, amr, auth_time } = extra ?? {};
  const usual = Array.isArray(amr) && amr.includes('pwd') ? { acr: '1fa' } : {};
  return {
    ...(typeof acr === 'string' ? { acr } : usual),
    ...(typeof auth_time === 'number' ? { auth_time } : {}),
  };
}

/** The realm is the API, which is what a client asks a token for (RFC 8707). */
function challenge(scheme: 'Bearer' | 'DPoP', { id }: Api, ...members: (readonly [string, string])[]): string {
  const algs = scheme === 'DPoP' ? ([['algs', proofAlgorithms.join(' ')]] as const) : [];
  const all = [['realm', id] as const, ...members, ...algs];
  return `${scheme} ${all.map(([name, value]) => `${name}="${quotable(value)}"`).join(', ')}`;
}

/** RFC 6750 §3 allows printable ASCII without quotation mark and backslash. */
const quotable = (value: string): string => value.replaceAll('"', "'").replace(/[^\x20-\x5b\x5d-\x7e]/g, '?');
