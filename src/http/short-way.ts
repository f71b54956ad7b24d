import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ParsedUrlQuery, parse } from 'node:querystring';
import type { Edge } from './edge.ts';
import { handBack, received } from './form.ts';
import type { Meter } from './metrics.ts';
import { announcesBody, asksAboutAnother, questionPath } from './original.ts';

/** Answers a plain call with JSON; undefined when anything about it is not plain. It may throw whatever it meets. */
export type PlainCall = (form: ParsedUrlQuery, headers: IncomingMessage['headers']) => Promise<string | undefined>;

/** Answers a question that came without a body, with headers and JSON; undefined where the long way has to tell. */
export type PlainQuestion = (request: IncomingMessage) => Promise<{ headers: string[]; body: string } | undefined>;

interface Parts {
  edge: Edge;
  meter: Meter;
  /** By path. */
  calls: Readonly<Record<string, PlainCall>>;
  /** What gateways ask about requests of their callers (original.ts). */
  question: PlainQuestion;
}

const plainForm = /^application\/x-www-form-urlencoded(?:; ?charset=utf-8)?$/i;
/** With one of these a request means more than its form says. */
const telling = [
  'transfer-encoding',
  'content-encoding',
  'expect',
  'origin',
  'dpop',
  'oauth-client-attestation',
  'oauth-client-attestation-pop',
] as const;

/**
 * The short way past Koa and the library for the few forms that programs post some thousand times a second. It is held
 * against the same edge, and answers only what is plain and good: whatever is unusual, refused or failing resolves to false
 * and goes the long way from its beginning, which finds the body already read. So no refusal is written twice.
 */
export function shortWay(parts: Parts): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  const { edge, meter } = parts;
  const doors = new Map(
    Object.entries(parts.calls).map(([path, call]) => [path, { call, headers: edge.headersFor(path).flat() }]),
  );
  const ask = questions(parts);
  return async (request, response) => {
    const path = request.url ?? '';
    if (asksAboutAnother(path)) return ask(request, response, path);
    const door = request.method === 'POST' ? doors.get(path) : undefined;
    if (!door || !isPlain(request)) return false;
    const began = performance.now();
    const entered = admitted(edge, request, response, path);
    if (!entered) return false;
    const answer = await answered(door.call, request);
    edge.inFlight.leave(entered.place);
    if (answer === undefined) return false;
    const { ip, requestId } = entered.visit;
    send(response, answer, ['X-Request-ID', requestId, ...door.headers]);
    meter({ requestId, ip, method: 'POST', path, status: 200, ms: performance.now() - began });
    return true;
  };
}

/** With any method, and below its path any other; the query may be the caller's. */
function questions({ edge, meter, question }: Parts) {
  const usual = edge.headersFor(questionPath).flat();
  return async (request: IncomingMessage, response: ServerResponse, url: string): Promise<boolean> => {
    const { headers, method = '' } = request;
    if (announcesBody(headers) || headers.expect !== undefined || headers.origin !== undefined) return false;
    const began = performance.now();
    const path = url.split('?', 1)[0] ?? '';
    const entered = admitted(edge, request, response, path);
    if (!entered) return false;
    const answer = await question(request);
    edge.inFlight.leave(entered.place);
    if (answer === undefined) return false;
    const { ip, requestId } = entered.visit;
    send(response, answer.body, ['X-Request-ID', requestId, ...usual, ...answer.headers]);
    meter({ requestId, ip, method, path, status: 200, ms: performance.now() - began });
    return true;
  };
}

function isPlain({ headers }: IncomingMessage): boolean {
  return (
    headers['content-length'] !== undefined &&
    plainForm.test(headers['content-type'] ?? '') &&
    telling.every((name) => headers[name] === undefined)
  );
}

/** Who is calling, and the place among those in work, when the edge has nothing against the request. */
function admitted(edge: Edge, request: IncomingMessage, response: ServerResponse, path: string) {
  try {
    const visit = edge.visit(request, path);
    edge.admit(request, response, visit);
    // Of known length, so that nothing has to be watched for.
    void edge.boundBody(request, path);
    return { visit, place: edge.inFlight.enter(request) };
  } catch {
    // The long way refuses it with the same words, and answers.
    return undefined;
  }
}

async function answered(call: PlainCall, request: IncomingMessage): Promise<string | undefined> {
  const body = received(request);
  let answer: string | undefined;
  try {
    answer = await call(parse(String(await body)), request.headers);
  } catch {
    // The long way meets it again, be it the store or the caller, and knows how to tell it.
  }
  if (answer === undefined) handBack(request, body);
  return answer;
}

/** Headers and body in one write; nothing is looked up or set one by one. */
function send(response: ServerResponse, body: string, headers: string[]): void {
  headers.push('Content-Type', 'application/json; charset=utf-8', 'Content-Length', String(Buffer.byteLength(body)));
  response.writeHead(200, headers);
  response.end(body);
}
