import { text } from 'node:stream/consumers';
import { type Command, help, type Input, isMisuse, misused, overview, readArguments } from './commands/command.ts';
import { serverElsewhere } from './config/load.ts';
import { ConfigProblems } from './config/problems.ts';
import { Problem } from './kernel/errors.ts';

/** Every command, under its first word; a module is loaded when one of its commands is asked for. */
const nouns: Record<string, () => Promise<readonly Command[]>> = {
  start: async () => (await import('./commands/start.ts')).startCommands,
  demo: async () => (await import('./commands/demo.ts')).demoCommands,
  config: async () => (await import('./commands/config.ts')).configCommands,
  user: async () => (await import('./commands/user.ts')).userCommands,
  api: async () => (await import('./commands/api.ts')).apiCommands,
  role: async () => (await import('./commands/role.ts')).roleCommands,
  group: async () => (await import('./commands/group.ts')).groupCommands,
  organization: async () => (await import('./commands/organization.ts')).organizationCommands,
  assign: async () => (await import('./commands/access.ts')).assignCommands,
  unassign: async () => (await import('./commands/access.ts')).unassignCommands,
  access: async () => (await import('./commands/access.ts')).accessCommands,
  login: async () => (await import('./commands/login.ts')).loginCommands,
  logout: async () => (await import('./commands/login.ts')).logoutCommands,
  client: async () => (await import('./commands/client.ts')).clientCommands,
  factor: async () => (await import('./commands/factor.ts')).factorCommands,
  mfa: async () => (await import('./commands/mfa.ts')).mfaCommands,
  connection: async () => (await import('./commands/connection.ts')).connectionCommands,
  tier: async () => (await import('./commands/tier.ts')).tierCommands,
  registrar: async () => (await import('./commands/registrar.ts')).registrarCommands,
  webhook: async () => (await import('./commands/webhook.ts')).webhookCommands,
  stream: async () => (await import('./commands/stream.ts')).streamCommands,
  key: async () => (await import('./commands/key.ts')).keyCommands,
  apply: async () => (await import('./commands/files.ts')).applyCommands,
  export: async () => (await import('./commands/files.ts')).exportCommands,
  backup: async () => (await import('./commands/backup.ts')).backupCommands,
  restore: async () => (await import('./commands/backup.ts')).restoreCommands,
  gateway: async () => (await import('./commands/gateway.ts')).gatewayCommands,
  audit: async () => (await import('./commands/audit.ts')).auditCommands,
  completion: async () => (await import('./commands/completion.ts')).completionCommands(every),
};

/** All commands there are. */
async function every(): Promise<readonly Command[]> {
  return (await Promise.all(Object.values(nouns).map((load) => load()))).flat();
}

/** 0: done; 1: it failed; 2: used or configured wrongly. */
type ExitCode = 0 | 1 | 2;

const say = (line: string): void => {
  process.stderr.write(`sallyport: ${line}\n`);
};

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Of the commands under one noun, the one whose words were typed. */
function chosen(commands: readonly Command[], typed: readonly string[]): Command {
  const found = commands
    .filter(({ words }) => words.every((word, index) => typed[index] === word))
    .sort((a, b) => b.words.length - a.words.length)[0];
  if (found) return found;
  const verbs = commands.map(({ words }) => words.slice(1).join(' ')).join(', ');
  throw misused(`${typed[0]} knows ${verbs}; see: sallyport ${typed[0]} --help`);
}

async function run(typed: readonly string[]): Promise<ExitCode> {
  const [noun = 'help', next] = typed;
  if (noun === 'help' && next !== undefined) return run([...typed.slice(1), '--help']);
  if (['help', '--help', '-h'].includes(noun)) {
    print(`sallyport NOUN VERB [ID] [--option value] [--json]\n\n${overview(await every())}`);
    return typed.length === 0 ? 2 : 0;
  }
  const load = Object.hasOwn(nouns, noun) ? nouns[noun] : undefined;
  if (!load) throw misused(`there is no such command; the nouns are ${Object.keys(nouns).join(', ')}`);
  const commands = await load();
  if (next === '--help' && commands.length > 1) {
    print(overview(commands));
    return 0;
  }
  const command = chosen(commands, typed);
  const { help: asked, ...read } = readArguments(command, typed.slice(command.words.length));
  if (asked) print(help(command));
  else await command.run(input({ ...read, server: read.server ?? (command.anywhere ? serverElsewhere() : undefined) }));
  return 0;
}

function input(read: Pick<Input, 'json' | 'server' | 'operands' | 'options'>): Input {
  return {
    ...read,
    print,
    tell: (line) => void process.stderr.write(`${line}\n`),
    answer: (value, sentence) => print(read.json ? JSON.stringify(value, undefined, 2) : sentence),
    stdin: async () => (await text(process.stdin)).replace(/\r?\n$/, ''),
  };
}

function failed(error: unknown): ExitCode {
  if (error instanceof ConfigProblems) {
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  if (error instanceof Problem) {
    say(error.message.replaceAll(/\s*\n\s*/g, ' '));
    return isMisuse(error) ? 2 : 1;
  }
  say(`this is a bug, please report it: ${error instanceof Error ? error.stack : String(error)}`);
  return 1;
}

// `sallyport … | head` closes our output early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await run(process.argv.slice(2)).catch(failed);
