import type { z } from 'zod';
import type { Desk } from '../desk.ts';

/** A resource as files write it: the words of the admin API. */
export type Doc = Readonly<Record<string, unknown>>;

/** Where an operation finds a resource. */
export type Address = Readonly<Record<string, string>>;

/** A resource as the server has it. */
export interface Found {
  readonly key: string;
  readonly address: Address;
  readonly document: Doc;
  /** Why files cannot have it: somebody else looks after it. It is never exported and never removed. */
  readonly foreign?: string | undefined;
  /** The secrets that the server has of it. */
  readonly held?: readonly string[] | undefined;
  /** Another kind of the files says so already: it is never exported or removed here. */
  readonly implied?: boolean;
  /** It is about a person: exported and removed only where the files speak of people. */
  readonly person?: string | undefined;
}

/** What is asked of a kind: the resources that files name, and whether all others matter too. */
export interface Wish {
  readonly wanted: readonly Doc[];
  readonly all: boolean;
}

/** Changes one member that has an operation of its own; answers the ETag after it. */
export type Deed = (desk: Desk, at: Address, member: Member, match?: string) => Promise<string | undefined>;

/** One member that differs: as it is and as it is to be. Undefined: it is not there. */
export interface Member {
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Where and of what a new one is made, and the members that need a deed afterwards. */
export interface Made {
  readonly at?: Address;
  readonly body: Doc;
  readonly later?: readonly string[];
}

/** A kind of resource that files can hold, and the operations that look after it. */
export interface Kind {
  /** The word in files: `apis`. */
  readonly name: string;
  /** One of them: `api`. */
  readonly noun: string;
  readonly schema: z.ZodType;
  /** By what it is known; two documents with the same one are one resource. */
  key(document: Doc): string;
  found(desk: Desk, wish: Wish): Promise<Found[]>;
  /** What a reply says in the words of files. */
  document(reply: Doc): Doc;
  /** What counts where a document is silent; without it, what a document leaves out stays as it is. */
  usual?(document: Doc): Doc;
  /** The document with what cannot be compared left out, because it says what is so already. */
  settled?(wanted: Doc, found: Found): Doc;
  readonly operations: {
    readonly add: string;
    readonly get?: string;
    readonly change?: string;
    readonly remove?: string;
  };
  made?(document: Doc): Made;
  readonly deeds?: Readonly<Record<string, Deed>>;
  /** Members that are a reference in files and are never shown; whether the server has this one already. */
  readonly secrets?: readonly string[];
  fits?(desk: Desk, at: Address, name: string, secret: string): Promise<boolean>;
  /** Members whose text may be elsewhere (`env:`, `file:`), besides the secrets. */
  readonly referring?: readonly string[];
  /** Members that are not exported, because the server makes them up. */
  readonly unwritten?: readonly string[];
  /** Within the kind, the keys that have to be there before this one. */
  after?(document: Doc): readonly string[];
  /** What is left to do by hand after it was made. */
  hint?(document: Doc, reply: Doc): string | undefined;
}

/** The members of these names that have a value. */
export const picked = (reply: Doc, names: readonly string[]): Doc =>
  Object.fromEntries(names.flatMap((name) => (reply[name] === undefined ? [] : [[name, reply[name]]])));

/** A member as text. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A member as a list of texts. */
export const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
