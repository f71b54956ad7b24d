import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { withSecret } from '../gateways/stand-in.ts';
import { given } from '../http/given.ts';
import { randomToken } from '../kernel/crypto.ts';
import { invalid } from '../kernel/errors.ts';
import { configurationReply, isOrigin, kindsReply, trialReply } from '../routes/gateway-document.ts';
import { misused } from './command.ts';
import { type Desk, deskCommand } from './desk.ts';
import { columns, facts } from './listing.ts';
import { named, whole } from './reading.ts';

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

const config = deskCommand({
  words: ['gateway', 'config'],
  operands: ['kind'],
  options,
  about: 'Write the configuration of a gateway for this server',
  async run({ operands: { kind }, options: said, server, print, tell, answer, stdin, json }, desk) {
    const { items: kinds } = await desk.call('listGatewayKinds', kindsReply);
    if (!kinds.some((one) => one.kind === kind))
      throw misused(`KIND is one of ${kinds.map((one) => one.kind).join(', ')}`);
    // The secret stays here: what is written has another text in its place.
    const standIn = said['secret-stdin'] ? randomToken() : undefined;
    const body = given({
      ...{ client: said.client, apis: named(said.api), ca: said.ca, port: port(said.port), stand_in: standIn },
      ...{ upstream: address('upstream', said.upstream), reach: address('reach', said.reach) },
    });
    const written = await desk.call('configureGateway', configurationReply, { params: { kind }, body });
    const files =
      standIn === undefined
        ? written.files
        : withSecret(written.files, {
            ...{ id: said.client, standIn },
            secret: await ownSecret(desk, said.client, { secret: await stdin(), server, tell }),
          });
    if (said.into !== undefined) {
      const paths = write(said.into, files);
      return answer({ kind, files: paths }, paths.map((path) => `Wrote ${path}`).join('\n'));
    }
    if (json || files.length === 1) return answer({ kind, files }, (files[0]?.text ?? '').trimEnd());
    return print(
      files
        .map(({ name, text }) => `─── ${name} ───\n${text}`)
        .join('\n')
        .trimEnd(),
    );
  },
});

function port(text: string | undefined): number | undefined {
  const number = whole('port', text);
  if (number !== undefined && (number < 1 || number > 65_535)) throw misused('--port must be 1 to 65535');
  return number;
}

function address(option: string, text: string | undefined): string | undefined {
  if (text === undefined || isOrigin(text)) return text;
  throw misused(`--${option} must be an address such as http://127.0.0.1:8080, without a path`);
}

/** The secret, if it is one. On the machine of the server it must be the client's; it is not sent elsewhere to find out. */
async function ownSecret(
  desk: Desk,
  id: string,
  { secret, server, tell }: { secret: string; server: string | undefined; tell(text: string): void },
): Promise<string> {
  if (!/^[\x21\x23-\x26\x28-\x5b\x5d-\x7e]{1,200}$/.test(secret))
    throw invalid('The secret on standard input is empty, or has characters that no secret of a client has here');
  if (server !== undefined) {
    tell(`The secret was not sent to ${server}, so nobody has checked that it is the one of ${id}`);
    return secret;
  }
  const asked = { params: { id }, body: { client_secret: secret } };
  const { counts } = await desk.call('checkClientSecret', z.object({ counts: z.boolean() }), asked);
  if (!counts) throw invalid(`That is no secret of ${id}: sallyport client rotate-secret ${id} makes another`);
  return secret;
}

function write(directory: string, files: readonly { name: string; text: string }[]): string[] {
  mkdirSync(directory, { recursive: true });
  return files.map(({ name, text }) => {
    const path = join(directory, name);
    // They hold a secret, or will.
    writeFileSync(path, '', { mode: 0o600 });
    // A file that was there already keeps its mode.
    chmodSync(path, 0o600);
    writeFileSync(path, text);
    return path;
  });
}

const list = deskCommand({
  words: ['gateway', 'list'],
  about: 'List the kinds of gateways that a configuration can be written for',
  async run({ answer }, desk) {
    const { items } = await desk.call('listGatewayKinds', kindsReply);
    const all = items.map(({ kind, asks, about }) => ({ kind, asks, about }));
    answer(
      all,
      columns(
        ['kind', 'asks by', 'how'],
        all.map(({ kind, asks, about }) => [kind, asks, about]),
      ),
    );
  },
});

const attempt = deskCommand({
  words: ['gateway', 'try'],
  operands: ['uri'],
  options: {
    method: { value: 'METHOD', about: 'The method of the request (default GET)' },
    client: { value: 'ID', about: 'Who introspects the token; without it only forward-auth is tried' },
  },
  about: 'Say what a gateway would be told about a request, with the access token on standard input',
  async run({ operands: { uri }, options: { method = 'GET', client }, answer, stdin }, desk) {
    const token = await stdin();
    if (token === '') throw misused('give the access token on standard input: sallyport gateway try URI < FILE');
    const body = given({ uri, method, client, token });
    const tried = await desk.call('tryGateway', trialReply, { body });
    answer(tried, shown(tried));
  },
});

function shown({ asked, bound_to: boundTo, forward_auth: forwardAuth, introspection }: z.output<typeof trialReply>) {
  const headers = forwardAuth?.headers.map(({ name, value }) => [name, value] as const) ?? [];
  return facts({
    asks: asked ? `${asked.permission} on ${asked.api} (${asked.route})` : 'nothing: no route takes this request',
    'forward-auth':
      boundTo === undefined
        ? `${forwardAuth?.status} ${forwardAuth?.detail ?? 'allowed'}`
        : `not tried: the token is bound to a ${boundTo}, and counts only with a proof of it`,
    ...Object.fromEntries(headers),
    ...(introspection && { introspection: introspection.status, ...introspection.body }),
  });
}

/** `sallyport gateway …` */
export const gatewayCommands = [config, list, attempt];
