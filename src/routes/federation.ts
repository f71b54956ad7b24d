import type { Context, Middleware } from 'koa';
import type { Trail } from '../audit/trail.ts';
import type { Clients } from '../clients/clients.ts';
import type { Connection } from '../federation/connection.ts';
import type { Connections } from '../federation/connections.ts';
import type { Reply } from '../federation/connector.ts';
import type { Tickets } from '../federation/tickets.ts';
import { wrongMethod } from '../http/edge.ts';
import { readFormText } from '../http/form.ts';
import { invalid, missing, problem } from '../kernel/errors.ts';
import { ended } from '../signin/flow.ts';
import { goOn } from './answer.ts';
import { startOf } from './application.ts';

interface Parts {
  issuer: string;
  connections: Connections;
  tickets: Tickets;
  clients: Clients;
  trail: Trail;
}

const switchedOff = problem(
  'connection_disabled',
  403,
  () => 'This way to sign in is switched off; go back to the application and sign in another way',
);

/** Where each kind of provider sends what, and the field that names the ticket there. */
const places = {
  callback: { kind: 'oidc', methods: ['GET', 'POST'], ticket: 'state' },
  acs: { kind: 'saml', methods: ['POST'], ticket: 'RelayState' },
} as const;

/**
 * Where providers send the browser back: by a form from another site too, to which browsers add no cookie of ours. So
 * nothing is proven here: the reply is filed under its ticket, and the browser goes on with 303 to where it began, which
 * only the browser that began can open.
 */
export const federation = (parts: Parts): Middleware => {
  return async (ctx, next) => {
    const [, id, name] = /^\/federation\/([a-z0-9-]{1,50})\/(callback|acs)$/.exec(ctx.path) ?? [];
    if (id === undefined || (name !== 'callback' && name !== 'acs')) return next();
    const place = places[name];
    if (!place.methods.some((method) => method === ctx.method)) {
      ctx.set('Allow', place.methods.join(', '));
      throw wrongMethod(ctx.method);
    }
    const reply = await replyOf(ctx);
    const connection = await parts.connections.get(id);
    if (connection?.kind !== place.kind) throw missing('This connection');
    return receive(parts, ctx, { connection, reply, ticket: reply.fields[place.ticket] });
  };
};

interface Received {
  connection: Connection;
  reply: Reply;
  ticket: string | undefined;
}

async function receive(parts: Parts, ctx: Context, { connection, reply, ticket }: Received): Promise<void> {
  const { tickets } = parts;
  if (connection.state !== 'enabled') {
    // Before a connection is switched on it is tested.
    const test = ticket === undefined ? undefined : await tickets.file(ticket, connection.id, reply, 'doctor');
    if (test !== undefined) return goOn(ctx, test);
    await refuse(parts, ctx, connection, 'connection_disabled');
    throw switchedOff();
  }
  const back = ticket === undefined ? undefined : await tickets.file(ticket, connection.id, reply);
  if (back !== undefined) return goOn(ctx, back);
  // Providers that are not asked put a RelayState of their own choice, or none.
  const start = await unsolicited(parts, connection, reply);
  if (start !== undefined) return goOn(ctx, start);
  await refuse(parts, ctx, connection, ticket === undefined ? 'unsolicited' : 'unknown_ticket');
  throw ended();
}

/** An answer that nobody asked for proves nothing; at most it starts a sign-in that is asked for (OIDC Core §4). */
async function unsolicited(
  { clients, issuer }: Parts,
  connection: Connection,
  reply: Reply,
): Promise<string | undefined> {
  if (connection.kind !== 'saml' || connection.unsolicited === undefined) return undefined;
  // Loaded late, as everything of SAML is: a server without such connections pays nothing for it.
  const { isUnsolicited } = await import('../federation/saml-arrival.ts');
  if (!isUnsolicited(reply)) return undefined;
  const client = await clients.get(connection.unsolicited);
  return client?.state === 'approved' && client.metadata.initiate_login_uri !== undefined
    ? startOf(client, issuer)
    : undefined;
}

const refuse = ({ trail }: Parts, ctx: Context, { id }: Connection, reason: string): Promise<void> =>
  trail.record({
    ...{ type: 'signin.failed', actor: 'anonymous', outcome: 'failure' },
    ...{ ip: ctx.state.ip, requestId: ctx.state.requestId },
    detail: { method: id, reason, check: 'ticket' },
  });

/** Query or form as it was sent. A field that is sent twice is refused, since others might read the other one. */
export async function replyOf(ctx: Context): Promise<Reply> {
  const raw = ctx.method === 'POST' ? await readFormText(ctx) : ctx.querystring;
  const fields: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(raw)) {
    if (Object.hasOwn(fields, name)) throw invalid('A field was sent more than once');
    fields[name] = value;
  }
  return { method: ctx.method === 'POST' ? 'POST' : 'GET', fields: { ...fields }, raw };
}
