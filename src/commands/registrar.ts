import { grantTypes } from '../clients/members.ts';
import { given } from '../http/given.ts';
import { registrarReply, registrarWithToken } from '../routes/registrar-document.ts';
import { misused } from './command.ts';
import { deskCommand } from './desk.ts';
import { columns, facts, moment } from './listing.ts';
import { future, named, whole } from './reading.ts';

const options = {
  approve: { value: 'HOW', choices: ['at-once', 'pending'], about: 'Whether its clients wait for an administrator' },
  grant: { value: 'G', repeat: true, choices: grantTypes, about: 'The only grants that its clients may have' },
  scope: { value: 'S', repeat: true, about: 'The only scopes that its clients may ask for' },
  'redirect-host': { value: 'H', repeat: true, about: 'The only hosts of redirect URIs: app.example, *.example' },
  pkce: { value: 'P', choices: ['required', 'optional'], about: 'optional: its confidential clients may use nonce' },
  limit: { value: 'N', about: 'The most clients that it may have' },
  expires: { value: 'TIME', about: 'When its credential ends, such as 2030-01-31T18:00:00Z' },
} as const;

interface Said {
  readonly approve: 'at-once' | 'pending' | undefined;
  readonly grant: readonly (typeof grantTypes)[number][];
  readonly scope: readonly string[];
  readonly 'redirect-host': readonly string[];
  readonly pkce: 'required' | 'optional' | undefined;
  readonly limit: string | undefined;
  readonly expires: string | undefined;
}

/** What was named, as a document says it. */
const said = (options: Said) =>
  given({
    approve: options.approve,
    grants: named(options.grant),
    scopes: named(options.scope.flatMap((scope) => scope.split(' '))),
    redirect_hosts: named(options['redirect-host']),
    pkce: options.pkce,
    limit: whole('limit', options.limit),
    expires: future('expires', options.expires),
  });

const add = deskCommand({
  words: ['registrar', 'add'],
  operands: ['name'],
  options,
  about: 'Make a credential that registers clients (RFC 7591); it is printed once',
  async run({ operands: { name: id }, options, answer }, desk) {
    const registrar = await desk.call('addRegistrar', registrarWithToken, { body: { id, ...said(options) } });
    answer(registrar, `Added the registrar ${id}\nCredential (shown this once): ${registrar.token}`);
  },
});

const set = deskCommand({
  words: ['registrar', 'set'],
  operands: ['name'],
  options,
  about: 'Change the rules of a registrar, for what it registers from now on; what is not named stays',
  async run({ operands: { name: id }, options, answer }, desk) {
    const body = said(options);
    if (Object.keys(body).length === 0) throw misused('name what to change');
    answer(await desk.call('changeRegistrar', registrarReply, { params: { id }, body }), `Changed the registrar ${id}`);
  },
});

const list = deskCommand({
  words: ['registrar', 'list'],
  about: 'List the registrars',
  async run({ answer }, desk) {
    const all = await desk.all('listRegistrars', registrarReply);
    const rows = all.map((one) => {
      return [one.id, one.approve, one.grants, one.scopes, one.redirect_hosts, moment(one.expires)];
    });
    answer(all, columns(['name', 'approve', 'grants', 'scopes', 'redirect hosts', 'expires'], rows));
  },
});

const show = deskCommand({
  words: ['registrar', 'show'],
  operands: ['name'],
  about: 'Show the rules of a registrar',
  async run({ operands: { name: id }, answer }, desk) {
    const registrar = await desk.call('getRegistrar', registrarReply, { params: { id } });
    answer(registrar, facts({ ...registrar, expires: moment(registrar.expires), created: moment(registrar.created) }));
  },
});

const rotateToken = deskCommand({
  words: ['registrar', 'rotate-token'],
  operands: ['name'],
  options: { expires: options.expires },
  about: 'Give a registrar a new credential, printed once; the old one ends at once',
  async run({ operands: { name: id }, options: { expires }, answer }, desk) {
    const body = given({ expires: future('expires', expires) });
    const registrar = await desk.call('rotateRegistrarToken', registrarWithToken, { params: { id }, body });
    answer(registrar, `Credential (shown this once): ${registrar.token}`);
  },
});

const remove = deskCommand({
  words: ['registrar', 'remove'],
  operands: ['name'],
  about: 'Remove a registrar; the clients that it made stay',
  async run({ operands: { name: id }, answer }, desk) {
    await desk.tell('removeRegistrar', { params: { id } });
    answer({ id }, `Removed the registrar ${id}; its clients stay`);
  },
});

/** `sallyport registrar …` */
export const registrarCommands = [add, set, list, show, rotateToken, remove];
