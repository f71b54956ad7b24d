import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestApp } from './app.ts';

/** An answer as it came over the wire. */
export interface Wire {
  status: number;
  head: string;
  body: ReturnType<typeof JSON.parse>;
}

/**
 * Sends these lines byte for byte, as a caller that we do not have sent them: request line and headers, then the body. Host
 * and Content-Length are put in; `Connection: close` ends the answer.
 */
export async function replay(app: TestApp, lines: readonly string[], body = ''): Promise<Wire> {
  const { hostname, port, host } = new URL(app.url);
  const length =
    lines[0]?.startsWith('GET ') || lines[0]?.startsWith('DELETE ')
      ? []
      : [`Content-Length: ${Buffer.byteLength(body)}`];
  const [first = '', ...headers] = lines;
  const request = [first, `Host: ${host}`, 'Connection: close', ...headers, ...length, '', body].join('\r\n');
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(request);
  const answer = await text(socket);
  const end = answer.indexOf('\r\n\r\n');
  const head = answer.slice(0, end);
  const rest = answer.slice(end + 4);
  const content = /^transfer-encoding: chunked/im.test(head)
    ? rest.replace(/^[\da-f]+\r\n|\r\n[\da-f]*\r\n(?:\r\n)?/gi, '')
    : rest;
  return { status: Number(head.split(' ')[1]), head, body: parsed(content) };
}

function parsed(content: string): Wire['body'] {
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
}
