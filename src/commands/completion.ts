import { type Command, command, completedOptions, misused } from './command.ts';

/** What may stand after these words: the next word of a command, or its options. */
function choices(commands: readonly Command[]): ReadonlyMap<string, ReadonlySet<string>> {
  const all = new Map<string, Set<string>>();
  const add = (typed: readonly string[], next: string): void => {
    const key = typed.join(' ');
    all.set(key, (all.get(key) ?? new Set()).add(next));
  };
  for (const one of commands) {
    one.words.forEach((word, at) => {
      add(one.words.slice(0, at), word);
    });
    for (const name of completedOptions(one)) add(one.words, `--${name}`);
  }
  return all;
}

/** The longest words come first: `client` fits whatever begins with `client add` too. */
function script(commands: readonly Command[]): string {
  const cases = [...choices(commands)]
    .sort(([a], [b]) => b.split(' ').length - a.split(' ').length || (a < b ? -1 : 1))
    .map(([typed, next]) => `    '${typed}'${typed === '' ? '' : `|'${typed} '*`}) found='${[...next].join(' ')}' ;;`);
  return [
    '_sallyport() {',
    `  local current="$2" typed="\${COMP_WORDS[*]:1:COMP_CWORD-1}" found=''`,
    '  case "$typed" in',
    ...cases,
    '  esac',
    '  COMPREPLY=($(compgen -W "$found" -- "$current"))',
    '}',
    'complete -o default -F _sallyport sallyport',
  ].join('\n');
}

/** zsh understands such scripts once it is told to. */
const before = { bash: '', zsh: 'autoload -Uz compinit bashcompinit && compinit && bashcompinit\n' } as const;

/** `sallyport completion`, which knows the commands that `all` gives. */
export const completionCommands = (all: () => Promise<readonly Command[]>): Command[] => [
  command({
    words: ['completion'],
    operands: ['shell'],
    about: 'Print what completes commands in bash or zsh: source <(sallyport completion bash)',
    async run({ operands: { shell }, print }) {
      if (shell !== 'bash' && shell !== 'zsh') throw misused('completion knows bash and zsh');
      print(`${before[shell]}${script(await all())}`);
    },
  }),
];
