import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, type InteractionResults, type Provider } from 'oidc-provider';
import type { Trail } from '../audit/trail.ts';
import type { Client, Clients } from '../clients/clients.ts';
import { normalEmail, type User, type Users } from '../directory/users.ts';
import type { Attempts } from '../factors/attempts.ts';
import { problem } from '../kernel/errors.ts';
import { type Asked, type Consents, isAsked, isAskedEachTime } from './consent.ts';
import { levelOf } from './policy.ts';
import { type Facts, nextStep, nothing, type Step } from './steps.ts';
import { originOf } from './upstream-sessions.ts';

/** The sign-in is over, too old, or was begun in another browser. */
export const ended = problem(
  'signin_ended',
  400,
  () => 'This sign-in has ended or took too long; go back to the application and sign in from there again',
);

/** The request of a browser for a page of a sign-in. */
export interface Visit {
  uid: string;
  request: IncomingMessage;
  response: ServerResponse;
  ip: string;
  requestId: string;
}

/** What a client asks of a person who has signed in. */
interface Consent {
  name: 'consent';
  user: User;
  asked: Asked;
  grantId: string | undefined;
  /** The answer is not remembered. */
  eachTime: boolean;
}

/** Nothing is open any more; the browser only has to go on. */
interface Finished {
  name: 'finished';
  goOn: string;
}

/** One sign-in in the making, as this browser may see it. */
export interface Flow {
  interaction: Interaction;
  facts: Facts;
  step: Exclude<Step, { name: 'done' }> | Consent | Finished;
  client: Client;
  /** The address that the client, or the session that is to be renewed, says is this person's; proves nothing. */
  suggested: string | undefined;
  /** The client wants somebody else than the person who signed in just now. */
  otherPerson: boolean;
}

/** What came of a password. */
export type Outcome = { goOn: string } | { wrong: true } | { waitSeconds: number };

interface Parts {
  provider: () => Provider;
  clients: Clients;
  users: Users;
  attempts: Attempts;
  consents: Consents;
  trail: Trail;
}

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

const seconds = (): number => Math.floor(Date.now() / 1000);
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const isFacts = (value: unknown): value is Facts => typeof value === 'object' && value !== null && 'amr' in value;
/** Reasons for asking that name a certain person (OIDC Core §3.1.2.1, §5.5.1). */
const certainPerson = ['id_token_hint', 'id_token_hint_again', 'claims_id_token_sub_value'];

