import type { ServerResponse } from 'node:http';

/** Names and values, in the order in which they are written. */
export type Headers = readonly (readonly [name: string, value: string])[];

const pagePolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join(';');

/** What every answer to a program carries: nobody keeps it, or takes it for a page. Each header costs a program's caller. */
const machine: Headers = [
  ['Cache-Control', 'no-store'],
  ['X-Content-Type-Options', 'nosniff'],
];

/**
 * Pages of a sign-in. Without form-action: Chromium checks it along the whole chain of redirects after a form, and that
 * chain ends at the client and may lead through any identity provider. Without Cross-Origin-Opener-Policy: a client that
 * opened the sign-in in a window of its own must be able to talk to that window when it comes back.
 */
const passage: Headers = [
  ['Cache-Control', 'no-store'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Content-Security-Policy', pagePolicy],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'],
];

/** Pages that people stay on (account, console): forms and windows stay at home. */
const home: Headers = [
  ...passage.map(([name, value]) =>
    name === 'Content-Security-Policy' ? ([name, `${value};form-action 'self'`] as const) : ([name, value] as const),
  ),
  ['Cross-Origin-Opener-Policy', 'same-origin'],
];

const machinePaths = new Set(
  ['token', 'introspect', 'revoke', 'userinfo', 'jwks', 'register', 'par', 'device', 'ciba', 'tokeninfo']
    .map((name) => `/oauth2/${name}`)
    // What policies of old gateways call, where it is switched on.
    .concat('/validate', '/as/token.oauth2'),
);
const machineAreas = ['/oauth2/register/', '/.well-known/', '/admin/api/', '/gateway/', '/access/', '/ssf/'];
const passageAreas = ['/oauth2/', '/signin/', '/federation/', '/device'];
/** A test of a connection leads through its provider, as a sign-in does. */
const test = /^\/admin\/connections\/[^/]+\/test\//;

/** Whether programs rather than browsers call this path. */
export const forMachines = (path: string): boolean =>
  machinePaths.has(path) || machineAreas.some((area) => path.startsWith(area));

/** The security headers that fit a path; they are chosen from lists made once, since every request pays. */
export function securityHeaders(strictTransport: boolean): (path: string) => Headers {
  const transport: Headers = strictTransport ? [['Strict-Transport-Security', 'max-age=31536000']] : [];
  const lists = {
    machine: [...machine, ...transport],
    passage: [...passage, ...transport],
    home: [...home, ...transport],
  };
  return (path) => {
    if (forMachines(path)) return lists.machine;
    return passageAreas.some((area) => path.startsWith(area)) || test.test(path) ? lists.passage : lists.home;
  };
}

/** Puts headers on an answer. */
export function protect(response: ServerResponse, headers: Headers): void {
  for (const [name, value] of headers) response.setHeader(name, value);
}

/** Headers of a page on a path that usually answers programs (an error shown to a browser at /oauth2/token). */
export const pageHeaders = (response: ServerResponse): void => protect(response, passage);
