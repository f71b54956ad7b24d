import { isIP } from 'node:net';
import { z } from 'zod';

/** What is wrong with a text, as the end of a sentence that begins with the setting's name; undefined when it is right. */
type Check = (text: string) => string | undefined;

/** A text that passes `check`; the sentence never quotes the text, which may hold a secret. */
export const checked = (check: Check) =>
  z.string().superRefine((text, context) => {
    const message = check(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

/** An origin: the paths of the protocol are fixed, so an issuer with a path of its own would have two meanings. */
export const isIssuer: Check = (text) => {
  const advice = 'must be an https URL without path, query, fragment and final slash, such as https://id.example.com';
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return advice;
  return new URL(text).origin === text ? undefined : advice;
};

/** `sqlite:PATH`, `memory:` or a MongoDB connection string. */
export const isStore: Check = (text) =>
  /^(?:sqlite:.+|memory:|mongodb(?:\+srv)?:\/\/[^/]+.*)$/s.test(text)
    ? undefined
    : 'must be sqlite:PATH, memory: or mongodb://HOST/DATABASE';

/** 32 bytes in base64 or base64url. */
export const isKey: Check = (text) =>
  /^[\w+/-]{43}=?$/.test(text) ? undefined : 'must be 32 bytes in base64; make one with: openssl rand -base64 32';

/** A host name or an address to listen on; no port, no URL. */
export const isHost: Check = (text) =>
  /^[a-z\d]([\w.-]*[a-z\d])?$/i.test(text) || isIP(text) !== 0 ? undefined : 'must be a host name or an address alone';

/** A value of the Host header: a name or address, with or without a port. */
export const isAuthority: Check = (text) =>
  URL.canParse(`http://${text}`) && /^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i.test(text)
    ? undefined
    : 'must be a host name or an address, with its port if it has one, such as sallyport:3000';

/** An address, or a range in CIDR notation (RFC 4632). */
export const isProxy: Check = (text) => {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  return family !== 0 && fits && rest.length === 0
    ? undefined
    : 'must be an address or a CIDR range, such as 10.0.0.7 or 10.0.0.0/8';
};

/** The address of a name server, with its port if it has one. */
export const isNameServer: Check = (text) => {
  const [, bracketed, plain] = /^\[([\da-f:.]+)\](?::\d{1,5})?$|^([\d.]+)(?::\d{1,5})?$/i.exec(text) ?? [];
  return isIP(bracketed ?? plain ?? text) === 0 ? 'must be an address, such as 9.9.9.9 or [2620:fe::fe]:53' : undefined;
};
