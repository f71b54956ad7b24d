import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { Problem, problem } from '../kernel/errors.ts';

/** One option of a command. Without `value` it is a flag; names carry no dashes in front (`'password-stdin'`). */
export interface OptionSpec {
  /** What stands for the value in the help, in capitals: `TIER`. */
  readonly value?: string;
  /** May be given several times; the values come as a list, empty when it was not given. */
  readonly repeat?: true;
  /** The only values that are taken. */
  readonly choices?: readonly string[];
  /** The command cannot do without it. */
  readonly required?: true;
  /** One letter that stands for it too: `-f`. */
  readonly short?: string;
  readonly about: string;
}

/** The options of a command by name. */
export type Options = Readonly<Record<string, OptionSpec>>;
type Value = string | readonly string[] | boolean | undefined;

type Single<S> = S extends { choices: readonly (infer C)[] } ? C : string;
type ValueOf<S> = S extends { value: string }
  ? S extends { repeat: true }
    ? readonly Single<S>[]
    : S extends { required: true }
      ? Single<S>
      : Single<S> | undefined
  : boolean;

/** What a command is run with: what was typed, checked, and the way out for what it has to say. */
export interface Input<
  Operands extends Record<string, string> = Record<string, string>,
  Values extends Record<string, Value> = Record<string, Value>,
> {
  readonly operands: Operands;
  readonly options: Values;
  /** `--json` was given: print JSON and nothing else. */
  readonly json: boolean;
  /** The server that was named, for a command that works anywhere; without it the work is done here. */
  readonly server?: string | undefined;
  /** Writes a line (or several) to standard output. */
  print(text: string): void;
  /** Writes a line (or several) to standard error: what is said on the way and is no answer. */
  tell(text: string): void;
  /** The command's answer: `value` as JSON with `--json`, else `text`. */
  answer(value: unknown, text: string): void;
  /** All of standard input without the line break at its end; for `--…-stdin`, so that no secret is an argument. */
  stdin(): Promise<string>;
}

/** One command of `sallyport`; `command()` makes it. It throws a Problem for what the caller can mend. */
export interface Command {
  /** What is typed after `sallyport`: `['client', 'approve']`. */
  readonly words: readonly string[];
  /** Names of what must follow, in order; the help shows them in capitals. */
  readonly operands: readonly string[];
  readonly options: Options;
  /** One sentence without a full stop. */
  readonly about: string;
  /** It works at a server elsewhere too (`--server`). */
  readonly anywhere?: true | undefined;
  run(input: Input): Promise<void>;
}

/** What `run` of a command with these operands and options is given. */
export type InputOf<P extends readonly string[], O extends Options> = Input<
  Record<P[number], string>,
  { readonly [N in keyof O]: ValueOf<O[N]> }
>;

/** A command as it is declared. */
export interface Spec<P extends readonly string[], O extends Options> {
  words: readonly string[];
  operands?: P;
  options?: O;
  about: string;
  anywhere?: true;
  run(input: InputOf<P, O>): Promise<void>;
}

/** Declares a command; `run` gets operands and options under their names, with their types. */
export const command = <const P extends readonly string[] = [], const O extends Options = Record<never, never>>(
  spec: Spec<P, O>,
): Command => ({ ...spec, operands: spec.operands ?? [], options: spec.options ?? {} });

/** The command was used wrongly (exit code 2); the sentence says how it is used. */
export const misused = problem('misused', 400, (sentence: string) => sentence);

/** Whether an error came from using a command wrongly. */
export const isMisuse = (error: unknown): boolean => error instanceof Problem && error.code === 'misused';

const elsewhere: Options = {
  server: {
    value: 'URL',
    about: 'Work at this server, where you are signed in (default SALLYPORT_SERVER, or this machine)',
  },
};

const everywhere: Options = {
  json: { about: 'Print the answer as JSON' },
  help: { about: 'Show this help' },
};

const further = ({ anywhere }: Command): Options => ({ ...(anywhere ? elsewhere : {}), ...everywhere });

