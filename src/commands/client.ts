import type { Client } from '../clients/clients.ts';
import type { GrantType } from '../clients/members.ts';
import type { House } from '../house.ts';
import { given } from '../http/given.ts';
import { fitting } from '../http/unfit.ts';
import { missing } from '../kernel/errors.ts';
import { clientChange, clientChangeBody, newClient, newClientBody, refuseUnusable } from '../routes/client-document.ts';
import { clientLifeCommands, shownClient } from './client-life.ts';
import { type ClientOptions, clientDocumentOf, clientOptions } from './client-options.ts';
import { command, misused } from './command.ts';
import { columns, everything, facts, moment } from './listing.ts';
import { actor, inHouse } from './office.ts';

/** What a client may do when nobody says so: what its other options are for, and nothing more. */
function usualGrants({ 'redirect-uri': redirects, introspect }: ClientOptions): GrantType[] {
  if (redirects.length > 0) return ['authorization_code', 'refresh_token'];
  return introspect.length > 0 ? [] : ['client_credentials'];
}

/** How a client proves itself when only its key or certificate was named. */
const usualAuth = (document: Record<string, unknown>): string | undefined =>
  document.jwks !== undefined || document.jwks_uri !== undefined
    ? 'private_key_jwt'
    : Object.keys(document).some((name) => name.startsWith('tls_client_auth_'))
      ? 'tls_client_auth'
      : undefined;

const add = command({
  words: ['client', 'add'],
  operands: ['id'],
  options: {
    ...clientOptions,
    pending: { about: 'It waits for approval' },
  },
  about: 'Add a client; its secret, where it needs one, is printed once',
  run: ({ operands: { id }, options: { pending, ...options }, answer }) =>
    inHouse(async ({ clients }, { clientCertificateHeader }) => {
      const said = clientDocumentOf(options);
      const document = {
        client_id: id,
        grant_types: usualGrants(options),
        ...given({ token_endpoint_auth_method: usualAuth(said), state: pending ? 'pending' : undefined }),
        ...said,
      };
      refuseUnusable(document, clientCertificateHeader);
      const { client, secret } = await clients.add(newClient(fitting(newClientBody, document)), actor);
      const once = secret === undefined ? '' : `\nSecret (shown this once): ${secret}`;
      answer({ ...shownClient(client), ...given({ client_secret: secret }) }, `Added the client ${id}${once}`);
    }),
});

const set = command({
  words: ['client', 'set'],
  operands: ['id'],
  options: clientOptions,
  about: 'Change a client; what is not named stays, and a list that is named replaces the one it has',
  run: ({ operands: { id }, options, answer }) =>
    inHouse(async ({ clients }, { clientCertificateHeader }) => {
      const document = clientDocumentOf(options);
      if (Object.keys(document).length === 0) throw misused('name what to change');
      refuseUnusable(document, clientCertificateHeader);
      const change = fitting(clientChangeBody, document);
      const client = await clients.change(id, (now) => clientChange(now, change), actor);
      const { token_endpoint_auth_method: method } = client.metadata;
      const bare = method?.startsWith('client_secret') && client.secrets.length === 0;
      const advice = bare ? `; it has no secret yet: sallyport client rotate-secret ${id}` : '';
      answer(shownClient(client), `Changed the client ${id}${advice}`);
    }),
});

async function known(id: string, { clients }: House): Promise<Client> {
  const client = await clients.get(id);
  if (!client) throw missing(`The client ${id}`);
  return client;
}

const list = command({
  words: ['client', 'list'],
  options: {
    state: {
      value: 'STATE',
      choices: ['pending', 'approved', 'rejected', 'suspended', 'revoked'],
      about: 'Only those that stand there',
    },
    registrar: { value: 'NAME', about: 'Only those that this registrar made' },
  },
  about: 'List the clients',
  run: ({ options: { state, registrar }, answer }) =>
    inHouse(async ({ clients }) => {
      const all = await everything((page) => clients.list(given({ state, registrar }), page));
      const rows = all.map(({ id, name, state, tier, metadata, created }) => {
        return [id, name, state, tier, metadata.grant_types, moment(created)];
      });
      answer(all.map(shownClient), columns(['id', 'name', 'state', 'tier', 'grants', 'created'], rows));
    }),
});

const show = command({
  words: ['client', 'show'],
  operands: ['id'],
  about: 'Show a client',
  run: ({ operands, answer }) =>
    inHouse(async (house) => {
      const { id, created, updated, secrets, ...rest } = shownClient(await known(operands.id, house));
      const times = secrets.map(
        (one) => `of ${moment(one.created)}${one.expires ? ` until ${moment(one.expires)}` : ''}`,
      );
      const text = facts({ ...rest, secrets: times, created: moment(created), updated: moment(updated) });
      answer({ id, created, updated, secrets, ...rest }, text);
    }),
});

const remove = command({
  words: ['client', 'remove'],
  operands: ['id'],
  about: 'Remove a client and its roles; its tokens end at once',
  run: ({ operands: { id }, answer }) =>
    inHouse(async ({ clients, forgetClient }) => {
      await clients.remove(id, actor, () => forgetClient(id, actor));
      answer({ id, client_id: id }, `Removed the client ${id}`);
    }),
});

/** `sallyport client …` */
export const clientCommands = [add, set, list, show, remove, ...clientLifeCommands];
