import { addApplicationContent, applicationKinds } from '../../views/admin/add-application.ts';
import { newSecretContent } from '../../views/admin/applications.ts';
import { clientWithSecret } from './client-document.ts';
import { applicationsPath } from './console-applications.ts';
import { type ConsolePage, consoleAt, consolePage, lines } from './console-page.ts';

const people = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] };

/** What each kind is in terms of RFC 7591. */
const metadata: Record<(typeof applicationKinds)[number], object> = {
  web: { ...people, application_type: 'web', token_endpoint_auth_method: 'client_secret_basic' },
  browser: { ...people, application_type: 'web', token_endpoint_auth_method: 'none' },
  native: { ...people, application_type: 'native', token_endpoint_auth_method: 'none' },
  service: {
    grant_types: ['client_credentials'],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
  },
};

/** Adds an application and shows its secret once. */
export const addApplicationPages: readonly ConsolePage[] = [
  consolePage({
    path: `${applicationsPath}/new`,
    room: applicationsPath,
    calls: 'addClient',
    fresh: true,
    keeps: ['name', 'kind', 'redirects'],
    async get({ frame, typed }) {
      const values = {
        ...{ name: typed.get('name') ?? '', kind: typed.get('kind') ?? 'web' },
        redirects: typed.get('redirects') ?? '',
      };
      return { title: frame.say('console.applications.add'), content: addApplicationContent(frame, values) };
    },
    async post(visit, form) {
      const kind = applicationKinds.find((one) => one === form.get('kind')) ?? 'web';
      const body = {
        ...metadata[kind],
        client_name: form.get('name')?.trim() ?? '',
        ...(kind !== 'service' && { redirect_uris: lines(form, 'redirects') }),
      };
      const made = await visit.read('addClient', clientWithSecret, { body });
      const { id, client_name: name, client_secret: secret } = made;
      const back = consoleAt('applications', id);
      if (secret === undefined) return { goOn: back, said: { key: 'console.saved', values: { name } } };
      const content = newSecretContent(visit.frame, { name, id, secret, back });
      return { title: visit.frame.say('console.applications.new-secret', { name }), content };
    },
  }),
];
