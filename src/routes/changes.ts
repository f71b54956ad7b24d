import { PassThrough } from 'node:stream';
import type { Context, Middleware } from 'koa';
import type { Client, Clients } from '../clients/clients.ts';
import { wrongMethod } from '../http/edge.ts';
import { Problem, problem } from '../kernel/errors.ts';
import { callerBySecret, invalidClient, invalidRequest, isFailedProof } from '../protocol/caller.ts';
import type { Changes, Message } from '../signals/changes.ts';
import { signalDocument } from './signal-document.ts';

interface Parts {
  clients: Clients;
  changes: Changes;
}

/** So much may wait for a reader (bytes) before it is let go; it comes back with its cursor. */
const mostWaiting = 256 * 1024;
/** When a listener that was cut off comes back (milliseconds). */
const comeBack = 1000;

const mayNotListen = problem(
  'insufficient_scope',
  403,
  () => 'This client may introspect no tokens of others, so there is nothing to hear; let it introspect an API first',
);

/**
 * GET /gateway/changes: what was revoked or changed, as server-sent events (WHATWG HTML §9.2). The caller authenticates as at
 * introspection, and hears of what it may introspect. `Last-Event-ID` or `?since=` reads on from there.
 */
export const changeStream =
  ({ clients, changes }: Parts): Middleware =>
  async (ctx, next) => {
    if (ctx.path !== '/gateway/changes') return next();
    if (ctx.method !== 'GET') {
      ctx.set('Allow', 'GET');
      throw wrongMethod(ctx.method);
    }
    const client = await whoListens(clients, ctx);
    const since = sinceOf(ctx);
    const body = new PassThrough({ highWaterMark: mostWaiting });
    let wake = () => {};
    const close = changes.open(
      {
        client: client.id,
        introspects: () => mayStillHear(clients, ctx.headers.authorization),
        write: (message) => body.write(frame(message)),
        room: () =>
          new Promise((resolve) => {
            if (body.writableNeedDrain) wake = resolve;
            else resolve();
          }),
        // What waits for a slow reader would keep the connection open.
        end: () => (body.writableNeedDrain ? ctx.res.destroy() : body.end()),
      },
      since,
    );
    body.on('drain', () => wake());
    body.once('close', () => {
      close();
      wake();
    });
    ctx.set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
    // Koa destroys it when the connection closes, or is closed already.
    ctx.body = body;
    body.write(`retry: ${comeBack}\n\n`);
    return undefined;
  };

/** What it may hear of; undefined when it may not listen. */
const listens = (client: Client | undefined): Client['introspects'] | undefined =>
  client?.state === 'approved' && client.introspects.length > 0 ? client.introspects : undefined;

async function whoListens(clients: Clients, ctx: Context): Promise<Client> {
  try {
    const caller = await callerBySecret(clients, ctx.headers.authorization, {});
    if (!caller) throw invalidClient('Authenticate with the credentials of a client that may introspect, by Basic');
    if (!listens(caller)) throw mayNotListen();
    return caller;
  } catch (error) {
    if (isFailedProof(error)) ctx.set('WWW-Authenticate', 'Basic realm="changes", charset="UTF-8"');
    throw error;
  }
}

/** The same by the credentials that it came with, since they may have been rotated; undefined when they are no longer good. */
async function mayStillHear(
  clients: Clients,
  authorization: string | undefined,
): Promise<Client['introspects'] | undefined> {
  try {
    return listens(await callerBySecret(clients, authorization, {}));
  } catch (error) {
    if (error instanceof Problem && error.status < 500) return undefined;
    throw error;
  }
}

function sinceOf(ctx: Context): string | undefined {
  const asked = ctx.get('last-event-id') || ctx.query.since;
  if (Array.isArray(asked)) throw invalidRequest('since must be sent once');
  return asked === undefined || asked === '' ? undefined : asked;
}

/** A beat has an id and no data: it is no event, but moves the cursor. */
function frame(message: Message): string {
  const id = `id: ${message.cursor}\n`;
  if (message.kind === 'beat') return `: still here\n${id}\n`;
  if (message.kind === 'reset') return `${id}event: reset\ndata: {"type":"reset"}\n\n`;
  return `${id}event: ${message.signal.type}\ndata: ${JSON.stringify(signalDocument(message.signal))}\n\n`;
}
