import { BlockList, isIP } from 'node:net';
import type { Config } from './schema.ts';

/** Something that the types cannot say: when it is unfit, which setting, and what to do about it. */
export interface Rule {
  readonly path: string;
  unfit(config: Config): boolean;
  readonly advice: string;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Addresses that only neighbours in a private network reach (RFC 1918, RFC 4193, link-local). */
const inside = new BlockList();
inside.addSubnet('10.0.0.0', 8);
inside.addSubnet('172.16.0.0', 12);
inside.addSubnet('192.168.0.0', 16);
inside.addSubnet('169.254.0.0', 16);
inside.addSubnet('fc00::', 7, 'ipv6');
inside.addSubnet('fe80::', 10, 'ipv6');

const within = (list: BlockList, address: string): boolean =>
  isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

const bare = (host: string): string => host.replace(/^\[|\]$/g, '');
const isLoopback = (host: string): boolean => /^(?:.+\.)?localhost$/i.test(bare(host)) || within(loopback, bare(host));

const asksNobody = ({ legacy }: Config): boolean => legacy.validate || legacy.tokeninfo;

/** What never fits together, in development either. */
export const always: readonly Rule[] = [
  {
    path: 'opsPort',
    unfit: ({ port, opsPort }) => port === opsPort && port !== 0,
    advice: 'must differ from port: health and metrics have a listener of their own',
  },
  {
    path: 'passwords.breachedFile',
    unfit: ({ passwords }) => passwords.breached === 'file' && passwords.breachedFile === undefined,
    advice: 'is missing: with passwords.breached: file it has to name the file',
  },
  {
    path: 'ttl.session.idle',
    unfit: ({ ttl }) => ttl.session.idle > ttl.session.absolute,
    advice: 'must not be longer than ttl.session.absolute, which ends a session anyway',
  },
  {
    path: 'ttl.refreshToken.idle',
    unfit: ({ ttl }) => ttl.refreshToken.idle > ttl.refreshToken.absolute,
    advice: 'must not be longer than ttl.refreshToken.absolute, which ends a refresh token anyway',
  },
  {
    path: 'legacy.from',
    unfit: (config) => asksNobody(config) && config.legacy.from.length === 0,
    advice:
      'is missing: /validate and /oauth2/tokeninfo ask nobody who it is, so the addresses of the gateways that may call them have to be listed',
  },
  {
    path: 'legacy.from',
    unfit: ({ legacy }) => legacy.from.some((one) => one.endsWith('/0')),
    advice: 'must not hold a range of all addresses: anybody could try tokens; list the gateways',
  },
];

/** 32 bytes from a generator hold about 30 different ones; a word, a repeated pattern or zeros do not. */
const looksRandom = (key: Buffer): boolean => new Set(key).size >= 16;

/** Development defaults, and what must not be seen by others: production refuses to start on any of these. */
export const production: readonly Rule[] = [
  {
    path: 'issuer',
    unfit: ({ issuer }) => !issuer.startsWith('https://'),
    advice: 'must be an https URL in production: without TLS tokens can be read on the way, and no cookie is Secure',
  },
  {
    path: 'issuer',
    unfit: ({ issuer }) => isLoopback(new URL(issuer).hostname),
    advice: 'must not be this machine in production: give the public URL, such as https://id.example.com',
  },
  {
    path: 'masterKey',
    unfit: ({ masterKey }) => masterKey === undefined,
    advice:
      'is missing: in production none is made for you; make one with "openssl rand -base64 32" and keep a copy (secrets are sealed and cookies signed under it)',
  },
  {
    path: 'masterKey',
    unfit: ({ masterKey }) => masterKey !== undefined && !looksRandom(masterKey),
    advice: 'does not look random; make one with "openssl rand -base64 32"',
  },
  {
    path: 'demo',
    unfit: ({ demo }) => demo !== undefined,
    advice: 'must not be there in production: remove the section, or take another file (SALLYPORT_CONFIG)',
  },
  {
    path: 'store',
    unfit: ({ store }) => store === 'memory:',
    advice:
      'must not be memory: in production, where everything would be lost at every stop; take sqlite:PATH or mongodb://…',
  },
  {
    path: 'trustedProxies',
    unfit: ({ trustedProxies }) => trustedProxies.some((one) => one.endsWith('/0')),
    advice: 'must not hold a range of all addresses: anybody could say where a request comes from; list the proxies',
  },
  {
    path: 'opsHost',
    unfit: ({ opsHost, opsPublic }) => !opsPublic && !isLoopback(opsHost) && !within(inside, opsHost),
    advice:
      'shows health and metrics to others: take 127.0.0.1 or a private address, or say opsPublic: true (SALLYPORT_OPS_PUBLIC) where the network keeps others out',
  },
];

/** What works, but probably not as it was meant; told by `config check` and in the log at start. */
export const remarks: readonly Rule[] = [
  {
    path: 'legacy.validate',
    unfit: ({ legacy }) => legacy.validate,
    advice:
      'opens /validate: whoever calls from legacy.from learns whose a token is, and tokens stand in addresses, which proxies log; use introspection where the gateway can',
  },
  {
    path: 'legacy.tokeninfo',
    unfit: ({ legacy }) => legacy.tokeninfo,
    advice:
      'opens /oauth2/tokeninfo: whoever calls from legacy.from learns whose a token is, and tokens may stand in addresses, which proxies log; use introspection where the gateway can',
  },
  {
    path: 'legacy.validateBearer',
    unfit: ({ legacy }) => legacy.validateBearer,
    advice: 'opens the grant validate_bearer and the path /as/token.oauth2; use introspection where the gateway can',
  },
  {
    path: 'mail.url',
    unfit: ({ mode, mail }) => mode === 'production' && mail.url === undefined,
    advice:
      'is missing: nobody is told of a new factor, a new device or a changed password, and nobody can reset a forgotten one (SALLYPORT_MAIL_URL)',
  },
  {
    path: 'trustedProxies',
    unfit: ({ issuer, trustedProxies }) => issuer.startsWith('https://') && trustedProxies.length === 0,
    advice: 'is empty: an https issuer is only answered through a proxy that ends TLS; list its address',
  },
  {
    path: 'host',
    unfit: ({ mode, host, trustedProxies }) =>
      mode === 'production' && isLoopback(host) && !trustedProxies.some((one) => isLoopback(one.split('/')[0] ?? '')),
    advice: 'is reached from this machine only, and no proxy on this machine is in trustedProxies',
  },
  {
    path: 'clientCertificateHeader',
    unfit: ({ clientCertificateHeader, trustedProxies }) =>
      clientCertificateHeader !== undefined && trustedProxies.length === 0,
    advice: 'is believed from trusted proxies only, and trustedProxies is empty',
  },
  {
    path: 'passwords.breachedFile',
    unfit: ({ passwords }) => passwords.breached !== 'file' && passwords.breachedFile !== undefined,
    advice: 'is not used: passwords.breached has to be file',
  },
  {
    path: 'outgoing.allowPrivate',
    unfit: ({ mode, outgoing }) => mode === 'production' && outgoing.allowPrivate,
    advice:
      'lets whoever registers a client make this server call into your network; allow it only where all of them are trusted',
  },
];
