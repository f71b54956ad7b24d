import type { GrantType } from '../clients/members.ts';
import { given } from '../http/given.ts';
import { clientReply, clientWithSecret } from '../routes/client-document.ts';
import { clientLifeCommands } from './client-life.ts';
import { type ClientOptions, clientDocumentOf, clientOptions } from './client-options.ts';
import { misused } from './command.ts';
import { deskCommand } from './desk.ts';
import { columns, facts, moment } from './listing.ts';

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

const add = deskCommand({
  words: ['client', 'add'],
  operands: ['id'],
  options: {
    ...clientOptions,
    pending: { about: 'It waits for approval' },
  },
  about: 'Add a client; its secret, where it needs one, is printed once',
  async run({ operands: { id }, options: { pending, ...options }, answer }, desk) {
    const said = clientDocumentOf(options);
    const body = {
      client_id: id,
      grant_types: usualGrants(options),
      ...given({ token_endpoint_auth_method: usualAuth(said), state: pending ? 'pending' : undefined }),
      ...said,
    };
    const client = await desk.call('addClient', clientWithSecret, { body });
    const { client_secret: secret } = client;
    answer(client, `Added the client ${id}${secret === undefined ? '' : `\nSecret (shown this once): ${secret}`}`);
  },
});

const set = deskCommand({
  words: ['client', 'set'],
  operands: ['id'],
  options: clientOptions,
  about: 'Change a client; what is not named stays, and a list that is named replaces the one it has',
  async run({ operands: { id }, options, answer }, desk) {
    const body = clientDocumentOf(options);
    if (Object.keys(body).length === 0) throw misused('name what to change');
    const client = await desk.call('changeClient', clientReply, { params: { id }, body });
    const { token_endpoint_auth_method: method } = client;
    const bare = method?.startsWith('client_secret') && client.secrets.length === 0;
    const advice = bare ? `; it has no secret yet: sallyport client rotate-secret ${id}` : '';
    answer(client, `Changed the client ${id}${advice}`);
  },
});

const list = deskCommand({
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
  async run({ options: { state, registrar }, answer }, desk) {
    const all = await desk.all('listClients', clientReply, { query: given({ state, registrar }) });
    const rows = all.map(({ id, client_name: name, state, tier, grant_types: grants, created }) => {
      return [id, name, state, tier, grants, moment(created)];
    });
    answer(all, columns(['id', 'name', 'state', 'tier', 'grants', 'created'], rows));
  },
});

const show = deskCommand({
  words: ['client', 'show'],
  operands: ['id'],
  about: 'Show a client',
  async run({ operands: { id }, answer }, desk) {
    const client = await desk.call('getClient', clientReply, { params: { id } });
    const { id: _same, created, updated, secrets, ...rest } = client;
    const times = secrets.map(
      (one) => `of ${moment(one.created)}${one.expires ? ` until ${moment(one.expires)}` : ''}`,
    );
    answer(client, facts({ ...rest, secrets: times, created: moment(created), updated: moment(updated) }));
  },
});

const remove = deskCommand({
  words: ['client', 'remove'],
  operands: ['id'],
  about: 'Remove a client and its roles; its tokens end at once',
  async run({ operands: { id }, answer }, desk) {
    await desk.tell('removeClient', { params: { id } });
    answer({ id, client_id: id }, `Removed the client ${id}`);
  },
});

/** `sallyport client …` */
export const clientCommands = [add, set, list, show, remove, ...clientLifeCommands];
