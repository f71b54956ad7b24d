import { readConfig } from '../config/load.ts';
import { ConfigProblems, line } from '../config/problems.ts';
import { jsonSchema } from '../config/settings.ts';
import { settingsReply } from '../routes/admin-settings.ts';
import { command } from './command.ts';
import { deskCommand } from './desk.ts';
import { columns } from './listing.ts';

const check = command({
  words: ['config', 'check'],
  about: 'Say everything that is wrong with the configuration, and what to do',
  async run({ answer, json }) {
    const { file, config, problems, remarks } = readConfig();
    const fine = `The configuration is fine: ${file}, ${config?.mode}, ${config?.issuer}`;
    if (json || config) answer({ file, mode: config?.mode, problems, remarks }, fine);
    if (!json) for (const remark of remarks) process.stderr.write(`note: ${line(remark)}\n`);
    if (!config) throw new ConfigProblems(problems);
  },
});

const schema = command({
  words: ['config', 'schema'],
  about: 'Print the JSON Schema of the configuration file, for editors',
  async run({ print }) {
    print(JSON.stringify(jsonSchema(), undefined, 2));
  },
});

const show = deskCommand({
  words: ['config', 'show'],
  about: 'Show the settings that a server runs with, and where each comes from; secrets only as set',
  async run({ answer }, desk) {
    const { items } = await desk.call('getSettings', settingsReply);
    const rows = items.map(({ name, value, set, from }) => [name, value ?? (set ? '(set)' : ''), from]);
    answer(items, columns(['setting', 'value', 'from'], rows));
  },
});

/** `sallyport config …` */
export const configCommands = [check, schema, show];
