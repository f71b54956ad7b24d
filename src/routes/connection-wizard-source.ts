import { sourceForm } from '../../views/admin/connection-source.ts';
import { facts } from '../../views/admin/parts.ts';
import { presetOf } from '../federation/presets.ts';
import { type Html, html } from '../kernel/html.ts';
import type { Setup, WizardPlace } from './connection-wizard-place.ts';
import { filledForm } from './console-form.ts';
import { type ConsoleVisit, filled, lines } from './console-page.ts';

type Form = ReadonlyMap<string, string>;
type Kind = Setup['kind'];

/** Fields that are shown again when a sign-in came between: no secret, and no file, which may be long. */
export const sourceFields = ['preset', 'id', 'from', 'name', 'clientId', 'auth', 'bindDn', 'tenants'];

/** The address of the provider as the second step asks for it. */
const fromOf = ({ kind, issuer, metadata_url: metadata, servers = [], base = '' }: Setup): string => {
  if (kind !== 'ldap') return (kind === 'oidc' ? issuer : metadata) ?? '';
  return servers.length === 1 ? `${servers[0]}/${encodeURI(base)}` : '';
};

const nowOf = (one: Setup) => ({
  ...{ name: one.name, from: fromOf(one), metadata: '', clientId: one.client_id ?? '', auth: one.auth ?? '' },
  ...{ bindDn: one.bind_dn ?? '', authority: one.certificate_authority ?? '' },
  tenants: (one.tenants ?? []).join('\n'),
});

const noneYet = (name: string) => ({
  ...{ name, from: '', metadata: '', clientId: '', auth: '', bindDn: '', authority: '', tenants: '' },
});

/** What is asked with the form: of a connection that is there, or of one that is to be. */
interface Asked {
  preset: string;
  /** What the button says until somebody gives a name. */
  called: string;
  id: string;
  one?: Setup | undefined;
  etag?: string | undefined;
}

/** The second step as a form. `typed` is what was typed into it. */
export function sourceStep(
  { frame, problem }: ConsoleVisit,
  { at }: WizardPlace,
  { preset, called, id, one, etag }: Asked,
  typed: Form,
): Html {
  const { say } = frame;
  const known = presetOf(preset);
  const kind: Kind = known?.kind ?? 'oidc';
  const labels = {
    name: say('connect.name'),
    from: say(`connect.from.${kind}`),
    clientId: say('connect.client-id'),
    tenants: say('connect.tenants'),
  };
  const form = filledForm({ typed, problem }, one ? nowOf(one) : noneYet(called), labels);
  return sourceForm(frame, {
    ...{ action: one ? at(id, 'source') : at('new'), back: one ? at(id, 'setup') : at() },
    ...{ kind, isNew: one === undefined, sample: known?.from ?? '', placed: known?.at !== undefined },
    severalTenants: preset === manyTenants || (one?.tenants?.length ?? 0) > 0,
    hasSecret: (kind === 'ldap' ? one?.has_bind_password : one?.has_client_secret) === true,
    ...{ value: form.value, etag, conflicts: form.conflicts },
    ...(one ? { hidden: {}, was: form.was } : { hidden: { preset, id } }),
  });
}

/** What is known of where the provider is and how it knows us. */
export function sourceFacts({ frame }: ConsoleVisit, one: Setup): Html {
  const { say } = frame;
  const secret = one.kind === 'ldap' ? one.has_bind_password : one.has_client_secret;
  return facts([
    [say('connect.name'), one.name],
    [say(`connect.from.${one.kind}`), one.kind === 'ldap' ? one.servers?.join(' ') : fromOf(one)],
    [say('connect.entity-id'), one.entity_ids?.join(' ')],
    [say('connect.tenants'), one.tenants?.join(' ')],
    [say('connect.client-id'), one.client_id && html`<code>${one.client_id}</code>`],
    [say('connect.bind-dn'), one.bind_dn && html`<code>${one.bind_dn}</code>`],
    [say('connect.secret'), secret !== undefined && say(secret ? 'connect.secret.kept' : 'connect.secret.none')],
  ]);
}

/** Where the provider is, as it was typed: the description itself, or else an address that is not the one it has. */
function origin(form: Form, before: string | undefined): Record<string, string> {
  const { metadata, from } = filled(form, 'metadata', 'from');
  if (metadata !== undefined) return { metadata };
  return from === undefined || from === before ? {} : { from };
}

/** The one provider whose tenants share an issuer. */
const manyTenants = 'entra-oidc';

/** The tenants that were typed, where they are others than those that there are. */
function tenantsOf(form: Form, before: readonly string[] = []): { tenants?: string[] | null } {
  const tenants = lines(form, 'tenants');
  if (!form.has('tenants') || tenants.join('\n') === before.join('\n')) return {};
  return { tenants: tenants.length > 0 ? tenants : null };
}

/** What a secret does not go with. */
const secretless = ['private_key_jwt', 'none'];

/** What the form says of a connection, as the admin API names it; a secret that was left empty is not said. */
export function sourceBody(form: Form, kind: Kind, one?: Setup): Record<string, unknown> {
  const { name, clientId, auth, bindDn, authority } = filled(form, 'name', 'clientId', 'auth', 'bindDn', 'authority');
  // Blanks may be part of a secret.
  const secret = (field: string) => form.get(field) || undefined;
  const said = { ...origin(form, one && fromOf(one)), name };
  if (kind === 'saml') return said;
  if (kind === 'oidc') {
    const drops = secretless.includes(auth ?? '') && one?.has_client_secret === true;
    const clientSecret = drops ? null : secret('clientSecret');
    return {
      ...{ ...said, ...tenantsOf(form, one?.tenants) },
      ...{ client_id: clientId, client_secret: clientSecret, auth: auth === one?.auth ? undefined : auth },
    };
  }
  const gone = one && bindDn === undefined ? { bind_dn: null, bind_password: null } : {};
  const before = one?.certificate_authority?.trim();
  const next = authority?.replaceAll('\r\n', '\n');
  return {
    ...{ ...said, bind_dn: bindDn, bind_password: secret('bindPassword'), ...gone },
    certificate_authority: next === before ? undefined : (next ?? null),
  };
}
