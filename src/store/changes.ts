import { setTimeout as pause } from 'node:timers/promises';
import { Problem, unavailable } from '../kernel/errors.ts';
import type { Entity } from './port.ts';

/** A record with the mark of its last write, and how to replace it only if nobody was faster. */
export interface Versions<T> {
  read(id: string): Promise<{ value: T; version: string } | undefined>;
  write(value: T, version: string): Promise<boolean>;
}

interface Edit<T> {
  readonly run: (value: T) => T;
  readonly resolve: (value: T | undefined) => void;
  readonly reject: (error: unknown) => void;
}

const longestPause = 32;

/**
 * Atomic changes on a store that can only compare and replace. The changes of one record that meet in this process
 * are made together, one after the other in one write; so the race is among processes only, and it ends.
 */
export class Changes<T extends Entity> {
  readonly #versions: Versions<T>;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<string, Edit<T>[]>();

  constructor(versions: Versions<T>, timeoutMs: number) {
    this.#versions = versions;
    this.#timeoutMs = timeoutMs;
  }

  change(id: string, run: (value: T) => T): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const edit = { run, resolve, reject };
      const others = this.#waiting.get(id);
      if (others) others.push(edit);
      else {
        this.#waiting.set(id, [edit]);
        void this.#serve(id);
      }
    });
  }

  async #serve(id: string): Promise<void> {
    for (let edits = this.#waiting.get(id); edits?.length; edits = this.#waiting.get(id)) {
      this.#waiting.set(id, []);
      await this.#make(id, edits);
    }
    this.#waiting.delete(id);
  }

  async #make(id: string, edits: Edit<T>[]): Promise<void> {
    try {
      const until = performance.now() + this.#timeoutMs;
      for (let ceiling = 1; ; ceiling = Math.min(2 * ceiling, longestPause)) {
        const told = await this.#attempt(id, edits);
        if (told) return told();
        if (performance.now() > until)
          throw unavailable(new Error('other processes change the same record all the time'));
        await pause(Math.random() * ceiling);
      }
    } catch (error) {
      // A key that one of them must not have refuses all of them: each for itself, then.
      if (edits.length > 1 && error instanceof Problem && error.code === 'taken') {
        for (const edit of edits) await this.#make(id, [edit]);
      } else for (const { reject } of edits) reject(error);
    }
  }

  /** What to tell the callers, or undefined when another process was faster. */
  async #attempt(id: string, edits: Edit<T>[]): Promise<(() => void) | undefined> {
    const found = await this.#versions.read(id);
    let value = found?.value;
    const outcomes = edits.map(({ run, resolve, reject }) => {
      try {
        const next = value && edited(value, run);
        value = next;
        return () => resolve(next);
      } catch (error) {
        return () => reject(error);
      }
    });
    const unchanged = value === undefined || value === found?.value;
    if (!unchanged && value && found && !(await this.#versions.write(value, found.version))) return undefined;
    return () => {
      for (const tell of outcomes) tell();
    };
  }
}

/** The record after an edit; an edit may not move it to another id. */
export function edited<T extends Entity>(value: T, edit: (value: T) => T): T {
  const next = edit(value);
  if (next.id !== value.id) throw new Error('an edit must keep the id');
  return next;
}
