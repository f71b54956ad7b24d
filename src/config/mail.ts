import { z } from 'zod';
import { checked } from './values.ts';

/** `smtp://` or `smtps://` with a host; the sentence never quotes it, since it holds a password. */
const isMailUrl = (text: string): string | undefined => {
  const url = /^smtps?:\/\/[^/?#]+\/?$/.test(text) ? URL.parse(text) : null;
  return url !== null && url.hostname !== '' && decodes(url.username) && decodes(url.password)
    ? undefined
    : 'must be smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465, with signs like @ and / in them percent-encoded';
};

const decodes = (text: string): boolean => {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
};

/** An address, with or without a name before it; on one line, since it goes into a header. */
const isSender = (text: string): string | undefined =>
  /^(?:[^<>@\p{Cc}]+ )?<[^\s<>@\p{Cc}]+@[^\s<>@\p{Cc}]+>$|^[^\s<>@\p{Cc}]+@[^\s<>@\p{Cc}]+$/u.test(text)
    ? undefined
    : 'must be an e-mail address, such as accounts@example.com or Example <accounts@example.com>';

/** How mail leaves. Without `url` it is only written to the log in development, and nothing is sent in production. */
export const mail = z.strictObject({
  url: checked(isMailUrl).optional().meta({
    env: 'SALLYPORT_MAIL_URL',
    description:
      '`smtp://USER:PASSWORD@HOST:587` (with STARTTLS) or `smtps://USER:PASSWORD@HOST:465`: the server that takes our mail',
    secret: true,
    unset: 'development: mail is written to the log; production: nothing is sent, and no password can be reset',
  }),
  from: checked(isSender).optional().meta({
    env: 'SALLYPORT_MAIL_FROM',
    description: 'Who mail comes from: an address, or `Name <address>`',
    unset: '`no-reply@` and the host of the issuer',
  }),
  replyTo: checked(isSender).optional().meta({
    env: 'SALLYPORT_MAIL_REPLY_TO',
    description: 'Where answers to our mail go',
    unset: 'to the sender',
  }),
  allowPlain: z.boolean().optional().meta({
    env: 'SALLYPORT_MAIL_ALLOW_PLAIN',
    description:
      'Whether mail, and the password of the mail server, may go unencrypted where the server offers no STARTTLS',
    unset: 'only to a server on this machine',
  }),
  certificateAuthority: z.string().min(1).optional().meta({
    env: 'SALLYPORT_MAIL_CERTIFICATE_AUTHORITY',
    description: 'File (PEM) with the authority that signed the certificate of the mail server',
    unset: 'those that Node.js knows',
  }),
});
