import type { Trail } from '../audit/trail.ts';
import { Problem } from '../kernel/errors.ts';
import type { Records } from './records.ts';

/** Where it is remembered, and told. */
export interface OnceParts {
  records: Records;
  trail: Trail;
}

/** Whose proof or assertion came again, and where. */
export interface Again {
  what: 'assertion' | 'proof';
  client: string;
  /** The `sub` of the person whose token it came with. */
  subject?: string | undefined;
  at: 'gateway' | 'userinfo' | 'token';
}

/** So long what one client sends again, for one person at one place, is told once (seconds): a flood must not fill the trail. */
const quiet = 120;

/** Whether this is the first of its name: the insert itself is the check, so of many at once, in whichever process, one is. */
export async function isFirst(records: Records, kind: string, name: string, ttl?: number): Promise<boolean> {
  try {
    await records.replays.insert({ id: records.idOf(kind, name) }, ttl);
    return true;
  } catch (error) {
    if (error instanceof Problem && error.code === 'taken') return false;
    throw error;
  }
}

/** Tells the trail of what counts once and came again. */
export async function tellAgain({ records, trail }: OnceParts, { what, client, subject, at }: Again): Promise<void> {
  if (!(await isFirst(records, 'told that it came again', `${what} ${at} ${client} ${subject ?? ''}`, quiet))) return;
  const circumstances = { actor: `client:${client}`, outcome: 'failure' } as const;
  await trail.record(
    what === 'proof'
      ? { type: 'proof.replayed', ...circumstances, detail: { client, subject, at } }
      : { type: 'assertion.replayed', ...circumstances, detail: { client } },
  );
}
