import { type Demo, makeDemo } from '../demo.ts';
import { missing, problem } from '../kernel/errors.ts';
import { command } from './command.ts';
import { withSecrets } from './greeting.ts';
import { inHouse } from './office.ts';

const noDemo = problem(
  'missing',
  404,
  () => 'There are no demo resources here: the configuration has no section "demo", as config/development.yaml has',
);

function secretOf({ clients, users, registrars }: Demo, name: string): string {
  const secret = clients[name]?.client_secret ?? users[name]?.password ?? registrars[name]?.token;
  if (secret === undefined) throw missing(`A secret of a demo resource ${name}`);
  return secret;
}

const demo = command({
  words: ['demo'],
  options: {
    secret: { value: 'NAME', about: 'Print only the secret of this client, registrar or user (e-mail address)' },
  },
  about: 'Show the demo resources with their secrets; they are made if the server has never started',
  run: ({ options: { secret }, answer }) =>
    inHouse(async (house, config) => {
      if (!config.demo) throw noDemo();
      const { demo } = await makeDemo(config, house);
      if (secret === undefined) answer(demo, withSecrets(demo).trimStart());
      else answer({ secret: secretOf(demo, secret) }, secretOf(demo, secret));
    }),
});

/** `sallyport demo` */
export const demoCommands = [demo];
