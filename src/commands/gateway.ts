import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '../clients/clients.ts';
import type { Config } from '../config/schema.ts';
import { isBuiltIn } from '../directory/built-in.ts';
import type { Api, Role } from '../directory/terms.ts';
import { type Guarded, type Guide, placeholder } from '../gateways/guide.ts';
import { guides } from '../gateways/guides.ts';
import { waysOf } from '../gateways/ways.ts';
import type { House } from '../house.ts';
import { invalid, missing } from '../kernel/errors.ts';
import { command, misused } from './command.ts';
import { columns, everything } from './listing.ts';
import { inHouse } from './office.ts';
import { whole } from './reading.ts';

const options = {
  client: { value: 'ID', required: true, about: 'The client that the gateway is' },
  api: { value: 'AUDIENCE', repeat: true, about: 'An API that it guards (default: all with routes that it may see)' },
  upstream: { value: 'URL', about: 'The service behind it (default http://127.0.0.1:8080)' },
  reach: { value: 'URL', about: 'Where it reaches this server, if not at the issuer (an address on the inside)' },
  ca: { value: 'FILE', about: 'Authorities that it believes (default /etc/ssl/certs/ca-certificates.crt)' },
  port: { value: 'PORT', about: 'Where it listens (default 8000)' },
  'secret-stdin': { about: 'Read the secret of the client from standard input; else a placeholder stands for it' },
  into: { value: 'DIRECTORY', about: 'Write the files there, readable for you only, instead of printing them' },
} as const;

const config = command({
  words: ['gateway', 'config'],
  operands: ['kind'],
  options,
  about: 'Write the configuration of a gateway for this server',
  run: ({ operands: { kind }, options: given, print, answer, stdin, json }) =>
    inHouse(async (house, settings) => {
      const guide = guides.find((one) => one.kind === kind);
      if (!guide) throw misused(`KIND is one of ${guides.map((one) => one.kind).join(', ')}`);
      const client = await known(given.client, house);
      const apis = await guarded(guide, given.api, client, house);
      refuseUnfit(guide, client, apis);
      const secret = given['secret-stdin'] ? await stdin() : placeholder;
      checkSecret(secret, client, house);
      const roles = await everything((page) => house.access.roles(page));
      const files = guide.files({
        issuer: settings.issuer,
        reach: address('reach', given.reach ?? settings.issuer).origin,
        client: {
          id: client.id,
          secret,
          keep: client.cacheSeconds ?? 0,
          redirectUri: client.metadata.redirect_uris?.[0],
        },
        apis: apis.map((api) => described(api, roles, settings)),
        upstream: address('upstream', given.upstream ?? 'http://127.0.0.1:8080'),
        ca: given.ca ?? '/etc/ssl/certs/ca-certificates.crt',
        port: port(given.port),
      });
      if (given.into !== undefined)
        return answer({ kind, files: write(given.into, files) }, written(given.into, files));
      if (json || files.length === 1) return answer({ kind, files }, (files[0]?.text ?? '').trimEnd());
      return print(
        files
          .map(({ name, text }) => `─── ${name} ───\n${text}`)
          .join('\n')
          .trimEnd(),
      );
    }),
});

const port = (text: string | undefined): number => {
  const number = whole('port', text) ?? 8000;
  if (number < 1 || number > 65_535) throw misused('--port must be 1 to 65535');
  return number;
};

type Files = ReturnType<Guide['files']>;

function write(directory: string, files: Files): string[] {
  mkdirSync(directory, { recursive: true });
  return files.map(({ name, text }) => {
    const path = join(directory, name);
    // They hold a secret, or will.
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  });
}

const written = (directory: string, files: Files): string =>
  files.map(({ name }) => `Wrote ${join(directory, name)}`).join('\n');

function address(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '' && url.username === '')
    return url;
  throw misused(`--${option} must be an address such as http://127.0.0.1:8080, without a path`);
}

async function known(id: string, { clients }: House): Promise<Client> {
  const client = await clients.get(id);
  if (!client) throw missing(`The client ${id}`);
  if (client.state === 'approved') return client;
  const way = client.state === 'suspended' ? 'resume' : 'approve';
  throw invalid(
    `The client ${id} is ${client.state}, so its gateway would get no answer: sallyport client ${way} ${id}`,
  );
}

const maySee = ({ introspects }: Client, { id }: Api): boolean => introspects === 'all' || introspects.includes(id);

