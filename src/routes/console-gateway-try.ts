import type { z } from 'zod';
import { type TrialForm, type TriedView, trialContent } from '../../views/admin/gateway-try.ts';
import { listOf } from '../http/paging.ts';
import { parameter } from './account-list.ts';
import type { apiReply } from './api-document.ts';
import { clientWithUse } from './client-document.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage } from './console-page.ts';
import { trialReply } from './gateway-document.ts';

const room = '/admin/gateways';

/** A trial that makes sense at first: the first route of an API that is guarded, or of any. */
export function firstTrial(
  kind: string | undefined,
  {
    client,
    apis,
    guarded,
  }: {
    client?: string | undefined;
    apis: readonly z.output<typeof apiReply>[];
    guarded?: readonly string[] | undefined;
  },
): TrialForm {
  const api = apis.find(({ id, routes }) => routes.length > 0 && (guarded?.includes(id) ?? true));
  const [, method = 'GET', template = '/'] = /^(\S+) +(\S+)/.exec(api?.routes[0] ?? '') ?? [];
  const path = template.replace(/\/\*\*$/, '').replaceAll(/\*|\{\w+\}/g, '1') || '/';
  return { kind, client, method: method === '*' ? 'GET' : method, uri: `${api?.host ?? ''}${path}` };
}

/** Everybody who can introspect. */
async function callers(visit: ConsoleVisit): Promise<{ id: string; name: string }[]> {
  const { items } = await visit.read('listClients', listOf(clientWithUse), {
    query: { state: 'approved', limit: 500 },
  });
  return items
    .filter(({ introspects }) => introspects === 'all' || introspects.length > 0)
    .map(({ id, client_name: name }) => ({ id, name }));
}

const typedIn = ({ typed, ctx }: Pick<ConsoleVisit, 'typed' | 'ctx'>): TrialForm => {
  const told = (name: string): string | undefined => typed.get(name)?.trim() || parameter(ctx, name);
  const [kind, client] = [told('kind'), told('caller')];
  return { kind, client, method: told('method') ?? 'GET', uri: told('uri') ?? '' };
};

async function page(visit: ConsoleVisit, form: TrialForm, tried?: TriedView) {
  const all = await callers(visit);
  const { frame } = visit;
  const chosen = all.some(({ id }) => id === form.client) || form.client === undefined;
  const content = trialContent(frame, {
    ...{ form, tried },
    callers: chosen ? all : [{ id: form.client ?? '', name: form.client ?? '' }, ...all],
    up: form.kind === undefined ? room : consoleAt('gateways', form.kind),
  });
  return { title: frame.say('console.gateways.try'), content };
}

/** The pasted token, without what people copy with it. */
const bare = (pasted: string): string => pasted.trim().replace(/^(?:authorization: *)?(?:bearer|dpop) +/i, '');

/** Asks the doors of gateways with a token that is typed in. It goes into no address, and is not shown again. */
const tryPage = consolePage({
  path: `${room}/try`,
  room,
  calls: 'tryGateway',
  keeps: ['kind', 'caller', 'method', 'uri'],
  get: (visit) => page(visit, typedIn(visit)),
  async post(visit, typed) {
    const form = typedIn({ typed, ctx: visit.ctx });
    const { client, method, uri } = form;
    const body = { token: bare(typed.get('token') ?? ''), method, uri, client };
    const reply = await visit.read('tryGateway', trialReply, { body });
    return page(visit, form, triedView(visit, form, reply));
  },
});

function triedView(
  { frame: { issuer }, user }: ConsoleVisit,
  { client, method, uri }: TrialForm,
  { asked, bound_to: boundTo, forward_auth: forwardAuth, introspection }: z.output<typeof trialReply>,
): TriedView {
  const told = uri.startsWith('/')
    ? `X-Original-URI: ${uri}`
    : `X-Original-URL: ${/^https?:/i.test(uri) ? uri : `https://${uri}`}`;
  return {
    ...{ asked, boundTo, forwardAuth, timeZone: user.profile.zoneinfo },
    introspection:
      introspection && client !== undefined
        ? { ...introspection, client, href: consoleAt('applications', client) }
        : undefined,
    forwardCurl: [
      `curl -i ${issuer}/gateway/authorize`,
      `  -H ${quoted(`X-Original-Method: ${method}`)}`,
      `  -H ${quoted(told)}`,
      '  -H "Authorization: Bearer $TOKEN"',
    ].join(' \\\n'),
    introspectionCurl: [
      `curl -i ${issuer}/oauth2/introspect`,
      `  -u ${client === undefined ? 'CLIENT' : quoted(client)}:"$SECRET"`,
      '  --data-urlencode "token=$TOKEN"',
    ].join(' \\\n'),
  };
}

/** As one word for a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The page that tries. */
export const gatewayTrialPages: readonly ConsolePage[] = [tryPage];