/** The names of all options that a command takes. */
export const completedOptions = (command: Command): string[] =>
  Object.keys({ ...command.options, ...further(command) });

/** `sallyport client approve ID [--tier TIER] [--json]` */
export function usage({ words, operands, options }: Command): string {
  const given = Object.entries(options).map(([name, spec]) => {
    const shown = optionText(name, spec);
    return spec.required ? shown : `[${shown}]${spec.repeat ? '…' : ''}`;
  });
  return ['sallyport', ...words, ...operands.map((name) => name.toUpperCase()), ...given, '[--json]'].join(' ');
}

const optionText = (name: string, spec: OptionSpec): string => {
  const called = spec.short === undefined ? `--${name}` : `-${spec.short}`;
  return spec.value === undefined ? called : `${called} ${isShort(spec) ? spec.choices?.join('|') : spec.value}`;
};

/** Choices that fit beside the option; others stand in what is said about it. */
const isShort = ({ choices }: OptionSpec): boolean => choices !== undefined && choices.join('|').length <= 32;
const aboutOption = (spec: OptionSpec): string =>
  spec.choices && !isShort(spec) ? `${spec.about}; ${spec.value} is ${spec.choices.join(', ')}` : spec.about;

/** The help of one command: how it is used, what it does, what its options mean. */
export function help(command: Command): string {
  const options = Object.entries({ ...command.options, ...further(command) });
  const rows = options.map(([name, spec]): [string, string] => [optionText(name, spec), aboutOption(spec)]);
  return `${usage(command)}\n\n${command.about}\n\n${table(rows)}`;
}

/** The help of many commands: one line for each. */
export const overview = (commands: readonly Command[]): string =>
  table(commands.map(({ words, operands, about }) => [[...words, ...operands.map(upper)].join(' '), about]));

const upper = (text: string): string => text.toUpperCase();

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}

/** What was typed after the command's words, checked against what it takes; `help` asks for nothing but the help. */
export function readArguments(command: Command, typed: readonly string[]) {
  const specs: Options = { ...command.options, ...further(command) };
  const { values, positionals } = parse(command, typed, specs);
  if (values.help === true) return { help: true, json: false, server: undefined, operands: {}, options: {} };
  if (positionals.length !== command.operands.length) {
    throw misused(`expected ${counted(command.operands)}, got ${positionals.length}; usage: ${usage(command)}`);
  }
  const operands = Object.fromEntries(command.operands.map((name, index) => [name, positionals[index] ?? '']));
  const options = Object.entries(command.options).map(([name, spec]) => [name, optionValue(name, spec, values[name])]);
  const { json = false, server } = values;
  return { help: false, json: json === true, server: textOf(server), operands, options: Object.fromEntries(options) };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function parse(command: Command, typed: readonly string[], specs: Options) {
  const options: ParseArgsOptionsConfig = {};
  for (const [name, { value, repeat, short }] of Object.entries(specs)) {
    const type = value === undefined ? 'boolean' : 'string';
    options[name] = { type, multiple: repeat === true, ...(short === undefined ? {} : { short }) };
  }
  try {
    return parseArgs({ args: [...typed], options, allowPositionals: true, strict: true });
  } catch (error) {
    const [sentence = ''] = (error instanceof Error ? error.message : '').split(/\. To |\n/);
    throw misused(`${sentence.replace(/\.$/, '')}; usage: ${usage(command)}`);
  }
}

function optionValue(name: string, spec: OptionSpec, given: unknown): Value {
  if (spec.value === undefined) return given === true;
  const texts = (Array.isArray(given) ? given : [given]).filter((text) => typeof text === 'string');
  if (spec.required && texts.length === 0) throw misused(`--${name} ${spec.value} is missing`);
  if (spec.choices && !texts.every((text) => spec.choices?.includes(text))) {
    throw misused(`--${name} must be ${spec.choices.join(' or ')}`);
  }
  return spec.repeat ? texts : texts[0];
}

const counted = (names: readonly string[]): string =>
  names.length === 0 ? 'no further argument' : names.map((name) => name.toUpperCase()).join(' and ');
