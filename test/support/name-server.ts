import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A name server on this machine that knows TXT records only. */
export interface NameServer {
  /** `127.0.0.1:PORT` */
  address: string;
  /** Texts by name; a name that is missing does not exist. */
  records: Map<string, string>;
  close(): void;
}

/** The question of a query: its name, and where it ends (RFC 1035 §4.1.2). */
function question(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString());
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5 };
}

function answer(query: Buffer, text: string | undefined, end: number): Buffer {
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(text === undefined ? 0x8183 : 0x8180, 2);
  header.writeUInt16BE(text === undefined ? 0 : 1, 6);
  header.writeUInt32BE(0, 8);
  const asked = query.subarray(12, end);
  if (text === undefined) return Buffer.concat([header, asked]);
  const data = Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  const record = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, data.length]);
  return Buffer.concat([header, asked, record, data]);
}

/** Starts one. */
export async function nameServer(): Promise<NameServer> {
  const socket = createSocket('udp4');
  const records = new Map<string, string>();
  socket.on('message', (query, { port, address }) => {
    const { name, end } = question(query);
    socket.send(answer(query, records.get(name), end), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { address: `127.0.0.1:${socket.address().port}`, records, close: () => socket.close() };
}
