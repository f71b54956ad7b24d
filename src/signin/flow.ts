import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, type InteractionResults, type Provider } from 'oidc-provider';
import type { Trail } from '../audit/trail.ts';
import type { Client, Clients } from '../clients/clients.ts';
import type { User, Users } from '../directory/users.ts';
import type { FactorLevel } from '../factors/factor.ts';
import { problem } from '../kernel/errors.ts';
import { wantsFresh } from './asked.ts';
import { beginning } from './beginning.ts';
import type { Completing } from './completing.ts';
import { type Asked, type Consents, isAsked, isAskedEachTime } from './consent.ts';
import type { Demands } from './demands.ts';
import type { Standards } from './standards.ts';
import { type Facts, nextStep, nothing, type Step } from './steps.ts';
import type { UpstreamSessions } from './upstream-sessions.ts';
import { noRules, type Rules } from './worth.ts';

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
  /** The random name of the browser, and what people call it. */
  browser: string | undefined;
  device: string;
  /** Gives the browser a name with the answer to this request. */
  nameBrowser(name: string): void;
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

/** What does not change while a sign-in is open. */
interface Begun {
  interaction: Interaction;
  client: Client;
  /** The address that the client, or the session that is to be renewed, says is this person's; proves nothing. */
  suggested: string | undefined;
  /** The client wants somebody else than the person who signed in just now. */
  otherPerson: boolean;
}

/** One sign-in in the making, as this browser may see it. */
export interface Flow extends Begun {
  facts: Facts;
  step: Exclude<Step, { name: 'done' }> | Consent | Finished;
  /** Who is proven, as far as it goes, and what is asked of them. */
  person?: { user: User; rules: Rules };
}

interface Parts {
  provider: () => Provider;
  clients: Clients;
  users: Users;
  consents: Consents;
  demands: Pick<Demands, 'graceEnds'>;
  standards: Standards;
  completing: Completing;
  upstreamSessions: UpstreamSessions;
  trail: Trail;
}

/** The library's record of a sign-in. */
export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

const seconds = (): number => Math.floor(Date.now() / 1000);
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const isFacts = (value: unknown): value is Facts => typeof value === 'object' && value !== null && 'amr' in value;
/** Reasons for asking that name a certain person (OIDC Core §3.1.2.1, §5.5.1). */
const certainPerson = ['id_token_hint', 'id_token_hint_again', 'claims_id_token_sub_value'];

/** What the client, or an API that it names, asks for (asked.ts). */
export const askedOf = ({ prompt: { details } }: Interaction): FactorLevel | undefined =>
  details.asked === '2fa' || details.asked === 'phr' ? details.asked : undefined;

/** Where the browser goes on from here: to the page of the step, or to the library. */
export const placeOf = ({ uid }: Visit, { step }: Flow): string =>
  step.name === 'finished' ? step.goOn : `/signin/${uid}`;

