import 'reflect-metadata';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { temporaryPath } from './temporary.ts';

/** A mail as it arrived. */
export interface Arrived {
  from: string;
  to: string[];
  /** Names in lower case; the last of each. */
  headers: ReadonlyMap<string, string>;
  subject: string;
  text: string;
  html: string;
  /** Over TLS. */
  secure: boolean;
  /** Who signed in. */
  user: string;
}

/** A mail server that keeps what it is given. */
export interface MailServer {
  port: number;
  url: string;
  mails: Arrived[];
  /** How many mails were offered, taken or not. */
  offered: number;
  /** What it says to a recipient from now on: a code such as 550, or nothing. */
  refuse: number | undefined;
  /** Resolves with the mails once there are so many. */
  arrived(count: number): Promise<Arrived[]>;
  stop(): Promise<void>;
}

interface Options extends Pick<SMTPServerOptions, 'secure' | 'hideSTARTTLS'> {
  port?: number;
  host?: string;
  /** PEM. */
  certificate?: Certificate;
  /** Who may send. */
  login?: { user: string; password: string };
}

/** Starts one on this machine. Without a certificate it offers no TLS. */
export async function startMailServer(options: Options = {}): Promise<MailServer> {
  const {
    port = 0,
    host = 'localhost',
    certificate,
    login,
    secure = false,
    hideSTARTTLS = certificate === undefined,
  } = options;
  const mails: Arrived[] = [];
  const waiting = new Set<() => void>();
  const state: { refuse: number | undefined; offered: number } = { refuse: undefined, offered: 0 };
  const smtp = new SMTPServer({
    ...{ secure, hideSTARTTLS, logger: false, disableReverseLookup: true },
    ...(certificate ? { cert: certificate.pem, key: certificate.key } : {}),
    disabledCommands: [...(login ? [] : ['AUTH']), ...(certificate ? [] : ['STARTTLS'])],
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, done) {
      const right = username === login?.user && password === login?.password;
      done(right ? null : new Error('wrong'), right ? { user: username } : {});
    },
    onRcptTo(_address, _session, done) {
      state.offered += 1;
      done(state.refuse === undefined ? null : Object.assign(new Error('refused'), { responseCode: state.refuse }));
    },
    onData(stream, session, done) {
      void text(stream).then((source) => {
        mails.push({ ...parsed(source), secure: session.secure, user: session.user ?? '', ...envelope(session) });
        done();
        for (const wake of waiting) wake();
      });
    },
  });
  // A client that gives up on our certificate is an error here, and what a test wants.
  smtp.on('error', () => {});
  smtp.listen(port, host);
  await once(smtp.server, 'listening');
  const bound = smtp.server.address();
  const open = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    port: open,
    url: `${secure ? 'smtps' : 'smtp'}://${login ? `${login.user}:${encodeURIComponent(login.password)}@` : ''}localhost:${open}`,
    mails,
    get offered() {
      return state.offered;
    },
    get refuse() {
      return state.refuse;
    },
    set refuse(code) {
      state.refuse = code;
    },
    async arrived(count) {
      while (mails.length < count) {
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
      return mails;
    },
    stop: () => new Promise((resolve) => smtp.close(() => resolve())),
  };
}

const envelope = ({
  envelope,
}: {
  envelope: { mailFrom: false | { address: string }; rcptTo: { address: string }[] };
}) => ({
  from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
  to: envelope.rcptTo.map(({ address }) => address),
});

/** What is in a mail of ours: one level of alternatives, in the encodings of RFC 2045 §6. */
function parsed(source: string): Pick<Arrived, 'headers' | 'subject' | 'text' | 'html'> {
  const { headers, body } = split(source);
  const boundary = /boundary="([^"]+)"/.exec(headers.get('content-type') ?? '')?.[1] ?? '';
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => split(part.replace(/^\r\n/, '').replace(/\r\n$/, '')));
  const content = (type: string): string => {
    const part = parts.find((one) => one.headers.get('content-type')?.startsWith(type));
    return part ? decoded(part) : '';
  };
  const subject = (headers.get('subject') ?? '')
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, word);
  return { headers, subject, text: content('text/plain'), html: content('text/html') };
}

interface Part {
  headers: ReadonlyMap<string, string>;
  body: string;
}

function split(source: string): Part {
  const [head = '', ...rest] = source.split('\r\n\r\n');
  const lines = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n');
  const pairs = lines.map((line): [string, string] => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  });
  return { headers: new Map(pairs), body: rest.join('\r\n\r\n') };
}

function decoded({ headers, body }: Part): string {
  const encoding = headers.get('content-transfer-encoding') ?? '7bit';
  const bytes =
    encoding === 'base64'
      ? Buffer.from(body, 'base64')
      : Buffer.from(encoding === 'quoted-printable' ? quoted(body.replaceAll('=\r\n', '')) : body, 'latin1');
  return bytes.toString().replaceAll('\r\n', '\n');
}

const quoted = (text: string): string =>
  text.replaceAll(/=([\dA-F]{2})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));

const word = (_: string, kind: string, content: string): string =>
  kind.toUpperCase() === 'B'
    ? Buffer.from(content, 'base64').toString()
    : Buffer.from(quoted(content.replaceAll('_', ' ')), 'latin1').toString();

/** A certificate and its key (PEM), and the certificate as a file. */
export interface Certificate {
  pem: string;
  key: string;
  file: string;
}

/** A certificate that signs itself, for these names. */
export async function selfSigned(...names: string[]): Promise<Certificate> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await X509CertificateGenerator.createSelfSigned({
    ...{ name: 'CN=mail', keys, signingAlgorithm: algorithm },
    ...{ notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 86_400_000) },
    extensions: [new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value })))],
  });
  const file = temporaryPath('mail.pem');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, made.toString('pem'));
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return { pem: made.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`, file };
}

/** The link of this kind (`reset`, `email/confirm`) in a mail to somebody, once it is there; its last 43 characters are secret. */
export async function linkIn(server: MailServer, address: string, kind: string): Promise<string> {
  const link = new RegExp(`^http\\S+/account/${kind}\\S*?[\\w-]{43}$`, 'm');
  for (;;) {
    for (const { to, text } of server.mails) {
      const [found] = (to.includes(address) && link.exec(text)) || [];
      if (found !== undefined) return found;
    }
    await server.arrived(server.mails.length + 1);
  }
}
