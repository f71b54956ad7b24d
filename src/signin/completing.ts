import type { InteractionResults } from 'oidc-provider';
import type { Trail } from '../audit/trail.ts';
import type { User } from '../directory/users.ts';
import type { Devices } from '../factors/devices.ts';
import { randomToken } from '../kernel/crypto.ts';
import { announce } from './asking.ts';
import type { Visit } from './flow.ts';
import { type Facts, methodsOf, worthOf } from './steps.ts';
import { originOf } from './upstream-sessions.ts';
import type { Rules } from './worth.ts';

interface Parts {
  devices: Pick<Devices, 'known' | 'saw' | 'remember'>;
  trail: Trail;
}

/** A sign-in of which everything is proven. */
interface Whole {
  user: User;
  /** The id of the client. */
  client: string;
  facts: Facts;
  rules: Rules;
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** The end of a sign-in: what the session will say of it, what the trail says, and what is kept of the device. */
export class Completing {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What the library makes a session of. */
  async complete(visit: Visit, whole: Whole): Promise<InteractionResults> {
    const { facts, user } = whole;
    const { authTime, before, joined, own = [], upstream } = facts;
    const proof = own.at(-1)?.at ?? authTime;
    // What another window has done meanwhile is no deed of this one.
    if (proof !== undefined) await this.#record(visit, whole);
    const acr = worthOf(facts);
    const origin = upstream && joined ? originOf(upstream) : before?.origin;
    const ts = proof ?? before?.authTime ?? seconds();
    return {
      login: { accountId: user.id, amr: methodsOf(facts), ts, ...(acr === undefined ? {} : { acr }) },
      ...(origin ? { upstream: origin } : {}),
    };
  }

  async #record(visit: Visit, { user, client, facts, rules }: Whole): Promise<void> {
    const { devices, trail } = this.#parts;
    const seen = { ip: visit.ip, requestId: visit.requestId };
    const browser = visit.browser ?? randomToken();
    const known = visit.browser !== undefined && (await devices.known(user.id, browser));
    const actor = `user:${user.id}`;
    const { kind: factor } = facts.own?.at(-1) ?? {};
    const device = known ? { device: 'known' } : { device: 'new', browser: visit.device };
    const detail = { method: methodOf(facts), client, factor, acr: worthOf(facts), ...device };
    const { remember } = rules.demand;
    const remembered = facts.remember && remember > 0 && factor !== undefined && factor !== 'recovery-codes';
    if (remembered) await announce(trail, { actor, client, operation: 'remember-device', seen });
    await trail.record({ type: 'signin.succeeded', actor, target: actor, ...seen, detail });
    await devices.saw(user.id, browser, visit.device);
    if (remembered) {
      await devices.remember(user.id, browser, { seconds: remember, name: visit.device, seen });
    }
    if (visit.browser === undefined) visit.nameBrowser(browser);
  }
}

/** By what the person was known at first. */
function methodOf({ amr, before, joined, upstream }: Facts): string {
  if (upstream && joined) return upstream.connection;
  if (before) return 'session';
  return amr.includes('pwd') ? 'password' : 'passkey';
}
