import { Seldom } from '../audit/seldom.ts';
import type { Trail } from '../audit/trail.ts';
import type { Operation } from '../http/resource.ts';
import type { Refused, Watch } from '../http/watch.ts';

interface Parts {
  trail: Trail;
  users: { byEmail(address: string): Promise<{ id: string } | undefined> };
}

type Params = Readonly<Record<string, string>>;

/**
 * Puts on the trail what is asked of administration, before it is done, and what is refused: the same refusal to the same at
 * most once a minute. Of what is sent only the address is told.
 */
export class AdminWatch implements Watch {
  readonly #parts: Parts;
  readonly #refusals = new Seldom();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async asked(actor: string, { name: operation, path }: Operation, params: Params): Promise<void> {
    const on = path.includes(':') ? await this.#filled(path, params) : undefined;
    await this.#parts.trail.record({ type: 'admin.asked', actor, detail: { operation, on } });
  }

  async refused(actor: string, { operation, permission, code, params = {} }: Refused): Promise<void> {
    if (!this.#refusals.isNew(actor, operation, code)) return;
    const named = await Promise.all(Object.values(params).map((value) => this.#named(value)));
    const detail = { permission, operation, code, on: named.length === 0 ? undefined : named.join(' ') };
    await this.#parts.trail.record({ type: 'admin.refused', actor, outcome: 'failure', detail });
  }

  async #filled(path: string, params: Params): Promise<string> {
    const parts = path
      .split('/')
      .map((part) => (part.startsWith(':') ? this.#named(params[part.slice(1)] ?? '') : part));
    return (await Promise.all(parts)).join('/');
  }

  /** The trail knows people by their ids only: whoever is erased leaves no address in it. */
  async #named(value: string): Promise<string> {
    // Whatever looks like an address: they may be typed with blanks, and have a slash in them.
    const [, kind = '', address] = /^\s*(user:)?((?![a-z][a-z\d+.-]*:\/\/).*@.*)$/is.exec(value) ?? [];
    if (address === undefined) return value;
    return `${kind}${(await this.#parts.users.byEmail(address))?.id ?? '…@…'}`;
  }
}
