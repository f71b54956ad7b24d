import { clientElsewhere } from '../config/load.ts';
import { deskCommand } from './desk.ts';
import { type Done, doAll } from './files/doing.ts';
import type { Found, Kind } from './files/kind.ts';
import { kinds } from './files/kinds.ts';
import { changesFor } from './files/looking.ts';
import { line, summary } from './files/plan.ts';
import { readFiles } from './files/reading.ts';
import { exported } from './files/writing.ts';

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
    const changes = await changesFor(desk, readFiles(file, kinds), prune, clientElsewhere()?.id);
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
    answer({ yaml: text }, text.trimEnd());
  },
});

/** `sallyport apply` */
export const applyCommands = [apply];
/** `sallyport export` */
export const exportCommands = [write];
