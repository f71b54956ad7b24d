import { z } from 'zod';
import type { Registrar, Registrars, RegistrarTerms } from '../clients/registrars.ts';
import { list, listOf, page } from '../http/paging.ts';
import { type Operation, operation } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';
import {
  newRegistrar,
  newRegistrarBody,
  registrarChangeBody,
  registrarDocument,
  registrarReply,
  registrarTerms,
  registrarWithToken,
} from './registrar-document.ts';

interface Parts {
  registrars: Registrars;
  /** What counts where a new registrar does not say it. */
  registration: Required<Pick<RegistrarTerms, 'approve' | 'limit'>>;
}

const params = z.object({ id: z.string() });
const write = 'registrars:write';

async function known({ registrars }: Parts, id: string): Promise<Registrar> {
  const registrar = await registrars.get(id);
  if (!registrar) throw missing(`The registrar ${id.slice(0, 200)}`);
  return registrar;
}

/** The admin API's operations on registrars; `sallyport registrar` makes the same calls. */
export const adminRegistrars = (parts: Parts): Operation[] => [...reading(parts), ...changing(parts), ...ending(parts)];

const reading = (parts: Parts): Operation[] => [
  operation({
    name: 'listRegistrars',
    method: 'get',
    path: '/registrars',
    about: 'List registrars in the order of their names',
    permission: 'registrars:read',
    query: page,
    reply: listOf(registrarReply),
    async run({ query }) {
      const { items, next } = await list(query, (where) => parts.registrars.list(where));
      return { items: items.map(registrarDocument), next };
    },
  }),
  operation({
    name: 'getRegistrar',
    method: 'get',
    path: '/registrars/:id',
    about: 'Show a registrar',
    permission: 'registrars:read',
    params,
    reply: registrarReply,
    versioned: registrarReply,
    run: async ({ params: { id } }) => registrarDocument(await known(parts, id)),
  }),
];

const changing = (parts: Parts): Operation[] => [
  operation({
    name: 'addRegistrar',
    method: 'post',
    path: '/registrars',
    about: 'Make a credential that registers clients (RFC 7591); it is shown this once',
    permission: write,
    body: newRegistrarBody,
    reply: registrarWithToken,
    status: 201,
    async run({ body, actor }) {
      const { registrar, token } = await parts.registrars.add(newRegistrar(body, parts.registration), actor);
      return { ...registrarDocument(registrar), token };
    },
  }),
  operation({
    name: 'changeRegistrar',
    method: 'patch',
    path: '/registrars/:id',
    about: 'Change the rules of a registrar, for what it registers or updates from now on; what is not named stays',
    permission: write,
    params,
    body: registrarChangeBody,
    reply: registrarReply,
    versioned: registrarReply,
    async run({ params: { id }, body, actor, expect }) {
      const look = (now: Registrar): void => expect(registrarDocument(now));
      return registrarDocument(await parts.registrars.change(id, registrarTerms(body), actor, look));
    },
  }),
];

const ending = (parts: Parts): Operation[] => [
  operation({
    name: 'rotateRegistrarToken',
    method: 'post',
    path: '/registrars/:id/token',
    about: 'Give a new credential, shown this once; the old one ends at once',
    permission: write,
    params,
    body: z
      .strictObject({ expires: z.int().meta({ description: 'Seconds since the epoch; usually in a year' }) })
      .partial(),
    reply: registrarWithToken,
    versioned: registrarReply,
    status: 201,
    async run({ params: { id }, body, actor, expect }) {
      expect(registrarDocument(await known(parts, id)));
      const { registrar, token } = await parts.registrars.rotateToken(id, actor, body.expires);
      return { ...registrarDocument(registrar), token };
    },
  }),
  operation({
    name: 'removeRegistrar',
    method: 'delete',
    path: '/registrars/:id',
    about: 'Remove a registrar; the clients that it made stay',
    permission: write,
    params,
    versioned: registrarReply,
    async run({ params: { id }, actor, expect }) {
      expect(registrarDocument(await known(parts, id)));
      await parts.registrars.remove(id, actor);
    },
  }),
];
