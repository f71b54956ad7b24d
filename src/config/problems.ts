import { Problem } from '../kernel/errors.ts';

/** One thing that is wrong with the configuration: where, and what to change. Never quotes a value. */
export interface ConfigProblem {
  /** The setting (`ttl.accessToken`), or the file when it cannot be read. */
  readonly path: string;
  /** What is wrong, what to do, and the environment variable that sets it. */
  readonly sentence: string;
}

/** Everything that is wrong with the configuration, at once. */
export class ConfigProblems extends Problem {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const sentence = problems.map((one) => `${one.path}: ${one.sentence}`).join('\n');
    super({ code: 'misconfigured', status: 500, sentence });
    this.name = 'ConfigProblems';
    this.problems = problems;
  }
}
