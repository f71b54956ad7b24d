import { ConfigProblems } from '../config/problems.ts';
import { type Desk, deskCommand } from './desk.ts';
import { type Done, doAll } from './files/doing.ts';
import { type Found, type Kind, textOf } from './files/kind.ts';
import { kinds } from './files/kinds.ts';
import { type Change, line, plan, summary } from './files/plan.ts';
import { readFiles, type Said } from './files/reading.ts';
import { exported } from './files/writing.ts';

/** What is there, with the secrets that the files name where the server has the same. */
async function look(desk: Desk, { kind, documents }: Said, all: boolean): Promise<Found[]> {
  const found = await kind.found(desk, { wanted: documents, all });
  const wanted = new Map(documents.map((one) => [kind.key(one), one]));
  return Promise.all(
    found.map(async (one) => {
      const document = { ...one.document };
      for (const name of kind.secrets ?? []) {
        const secret = wanted.get(one.key)?.[name];
        if (
          typeof secret === 'string' &&
          one.held?.includes(name) &&
          (await kind.fits?.(desk, one.address, name, secret))
        )
          document[name] = secret;
      }
      return { ...one, document };
    }),
  );
}

/** Throws ConfigProblems for what the files name and somebody else looks after. */
function refuseForeign(kind: Kind, { documents }: Said, found: readonly Found[]): void {
  const named = new Set(documents.map((one) => kind.key(one)));
  const foreign = found.filter((one) => one.foreign !== undefined && named.has(one.key));
  if (foreign.length === 0) return;
  throw new ConfigProblems(
    foreign.map((one) => ({ path: `${kind.noun} ${one.key}`, sentence: `${one.foreign}; leave it out` })),
  );
}

async function changesFor(desk: Desk, said: readonly Said[], prune: boolean): Promise<Change[]> {
  const named = said
    .filter(({ kind }) => kind.name === 'users')
    .flatMap(({ kind, documents }) => documents.map(kind.key));
  const people = new Set(named);
  const changes: Change[] = [];
  for (const kind of kinds) {
    const one = said.find((other) => other.kind === kind);
    if (!one) continue;
    const found = await look(desk, one, prune && kind.operations.remove !== undefined);
    refuseForeign(kind, one, found);
    changes.push(...plan({ kind, wanted: one.documents, found, prune, people }));
  }
  return changes;
}

const counted = (count: number): string => `${count} ${count === 1 ? 'change' : 'changes'}`;

const apply = deskCommand({
  words: ['apply'],
  options: {
    file: { value: 'PATH', repeat: true, required: true, short: 'f', about: 'A file, or a folder with *.yaml' },
    'dry-run': { about: 'Only say what would change' },
    prune: { about: 'Remove what is not in the files, of the kinds that they name' },
  },
  about: 'Make everything what files say; again changes nothing',
  async run({ options: { file, 'dry-run': dry, prune }, json, print, tell, answer }, desk) {
    const changes = await changesFor(desk, readFiles(file, kinds), prune);
    const done: Done[] = [];
    const shown = () => ({ dry_run: dry, changes: (dry ? changes : done.map(({ change }) => change)).map(summary) });
    if (dry) {
      const lines = [...changes.map(line), `${counted(changes.length)} to make; nothing was changed`];
      return answer(shown(), lines.join('\n'));
    }
    const heard = (one: Done): void => {
      done.push(one);
      if (!json) print(line(one.change));
      if (one.hint !== undefined) tell(`Note: ${one.hint}`);
    };
    try {
      await doAll(desk, changes, heard);
    } catch (error) {
      if (json) answer(shown(), '');
      throw error;
    }
    answer(shown(), done.length === 0 ? 'Nothing to change' : `${counted(done.length)} made`);
  },
});

const write = deskCommand({
  words: ['export'],
  options: {
    users: { about: 'People too, with their profiles and what they were given; never a password' },
    kind: { value: 'KIND', repeat: true, choices: kinds.map(({ name }) => name), about: 'Only these kinds' },
  },
  about: 'Print everything that files can hold as YAML, with references in the place of secrets',
  async run({ options: { users, kind: names }, answer }, desk) {
    const parts: { kind: Kind; found: Found[] }[] = [];
    for (const kind of kinds) {
      const asked = names.length === 0 || names.some((name) => name === kind.name);
      if (!asked || (kind.name === 'users' && !users)) continue;
      parts.push({ kind, found: await kind.found(desk, { wanted: [], all: true }) });
    }
    const text = exported(parts, users);
    answer({ yaml: text }, textOf(text).trimEnd());
  },
});

/** `sallyport apply` */
export const applyCommands = [apply];
/** `sallyport export` */
export const exportCommands = [write];
