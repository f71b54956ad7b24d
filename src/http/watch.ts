import { Problem } from '../kernel/errors.ts';
import type { By, Operation } from './resource.ts';

/** What somebody asked for and did not get. */
export interface Refused {
  readonly operation: string;
  readonly permission: string;
  readonly code: string;
  readonly params?: Readonly<Record<string, string>> | undefined;
}

/** Hears what is asked of operations, whichever door it comes by. */
export interface Watch {
  /** A change is to be made now: when this throws, it is not made. */
  asked(actor: string, one: Operation, params: Readonly<Record<string, string>>): Promise<void>;
  refused(actor: string, what: Refused): Promise<void>;
}

/** The same operations, each heard of by `watch`. */
export const watched = (operations: readonly Operation[], watch: Watch): Operation[] =>
  operations.map((one) => ({ ...one, watch }));

/** The refusal of an operation, as it is told. */
export const refusal = (
  { name, permission, also = [] }: Operation,
  code: string,
  params?: Refused['params'],
): Refused => ({
  ...{ operation: name, permission: [permission, ...also].join(' '), code, params },
});

/** Whether an error says what somebody may not do; for whoever looks after one organisation, what is another's does not exist. */
export const isRefusal = (error: unknown, { organization }: By): error is Problem =>
  error instanceof Problem && (error.status === 403 || (organization !== undefined && error.code === 'missing'));
