import type { z } from 'zod';
import type { Client } from '../clients/clients.ts';
import type { GatewayRoutes } from '../directory/routes.ts';
import { originalOf, type Question, questionPath } from '../http/original.ts';
import { Problem } from '../kernel/errors.ts';
import { approved } from '../protocol/caller.ts';
import type { Gate } from '../protocol/gate.ts';
import type { LiveToken, TokenStatus } from '../protocol/token-status.ts';
import { refusalHeaders } from './gateway.ts';
import type { trialReply } from './gateway-document.ts';
import { refusePublic } from './introspection.ts';
import { passageHeaders } from './passage-headers.ts';

/** What a gateway would ask. */
interface Trial {
  token: string;
  method: string;
  /** Host and path, or the path alone. */
  uri: string;
  /** Who introspects it. */
  caller?: Client | undefined;
}

/** The same parts as behind the doors, with a gate that counts nothing. */
export interface Trying {
  gate: Gate;
  status: TokenStatus;
  routes: GatewayRoutes;
}

type Reply = z.input<typeof trialReply>;

/**
 * What the doors of gateways answer at this moment: forward-auth for the request, and introspection to the client. Throws 400 for
 * a request that cannot be asked about. The token is kept nowhere, and in no error.
 */
export async function triedOf(parts: Trying, { token, method, uri, caller }: Trial): Promise<Reply> {
  const question = questionOf(token, method, uri);
  const original = originalOf(question);
  const match = await parts.routes.match(original);
  const boundTo = bindingOf(await parts.status.live(token));
  return {
    asked: match && { api: match.api.id, route: match.template, permission: match.permission },
    bound_to: boundTo,
    forward_auth: boundTo ? undefined : await forwardAuth(parts.gate, original, question),
    introspection: caller && (await introspection(parts.status, token, caller)),
  };
}

/** As NGINX asks; without a host, as it does where it does not tell one. */
const questionOf = (token: string, method: string, uri: string): Question => ({
  url: questionPath,
  headers: {
    authorization: `Bearer ${token}`,
    'x-original-method': method,
    ...(uri.startsWith('/')
      ? { 'x-original-uri': uri }
      : { 'x-original-url': /^https?:\/\//i.test(uri) ? uri : `https://${uri}` }),
  },
});

/** Whoever sends such a token has to prove more than that they have it. */
function bindingOf(token: LiveToken | undefined): Reply['bound_to'] {
  if (token?.payload.jkt !== undefined) return 'key';
  return token?.payload['x5t#S256'] === undefined ? undefined : 'certificate';
}

async function forwardAuth(
  gate: Gate,
  original: ReturnType<typeof originalOf>,
  { headers }: Question,
): Promise<Reply['forward_auth']> {
  const named = (all: readonly (readonly [string, string])[]) => all.map(([name, value]) => ({ name, value }));
  try {
    return { status: 200, headers: named(passageHeaders(await gate.pass(original, headers))) };
  } catch (error) {
    const { status, code, message: detail, retryAfter } = refusalOf(error);
    const later = retryAfter === undefined ? [] : [['Retry-After', String(retryAfter)] as const];
    return { status, code, detail, headers: named([...refusalHeaders(error), ...later]) };
  }
}

async function introspection(status: TokenStatus, token: string, caller: Client): Promise<Reply['introspection']> {
  try {
    refusePublic(caller.metadata.token_endpoint_auth_method);
    return { status: 200, body: await status.introspect(token, approved(caller)) };
  } catch (error) {
    const refusal = refusalOf(error);
    return { status: refusal.status, body: { error: refusal.code, error_description: refusal.message } };
  }
}

/** An answer, and not that there is none: an outage stays one. */
function refusalOf(error: unknown): Problem {
  if (error instanceof Problem && error.status < 500) return error;
  throw error;
}
