import type { TestEvent } from 'node:test/reporters';

/** What a test file's process tells the runner: a test's result, how many are under way, or that all have ended. */
export type Told =
  | { result: 'passed' | 'failed' | 'left out'; name: string; why?: string }
  | { result: 'under way'; change: 1 | -1 }
  | { result: 'ended' };

function toldOf(event: TestEvent): Told | undefined {
  if (event.type === 'test:summary') return { result: 'ended' };
  if (event.type === 'test:dequeue') return { result: 'under way', change: 1 };
  if (event.type === 'test:complete') return { result: 'under way', change: -1 };
  if (event.type === 'test:pass') {
    const { name, details, skip, todo } = event.data;
    if (details.type === 'suite') return undefined;
    return { result: skip === undefined && todo === undefined ? 'passed' : 'left out', name };
  }
  if (event.type !== 'test:fail') return undefined;
  const { name, details } = event.data;
  const { error } = details;
  // A suite fails because of a test in it, which tells for itself; or on its own, in a hook.
  if ('failureType' in error && error.failureType === 'subtestsFailed') return undefined;
  const cause = error.cause instanceof Error ? error.cause : error;
  return { result: 'failed', name, why: cause.stack ?? cause.message };
}

/** A reporter of node:test that prints nothing and sends everything to the process that started this one. */
export default async function* tell(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const told = toldOf(event);
    if (told) process.send?.(told);
  }
  yield '';
}
