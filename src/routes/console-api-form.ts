import { type ApiField, type ApiForm, apiFields, apiFormContent, apiLabels } from '../../views/admin/apis.ts';
import { acrLevels, claimProfiles } from '../directory/terms.ts';
import { apiReply } from './api-document.ts';
import { accessRoom, apiAt } from './console-access.ts';
import { type Api, apiOf, apisPath } from './console-apis.ts';
import { etagFor, filledForm } from './console-form.ts';
import { askingPage } from './console-forms.ts';
import { type ConsolePage, type ConsoleVisit, consolePage, lines, matchOf } from './console-page.ts';

const room = accessRoom;
const choices: ApiForm['choices'] = {
  token_format: ['opaque', 'jwt'],
  signing_alg: ['RS256', 'ES256', 'EdDSA'],
  profile: claimProfiles,
  acr: acrLevels,
};

const fresh: Api = { id: '', permissions: [], routes: [], token_format: 'opaque', signing_alg: 'RS256' };

const typedOf = (api: Api): Record<ApiField, string> => ({
  ...{ permissions: api.permissions.join('\n'), routes: api.routes.join('\n') },
  ...{ token_format: api.token_format, signing_alg: api.signing_alg, token_ttl: String(api.token_ttl ?? '') },
  ...{ profile: api.profile ?? '', host: api.host ?? '', acr: api.acr ?? '', max_age: String(api.max_age ?? '') },
});

/** A member of an API that a form leaves empty is taken away, or is not given to a new one. */
function bodyOf(form: ReadonlyMap<string, string>, nothing: null | undefined) {
  const text = (name: ApiField): string => form.get(name)?.trim() ?? '';
  const optional = (name: ApiField) => text(name) || nothing;
  // What is no number is refused by the schema, with its name.
  const number = (name: ApiField) => (text(name) === '' ? nothing : Number(text(name)));
  return {
    ...{ permissions: lines(form, 'permissions'), routes: lines(form, 'routes') },
    ...{ token_format: text('token_format'), signing_alg: text('signing_alg') },
    ...{ profile: optional('profile'), host: optional('host'), acr: optional('acr') },
    ...{ token_ttl: number('token_ttl'), max_age: number('max_age') },
  };
}

function formOf(visit: ConsoleVisit, api: Api, rest: Pick<ApiForm, 'id' | 'isNew' | 'back' | 'etag'>): ApiForm {
  const { value, was, conflicts } = filledForm(visit, typedOf(api), apiLabels(visit.frame));
  return { ...rest, value, was, choices, conflicting: conflicts };
}

const addPage = consolePage({
  path: `${apisPath}/new`,
  room,
  calls: 'addApi',
  fresh: true,
  keeps: ['id', ...apiFields],
  async get(visit) {
    const form = formOf(visit, fresh, { id: visit.typed.get('id') ?? '', isNew: true, back: apisPath });
    return { title: visit.frame.say('console.access.apis.add'), content: apiFormContent(visit.frame, form) };
  },
  async post(visit, form) {
    const body = { id: form.get('id')?.trim() ?? '', ...bodyOf(form, undefined) };
    const { id } = await visit.read('addApi', apiReply, { body });
    return { goOn: visit.may('getApi') ? apiAt(id) : room, said: { key: 'console.saved', values: { name: id } } };
  },
});

const editPage = consolePage({
  path: `${apisPath}/:id/edit`,
  room,
  calls: 'changeApi',
  fresh: true,
  keeps: [...apiFields, 'was', 'etag'],
  async get(visit) {
    const { api, etag } = await apiOf(visit);
    const { id } = api;
    const rest = { id, isNew: false, back: apiAt(id), etag: etagFor(visit, etag) };
    const content = apiFormContent(visit.frame, formOf(visit, api, rest));
    return { title: visit.frame.say('console.access.apis.change.title', { name: id }), content };
  },
  async post(visit, form) {
    const { id = '' } = visit.params;
    await visit.do('changeApi', { params: { id }, body: bodyOf(form, null), match: matchOf(form) });
    return { goOn: apiAt(id), said: { key: 'console.saved', values: { name: id } } };
  },
});

const removePage = askingPage({
  path: `${apisPath}/:id/remove`,
  ...{ room, calls: 'removeApi', fresh: true, danger: true, text: 'access.apis.remove', list: apisPath },
  async of(visit) {
    const { api, etag } = await apiOf(visit);
    return { name: api.id, back: apiAt(api.id), etag };
  },
});

/** The pages that make, change and remove APIs. */
export const apiFormPages: readonly ConsolePage[] = [addPage, editPage, removePage];
