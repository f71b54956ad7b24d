import type { Kind } from './products.ts';

/** One way through an API: what of it, by which methods, asks for which permission. */
export interface Way {
  /** Methods in capitals; empty: any. */
  readonly methods: readonly string[];
  /** `/orders/**`: `*` and `{name}` are one segment, `**` is the rest. */
  readonly template: string;
  readonly permission: string;
}

/** An API as a gateway has to know it. */
export interface Guarded {
  readonly audience: string;
  readonly host?: string | undefined;
  readonly tokenFormat: 'opaque' | 'jwt';
  readonly signingAlg: string;
  /** Most specific first. */
  readonly ways: readonly Way[];
  /** The roles that hold something on it. */
  readonly roles: readonly string[];
  /** Introspection leaves out everything but active, client_id, sub, scope and exp. */
  readonly minimal: boolean;
  /** Life of its access tokens (seconds). */
  readonly ttl: number;
}

/** What a configuration is made of. */
export interface Deployment {
  readonly issuer: string;
  /** Where the gateway reaches this server; the issuer, or an address on the inside. No slash at the end. */
  readonly reach: string;
  readonly client: {
    readonly id: string;
    readonly secret: string;
    /** How long the gateway may keep an answer (seconds); 0: not at all. */
    readonly keep: number;
    readonly redirectUri?: string | undefined;
  };
  readonly apis: readonly Guarded[];
  readonly upstream: URL;
  /** The authorities whose certificates it believes (file). */
  readonly ca: string;
  /** Where the gateway listens. */
  readonly port: number;
}

/** A file of a configuration. */
export interface GatewayFile {
  readonly name: string;
  readonly text: string;
}

/** How a kind of gateway decides, which says what has to be true before it can. */
export type Asks = 'introspection' | 'forward-auth' | 'jwt' | 'sign-in';

/** A kind of gateway and the writing of its configuration. */
export interface Guide {
  readonly kind: Kind;
  readonly about: string;
  readonly asks: Asks;
  /** What of a caller's headers reaches the service, where it is not as everywhere. */
  readonly headers?: string;
  /** It introspects the tokens of every API, whatever it guards. */
  readonly everyApi?: true;
  /** It verifies RSA signatures only. */
  readonly rsaOnly?: true;
  files(deployment: Deployment): readonly GatewayFile[];
}

/** What forward-auth tells the service behind; nobody else may say it. */
export const authHeaders = [
  'X-Auth-Subject',
  'X-Auth-Client',
  'X-Auth-Username',
  'X-Auth-Scope',
  'X-Auth-Roles',
  'X-Auth-Groups',
  'X-Auth-Entitlements',
  'X-Auth-Organization',
  'X-Auth-Tier',
  'X-Auth-Truncated',
] as const;

/** A host as products name it: without its port. */
export const hostName = (host: string): string => host.replace(/:\d+$/, '');

/** With which claims a gateway that introspects fills the same headers. */
export const claimHeaders = [
  ['sub', 'X-Auth-Subject'],
  ['client_id', 'X-Auth-Client'],
  ['scope', 'X-Auth-Scope'],
  ['roles_str', 'X-Auth-Roles'],
] as const;

/** What a caller can send to be taken for another request; a gateway overwrites it or does not hand it on. */
export const questionHeaders = [
  'X-Original-Method',
  'X-Original-URI',
  'X-Original-URL',
  'X-Forwarded-Method',
  'X-Forwarded-Uri',
] as const;

/** What a caller may say in none of these words: every gateway takes them away. */
export const cleared = [...authHeaders, ...questionHeaders];

/** `POST /oauth2/introspect` as this gateway reaches it. */
export const introspectUrl = ({ reach }: Deployment): string => `${reach}/oauth2/introspect`;
/** The forward-auth endpoint as this gateway reaches it. */
export const authorizeUrl = ({ reach }: Deployment): string => `${reach}/gateway/authorize`;
/** The key set as this gateway reaches it. */
export const jwksUrl = ({ reach }: Deployment): string => `${reach}/oauth2/jwks`;

/** `Basic …` of the client; its ids and secrets need no encoding. */
export const basic = ({ client: { id, secret } }: Deployment): string => `Basic ${basicOf(id, secret)}`;

/** The same without its scheme. */
export const basicOf = (id: string, secret: string): string => Buffer.from(`${id}:${secret}`).toString('base64');

/** Host and port of an address, the usual port where it names none. */
export function endpoint(address: string | URL): { host: string; port: number; tls: boolean } {
  const { hostname, port, protocol } = new URL(address);
  const tls = protocol === 'https:';
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (tls ? 443 : 80), tls };
}

/** Whether a configuration still needs the secret to be filled in. */
export const placeholder = 'PUT-THE-SECRET-HERE';

/** A text as a regular expression that matches it alone; with classes, since Apache takes backslashes out of what is quoted. */
export const escaped = (text: string): string =>
  text.replaceAll(/[.*+?${}()[]/g, '[$&]').replaceAll(/(?<!\[)[\^](?!\])/g, '\\$&');

/** The template as a regular expression that every engine reads (RE2, PCRE, Lua's ngx.re, ECMAScript), anchored. */
export function pattern(template: string): string {
  const segments = template.split('/').slice(1);
  const rest = segments.at(-1) === '**';
  const parts = (rest ? segments.slice(0, -1) : segments).map((segment) =>
    segment === '*' || /^\{[^}]*\}$/.test(segment) ? '/[^/]+' : `/${escaped(segment)}`,
  );
  return `^${parts.join('')}${rest ? '(?:/.*)?' : ''}$`;
}

/** Ways under names that fit every product: `way-1-orders-read`. */
export const wayName = ({ permission }: Way, index: number): string =>
  `way-${index + 1}-${permission.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '')}`;

/** A name of an API that fits every product: `api-example-test-orders`. */
export const apiName = ({ audience }: Guarded): string =>
  audience
    .replace(/^[a-z][a-z0-9+.-]*:\/*/i, '')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .toLowerCase();

/** A text in YAML, also where it would be read as a number, a switch or more than one word. */
export const yamlText = (text: string): string =>
  /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[a-z][\w.-]*$/i.test(text) ? text : JSON.stringify(text);

/** Lines as a comment of this kind, with a mark before each. */
export const comment = (mark: string, lines: readonly string[]): string =>
  lines.map((line) => `${mark} ${line}`.trimEnd()).join('\n');

/** Every way of every API, with the API that it belongs to. */
export const allWays = ({ apis }: Deployment): { api: Guarded; way: Way; name: string }[] =>
  apis.flatMap((api) => api.ways.map((way, index) => ({ api, way, name: wayName(way, index) })));
