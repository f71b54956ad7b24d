import { X509Certificate } from 'node:crypto';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectSecurely, createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { LdapConnection } from './connection.ts';
import type { Trace } from './connector.ts';
import { refusal, tlsReason } from './ldap-refusals.ts';

/** Where a server is and how it is spoken to. */
export interface Server {
  /** As the settings name it. */
  url: string;
  host: string;
  port: number;
  by: 'ldaps' | 'starttls' | 'plain';
}

const loopbackName = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i;
const loopbackAddress = /^(?:(?:::ffff:)?127\.|::1$)/;

/** The servers of a connection. Throws when one would be spoken to in clear, unless it is on this very machine. */
export function serversOf({ servers, startTls }: Pick<LdapConnection, 'servers' | 'startTls'>): Server[] {
  return servers.map((url) => {
    const { protocol, hostname, port, username, password, search, hash } = URL.parse(url) ?? new URL('ldap:');
    if (!hostname || username || password || search || hash)
      throw refusal('misconfigured', { check: 'servers', came: url, wanted: 'ldaps://host:port or ldap://host:port' });
    const host = hostname.replace(/^\[|\]$/g, '');
    const secure = protocol === 'ldaps:';
    const by = secure ? 'ldaps' : startTls ? 'starttls' : 'plain';
    if (by === 'plain' && !loopbackName.test(host))
      throw refusal('not_encrypted', { check: 'encryption', came: url, wanted: 'ldaps:// or StartTLS' });
    return { url, host, port: Number(port) || (secure ? 636 : 389), by };
  });
}

/** The authorities that may have signed a server's certificate: the given one, or the system's. */
export function authorities(given: string | undefined): SecureContext {
  const ca = given ?? [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  try {
    // What is no certificate would be taken for an empty list.
    if (given !== undefined) new X509Certificate(given);
    return createSecureContext({ ca, minVersion: 'TLSv1.2' });
  } catch (cause) {
    throw refusal('misconfigured', { check: 'certificate authority', wanted: 'certificates in PEM', cause });
  }
}

/** An answer of a directory may have so many bytes on one connection; more is no sign-in. */
const mostBytes = 32 * 1024 * 1024;

/** An open, encrypted connection whose other end is the named server. The caller destroys it. */
export async function openTransport(
  server: Server,
  { trusted, timeoutMs, trace }: { trusted: () => SecureContext; timeoutMs: number; trace: Trace },
): Promise<Socket> {
  const plain = connect({ host: server.host, port: server.port, noDelay: true });
  let socket: Socket = plain;
  const timer = setTimeout(() => {
    socket.destroy(new Error(`no answer within ${Math.round(timeoutMs)} ms`));
    plain.destroy();
  }, timeoutMs);
  try {
    await opened(plain, 'connect');
    trace.passed('reached', server.url);
    if (server.by === 'plain') checkLoopback(server, plain);
    else {
      if (server.by === 'starttls') await askForTls(server, plain);
      const options = { socket: plain, host: server.host, servername: isIP(server.host) === 0 ? server.host : '' };
      const secure = connectSecurely({ ...options, secureContext: trusted(), rejectUnauthorized: true });
      socket = secure;
      await opened(secure, 'secureConnect');
      const { subjectaltname = '', valid_to: until } = secure.getPeerCertificate();
      trace.passed('encryption, certificate, host name', `${secure.getProtocol()}, ${subjectaltname}, until ${until}`);
    }
    socket.on('data', () => {
      if (plain.bytesRead > mostBytes) socket.destroy(new Error('the directory sent too much'));
    });
    return socket;
  } catch (cause) {
    socket.destroy();
    plain.destroy();
    throw transportRefusal(server, cause);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the socket is open, and rejects when it closes before, whatever the reason. */
function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once(event, resolve);
  // Stays for good: an error of a socket that nobody waits for any more must not end the process.
  socket.on('error', reject);
  socket.once('close', () => reject(new Error('the server closed the connection')));
  return promise;
}

/** A name for this machine can be made to lead elsewhere. */
function checkLoopback(server: Server, socket: Socket): void {
  if (loopbackAddress.test(socket.remoteAddress ?? '')) return;
  const came = `${server.url} leads to ${socket.remoteAddress}`;
  throw refusal('not_encrypted', { check: 'encryption', came, wanted: 'an address of this machine' });
}

const startTls = '1.3.6.1.4.1.1466.20037';
const request = Buffer.from([0x30, 29, 0x02, 1, 1, 0x77, 24, 0x80, startTls.length, ...Buffer.from(startTls)]);

/**
 * Sends StartTLS (RFC 4511 §4.14) and reads the answer. It is read here and to the byte, since what follows it in clear
 * may come from somebody else: kept by a parser, it would be taken for the beginning of what comes encrypted.
 */
async function askForTls(server: Server, socket: Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  let seen: Buffer = Buffer.alloc(0);
  const take = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const wanted = messageLength(seen);
    if (seen.length > 4096) reject(new Error('the answer to StartTLS is too long'));
    else if (wanted !== undefined && seen.length >= wanted) resolve(seen);
  };
  const gone = () => reject(new Error('the server closed the connection'));
  socket.on('data', take).on('error', reject).once('close', gone);
  socket.write(request);
  const answer = await promise.finally(() => socket.pause().off('data', take).off('error', reject).off('close', gone));
  const wanted = 'success, and nothing after it';
  if (answer.length !== messageLength(answer))
    throw refusal('start_tls_refused', {
      check: 'StartTLS',
      came: `${server.url}: something else than one answer`,
      wanted,
    });
  const code = resultCode(answer);
  if (code !== 0)
    throw refusal('start_tls_refused', { check: 'StartTLS', came: `${server.url}: code ${code}`, wanted });
}

/** How long the BER sequence at the start is, with its header; undefined while the header is not there, 0 for no sequence. */
function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length > 0 && bytes[0] !== 0x30) return 0;
  const first = bytes[1];
  if (first === undefined) return undefined;
  if (first < 0x80) return 2 + first;
  const size = first & 0x7f;
  if (size === 0 || size > 4) return 2;
  return bytes.length < 2 + size ? undefined : 2 + size + bytes.readUIntBE(2, size);
}

/** The result code of the ExtendedResponse with message id 1; undefined when it is none. */
function resultCode(answer: Buffer): number | undefined {
  const header = /^30(?:[0-7].|81..|82.{4}|83.{6}|84.{8})020101(?:78)(?:[0-7].|81..|82.{4}|83.{6}|84.{8})0a01(..)/;
  const [, code] = header.exec(answer.toString('hex')) ?? [];
  return code === undefined ? undefined : Number.parseInt(code, 16);
}

function transportRefusal(server: Server, cause: unknown): unknown {
  if (!(cause instanceof Error) || 'refusal' in cause) return cause;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const reason = tlsReason(code);
  const check = reason === 'unreachable' ? 'reached' : 'encryption, certificate, host name';
  return refusal(reason, { check, came: `${server.url}: ${code || cause.message}`, wanted: server.host, cause });
}
