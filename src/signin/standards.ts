import type { User } from '../directory/users.ts';
import type { Devices } from '../factors/devices.ts';
import type { Enrolments } from '../factors/enrolments.ts';
import type { Enrolled, FactorLevel } from '../factors/factor.ts';
import type { Demand } from './demand.ts';
import type { Demands } from './demands.ts';
import { isOwn, type Rules } from './worth.ts';

/** One sign-in, or one look at its session. */
export interface Occasion {
  user: User;
  /** The id of the client that wants the person. */
  client: string;
  /** The connection through which the person came, and the groups that its provider stated. */
  connection?: string | undefined;
  groups?: readonly string[] | undefined;
  /** The name of the browser (browser-cookie.ts); undefined when it has none. */
  browser: string | undefined;
  /** What the client, or an API that it names, asks for. */
  asked?: FactorLevel | undefined;
  /** The client wants to hear of a proof from now, so that a remembered device does not stand for one. */
  fresh: boolean;
}

interface Parts {
  demands: Pick<Demands, 'of' | 'graceSoFar' | 'guarded'>;
  enrolments: Pick<Enrolments, 'of'>;
  devices: Pick<Devices, 'recognises'>;
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** What is asked of a person, by the client and by the policies, and what there is of them to meet it with. */
export class Standards {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** For `lacking`. */
  async of(occasion: Occasion): Promise<Rules> {
    const { user, asked } = occasion;
    const demand = await this.#parts.demands.of(occasion);
    const factors = await this.#parts.enrolments.of(user.id);
    return {
      ...(asked === undefined ? {} : { asked }),
      demand,
      factors,
      recognised: await this.#recognised(occasion, demand),
      ...(await this.#grace(user, demand, factors)),
      guarded: !factors.some(isOwn) && (await this.#parts.demands.guarded(user)),
    };
  }

  async #recognised({ user, browser, fresh }: Occasion, { secondFactor, remember }: Demand): Promise<boolean> {
    if (fresh || browser === undefined || secondFactor === 'off' || remember === 0) return false;
    return this.#parts.devices.recognises(user.id, browser);
  }

  /** Only of somebody who is to have a factor and has none. */
  async #grace({ id }: User, demand: Demand, factors: readonly Enrolled[]): Promise<Pick<Rules, 'told' | 'graceEnds'>> {
    if (demand.secondFactor !== 'required' || demand.grace === 0 || factors.some(isOwn)) return { told: false };
    const begun = await this.#parts.demands.graceSoFar(id, demand);
    const graceEnds = begun ?? seconds() + demand.grace;
    return { told: begun !== undefined, ...(graceEnds > seconds() ? { graceEnds } : {}) };
  }
}
