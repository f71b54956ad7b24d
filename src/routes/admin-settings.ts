import { z } from 'zod';
import { given } from '../http/given.ts';
import { type Operation, operation } from '../http/resource.ts';

const settingReply = z
  .object({
    name: z.string().meta({ description: 'As it is in the configuration file: `ttl.code`' }),
    variable: z.string().meta({ description: 'The environment variable that sets it' }),
    about: z.string(),
    value: z
      .union([z.string(), z.number(), z.boolean()])
      .optional()
      .meta({ description: 'Not of secrets, and of nothing that names hosts, networks or files' }),
    set: z.boolean().meta({ description: 'Whether there is a value' }),
    from: z.enum(['environment', 'file', 'default']).optional(),
  })
  .meta({ id: 'Setting', description: 'A setting that this server runs with; it changes with its configuration only' });

/** The settings that this server runs with. */
export const settingsReply = z.object({ items: z.array(settingReply), next: z.null() });

type Shown = z.output<typeof settingReply>;

interface Parts {
  /** What may be told of the configuration. */
  settings: readonly { [N in keyof Shown]: Shown[N] }[];
}

/** The admin API's look at the configuration; `sallyport config show` makes the same call. */
export const adminSettings = ({ settings }: Parts): Operation[] => [
  operation({
    name: 'getSettings',
    method: 'get',
    path: '/settings',
    about: 'Show the settings that this server runs with and where each comes from; secrets only as set',
    // How strict the server is and where its bounds are helps whoever attacks it: it is told to those who are trusted with what
    // all tokens rest on, and never within an organization.
    permission: 'keys:write',
    reply: settingsReply,
    run: async () => ({ items: settings.map(given), next: null }),
  }),
];