/** Sign-ins in the making: load one, learn facts about it, finish it. What is learnt waits in the library's interaction. */
export class SignIn {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The sign-in of this address, if this browser began it: only that one has the cookie. Throws `signin_ended`. */
  async load(visit: Visit): Promise<Flow> {
    const interaction = await this.#interaction(visit);
    const { prompt, params, session, lastSubmission } = interaction;
    const client = await this.#parts.clients.get(String(params.client_id));
    if (!client) throw ended();
    const user = session && (await this.#parts.users.get(session.accountId));
    const otherPerson = prompt.reasons.some((reason) => certainPerson.includes(reason));
    const facts = factsOf(interaction);
    return {
      interaction,
      facts,
      step: prompt.name === 'consent' ? consentOf(interaction, client, user) : openStep(interaction, facts),
      client,
      suggested: text(params.login_hint)?.slice(0, 254) ?? (otherPerson ? undefined : user?.email),
      otherPerson: otherPerson && lastSubmission?.login !== undefined,
    };
  }

  /** Keeps what the person typed to say who they are; what a provider has proven meanwhile is not forgotten. */
  identify(flow: Flow, identifier: string): Promise<Flow> {
    const { choosing, upstream } = flow.facts;
    const kept = { ...(choosing ? { choosing } : {}), ...(upstream ? { upstream } : {}) };
    return this.restate(flow, { ...nothing, ...kept, identifier });
  }

  /** Forgets everything, and lets the person choose the way, whatever the hints say. */
  restart(flow: Flow): Promise<Flow> {
    return this.restate(flow, { ...nothing, choosing: true });
  }

  /** These facts from now on, while the sign-in is open. */
  async restate(flow: Flow, facts: Facts): Promise<Flow> {
    await this.#keep(flow, facts);
    return { ...flow, facts, step: openStep(flow.interaction, facts) };
  }

  /** The person gives up here; answers where the browser goes on: to the client, which is told. */
  giveUp(visit: Visit, flow: Flow): Promise<string> {
    return this.#finish(visit, flow, { error: 'access_denied', error_description: 'the person did not sign in' });
  }

  /** Tries a password for whom the person said to be. Unknown, disabled and wrong are told alike. */
  async tryPassword(visit: Visit, flow: Flow, password: string): Promise<Outcome> {
    const { attempts, trail, users } = this.#parts;
    const { identifier = '' } = flow.facts;
    const person = normalEmail(identifier);
    const seen = { ip: visit.ip, requestId: visit.requestId };
    const facts = { method: 'password', client: flow.client.id };
    const allowed = await attempts.allowed(person, visit.ip);
    if (!allowed.ok) {
      const detail = { ...facts, retryAfter: allowed.retryAfter };
      await trail.record({ type: 'signin.slowed', actor: 'anonymous', outcome: 'failure', ...seen, detail });
      return { waitSeconds: allowed.retryAfter };
    }
    const user = await users.signIn(identifier, password);
    if (!user) {
      const meant = await users.byEmail(identifier);
      const target = meant ? { target: `user:${meant.id}` } : {};
      await attempts.failed(person, visit.ip);
      const detail = { ...facts, reason: meant ? 'wrong or disabled' : 'unknown' };
      await trail.record({ type: 'signin.failed', actor: 'anonymous', outcome: 'failure', ...target, ...seen, detail });
      return { wrong: true };
    }
    await attempts.succeeded(person, visit.ip);
    const actor = `user:${user.id}`;
    await trail.record({ type: 'signin.succeeded', actor, target: actor, ...seen, detail: facts });
    return { goOn: await this.learn(visit, flow, { user: user.id, amr: ['pwd'], authTime: seconds() }) };
  }

  /** The person allows the client what it asks for, or not; answers where the browser goes on. */
  async decide(visit: Visit, flow: Flow, consent: Consent, allow: boolean): Promise<string> {
    const { consents, provider, trail } = this.#parts;
    const { user, asked, grantId } = consent;
    const actor = `user:${user.id}`;
    const scope = [...asked.scopes, ...Object.values(asked.resources).flat()].join(' ');
    await trail.record({
      type: allow ? 'consent.given' : 'consent.denied',
      ...{ actor, target: `client:${flow.client.id}`, ip: visit.ip, requestId: visit.requestId },
      detail: { client: flow.client.id, scope },
    });
    if (!allow) {
      return this.#finish(visit, flow, { error: 'access_denied', error_description: 'the person denied the access' });
    }
    const parties = { account: user.id, client: flow.client, grantId };
    return this.#finish(visit, flow, { consent: { grantId: await consents.allow(provider(), parties, asked) } });
  }

  /** Adds facts; answers where the browser goes on: to our next page, or to the library when nothing is open any more. */
  async learn(visit: Visit, flow: Flow, more: Partial<Facts>): Promise<string> {
    const facts = { ...flow.facts, ...more };
    const step = nextStep(facts);
    if (step.name !== 'done') {
      await this.#keep(flow, facts);
      return `/signin/${visit.uid}`;
    }
    const { authTime = seconds() } = facts;
    const upstream = facts.joined ? facts.upstream : undefined;
    const acr = upstream?.level ?? levelOf(facts.amr);
    const amr = [...new Set([...facts.amr, ...(upstream?.amr ?? [])])];
    const login = { accountId: step.user, amr, ts: authTime, ...(acr === undefined ? {} : { acr }) };
    return this.#finish(visit, flow, { login, ...(upstream ? { upstream: originOf(upstream) } : {}) });
  }

  async #keep({ interaction }: Flow, facts: Facts): Promise<void> {
    stillOpen(interaction);
    interaction.result = { facts };
    await interaction.persist();
  }

  #finish({ request, response }: Visit, { interaction }: Flow, result: InteractionResults): Promise<string> {
    stillOpen(interaction);
    // A consent comes after the login it belongs to and keeps it; a new login starts from nothing.
    const mergeWithLastSubmission = result.login === undefined;
    return this.#parts.provider().interactionResult(request, response, result, { mergeWithLastSubmission });
  }

  async #interaction({ uid, request, response }: Visit): Promise<Interaction> {
    try {
      const interaction = await this.#parts.provider().interactionDetails(request, response);
      if (interaction.uid === uid) return interaction;
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error;
    }
    throw ended();
  }
}

function factsOf({ result }: Interaction): Facts {
  if (result?.login) return { amr: result.login.amr ?? [], user: result.login.accountId };
  return isFacts(result?.facts) ? result.facts : nothing;
}

function openStep({ returnTo }: Interaction, facts: Facts): Flow['step'] {
  const step = nextStep(facts);
  return step.name === 'done' ? { name: 'finished', goOn: returnTo } : step;
}

function consentOf(interaction: Interaction, client: Client, user: User | undefined): Consent | Finished {
  const { prompt, params, grantId, result, returnTo } = interaction;
  if (result) return { name: 'finished', goOn: returnTo };
  const { asked } = prompt.details;
  if (user?.state !== 'active' || !isAsked(asked)) throw ended();
  return { name: 'consent', user, asked, grantId, eachTime: isAskedEachTime(client, params.redirect_uri) };
}

/** Checking a password takes time, and what has run out meanwhile must not be kept again. */
function stillOpen({ exp }: Interaction): void {
  if (exp <= seconds()) throw ended();
}
