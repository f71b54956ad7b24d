import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { createTransport } from 'nodemailer';
import { type Mail, NotNow, Undeliverable } from './letter.ts';

/** Where mail goes, and who it comes from. */
export interface SmtpSettings {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  url: string;
  from: string;
  replyTo?: string | undefined;
  /** Mail may go unencrypted where the server offers no STARTTLS; unset, only to this machine. */
  allowPlain?: boolean | undefined;
  /** A file (PEM). */
  certificateAuthority?: string | undefined;
}

/** Sends one mail; the id makes its Message-ID, so that a repeated one can be known. */
export type Post = (mail: Mail, id: string) => Promise<void>;

/** Milliseconds that a mail may take altogether; the lease of the outbox is longer. */
const patience = 60_000;

const times = { dnsTimeout: 10_000, connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 };

const isLoopback = (host: string): boolean =>
  /^(?:.+\.)?localhost$/i.test(host) || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/**
 * The mail server. TLS is verified, and demanded of every server that is not this machine: a STARTTLS that somebody on the
 * way hides is a failure (RFC 8314 §3). Throws `Undeliverable` and `NotNow` when it is the recipient who is refused.
 */
export function smtp(settings: SmtpSettings): Post {
  const { url, from, replyTo, allowPlain, certificateAuthority } = settings;
  const { protocol, hostname, port, username, password } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const secure = protocol === 'smtps:';
  const here = isLoopback(host);
  const transport = createTransport({
    ...{ host, port: port === '' ? (secure ? 465 : 587) : Number(port), secure },
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    requireTLS: !secure && !(allowPlain ?? here),
    // What stays on this machine needs no certificate that anybody could check.
    ignoreTLS: allowPlain === undefined && here,
    tls: {
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      ...(certificateAuthority === undefined ? {} : { ca: readFileSync(certificateAuthority) }),
    },
    ...times,
    // A mail is what we wrote: nothing in it names a file or an address to read.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  const domain = /@([^\s<>@]+?)>?$/.exec(from)?.[1] ?? 'localhost';
  return async ({ to, subject, text, html }, id) => {
    const sending = transport.sendMail({
      from,
      ...(replyTo === undefined ? {} : { replyTo }),
      to: { name: '', address: to },
      subject: oneLine(subject),
      ...{ text, html, messageId: `<${id}@${domain}>` },
      // Nobody's holiday answer comes back (RFC 3834 §5).
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    await within(patience, sending).catch((error: unknown) => {
      throw refusal(error) ?? error;
    });
  };
}

/** A line break in a header would begin another one. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('the mail server took too long')), milliseconds);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the server says of the recipient, without the address; undefined for all else (RFC 5321 §4.2.1). */
function refusal(error: unknown): Error | undefined {
  if (!(error instanceof Error) || !('command' in error) || error.command !== 'RCPT TO') return undefined;
  const code = 'responseCode' in error ? Number(error.responseCode) : Number.NaN;
  const sentence = `the mail server refused the recipient (${Number.isNaN(code) ? 'no code' : code})`;
  return code >= 500 ? new Undeliverable(sentence) : new NotNow(sentence);
}
