import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { choice, field } from '../account/fields.ts';
import type { Frame } from '../layout.ts';
import { strong } from '../layout.ts';
import { type AccessPart, accessHead } from './access.ts';
import { area, type Conflict, conflicts, editForm } from './forms.ts';
import { badge, type Deed, empty, facts, head, more, named, section, table } from './parts.ts';

/** An API as the console shows one. Times in seconds. */
export interface ApiView {
  id: string;
  href: string;
  /** Part of this server, which nobody changes. */
  builtIn: boolean;
  permissions: readonly string[];
  tokenFormat: string;
  signingAlg: string;
  routes: readonly { method: string; path: string; permission: string }[];
  tokenTtl?: number | undefined;
  acr?: string | undefined;
  maxAge?: number | undefined;
  host?: string | undefined;
  profile?: string | undefined;
}

/** What the list of APIs shows. */
export interface ApiList {
  open: readonly AccessPart[];
  all: readonly ApiView[];
  add?: string | undefined;
  first?: string | undefined;
  next?: string | undefined;
}

const builtInBadge = ({ say }: Frame, { builtIn }: ApiView): Html | undefined =>
  builtIn ? badge(say('console.access.built-in')) : undefined;

/** The list of APIs. */
export function apisContent(frame: Frame, list: ApiList): Html {
  const { say } = frame;
  const { open, all, add } = list;
  const deeds: Deed[] = add === undefined ? [] : [{ href: add, text: say('console.access.apis.add'), kind: 'primary' }];
  return html`${accessHead(frame, { part: 'apis', open, deeds })}
${table(say('console.access.apis'), {
  columns: [
    {
      title: say('console.access.apis.id'),
      cell: (one) => html`${named(one.href, one.id)} ${builtInBadge(frame, one)}`,
    },
    { title: say('console.access.permissions'), figures: true, cell: ({ permissions }) => permissions.length },
    { title: say('console.access.apis.routes'), figures: true, wide: true, cell: ({ routes }) => routes.length },
    { title: say('console.access.apis.format'), wide: true, cell: ({ tokenFormat }) => tokenFormat },
  ],
  rows: all,
  none: empty(say('console.access.no-apis'), deeds[0]),
})}
${more(frame, list)}`;
}

/** One API: its tokens, its permissions with the roles that hold them, and the routes that ask for them. */
export function apiContent(
  frame: Frame,
  one: ApiView,
  {
    deeds,
    holding,
    events,
  }: { deeds: readonly Deed[]; holding: ((permission: string) => Value) | undefined; events: Value },
): Html {
  const { say } = frame;
  const inSeconds = (count: number | undefined) => count !== undefined && say('console.access.apis.seconds', { count });
  return html`${head(one.id, {
    badge: builtInBadge(frame, one),
    deeds,
    up: { href: '/admin/access/apis', text: say('console.access.apis') },
  })}
${facts([
  [say('console.access.apis.format'), `${one.tokenFormat}${one.tokenFormat === 'jwt' ? ` (${one.signingAlg})` : ''}`],
  [say('console.access.apis.life'), inSeconds(one.tokenTtl) || say('console.access.apis.usual')],
  [say('console.access.apis.acr'), one.acr],
  [say('console.access.apis.max-age'), inSeconds(one.maxAge)],
  [say('console.access.apis.host'), one.host],
  [say('console.access.apis.profile'), one.profile ?? 'standard'],
])}
${section(
  say('console.access.permissions'),
  table(say('console.access.permissions'), {
    columns: [
      { title: say('console.people.permission'), cell: (name) => html`<code>${name}</code>` },
      ...(holding === undefined ? [] : [{ title: say('console.access.apis.held'), cell: holding }]),
    ],
    rows: one.permissions,
    none: empty(say('console.access.no-permissions')),
  }),
)}
${section(
  say('console.access.apis.routes'),
  table(say('console.access.apis.routes'), {
    columns: [
      { title: say('console.access.apis.route'), cell: ({ method, path }) => html`<code>${method} ${path}</code>` },
      { title: say('console.people.permission'), cell: ({ permission }) => html`<code>${permission}</code>` },
    ],
    rows: one.routes,
    none: empty(say('console.access.apis.no-routes')),
  }),
)}
${events}`;
}

/** The fields of an API, as they are typed. */
export const apiFields = [
  ...(['permissions', 'routes', 'token_format', 'signing_alg', 'token_ttl'] as const),
  ...(['profile', 'host', 'acr', 'max_age'] as const),
] as const;
/** One of `apiFields`. */
export type ApiField = (typeof apiFields)[number];

/** What can be chosen for a field of an API. */
export type ApiChoices = Readonly<Record<'token_format' | 'signing_alg' | 'profile' | 'acr', readonly string[]>>;

/** The labels of those fields. */
export const apiLabels = ({ say }: Frame): Record<ApiField, Html> => ({
  permissions: say('console.access.permissions'),
  routes: say('console.access.apis.routes'),
  token_format: say('console.access.apis.format'),
  signing_alg: say('console.access.apis.alg'),
  token_ttl: say('console.access.apis.life'),
  profile: say('console.access.apis.profile'),
  host: say('console.access.apis.host'),
  acr: say('console.access.apis.acr'),
  max_age: say('console.access.apis.max-age'),
});

/** A form of an API. */
export interface ApiForm {
  /** The audience that it has, or that was typed for a new one. */
  id: string;
  isNew: boolean;
  value(name: ApiField): string;
  choices: ApiChoices;
  etag?: string;
  was?: string;
  conflicting: readonly Conflict[];
  back: string;
}

/** Makes or changes an API. */
export function apiFormContent(frame: Frame, form: ApiForm): Html {
  const { say } = frame;
  const { id, isNew, value, choices, etag, was, conflicting, back } = form;
  const labels = apiLabels(frame);
  const lines = (name: 'permissions' | 'routes', hint: Html) =>
    area({ name, label: labels[name], value: value(name), hint });
  const text = (name: ApiField, hint?: Html) =>
    field({ name, label: labels[name], value: value(name), hint, autocomplete: 'off', maxlength: 200 });
  const select = (name: keyof ApiChoices, none?: Html) =>
    choice({
      ...{ name, label: labels[name], value: value(name) },
      options: [
        ...(none === undefined ? [] : [['', none] as const]),
        ...choices[name].map((one) => [one, one] as const),
      ],
    });
  const title = isNew ? say('console.access.apis.add') : say('console.access.apis.change.title', { name: strong(id) });
  return html`${head(title, { about: say('console.access.apis.about') })}
${conflicts(frame, conflicting)}
${editForm(frame, {
  ...{ etag, was, deed: say('console.save'), back },
  fields: html`${
    isNew &&
    field({
      ...{ name: 'id', label: say('console.access.apis.id'), value: id, autocomplete: 'off', required: true },
      ...{ maxlength: 200, hint: say('console.access.apis.id.hint') },
    })
  }
${lines('permissions', say('console.lines'))}
${lines('routes', say('console.access.apis.routes.hint'))}
${select('token_format')}
${select('signing_alg')}
${text('token_ttl', say('console.access.apis.life.hint'))}
${select('profile', say('console.access.apis.standard'))}
${text('host', say('console.access.apis.host.hint'))}
${select('acr', say('console.access.apis.any'))}
${text('max_age', say('console.access.apis.max-age.hint'))}`,
})}`;
}
