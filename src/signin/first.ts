import type { Trail } from '../audit/trail.ts';
import { normalEmail, type Users } from '../directory/users.ts';
import type { Attempts } from '../factors/attempts.ts';
import type { Enrolments } from '../factors/enrolments.ts';
import type { Flow, SignIn, Visit } from './flow.ts';

/** What came of a proof. */
export type Outcome = { goOn: string } | { wrong: true } | { waitSeconds: number };

interface Parts {
  signIn: SignIn;
  users: Users;
  attempts: Attempts;
  enrolments: Pick<Enrolments, 'challengeAnybody' | 'provePasskey'>;
  trail: Trail;
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** To whom a ceremony of WebAuthn or TOTP belongs: nobody can answer it in another sign-in. */
export const bindingOf = (uid: string): string => `signin ${uid}`;

/** How people prove who they are here: by a password, or by a passkey that says it by itself. */
export class FirstProof {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Tries a password for whom the person said to be. Unknown, disabled and wrong are told alike. */
  async tryPassword(visit: Visit, flow: Flow, password: string): Promise<Outcome> {
    const { attempts, signIn, users } = this.#parts;
    const { identifier = '' } = flow.facts;
    const person = normalEmail(identifier);
    const allowed = await attempts.allowed(person, visit.ip);
    if (!allowed.ok) return this.#slowed(visit, flow, 'password', allowed.retryAfter);
    const user = await users.signIn(identifier, password);
    if (!user) {
      const meant = await users.byEmail(identifier);
      await attempts.failed(person, visit.ip);
      const reason = meant ? 'wrong or disabled' : 'unknown';
      return this.#failed(visit, flow, { method: 'password', reason, target: meant?.id });
    }
    await attempts.succeeded(person, visit.ip);
    return { goOn: await signIn.learn(visit, flow, { user: user.id, amr: ['pwd'], authTime: seconds() }) };
  }

  /** What the browser asks its passkeys; the same for everybody. */
  challenge(flow: Flow) {
    return this.#parts.enrolments.challengeAnybody({ binding: bindingOf(flow.interaction.uid) });
  }

  /** Takes the answer of a passkey, which says who it is, and that it has verified its user. */
  async tryPasskey(visit: Visit, flow: Flow, response: string): Promise<Outcome> {
    const { enrolments, signIn, users } = this.#parts;
    const seen = { ip: visit.ip, requestId: visit.requestId };
    const proving = await enrolments.provePasskey({ binding: bindingOf(visit.uid) }, { response }, seen);
    if (!proving.ok) {
      if (proving.waitSeconds) return this.#slowed(visit, flow, 'passkey', proving.waitSeconds);
      return this.#failed(visit, flow, { method: 'passkey', reason: proving.blocked ? 'blocked' : 'wrong' });
    }
    const { factor, amr, level } = proving;
    const user = await users.get(factor.user);
    if (user?.state !== 'active') {
      return this.#failed(visit, flow, { method: 'passkey', reason: 'disabled', target: factor.user });
    }
    const own = [{ kind: factor.kind, level, amr, at: seconds() }];
    return { goOn: await signIn.learn(visit, flow, { user: user.id, own, authTime: seconds() }) };
  }

  async #slowed(visit: Visit, flow: Flow, method: string, retryAfter: number): Promise<Outcome> {
    const detail = { method, client: flow.client.id, retryAfter };
    const seen = { ip: visit.ip, requestId: visit.requestId };
    await this.#parts.trail.record({ type: 'signin.slowed', actor: 'anonymous', outcome: 'failure', ...seen, detail });
    return { waitSeconds: retryAfter };
  }

  async #failed(
    { ip, requestId }: Visit,
    flow: Flow,
    { method, reason, target }: { method: string; reason: string; target?: string | undefined },
  ): Promise<Outcome> {
    await this.#parts.trail.record({
      ...{ type: 'signin.failed', actor: 'anonymous', outcome: 'failure', ip, requestId },
      ...(target === undefined ? {} : { target: `user:${target}` }),
      detail: { method, client: flow.client.id, reason },
    });
    return { wrong: true };
  }
}
