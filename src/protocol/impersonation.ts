import type { Trail } from '../audit/trail.ts';
import type { Clients } from '../clients/clients.ts';
import type { Access, Api } from '../directory/access.ts';
import { adminApi } from '../directory/built-in.ts';
import type { Decide } from '../directory/decide.ts';
import type { User } from '../directory/users.ts';
import { randomToken } from '../kernel/crypto.ts';
import { invalid, missing, problem } from '../kernel/errors.ts';
import { profileKeeps } from './claim-profiles.ts';
import { stillAllowed } from './claims.ts';
import type { Payload, Records } from './records.ts';

interface Parts {
  records: Records;
  clients: Clients;
  access: Access;
  decide: Decide;
  trail: Trail;
  /** Whether the configuration allows it. */
  allowed: boolean;
}

/** As whom, for what, and why. */
interface Wish {
  user: User;
  client: string;
  audience: string;
  reason: string;
  /** Seconds that the token lives. */
  lifetime: number;
}

const switchedOff = problem(
  'impersonation_off',
  403,
  () => 'Nobody acts as somebody else here; whoever runs this server can set impersonation (SALLYPORT_IMPERSONATION)',
);
const mighty = problem('impersonation_refused', 403, () => 'Nobody acts as somebody who may administer this server');

/** Tokens in the name of a person for somebody who helps them: they say who acts (RFC 8693 §4.1), and the person is told. */
export class Impersonation {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Throws `impersonation_off`, `impersonation_refused`, `missing`, and `invalid` for an API that no such token is for. */
  async begin(wish: Wish, actor: string) {
    const { allowed, clients, decide, trail } = this.#parts;
    if (!allowed) throw switchedOff();
    const { user, audience, lifetime, reason } = wish;
    const subject = `user:${user.id}`;
    if (user.state !== 'active') throw invalid('This person is disabled; enable them first');
    if (await decide.administers(subject)) throw mighty();
    const api = await this.#api(audience);
    const client = await clients.get(wish.client);
    if (client?.state !== 'approved') throw missing(`An approved client ${wish.client.slice(0, 200)}`);
    const { entitlements } = await decide.held(subject, api.id);
    const scope = stillAllowed(entitlements.join(' '), client.metadata.scope) ?? '';
    if (scope === '') throw invalid(`This person may do nothing on ${api.id} with this client`);
    const iat = Math.floor(Date.now() / 1000);
    const times = { iat, exp: iat + lifetime };
    // First the word of it: no such token is about of which nobody knows.
    const detail = { reason, client: client.id, audience: api.id, until: times.exp };
    await trail.record({ type: 'user.impersonated', actor, target: subject, detail });
    const facts = { ...times, accountId: user.id, clientId: client.id };
    return { token: await this.#kept(facts, { aud: api.id, scope }, actor), scope, client: client.id };
  }

  async #api(audience: string): Promise<Api> {
    const api = await this.#parts.access.api(audience);
    if (!api) throw missing(`The API ${audience.slice(0, 200)}`);
    if (api.id === adminApi) throw invalid('Nobody administers this server in the name of somebody else');
    if (api.tokenFormat !== 'opaque')
      throw invalid(`Tokens for ${api.id} are JWTs, which could not be told from the person's own`);
    if (!profileKeeps(api.profile ?? 'standard', 'act', {})) {
      throw invalid(`The gateways of ${api.id} read answers that leave out who acts; give it another profile first`);
    }
    if (api.acr !== undefined || api.maxAge !== undefined) {
      throw invalid(`${api.id} demands a sign-in of the person, which this is none`);
    }
    return api;
  }

  /** A grant of its own, so that it ends with the person's and by a withdrawal of theirs. */
  async #kept(
    facts: { accountId: string; clientId: string; iat: number; exp: number },
    { aud, scope }: { aud: string; scope: string },
    actor: string,
  ): Promise<string> {
    const { records } = this.#parts;
    const [value, grantId] = [randomToken(), randomToken()];
    const { accountId: account, clientId: client, iat, exp } = facts;
    const grant: Payload = { ...facts, kind: 'Grant', jti: grantId, resources: { [aud]: scope } };
    await records.grants.insert({ id: grantId, payload: grant, account, client }, exp - iat);
    const extra = { act: { sub: actor.replace(/^(?:user|client):/, '') } };
    const payload: Payload = { ...facts, kind: 'AccessToken', jti: randomToken(16), grantId, aud, scope, extra };
    await records.tokens.insert({ id: records.tokenId(value), payload, grant: grantId }, exp - iat);
    return value;
  }
}
