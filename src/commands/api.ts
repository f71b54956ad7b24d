import { type AcrLevel, acrLevels, type ClaimProfile, claimProfiles } from '../directory/terms.ts';
import { given } from '../http/given.ts';
import { apiReply } from '../routes/api-document.ts';
import { deskCommand } from './desk.ts';
import { columns, facts, few } from './listing.ts';
import { named, whole } from './reading.ts';

const options = {
  permission: {
    value: 'P',
    repeat: true,
    about: 'A permission, which is a scope that clients ask for; replaces those it has',
  },
  'token-format': {
    value: 'FORMAT',
    choices: ['opaque', 'jwt'],
    about: 'What access tokens look like (default opaque)',
  },
  'signing-alg': { value: 'ALG', choices: ['RS256', 'ES256', 'EdDSA'], about: 'How a JWT is signed (default RS256)' },
  'token-ttl': {
    value: 'SECONDS',
    about: 'How long its access tokens live, where it differs from the configured time',
  },
  route: {
    value: 'ROUTE',
    repeat: true,
    about: "What a gateway lets through, 'METHOD PATH = PERMISSION'; replaces those it has",
  },
  acr: {
    value: 'LEVEL',
    choices: ['none', ...acrLevels],
    about: 'What the sign-in of a person must be worth for its tokens; none takes it away',
  },
  'max-age': { value: 'SECONDS', about: 'How old the sign-in may be when its tokens are asked for; 0 takes it away' },
  profile: {
    value: 'PROFILE',
    choices: claimProfiles,
    about: 'The names in which its gateways read what a token may do (default standard)',
  },
  host: { value: 'HOST', about: 'The host under which gateways offer it' },
} as const;

interface Said {
  readonly permission: readonly string[];
  readonly 'token-format': 'opaque' | 'jwt' | undefined;
  readonly 'signing-alg': 'RS256' | 'ES256' | 'EdDSA' | undefined;
  readonly 'token-ttl': string | undefined;
  readonly route: readonly string[];
  readonly acr: 'none' | AcrLevel | undefined;
  readonly 'max-age': string | undefined;
  readonly profile: ClaimProfile | undefined;
  readonly host: string | undefined;
}

/** What was named, as a document says it; `nothing` stands for what is taken away. */
function said<N>(options: Said, nothing: N) {
  const age = whole('max-age', options['max-age']);
  return given({
    permissions: named(options.permission),
    routes: named(options.route),
    token_format: options['token-format'],
    signing_alg: options['signing-alg'],
    token_ttl: whole('token-ttl', options['token-ttl']),
    host: options.host,
    profile: options.profile,
    acr: options.acr === 'none' ? nothing : options.acr,
    max_age: age === 0 ? nothing : age,
  });
}

const add = deskCommand({
  words: ['api', 'add'],
  operands: ['audience'],
  options,
  about: 'Add an API that tokens can be for',
  async run({ operands: { audience: id }, options, answer }, desk) {
    const api = await desk.call('addApi', apiReply, { body: { id, ...said(options, undefined) } });
    answer(api, `Added the API ${api.id}`);
  },
});

const set = deskCommand({
  words: ['api', 'set'],
  operands: ['audience'],
  options,
  about: 'Change an API; what is not named stays',
  async run({ operands: { audience: id }, options, answer }, desk) {
    const api = await desk.call('changeApi', apiReply, { params: { id }, body: said(options, null) });
    answer(api, `Changed the API ${api.id}`);
  },
});

const list = deskCommand({
  words: ['api', 'list'],
  about: 'List the APIs',
  async run({ answer }, desk) {
    const all = await desk.all('listApis', apiReply);
    const rows = all.map((api) => [api.id, api.token_format, few(api.permissions)]);
    answer(all, columns(['audience', 'tokens', 'permissions'], rows));
  },
});

const show = deskCommand({
  words: ['api', 'show'],
  operands: ['audience'],
  about: 'Show an API',
  async run({ operands: { audience: id }, answer }, desk) {
    const api = await desk.call('getApi', apiReply, { params: { id } });
    answer(api, facts(api));
  },
});

const remove = deskCommand({
  words: ['api', 'remove'],
  operands: ['audience'],
  about: 'Remove an API on which no role has permissions',
  async run({ operands: { audience: id }, answer }, desk) {
    await desk.tell('removeApi', { params: { id } });
    answer({ id }, `Removed the API ${id}`);
  },
});

/** `sallyport api …` */
export const apiCommands = [add, set, list, show, remove];
