import type { Api } from '../directory/access.ts';
import { type AcrLevel, acrLevels, type ClaimProfile, claimProfiles } from '../directory/terms.ts';
import type { House } from '../house.ts';
import { given } from '../http/given.ts';
import { missing } from '../kernel/errors.ts';
import { apiDocument as shown } from '../routes/api-document.ts';
import { command } from './command.ts';
import { columns, everything, facts } from './listing.ts';
import { actor, inHouse } from './office.ts';
import { whole } from './reading.ts';

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

interface Given {
  readonly permission: readonly string[];
  readonly 'token-format': Api['tokenFormat'] | undefined;
  readonly 'signing-alg': Api['signingAlg'] | undefined;
  readonly 'token-ttl': string | undefined;
  readonly route: readonly string[];
  readonly acr: 'none' | AcrLevel | undefined;
  readonly 'max-age': string | undefined;
  readonly profile: ClaimProfile | undefined;
  readonly host: string | undefined;
}

/** What it demands of a sign-in: what is not named stays, `none` and 0 take it away. */
const demands = ({ acr, maxAge }: Api, options: Given) => {
  const age = whole('max-age', options['max-age']) ?? maxAge;
  const level = options.acr ?? acr;
  return given({ acr: level === 'none' ? undefined : level, maxAge: age === 0 ? undefined : age });
};

const changed = ({ acr, maxAge, ...before }: Api, options: Given): Api => ({
  ...before,
  ...demands({ ...before, ...given({ acr, maxAge }) }, options),
  ...given({
    permissions: options.permission.length > 0 ? [...options.permission] : undefined,
    routes: options.route.length > 0 ? [...options.route] : undefined,
    tokenFormat: options['token-format'],
    signingAlg: options['signing-alg'],
    tokenTtl: whole('token-ttl', options['token-ttl']),
    host: options.host,
    profile: options.profile,
  }),
});

async function known(audience: string, { access }: House): Promise<Api> {
  const api = await access.api(audience);
  if (!api) throw missing(`The API ${audience}`);
  return api;
}

const add = command({
  words: ['api', 'add'],
  operands: ['audience'],
  options,
  about: 'Add an API that tokens can be for',
  run: ({ operands: { audience }, options, answer }) =>
    inHouse(async ({ access }) => {
      const plain: Api = { id: audience, permissions: [], tokenFormat: 'opaque', signingAlg: 'RS256', routes: [] };
      const api = await access.addApi(changed(plain, options), actor);
      answer(shown(api), `Added the API ${api.id}`);
    }),
});

const set = command({
  words: ['api', 'set'],
  operands: ['audience'],
  options,
  about: 'Change an API; what is not named stays',
  run: ({ operands, options, answer }) =>
    inHouse(async (house) => {
      const api = await house.access.saveApi(changed(await known(operands.audience, house), options), actor);
      answer(shown(api), `Changed the API ${api.id}`);
    }),
});

const list = command({
  words: ['api', 'list'],
  about: 'List the APIs',
  run: ({ answer }) =>
    inHouse(async ({ access }) => {
      const all = await everything((page) => access.apis(page));
      const rows = all.map((api) => [api.id, api.tokenFormat, api.permissions]);
      answer(all.map(shown), columns(['audience', 'tokens', 'permissions'], rows));
    }),
});

const show = command({
  words: ['api', 'show'],
  operands: ['audience'],
  about: 'Show an API',
  run: ({ operands, answer }) =>
    inHouse(async (house) => {
      const api = shown(await known(operands.audience, house));
      answer(api, facts(api));
    }),
});

const remove = command({
  words: ['api', 'remove'],
  operands: ['audience'],
  about: 'Remove an API on which no role has permissions',
  run: ({ operands: { audience }, answer }) =>
    inHouse(async ({ access }) => {
      await access.removeApi(audience, actor);
      answer({ id: audience }, `Removed the API ${audience}`);
    }),
});

/** `sallyport api …` */
export const apiCommands = [add, set, list, show, remove];
