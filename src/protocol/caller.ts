import type { ParsedUrlQuery } from 'node:querystring';
import type { Client, Clients } from '../clients/clients.ts';
import { Problem, problem } from '../kernel/errors.ts';

/** RFC 6749 §5.2; the sentence says what to send, never which part was wrong. */
export const invalidClient = problem('invalid_client', 401, (sentence: string) => sentence);
/** RFC 6749 §5.2; the sentence says what to change. */
export const invalidRequest = problem('invalid_request', 400, (sentence: string) => sentence);
const unauthorizedClient = problem('unauthorized_client', 400, (sentence: string) => sentence);

interface Secret {
  /** As the RFC reads it (form-decoded) and as many gateways mean it (as it stands). */
  ids: readonly string[];
  secrets: readonly string[];
}

const single = (form: ParsedUrlQuery, name: string): string | undefined => {
  const value = form[name];
  if (Array.isArray(value)) throw invalidRequest(`${name} must be sent once`);
  return value === '' ? undefined : value;
};

/** RFC 6749 §2.3.1 wants both halves form-encoded; Spring, NGINX, Traefik and curl send them as they are. */
function readings(half: string): readonly string[] {
  if (!/[%+]/.test(half)) return [half];
  try {
    return [decodeURIComponent(half.replaceAll('+', ' ')), half];
  } catch {
    return [half];
  }
}

function basic(header: string): Secret {
  const [, encoded] = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header) ?? [];
  const pair = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1) throw invalidClient('Authorization must be "Basic" with base64 of client_id:client_secret');
  return { ids: readings(pair.slice(0, colon)), secrets: readings(pair.slice(colon + 1)) };
}

/**
 * The secret that a request brings: in the header, in the body, or in both when they are the same (lua-resty-openidc sends
 * both). Undefined when it proves itself in another way, by an assertion or a certificate. Throws invalid_request.
 */
function presented(authorization: string | undefined, form: ParsedUrlQuery): Secret | undefined {
  const id = single(form, 'client_id');
  const secret = single(form, 'client_secret');
  if (single(form, 'client_assertion') !== undefined) return undefined;
  if (authorization === undefined) {
    if (secret === undefined) return undefined;
    if (id === undefined) throw invalidRequest('client_secret was sent without client_id; send both');
    return { ids: [id], secrets: [secret] };
  }
  const header = basic(authorization);
  const differs =
    (id !== undefined && !header.ids.includes(id)) || (secret !== undefined && !header.secrets.includes(secret));
  if (differs) throw invalidRequest('The credentials in the header and in the body differ; send them once');
  return header;
}

/**
 * Who asks, proven by a secret. Answers undefined when the library has to decide (assertion, certificate). Throws
 * invalid_client for anybody unknown or wrong, with the same words.
 */
export async function callerBySecret(
  clients: Clients,
  authorization: string | undefined,
  form: ParsedUrlQuery,
): Promise<Client | undefined> {
  const secret = presented(authorization, form);
  if (!secret) return undefined;
  for (const id of secret.ids) {
    const client = await clients.get(id);
    if (client && secret.secrets.some((value) => value !== '' && clients.secretFits(client, value))) {
      return approved(client);
    }
  }
  throw invalidClient('No client has these credentials; check client_id and client_secret');
}

const strictBasic = /^basic (?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/i;

/**
 * The same for credentials that stand in one place and can be read in one way only, as the library takes them at the token
 * endpoint; undefined for all others.
 */
export async function plainCaller(
  clients: Clients,
  authorization: string | undefined,
  form: ParsedUrlQuery,
): Promise<Client | undefined> {
  if (authorization !== undefined && (form.client_secret !== undefined || !strictBasic.test(authorization))) {
    return undefined;
  }
  const secret = presented(authorization, form);
  if (!secret || secret.ids.length > 1 || secret.secrets.length > 1) return undefined;
  return callerBySecret(clients, authorization, form);
}

/** The client, when it may ask at this moment. Throws unauthorized_client or invalid_client. */
export function approved(client: Client): Client {
  if (client.state === 'approved') return client;
  if (client.state === 'pending') throw unauthorizedClient('This client waits for an administrator to approve it');
  if (client.state === 'suspended')
    throw unauthorizedClient('This client is suspended; ask an administrator to resume it');
  throw invalidClient('No client has these credentials; check client_id and client_secret');
}

/** Whether an error means that the caller failed to prove itself, which is what a limit on guessing counts. */
export const isFailedProof = (error: unknown): boolean => error instanceof Problem && error.code === 'invalid_client';