/** The APIs that were named, or all that have routes and that the client may see where it has to. */
async function guarded(guide: Guide, named: readonly string[], client: Client, { access }: House): Promise<Api[]> {
  if (named.length === 0) {
    const all = await everything((page) => access.apis(page));
    return all.filter(
      (api) =>
        !isBuiltIn(api.id) &&
        api.routes.length > 0 &&
        (guide.asks !== 'introspection' || maySee(client, api)) &&
        (guide.asks !== 'jwt' || api.tokenFormat === 'jwt'),
    );
  }
  return Promise.all(
    [...new Set(named)].map(async (id) => {
      const api = await access.api(id);
      if (!api) throw missing(`The API ${id}`);
      return api;
    }),
  );
}

/** What has to be true before the gateway can work, with the command that makes it so. */
function refuseUnfit(guide: Guide, client: Client, apis: readonly Api[]): void {
  if (guide.asks === 'introspection') refuseBlind(guide, client, apis);
  if (guide.asks === 'jwt') refuseOpaque(guide, apis);
  const { redirect_uris: redirects = [], grant_types: grants = [] } = client.metadata;
  if (guide.asks !== 'sign-in' || (redirects.length > 0 && grants.includes('authorization_code'))) return;
  throw invalid(
    `People are sent back by a redirect URI, and ${client.id} has none: sallyport client set ${client.id} --grant authorization_code --grant refresh_token --redirect-uri https://APPLICATION/oauth2/callback`,
  );
}

function refuseBlind({ kind, everyApi }: Guide, { id, introspects, metadata }: Client, apis: readonly Api[]): void {
  const seen = introspects === 'all' ? apis.map((api) => api.id) : introspects;
  const unseen = apis.filter((api) => !seen.includes(api.id)).map((api) => api.id);
  if (introspects !== 'all' && (everyApi || introspects.length === 0 || unseen.length > 0)) {
    const wanted = everyApi || unseen.length === 0 ? ['all'] : [...introspects, ...unseen];
    throw invalid(
      `The client ${id} may not introspect these tokens: sallyport client set ${id} ${wanted.map((one) => `--introspect ${one}`).join(' ')}`,
    );
  }
  if (metadata.token_endpoint_auth_method?.startsWith('client_secret_')) return;
  throw invalid(
    `A gateway of the kind ${kind} proves itself by a secret: sallyport client set ${id} --auth client_secret_basic`,
  );
}

function refuseOpaque({ kind, rsaOnly }: Guide, apis: readonly Api[]): void {
  if (apis.length === 0) throw invalid(`${kind} verifies JWTs, and no API with routes has them: ${formatAdvice()}`);
  for (const { id, tokenFormat, signingAlg } of apis) {
    if (tokenFormat !== 'jwt')
      throw invalid(`${kind} verifies JWTs, and the tokens of ${id} are opaque: ${formatAdvice(id)}`);
    if (rsaOnly && signingAlg !== 'RS256')
      throw invalid(`${kind} verifies RSA signatures only: sallyport api set ${id} --signing-alg RS256`);
  }
}

const formatAdvice = (audience = 'AUDIENCE'): string => `sallyport api set ${audience} --token-format jwt`;

function checkSecret(secret: string, client: Client, { clients }: House): void {
  if (!/^[\x21\x23-\x26\x28-\x5b\x5d-\x7e]{1,200}$/.test(secret))
    throw invalid('The secret on standard input is empty, or has characters that no secret of a client has here');
  if (secret !== placeholder && !clients.secretFits(client, secret))
    throw invalid(`That is no secret of ${client.id}: sallyport client rotate-secret ${client.id} makes another`);
}

/** The roles that hold a permission on it, themselves or by one that they include. */
function rolesOn({ id }: Api, roles: readonly Role[]): string[] {
  const holds = new Set<string>();
  const own = (role: Role) => role.permissions.some((permission) => permission.startsWith(`${id}#`));
  for (let size = -1; size !== holds.size; ) {
    size = holds.size;
    for (const role of roles) if (own(role) || role.includes.some((name) => holds.has(name))) holds.add(role.id);
  }
  return [...holds].sort();
}

const described = (api: Api, roles: readonly Role[], { ttl }: Config): Guarded => ({
  audience: api.id,
  host: api.host,
  tokenFormat: api.tokenFormat,
  signingAlg: api.signingAlg,
  ways: waysOf(api.routes),
  roles: rolesOn(api, roles),
  minimal: api.profile === 'minimal',
  ttl: api.tokenTtl ?? ttl.accessToken,
});

const list = command({
  words: ['gateway', 'list'],
  about: 'List the kinds of gateways that a configuration can be written for',
  run: async ({ answer }) => {
    const all = guides.map(({ kind, asks, about }) => ({ kind, asks, about }));
    answer(
      all,
      columns(
        ['kind', 'asks by', 'how'],
        all.map(({ kind, asks, about }) => [kind, asks, about]),
      ),
    );
  },
});

/** `sallyport gateway …` */
export const gatewayCommands = [config, list];
