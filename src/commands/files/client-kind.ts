import { z } from 'zod';
import { newClientBody } from '../../routes/client-document.ts';
import type { Desk } from '../desk.ts';
import { type Address, type Doc, type Found, type Kind, type Member, picked, textOf, textsOf } from './kind.ts';

const reply = z.record(z.string(), z.unknown());
const schema = newClientBody.extend({
  client_id: z.string(),
  client_secret: z.string().optional(),
  state: z.enum(['pending', 'approved', 'suspended']).optional(),
});
const names = Object.keys(schema.shape);

const document = (one: Doc): Doc => picked(one, names);

/** Registered by others, it is theirs; and what is over is history. */
function foreign({ registrar, state }: Doc): string | undefined {
  if (registrar !== undefined) return `was registered by ${textOf(registrar)}, who looks after it`;
  return state === 'rejected' || state === 'revoked'
    ? `is ${state} for ever; remove it, or take another client_id`
    : undefined;
}

async function found(desk: Desk): Promise<Found[]> {
  return (await desk.all('listClients', reply)).map((one) => {
    const id = textOf(one.id);
    const held = Array.isArray(one.secrets) && one.secrets.length > 0 ? ['client_secret'] : [];
    return { key: id, address: { id }, document: document(one), foreign: foreign(one), held };
  });
}

const moves: Record<string, string> = {
  'pending approved': 'approveClient',
  'suspended approved': 'resumeClient',
  'approved suspended': 'suspendClient',
};

async function moved(desk: Desk, params: Address, { before = 'approved', after }: Member, match = '') {
  // Nothing leads back to pending, and from there to suspended only past approved: the server says so.
  const name = moves[`${before} ${after}`] ?? 'suspendClient';
  return (await desk.read(name, { params, body: {}, match })).etag;
}

async function rotated(desk: Desk, params: Address, { after }: Member, match = '') {
  return (await desk.read('rotateClientSecret', { params, body: { client_secret: after }, match })).etag;
}

const fitting = z.object({ fits: z.boolean() });
const asksSecret = ({ token_endpoint_auth_method: method = 'client_secret_basic' }: Doc): boolean =>
  method === 'client_secret_basic' || method === 'client_secret_post';

/** Applications and gateways, under the names of RFC 7591. */
export const clients: Kind = {
  name: 'clients',
  noun: 'client',
  schema,
  key: ({ client_id: id }) => textOf(id),
  found,
  document,
  usual({ client_id: name, grant_types: grants = ['authorization_code'] }) {
    const interactive = textsOf(grants).includes('authorization_code');
    return {
      ...{ client_name: name, state: 'approved', first_party: true, introspects: [], pkce: 'required' },
      ...{ application_type: 'web', token_endpoint_auth_method: 'client_secret_basic', redirect_uris: [] },
      ...{ grant_types: ['authorization_code'], response_types: interactive ? ['code'] : [] },
    };
  },
  operations: { add: 'addClient', get: 'getClient', change: 'changeClient', remove: 'removeClient' },
  made({ state, ...body }) {
    return state === 'suspended' ? { body, later: ['state'] } : { body: { ...body, ...picked({ state }, ['state']) } };
  },
  deeds: { state: moved, client_secret: rotated },
  secrets: ['client_secret'],
  async fits(desk, params, _name, secret) {
    const { fits } = await desk.call('checkClientSecret', fitting, { params, body: { client_secret: secret } });
    return fits;
  },
  hint: (said) =>
    asksSecret(said) && said.client_secret === undefined
      ? `nobody has the secret of the client ${textOf(said.client_id)}; make one: sallyport client rotate-secret ${textOf(said.client_id)}`
      : undefined,
};
