import { Problem } from '../kernel/errors.ts';

/** One thing that is wrong with the configuration. It never quotes a value. */
export interface ConfigProblem {
  /** The setting (`ttl.accessToken`), the file when it cannot be read, or the variable that sets nothing. */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly sentence: string;
  /** The environment variables that set it. */
  readonly variable?: string | undefined;
}

/** One line: path, what is wrong, what to do, variable. */
export const line = ({ path, sentence, variable }: ConfigProblem): string =>
  `${path}: ${sentence}${variable === undefined ? '' : ` (${variable})`}`;

/** Everything that is wrong with the configuration, at once. */
export class ConfigProblems extends Problem {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super({ code: 'misconfigured', status: 500, sentence: problems.map(line).join('\n') });
    this.name = 'ConfigProblems';
    this.problems = problems;
  }
}
