import { grantTypes } from '../clients/members.ts';
import type { Registrar } from '../clients/registrars.ts';
import { given } from '../http/given.ts';
import { command } from './command.ts';
import { columns, everything, moment } from './listing.ts';
import { actor, inHouse } from './office.ts';
import { future, whole } from './reading.ts';

/** A registrar as the CLI shows it; its credential is known by a fingerprint only, which stays here. */
const shown = ({ id, approve, grants, scopes, redirectHosts, pkce, expires, limit, created }: Registrar) => ({
  id,
  approve,
  grants,
  scopes,
  redirect_hosts: redirectHosts,
  pkce,
  expires,
  limit,
  created,
});

const add = command({
  words: ['registrar', 'add'],
  operands: ['name'],
  options: {
    approve: { value: 'HOW', choices: ['at-once', 'pending'], about: 'Whether its clients wait for an administrator' },
    grant: { value: 'G', repeat: true, choices: grantTypes, about: 'The only grants that its clients may have' },
    scope: { value: 'S', repeat: true, about: 'The only scopes that its clients may ask for' },
    'redirect-host': { value: 'H', repeat: true, about: 'The only hosts of redirect URIs: app.example, *.example' },
    pkce: { value: 'P', choices: ['required', 'optional'], about: 'optional: its confidential clients may use nonce' },
    limit: { value: 'N', about: 'The most clients that it may have' },
    expires: { value: 'TIME', about: 'When its credential ends, such as 2030-01-31T18:00:00Z' },
  },
  about: 'Make a credential that registers clients (RFC 7591); it is printed once',
  run: ({ operands: { name: id }, options, answer }) =>
    inHouse(async ({ registrars }, { registration }) => {
      const rules = given({
        id,
        approve: options.approve ?? registration.approve,
        grants: [...options.grant],
        scopes: options.scope.flatMap((scope) => scope.split(' ')),
        redirectHosts: [...options['redirect-host']],
        pkce: options.pkce,
        expires: future('expires', options.expires),
        limit: whole('limit', options.limit) ?? registration.limit,
      });
      const { registrar, token } = await registrars.add(rules, actor);
      answer({ ...shown(registrar), token }, `Added the registrar ${id}\nCredential (shown this once): ${token}`);
    }),
});

const list = command({
  words: ['registrar', 'list'],
  about: 'List the registrars',
  run: ({ answer }) =>
    inHouse(async ({ registrars }) => {
      const all = await everything((page) => registrars.list(page));
      const rows = all.map(({ id, approve, grants, scopes, redirectHosts, expires }) => {
        return [id, approve, grants, scopes, redirectHosts, moment(expires)];
      });
      answer(all.map(shown), columns(['name', 'approve', 'grants', 'scopes', 'redirect hosts', 'expires'], rows));
    }),
});

const remove = command({
  words: ['registrar', 'remove'],
  operands: ['name'],
  about: 'Remove a registrar; the clients that it made stay',
  run: ({ operands: { name }, answer }) =>
    inHouse(async ({ registrars }) => {
      await registrars.remove(name, actor);
      answer({ id: name }, `Removed the registrar ${name}; its clients stay`);
    }),
});

/** `sallyport registrar …` */
export const registrarCommands = [add, list, remove];
