import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * One kept-alive HTTP/1.1 connection with one request at a time. It reads no more of an answer than where it ends, since
 * whatever the generator spends is missing from the server on a small machine.
 */
export class Connection {
  readonly #socket: Socket;
  #text = '';
  #heard: (answer: string) => void = () => {};
  #lost: (error: Error) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#lost(error));
    socket.on('close', () => this.#lost(new Error('the server closed the connection')));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** Sends one request; `heard` gets the whole answer, one character for each byte. */
  send(request: string, heard: (answer: string) => void, lost: (error: Error) => void): void {
    this.#heard = heard;
    this.#lost = lost;
    this.#socket.write(request, 'latin1');
  }

  close(): void {
    this.#lost = () => {};
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    const text = this.#text + chunk.toString('latin1');
    if (!complete(text)) {
      this.#text = text;
      return;
    }
    this.#text = '';
    this.#heard(text);
  }
}

function complete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  if (length !== undefined) return text.length >= end + 4 + Number(length);
  return text.startsWith('HTTP/1.1 204') || text.endsWith('\r\n0\r\n\r\n');
}

/** Who proves itself with which secret. */
export interface Credentials {
  id: string;
  secret: string;
}

interface Call {
  host: string;
  path: string;
  credentials?: Credentials;
  form: Readonly<Record<string, string>>;
}

const basic = ({ id, secret }: Credentials): string =>
  Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');

/** A form as it goes over the wire. */
export function post({ host, path, credentials, form }: Call): string {
  const body = new URLSearchParams(form).toString();
  const authorization = credentials ? `Authorization: Basic ${basic(credentials)}\r\n` : '';
  return `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${authorization}Accept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** A page as a browser asks for it. */
export const get = (host: string, path: string, cookie: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/html\r\nCookie: ${cookie}\r\n\r\n`;

/** Sends one request on a connection of its own and answers the body. */
export async function ask(port: number, request: string): Promise<string> {
  const connection = await Connection.open(port);
  const answer = await new Promise<string>((resolve, reject) => connection.send(request, resolve, reject));
  connection.close();
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}
