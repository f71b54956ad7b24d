import { join } from 'node:path';
import { type Running, startServer } from './children.ts';
import type { Credentials } from './connection.ts';
import { installation } from './sallyport.ts';
import type { Target } from './targets.ts';

/** Another process of the same installation, and where it listens. */
export interface Beside {
  origin: string;
  stop: Running['stop'];
}

/** A second process beside the first; its tokens are those of the first. */
export async function startBeside(first: Target, environment: Record<string, string>): Promise<Beside> {
  const { port } = await installation('');
  const origin = `http://localhost:${port}`;
  const running = await startServer({
    command: [join(import.meta.dirname, '..', '..', 'src', 'cli.ts'), 'start'],
    environment: { ...environment, SALLYPORT_PORT: String(port), SALLYPORT_ISSUER: `http://${first.place.host}` },
    directory: join(import.meta.dirname, '..', '..'),
    ready: async () => (await fetch(`${origin}/.well-known/openid-configuration`).catch(() => undefined))?.ok === true,
  });
  return { origin, stop: running.stop };
}

/** Headers with the credentials of a client. */
export const basic = ({ id, secret }: Credentials) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

/** What a good answer says; throws for any other. */
export async function told(answer: Response): Promise<Record<string, unknown>> {
  const said: unknown = await answer.json();
  if (!answer.ok || typeof said !== 'object' || said === null) throw new Error(`${answer.status} from ${answer.url}`);
  return { ...said };
}

/** An access token of the client itself. */
export async function token({ place }: Target, client: Credentials, more: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...more });
  const said = await told(
    await fetch(`http://${place.host}${place.token}`, { method: 'POST', headers: basic(client), body }),
  );
  return String(said.access_token);
}
