import { problem } from '../kernel/errors.ts';

/** A throw-away record that many callers race for. */
export interface Trial {
  /** Puts the record there, not won yet. */
  begin(): Promise<void>;
  /** Marks it as won if nobody has; whether it did. */
  win(): Promise<boolean>;
  /** Removes and answers it; whether it was there. */
  take(): Promise<boolean>;
}

const callers = 48;
const rounds = 2;

/** The server cannot keep the promise that a code counts once. */
export const notAtomic = problem(
  'store_unfit',
  500,
  () =>
    'This MongoDB-compatible server lets several writers win one conditional update, so a code could be used twice ' +
    '(FerretDB 1.x is known for it): use MongoDB 5 or later, or the embedded store sqlite:PATH',
);

/** Throws when of many callers at once not exactly one wins. The second round finds every connection open. */
export async function proveAtomic(trial: Trial): Promise<void> {
  const winners = async (attempt: () => Promise<boolean>) => {
    const outcomes = await Promise.all(Array.from({ length: callers }, attempt));
    return outcomes.filter(Boolean).length;
  };
  for (let round = 0; round < rounds; round += 1) {
    await trial.begin();
    if ((await winners(() => trial.win())) !== 1 || (await winners(() => trial.take())) !== 1) throw notAtomic();
  }
}
