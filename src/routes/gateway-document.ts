import { z } from 'zod';

const text = z.string();

/** Parsers of addresses let signs through that end a word in the files of gateways. */
const hostForm = /^(?:[a-z\d._-]+|\[[\da-f:.]+\])$/;

/** `http://127.0.0.1:8080`: an address without a path. */
export function isOrigin(typed: string): boolean {
  const url = URL.canParse(typed) ? new URL(typed) : undefined;
  return (
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    hostForm.test(url.hostname) &&
    [url.pathname, url.search, url.hash, url.username, url.password].join('') === '/'
  );
}

const origin = text
  .max(500)
  .refine(isOrigin, { error: 'must be an address such as http://127.0.0.1:8080, without a path' });

const bound = z
  .object({
    until: z.enum(['request', 'seconds', 'token', 'cache']).meta({
      description:
        'At the next request, after so many seconds, when the token ends, or when the own cache of the gateway says so',
    }),
    seconds: z.int().optional().meta({ description: 'At most' }),
  })
  .meta({ description: 'How long a revoked token, or a role that was taken away, can still count' });

/** A kind of gateway. */
const kindReply = z
  .object({
    kind: text.meta({ description: 'nginx, kong, …' }),
    name: text.meta({ description: 'As its makers call it' }),
    asks: z.enum(['introspection', 'forward-auth', 'jwt', 'sign-in']).meta({ description: 'How it decides' }),
    about: text,
    every_api: z.boolean().meta({ description: 'It introspects the tokens of every API, whatever it guards' }),
    rsa_only: z.boolean().meta({ description: 'It verifies RSA signatures only' }),
    bound: z.object({
      unkept: bound.meta({
        description: 'For a client without introspection_cache_seconds, with the usual life of tokens',
      }),
      measured: z
        .object({ unkept: z.number(), five: z.number().optional() })
        .optional()
        .meta({ description: 'The longest in ten trials (seconds), without kept seconds and with five' }),
    }),
    run: z.boolean().meta({ description: 'The tests of this server start the product on what is written' }),
  })
  .meta({ id: 'GatewayKind', description: 'A product that can stand before an API' });

/** All kinds of gateways. */
export const kindsReply = z.object({ items: z.array(kindReply), next: z.null() });

/** What a configuration is written for. */
export const configurationBody = z.strictObject({
  client: text.max(200).meta({ description: 'The client that the gateway is' }),
  apis: z
    .array(text.max(200))
    .max(200)
    .optional()
    .meta({ description: 'The audiences that it guards (usually all with routes that it may see)' }),
  upstream: origin.optional().meta({ description: 'The service behind it (http://127.0.0.1:8080)' }),
  reach: origin.optional().meta({ description: 'Where it reaches this server, if not at the issuer' }),
  ca: text
    .regex(/^[\w./@+:~-]{1,300}$/)
    .optional()
    .meta({ description: 'The file of authorities that it believes (/etc/ssl/certs/ca-certificates.crt)' }),
  port: z.int().min(1).max(65_535).optional().meta({ description: 'Where it listens (8000)' }),
  stand_in: text
    .regex(/^[\w-]{16,100}$/)
    .optional()
    .meta({
      description:
        'What stands for the secret, so that a program can put it in its place: the secret itself is not sent (PUT-THE-SECRET-HERE)',
    }),
});

/** A configuration. */
export const configurationReply = z
  .object({
    kind: text,
    files: z.array(z.object({ name: text.regex(/^\w[\w.-]*$/), text })),
    apis: z.array(text).meta({ description: 'The audiences that are guarded' }),
    unrouted: z.array(text).meta({ description: 'Those of them without a route: nothing of them is let through' }),
    stand_ins: z.array(z.object({ text, by: z.enum(['secret', 'basic', 'environment']) })).meta({
      description:
        'What in the files has to be replaced: by the secret, by base64 of client:secret; or a variable of the environment that holds it',
    }),
    bound,
  })
  .meta({ id: 'GatewayConfiguration', description: 'What a gateway is configured with for this server as it is now' });

/** What is tried. */
export const trialBody = z.strictObject({
  token: text.min(1).max(12_000).meta({ description: 'An access token; it is kept nowhere' }),
  method: text.max(30).meta({ description: 'GET' }),
  uri: text.min(1).max(4000).meta({
    description: 'api.example.com/orders/7, or /orders/7 as a gateway asks that does not tell the host',
  }),
  client: text.max(200).optional().meta({ description: 'Who introspects it' }),
});

/** What would come of it. */
export const trialReply = z
  .object({
    asked: z
      .object({ api: text, route: text, permission: text })
      .optional()
      .meta({ description: 'The route that takes the request, and the permission that it asks for' }),
    bound_to: z
      .enum(['key', 'certificate'])
      .optional()
      .meta({ description: 'The token counts only with a proof of it, so forward-auth cannot be tried here' }),
    forward_auth: z
      .object({
        status: z.int(),
        headers: z.array(z.object({ name: text, value: text })),
        code: text.optional(),
        detail: text.optional().meta({ description: 'Why it is refused' }),
      })
      .optional()
      .meta({ description: 'What /gateway/authorize answers at this moment; no limit of a tier is used up by it' }),
    introspection: z
      .object({ status: z.int(), body: z.record(text, z.unknown()) })
      .optional()
      .meta({ description: 'What /oauth2/introspect answers the client at this moment' }),
  })
  .meta({ id: 'GatewayTrial', description: 'What a gateway would be told' });
