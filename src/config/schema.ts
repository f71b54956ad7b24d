import { z } from 'zod';
import { declaredConnections } from './connections.ts';
import { demo } from './demo.ts';
import { impersonation } from './impersonation.ts';
import { legacy } from './legacy.ts';
import { mail } from './mail.ts';
import { mfa } from './mfa.ts';
import { passwords } from './passwords.ts';
import { checked, isAuthority, isHost, isIssuer, isKey, isNameServer, isProxy, isStore } from './values.ts';
import { webauthn } from './webauthn.ts';

/** A setting with the variable that sets it and the sentence that explains it, in the README too. */
const setting = <T extends z.ZodType>(type: T, env: string, description: string, more?: Record<string, unknown>): T =>
  type.meta({ env: `SALLYPORT_${env}`, description, ...more });

const whole = (least: number, most: number, usual: number) => z.int().min(least).max(most).default(usual);
const day = 24 * 60 * 60;

const ttl = z.strictObject({
  accessToken: setting(whole(10, day, 600), 'TTL_ACCESS_TOKEN', 'Life of an access token, where its API says nothing'),
  jwt: setting(
    whole(10, day, 300),
    'TTL_JWT',
    'Life of an access token that is a JWT, where its API says nothing: its roles are those of when it was issued',
  ),
  idToken: setting(whole(10, day, 3600), 'TTL_ID_TOKEN', 'Life of an ID token'),
  code: setting(whole(5, 600, 60), 'TTL_CODE', 'Life of an authorization code'),
  interaction: setting(whole(60, day, 900), 'TTL_INTERACTION', 'How long a started sign-in may take'),
  refreshToken: z
    .strictObject({
      idle: setting(
        whole(60, 400 * day, 14 * day),
        'TTL_REFRESH_TOKEN_IDLE',
        'A refresh token ends when unused so long',
      ),
      absolute: setting(
        whole(60, 400 * day, 30 * day),
        'TTL_REFRESH_TOKEN_ABSOLUTE',
        'A chain of refresh tokens ends so long after the sign-in, used or not',
      ),
      grace: setting(
        whole(0, 60, 10),
        'TTL_REFRESH_TOKEN_GRACE',
        'A used refresh token still gives the same successor for so long (a lost response, a second tab)',
      ),
    })
    .prefault({}),
  session: z
    .strictObject({
      idle: setting(whole(60, 400 * day, 8 * 3600), 'TTL_SESSION_IDLE', 'A session ends when unused so long'),
      absolute: setting(whole(60, 400 * day, day), 'TTL_SESSION_ABSOLUTE', 'A session ends so long after the sign-in'),
    })
    .prefault({}),
});

const allowance = (burst: number, perSecond: number, env: string, whose: string) =>
  z
    .strictObject({
      burst: setting(
        whole(1, 1_000_000, burst),
        `${env}_BURST`,
        `Failed authentications ${whose} that are free at once`,
      ),
      perSecond: setting(
        z.number().positive().max(100_000).default(perSecond),
        `${env}_PER_SECOND`,
        `Failed authentications ${whose} that become free again each second; above: 429`,
      ),
    })
    .prefault({});

const bytes = (usual: number) => whole(1024, 64 * 1024 * 1024, usual);

const limits = z.strictObject({
  body: setting(bytes(56 * 1024), 'LIMITS_BODY', 'Bytes of a request body at protocol endpoints and pages; above: 413'),
  callbackBody: setting(bytes(256 * 1024), 'LIMITS_CALLBACK_BODY', 'Bytes of a request body under /federation'),
  adminBody: setting(bytes(1024 * 1024), 'LIMITS_ADMIN_BODY', 'Bytes of a request body under /admin'),
  url: setting(whole(256, 65_536, 8192), 'LIMITS_URL', 'Characters of path and query; above: 414'),
  headers: setting(whole(10, 2000, 100), 'LIMITS_HEADERS', 'Header lines of a request; above: 431'),
  inFlight: setting(whole(1, 100_000, 1000), 'LIMITS_IN_FLIGHT', 'Requests in work at the same time; above: 503'),
  requestSeconds: setting(
    whole(1, 300, 15),
    'LIMITS_REQUEST_SECONDS',
    'A request must have arrived in so long; else 408',
  ),
  failuresPerClient: allowance(100, 1, 'LIMITS_FAILURES_PER_CLIENT', 'of one client from one address'),
  failuresPerAddress: allowance(1000, 10, 'LIMITS_FAILURES_PER_ADDRESS', 'from one address'),
});

