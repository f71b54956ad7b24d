import type { z } from 'zod';
import { adminRooms } from '../admin-rooms.ts';
import { adminPermissions } from '../directory/built-in.ts';
import { Calls } from '../http/calls.ts';
import { listOf } from '../http/paging.ts';
import type { Given } from '../http/resource.ts';
import { randomToken } from '../kernel/crypto.ts';
import { Problem } from '../kernel/errors.ts';
import { course } from '../kernel/log.ts';
import { type Command, command, type InputOf, type Options, type Spec } from './command.ts';
import { actor, inHouse } from './office.ts';
import { atServer } from './remote.ts';

/** What came of an operation: its reply as it came, and the ETag of what can be changed later. */
export interface Answered {
  readonly reply?: unknown;
  readonly etag?: string | undefined;
}

/** Does one operation of the administration by its name. Throws what it is refused with. */
export type Ask = (name: string, given?: Given) => Promise<Answered>;

/** Where administration is asked for something: the store of this machine, or a server elsewhere. Both do the same operations. */
export class Desk {
  readonly #ask: Ask;
  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Does an operation, and answers its reply. */
  async call<S extends z.ZodType>(name: string, reply: S, given?: Given): Promise<z.output<S>> {
    return reply.parse((await this.#ask(name, given)).reply);
  }

  /** The same for one thing that may not be there: undefined then. */
  async find<S extends z.ZodType>(name: string, reply: S, given?: Given): Promise<z.output<S> | undefined> {
    try {
      return await this.call(name, reply, given);
    } catch (error) {
      if (error instanceof Problem && error.code === 'missing') return undefined;
      throw error;
    }
  }

  /** As `call`, with the ETag, for a change that must not meet another one. */
  read(name: string, given?: Given): Promise<Answered> {
    return this.#ask(name, given);
  }

  /** Does an operation that has nothing to answer. */
  async tell(name: string, given?: Given): Promise<void> {
    await this.#ask(name, given);
  }

  /** All that a list holds, page by page. */
  async all<S extends z.ZodType>(name: string, item: S, given: Given = {}): Promise<z.output<S>[]> {
    const page = listOf(item);
    const items: z.output<S>[] = [];
    let cursor: string | null | undefined;
    do {
      const query = { ...given.query, limit: '500', ...(cursor ? { cursor } : {}) };
      const { items: more, next } = await this.call(name, page, { ...given, query });
      items.push(...more);
      cursor = next;
    } while (cursor !== null);
    return items;
  }
}

/** On the store of this machine whoever runs the command is the operator, who may everything. */
const operator = { actor, permissions: new Set(adminPermissions) };

/** Work at the server that was named, or else on the store of this machine. */
export function atDesk(server: string | undefined, work: (desk: Desk) => Promise<void>): Promise<void> {
  if (server !== undefined) return atServer(server, (ask) => work(new Desk(ask)));
  return inHouse((house, config) => {
    const calls = new Calls(adminRooms(config, house));
    return work(
      new Desk((name, given) => course.run({ requestId: randomToken(12) }, () => calls.run(operator, name, given))),
    );
  });
}

/** Declares a command that does operations of the administration, here or at the server of `--server`. */
export const deskCommand = <const P extends readonly string[] = [], const O extends Options = Record<never, never>>(
  spec: Omit<Spec<P, O>, 'run'> & { run(input: InputOf<P, O>, desk: Desk): Promise<void> },
): Command =>
  command<P, O>({ ...spec, anywhere: true, run: (input) => atDesk(input.server, (desk) => spec.run(input, desk)) });
