import type { z } from 'zod';
import type { FormField } from '../../views/admin/form-page.ts';
import type { Deed } from '../../views/admin/parts.ts';
import {
  newCredentialContent,
  type RegistrarView,
  registrarContent,
  registrarsContent,
} from '../../views/admin/registrars.ts';
import { html } from '../kernel/html.ts';
import { eventsOf } from './console-events.ts';
import { askingPage, fillingPage, type Thing } from './console-forms.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage, lines, matchOf } from './console-page.ts';
import { pageOf, partPage, settings } from './console-settings-parts.ts';
import { registrarReply, registrarWithToken } from './registrar-document.ts';

const room = settings;
const path = `${settings}/registrars`;
const at = `${path}/:id`;

function registrarView(one: z.output<typeof registrarReply>): RegistrarView {
  const { redirect_hosts: redirectHosts, ...rest } = one;
  const ended = rest.expires !== undefined && rest.expires <= Date.now() / 1000;
  return { ...rest, redirectHosts, ended, href: consoleAt('settings', 'registrars', one.id) };
}

async function registrarOf(visit: ConsoleVisit): Promise<Thing & { one: RegistrarView }> {
  const params = { id: visit.params.id ?? '' };
  const { reply, etag } = await visit.run('getRegistrar', registrarReply, { params });
  const one = registrarView(reply);
  return { one, name: one.id, back: one.href, etag };
}

const listPage = partPage(
  'registrars',
  async (visit) => {
    const { items, ...ways } = await pageOf(visit, { operation: 'listRegistrars', item: registrarReply, path });
    const list = { all: items.map(registrarView), ...ways, timeZone: visit.user.profile.zoneinfo };
    return registrarsContent(visit.frame, list);
  },
  { add: 'addRegistrar' },
);

const onePage = consolePage({
  path: at,
  ...{ room, calls: 'getRegistrar' },
  async get(visit) {
    const { frame, user } = visit;
    const { one } = await registrarOf(visit);
    const deed = (operation: string, verb: string, more: Omit<Deed, 'href'>): Deed[] =>
      visit.may(operation) ? [{ href: `${one.href}/${verb}`, ...more }] : [];
    const deeds = [
      ...deed('changeRegistrar', 'edit', { text: frame.say('console.edit') }),
      ...deed('rotateRegistrarToken', 'rotate', { text: frame.say('console.registrars.rotate.deed') }),
      ...deed('removeRegistrar', 'remove', { text: frame.say('console.registrars.remove.deed'), kind: 'danger' }),
    ];
    const events = visit.may('listAuditEvents') && (await eventsOf(visit, { target: `registrar:${one.id}` }, one.href));
    return {
      title: html`${one.id}`,
      content: registrarContent(frame, one, { deeds, events, timeZone: user.profile.zoneinfo }),
    };
  },
});

const names = ['id', 'approve', 'limit', 'grants', 'scopes', 'redirect_hosts', 'pkce'] as const;
type Name = (typeof names)[number];
type Field = FormField & { name: Name };

const rules = ({ frame: { say } }: ConsoleVisit): Field[] => [
  {
    ...{ name: 'approve', label: say('console.registrars.approve') },
    options: (['pending', 'at-once'] as const).map((how) => [how, say(`console.registrars.approve.${how}`)] as const),
  },
  { name: 'limit', label: say('console.registrars.limit'), maxlength: 10 },
  { name: 'grants', label: say('console.registrars.grants'), hint: say('console.registrars.lists'), lines: true },
  { name: 'scopes', label: say('console.registrars.scopes'), hint: say('console.registrars.lists'), lines: true },
  {
    name: 'redirect_hosts',
    label: say('console.registrars.hosts'),
    hint: say('console.registrars.lists'),
    lines: true,
  },
];

/** What was typed; a limit that is no number is left to the operation to refuse. */
const rulesOf = (form: ReadonlyMap<string, string>) => ({
  ...{ approve: form.get('approve'), pkce: form.get('pkce'), grants: lines(form, 'grants') },
  ...(form.get('limit')?.trim() ? { limit: Number(form.get('limit')) } : {}),
  ...{ scopes: lines(form, 'scopes'), redirect_hosts: lines(form, 'redirect_hosts') },
});

function credential({ frame }: ConsoleVisit, { id, token }: z.output<typeof registrarWithToken>) {
  const content = newCredentialContent(frame, { name: id, token, back: consoleAt('settings', 'registrars', id) });
  return { title: frame.say('console.registrars.credential.title', { name: id }), content };
}

const addPage = fillingPage<Name>({
  path: `${path}/new`,
  ...{ room, calls: 'addRegistrar', fresh: true, names },
  title: ({ frame }) => frame.say('console.registrars.add'),
  deed: 'console.registrars.add',
  async fields(visit) {
    return [{ name: 'id', label: visit.frame.say('console.name'), required: true, maxlength: 100 }, ...rules(visit)];
  },
  now: async () => ({
    ...{ name: '', back: path },
    values: { id: '', approve: 'pending', limit: '', grants: '', scopes: '', redirect_hosts: '', pkce: 'required' },
  }),
  async send(visit, form) {
    const body = { id: form.get('id')?.trim() ?? '', ...rulesOf(form) };
    return credential(visit, await visit.read('addRegistrar', registrarWithToken, { body }));
  },
});

const editPage = fillingPage<Name>({
  path: `${at}/edit`,
  ...{ room, calls: 'changeRegistrar', fresh: true, names },
  title: ({ frame }, name) => frame.say('console.applications.edit.title', { name }),
  deed: 'console.save',
  fields: async (visit) => rules(visit),
  async now(visit) {
    const { one, ...thing } = await registrarOf(visit);
    const { id, approve, limit, grants, scopes, redirectHosts, pkce } = one;
    const lists = { grants: grants.join('\n'), scopes: scopes.join('\n'), redirect_hosts: redirectHosts.join('\n') };
    return { ...thing, values: { id, approve, pkce, limit: String(limit), ...lists } };
  },
  async send(visit, form) {
    const { id = '' } = visit.params;
    // There is always a limit: an empty one is refused, and does not pass for saved.
    const body = { limit: Number.NaN, ...rulesOf(form) };
    await visit.do('changeRegistrar', { params: { id }, body, match: matchOf(form) });
    const said = { key: 'console.saved', values: { name: id } } as const;
    return { goOn: consoleAt('settings', 'registrars', id), said };
  },
});

const rotatePage = askingPage({
  path: `${at}/rotate`,
  ...{ room, calls: 'rotateRegistrarToken', fresh: true, text: 'registrars.rotate', of: registrarOf },
  async run(visit, form) {
    const given = { params: visit.params, body: {}, match: matchOf(form) };
    return credential(visit, await visit.read('rotateRegistrarToken', registrarWithToken, given));
  },
});

const removePage = askingPage({
  path: `${at}/remove`,
  ...{ room, calls: 'removeRegistrar', fresh: true, danger: true, text: 'registrars.remove', of: registrarOf },
  list: path,
});

/** Who may register applications. */
export const registrarPages: readonly ConsolePage[] = [listPage, addPage, onePage, editPage, rotatePage, removePage];
