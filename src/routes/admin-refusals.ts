import type { Trail } from '../audit/trail.ts';
import type { Operation } from '../http/resource.ts';

/** Who asked, and from where. */
interface Asking {
  actor: string;
  ip?: string;
  requestId?: string;
}

/** The same refusal is told again after so long (milliseconds): a program that asks all the time fills no trail. */
const pause = 60_000;
const mostRemembered = 10_000;

/** Puts on the trail what administration refuses; the same to the same at most once a minute. */
export class Refusals {
  readonly #trail: Trail;
  readonly #told = new Map<string, number>();

  constructor(trail: Trail) {
    this.#trail = trail;
  }

  /** Somebody has asked for what they have no permission for. */
  async tell({ actor, ip, requestId }: Asking, { name: operation, permission }: Operation): Promise<void> {
    const [key, now] = [`${actor} ${operation}`, Date.now()];
    if (now - (this.#told.get(key) ?? Number.NEGATIVE_INFINITY) < pause) return;
    if (this.#told.size >= mostRemembered) this.#told.clear();
    this.#told.set(key, now);
    const from = { ...(ip === undefined ? {} : { ip }), ...(requestId === undefined ? {} : { requestId }) };
    const detail = { permission, operation };
    await this.#trail.record({ type: 'admin.refused', actor, outcome: 'failure', ...from, detail });
  }
}
