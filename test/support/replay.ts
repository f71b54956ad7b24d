import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** What came back on the wire. */
export interface Replayed {
  status: number;
  /** Status line and header fields as they came. */
  head: string;
  headers: Headers;
  body: ReturnType<typeof JSON.parse>;
}

/** Sends these lines and this body to a server, byte for byte, with the Host and Content-Length that fit. */
export async function replay(server: string, lines: readonly string[], body = ''): Promise<Replayed> {
  const { hostname, port, host } = new URL(server);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const [request = '', ...headers] = lines;
  const bodiless = /^(?:GET|DELETE|HEAD) /.test(request) && body === '';
  const length = bodiless ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  // Not ended from here: a caller that hangs up gets no answer.
  socket.write([request, `Host: ${host}`, 'Connection: close', ...headers, ...length, '', body].join('\r\n'));
  const whole = await text(socket);
  const end = whole.indexOf('\r\n\r\n');
  const head = whole.slice(0, end);
  const [first = '', ...fields] = head.split('\r\n');
  const answer = new Headers(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon), field.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(first.split(' ')[1]), head, headers: answer, body: parsed(whole.slice(end + 4), answer) };
}

/** The JSON of a body, out of its chunks where it came in some; the text where it is none. */
function parsed(raw: string, headers: Headers): unknown {
  const plain = headers.get('transfer-encoding') === 'chunked' ? raw.replaceAll(/(?:^|\r\n)[\da-f]+\r\n/gi, '') : raw;
  try {
    return JSON.parse(plain);
  } catch {
    return plain.trim();
  }
}
