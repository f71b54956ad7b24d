import { type Html, html } from '../../src/kernel/html.ts';
import { choice, field } from '../account/fields.ts';
import type { Frame } from '../layout.ts';
import { hiddenFields } from './connection-wizard.ts';
import { area, type Conflict, conflicts } from './forms.ts';

/** How we can prove ourselves to a provider. */
export const authMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const;

/** What is asked of where a provider is, and how it knows us. */
export interface SourceView {
  action: string;
  back: string;
  kind: 'oidc' | 'saml' | 'ldap';
  /** It is not there yet. */
  isNew: boolean;
  /** What the address is for this kind of provider. */
  sample: string;
  /** There is only one such provider, whose address is known. */
  placed: boolean;
  hasSecret: boolean;
  /** People of several tenants may come in through one issuer. */
  severalTenants: boolean;
  value(name: 'name' | 'from' | 'metadata' | 'clientId' | 'auth' | 'bindDn' | 'authority' | 'tenants'): string;
  hidden: Readonly<Record<string, string>>;
  etag?: string | undefined;
  was?: string | undefined;
  conflicts: readonly Conflict[];
}

/** Metadata of one provider has some hundred kilobytes at most. */
const mostMetadata = 500_000;

const where = ({ say }: Frame, { kind, placed, sample, value }: SourceView): Html =>
  html`${!placed && field({ name: 'from', label: say(`connect.from.${kind}`), value: value('from'), autocomplete: 'off', maxlength: 2000, hint: html`${sample}` })}
${
  kind !== 'ldap' &&
  !placed &&
  html`<details${value('metadata') !== '' && html` open`}><summary>${say('connect.file.open')}</summary>
${area({ name: 'metadata', label: say(`connect.file.${kind}`), value: value('metadata'), hint: say('connect.file.hint'), maxlength: mostMetadata, rows: 8 })}</details>`
}`;

const secret = ({ say }: Frame, name: string, label: Html, { hasSecret }: SourceView): Html =>
  field({
    ...{ name, label, type: 'password', autocomplete: 'new-password', maxlength: 10_000 },
    hint: say(hasSecret ? 'connect.secret.there' : 'connect.secret.hint'),
  });

const client = (frame: Frame, view: SourceView): Html => {
  const { say } = frame;
  const methods = authMethods.map((one) => [one, say(`connect.auth.${one}`)] as const);
  const usual = view.isNew ? [['', say('connect.auth.usual')] as const] : [];
  return html`${field({ name: 'clientId', label: say('connect.client-id'), value: view.value('clientId'), autocomplete: 'off', required: true })}
${secret(frame, 'clientSecret', say('connect.client-secret'), view)}
${choice({ name: 'auth', label: say('connect.auth'), value: view.value('auth'), options: [...usual, ...methods] })}
${view.severalTenants && area({ name: 'tenants', label: say('connect.tenants'), value: view.value('tenants'), hint: say('connect.tenants.hint'), rows: 6 })}`;
};

const directory = (frame: Frame, view: SourceView): Html => {
  const { say } = frame;
  return html`${field({ name: 'bindDn', label: say('connect.bind-dn'), value: view.value('bindDn'), autocomplete: 'off', maxlength: 1000, hint: say('connect.bind-dn.hint') })}
${secret(frame, 'bindPassword', say('connect.bind-password'), view)}
${area({ name: 'authority', label: say('connect.authority'), value: view.value('authority'), hint: say('connect.authority.hint') })}`;
};

/** The second step: where the provider describes itself, or the description, and how it knows us. */
export const sourceForm = (frame: Frame, view: SourceView): Html => {
  const { say } = frame;
  const { action, back, kind, isNew, value, hidden } = view;
  return html`${conflicts(frame, view.conflicts)}
<form method="post" action="${action}" class="edit">${hiddenFields(frame, hidden, view)}
${where(frame, view)}
${kind === 'oidc' ? client(frame, view) : kind === 'ldap' && directory(frame, view)}
${field({ name: 'name', label: say('connect.name'), value: value('name'), autocomplete: 'off', required: true, maxlength: 100, hint: say('connect.name.hint') })}
<p class="deeds"><button class="primary">${say(isNew ? 'connect.add' : 'console.save')}</button>
<a class="button" href="${back}">${say('account.cancel')}</a></p></form>`;
};