/** Sign-ins in the making: load one, learn facts about it, finish it. What is learnt waits in the library's interaction. */
export class SignIn {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The sign-in of this address, if this browser began it: only that one has the cookie. Throws `signin_ended`. */
  async load(visit: Visit): Promise<Flow> {
    const interaction = await this.#interaction(visit);
    const { prompt, params, result, session, lastSubmission, returnTo } = interaction;
    const client = await this.#parts.clients.get(String(params.client_id));
    if (!client) throw ended();
    const user = session && (await this.#parts.users.get(session.accountId));
    const otherPerson = prompt.reasons.some((reason) => certainPerson.includes(reason));
    const begun = {
      interaction,
      client,
      suggested: text(params.login_hint)?.slice(0, 254) ?? (otherPerson ? undefined : user?.email),
      otherPerson: otherPerson && lastSubmission?.login !== undefined,
    };
    if (prompt.name === 'consent') return { ...begun, facts: nothing, step: consentOf(interaction, client, user) };
    if (result?.login || result?.error) return { ...begun, facts: nothing, step: { name: 'finished', goOn: returnTo } };
    const facts = isFacts(result?.facts) ? result.facts : await beginning(interaction, this.#parts.upstreamSessions);
    return this.#open(visit, begun, facts);
  }

  /** Keeps what the person typed to say who they are; what a provider has proven meanwhile is not forgotten. */
  identify(visit: Visit, flow: Flow, identifier: string): Promise<Flow> {
    const { choosing, upstream } = flow.facts;
    const kept = { ...(choosing ? { choosing } : {}), ...(upstream ? { upstream } : {}) };
    return this.restate(visit, flow, { ...nothing, ...kept, identifier });
  }

  /** Forgets everything, and lets the person choose the way, whatever the hints say. */
  restart(visit: Visit, flow: Flow): Promise<Flow> {
    return this.restate(visit, flow, { ...nothing, choosing: true });
  }

  /** These facts from now on, while the sign-in is open. */
  async restate(visit: Visit, flow: Flow, facts: Facts): Promise<Flow> {
    const next = await this.#open(visit, flow, facts);
    if (next.step.name !== 'finished') await this.#keep(flow, next.facts);
    return next;
  }

  /**
   * The person gives up here; answers where the browser goes on: to the client, which is told, and told that it asked for
   * too much where that is so (OpenID Connect Core Unmet Authentication Requirements 1.0).
   */
  giveUp(visit: Visit, flow: Flow): Promise<string> {
    const { name } = flow.step;
    const asked = name === 'factor' || name === 'enrol' ? askedOf(flow.interaction) : undefined;
    const result = asked
      ? { error: 'unmet_authentication_requirements', error_description: `the acr ${asked} was asked and not reached` }
      : { error: 'access_denied', error_description: 'the person did not sign in' };
    return this.#finish(visit, flow, result);
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
    return placeOf(visit, await this.restate(visit, flow, { ...flow.facts, ...more }));
  }

  /** Where these facts lead; finishes the sign-in when nothing is open any more. */
  async #open(visit: Visit, begun: Begun, known: Facts): Promise<Flow> {
    const { interaction, client, suggested, otherPerson } = begun;
    const user = await this.#personOf(known);
    // Who was disabled or signed out everywhere since is proven no longer.
    const facts = known.user !== undefined && !user ? nothing : known;
    const rules = user ? await this.#parts.standards.of(occasionOf(visit, begun, facts, user)) : noRules;
    const step = nextStep(facts, rules);
    const flow = { interaction, client, suggested, otherPerson, facts, ...(user ? { person: { user, rules } } : {}) };
    // The time of grace begins when somebody is told of it.
    if (user && step.name === 'enrol' && step.until) await this.#parts.demands.graceEnds(user.id, rules.demand);
    if (step.name !== 'done') return { ...flow, step };
    if (!user) throw ended();
    const result = await this.#parts.completing.complete(visit, { user, client: client.id, facts, rules });
    return { ...flow, step: { name: 'finished', goOn: await this.#finish(visit, flow, result) } };
  }

  async #personOf({ user: id, authTime, before }: Facts): Promise<User | undefined> {
    const user = id === undefined ? undefined : await this.#parts.users.get(id);
    const since = authTime ?? before?.authTime ?? 0;
    return user?.state === 'active' && since >= (user.signedOut ?? 0) ? user : undefined;
  }

  async #keep({ interaction }: Begun, facts: Facts): Promise<void> {
    stillOpen(interaction);
    interaction.result = { facts };
    await interaction.persist();
  }

  #finish({ request, response }: Visit, { interaction }: Begun, result: InteractionResults): Promise<string> {
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

const occasionOf = (visit: Visit, { interaction, client }: Begun, facts: Facts, user: User) => {
  const { connection, groups } = (facts.joined ? facts.upstream : facts.before?.origin) ?? {};
  return {
    ...{ user, client: client.id, connection, groups, browser: visit.browser },
    ...{ asked: askedOf(interaction), fresh: wantsFresh(interaction.params) },
  };
};

function consentOf(interaction: Interaction, client: Client, user: User | undefined): Consent | Finished {
  const { prompt, params, grantId, result, returnTo } = interaction;
  if (result) return { name: 'finished', goOn: returnTo };
  const { asked } = prompt.details;
  if (user?.state !== 'active' || !isAsked(asked)) throw ended();
  return { name: 'consent', user, asked, grantId, eachTime: isAskedEachTime(client, params.redirect_uri, asked) };
}

/** Checking a password takes time, and what has run out meanwhile must not be kept again. */
function stillOpen({ exp }: Interaction): void {
  if (exp <= seconds()) throw ended();
}