/** Every setting: its type, check, default, variable and description. README and config/schema.json are printed from it. */
export const schema = z.strictObject({
  mode: z.enum(['development', 'production']).default('development').meta({
    env: 'NODE_ENV',
    description: '`production` refuses development defaults; NODE_ENV=production demands it, whatever the file says',
  }),
  issuer: setting(
    checked(isIssuer).default('http://localhost:3000'),
    'ISSUER',
    'The public URL, without a path; tokens carry it as `iss`. https in production',
  ),
  port: setting(whole(0, 65_535, 3000), 'PORT', 'Port of the service; 0 takes any free one'),
  host: setting(checked(isHost).optional(), 'HOST', 'Address or name that the service listens on', {
    unset: '`localhost`; `0.0.0.0` in production',
  }),
  store: setting(
    checked(isStore).default('sqlite:data/sallyport.db'),
    'STORE',
    '`sqlite:PATH` (relative to the working directory), `memory:` or `mongodb://…`',
    { secret: true },
  ),
  masterKey: setting(
    checked(isKey)
      .transform((text) => Buffer.from(text, 'base64'))
      .optional(),
    'MASTER_KEY',
    '32 random bytes in base64 (`openssl rand -base64 32`): seals every secret at rest, and cookies are signed under it',
    { secret: true, unset: 'development: made once, kept beside the store with mode 0600' },
  ),
  trustedProxies: setting(
    z.array(checked(isProxy)).default([]),
    'TRUSTED_PROXIES',
    'Addresses and CIDR ranges whose X-Forwarded-* (and client certificate header) are believed',
  ),
  clientCertificateHeader: setting(
    z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of a header, such as X-Client-Certificate')
      .optional(),
    'CLIENT_CERTIFICATE_HEADER',
    'Header in which a trusted proxy hands on the verified client certificate (PEM, percent-encoded or not)',
    { unset: 'off' },
  ),
  internalHosts: setting(
    z.array(checked(isAuthority)).default([]),
    'INTERNAL_HOSTS',
    'Further Host values (`sallyport:3000`) under which programs, never browsers, may call inside a private network',
  ),
  opsPort: setting(whole(0, 65_535, 9090), 'OPS_PORT', 'Port of health and metrics; 0 takes any free one'),
  opsHost: setting(checked(isHost).default('127.0.0.1'), 'OPS_HOST', 'Address that health and metrics listen on'),
  opsPublic: setting(
    z.boolean().default(false),
    'OPS_PUBLIC',
    'Says that `opsHost` may be an address which others can reach, because the network around keeps them out',
  ),
  drainGraceSeconds: setting(
    whole(0, 600, 0),
    'DRAIN_GRACE_SECONDS',
    'After SIGTERM, new requests are still taken for so long while `/health/ready` says no, so that a load balancer notices',
  ),
  drainSeconds: setting(whole(0, 600, 25), 'DRAIN_SECONDS', 'After that, requests in work may take so long to end'),
  log: z
    .strictObject({
      level: setting(
        z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
        'LOG_LEVEL',
        'The least important level that is logged',
      ),
      requests: setting(z.boolean().default(true), 'LOG_REQUESTS', 'One line for each request'),
    })
    .prefault({}),
  ttl: ttl.prefault({}).meta({ description: 'How long things live, in seconds' }),
  keys: z
    .strictObject({
      rotationDays: setting(
        whole(1, 3650, 90),
        'KEYS_ROTATION_DAYS',
        'Days after which the next signing key takes over',
      ),
    })
    .prefault({}),
  limits: limits.prefault({}).meta({ description: 'What one caller, and all together, may ask for' }),
  outgoing: z
    .strictObject({
      timeoutMs: setting(whole(100, 60_000, 2500), 'OUTGOING_TIMEOUT_MS', 'Milliseconds for a request that we make'),
      maxBytes: setting(bytes(256 * 1024), 'OUTGOING_MAX_BYTES', 'Bytes of an answer that we read'),
      allowPrivate: setting(
        z.boolean().default(false),
        'OUTGOING_ALLOW_PRIVATE',
        'Lets requests that we make go to http and to private addresses',
      ),
      nameServers: setting(
        z.array(checked(isNameServer)).default([]),
        'OUTGOING_NAME_SERVERS',
        'Name servers that are asked for the proofs of domains, where the system’s own give another view than the world has',
        { unset: 'those of the system' },
      ),
    })
    .prefault({}),
  registration: z
    .strictObject({
      approve: setting(
        z.enum(['pending', 'at-once']).default('pending'),
        'REGISTRATION_APPROVE',
        'Whether clients of a new registrar wait for an administrator, where it is not said',
      ),
      limit: setting(
        whole(1, 1_000_000, 1000),
        'REGISTRATION_LIMIT',
        'Clients that a new registrar may have, where it is not said',
      ),
    })
    .prefault({}),
  mfa: mfa.prefault({}).meta({ description: 'Second factors, where no policy says otherwise' }),
  mail: mail.prefault({}),
  passwords: passwords.prefault({}),
  impersonation,
  webauthn: webauthn.prefault({}).meta({ description: 'Security keys and passkeys' }),
  legacy: legacy.prefault({}).meta({ description: 'Answers for gateway policies older than introspection' }),
  connections: declaredConnections,
  demo: demo.optional(),
});

/** The settings as they are used: complete, checked, frozen. Each part of the house gets its slice. */
export type Config = z.output<typeof schema> & { host: string };
