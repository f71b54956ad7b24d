import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { commandClientId } from '../clients/built-in.ts';
import { serverElsewhere } from '../config/load.ts';
import { adminApi, adminPermissions } from '../directory/built-in.ts';
import { Problem, problem } from '../kernel/errors.ts';
import { command, misused } from './command.ts';
import { keepSignIn, keptSignIn } from './kept-sign-ins.ts';
import { exchange, serverOf, signInFrom, unreachable } from './remote.ts';

const refused = problem('refused', 403, (sentence: string) => `The sign-in was refused: ${sentence}`);

const waiting = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
  expires_in: z.number(),
  interval: z.number().default(5),
});
const oauthError = z.object({ error: z.string(), error_description: z.string().optional() });

const server = { value: 'URL', about: 'The server, as its tokens name it (default SALLYPORT_SERVER)' } as const;

function named(option: string | undefined): string {
  const typed = option ?? serverElsewhere();
  if (typed === undefined) throw misused("--server URL is missing; on the server's own machine no sign-in is needed");
  return serverOf(typed);
}

const post = (at: string, path: string, form: Record<string, string>) =>
  exchange(at, path, { method: 'POST', body: new URLSearchParams(form) });

/** Waits until the person has answered on the page (RFC 8628 §3.4). */
async function answered(at: string, { device_code, interval }: z.output<typeof waiting>): Promise<unknown> {
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: commandClientId, device_code };
  for (let seconds = interval; ; ) {
    await sleep(seconds * 1000);
    const { status, body } = await post(at, '/oauth2/token', form);
    if (status === 200) return body;
    const { error, error_description: why = error } = oauthError.parse(body);
    if (error === 'slow_down') seconds += 5;
    else if (error !== 'authorization_pending') throw refused(why);
  }
}

const login = command({
  words: ['login'],
  options: { server },
  about: 'Sign in at a server, to work there with --server',
  async run({ options, answer, tell }) {
    const at = named(options.server);
    const scope = ['openid', 'offline_access', ...adminPermissions].join(' ');
    const { status, body } = await post(at, '/oauth2/device', {
      client_id: commandClientId,
      scope,
      resource: adminApi,
    });
    const begun = waiting.safeParse(body);
    if (status !== 200 || !begun.success) {
      throw new Problem({
        code: 'unreachable',
        status: 502,
        sentence: `${at} does not take sign-ins of the command line`,
      });
    }
    tell(`Open ${begun.data.verification_uri_complete}\nand compare the code: ${begun.data.user_code}`);
    keepSignIn(at, signInFrom(at, await answered(at, begun.data)));
    answer({ server: at }, `Signed in at ${at}; work there with --server ${at}, or set SALLYPORT_SERVER`);
  },
});

const logout = command({
  words: ['logout'],
  options: { server },
  about: 'Sign out at a server; the sign-in ends there too',
  async run({ options, answer }) {
    const at = named(options.server);
    const { refreshToken, accessToken } = keptSignIn(at) ?? {};
    const token = refreshToken ?? accessToken;
    const { status } =
      token === undefined ? { status: 200 } : await post(at, '/oauth2/revoke', { client_id: commandClientId, token });
    if (status >= 500) throw unreachable(at, `it answered ${status}`);
    keepSignIn(at, undefined);
    answer({ server: at }, `Signed out at ${at}`);
  },
});

/** `sallyport login` */
export const loginCommands = [login];
/** `sallyport logout` */
export const logoutCommands = [logout];
