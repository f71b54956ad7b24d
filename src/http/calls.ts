import { allows, type Caller, type Given, type Operation, type Performed, perform } from './resource.ts';

/**
 * The operations for those who call them in this process (console, commands, files): the same checks and the same trail as over
 * HTTP, under the names that the OpenAPI document gives them.
 */
export class Calls {
  readonly #byName: ReadonlyMap<string, Operation>;

  constructor(operations: readonly Operation[]) {
    this.#byName = new Map(operations.map((one) => [one.name, one]));
  }

  /** Does the operation of this name for the caller; throws what `perform` throws. */
  run(caller: Caller, name: string, given: Given = {}): Promise<Performed> {
    return perform(this.#named(name), caller, given);
  }

  /** Whether the caller has the permission for it, so that nothing is shown which would be refused. */
  may(caller: Caller, name: string): boolean {
    return allows(this.#named(name), caller);
  }

  /** Tells of somebody who may not even see the page on which it is done. */
  async refused(actor: string, name: string): Promise<void> {
    const { permission, watch } = this.#named(name);
    await watch?.refused(actor, { operation: name, permission, code: 'insufficient_scope' });
  }

  #named(name: string): Operation {
    const one = this.#byName.get(name);
    if (!one) throw new TypeError(`There is no operation ${name}`);
    return one;
  }
}
