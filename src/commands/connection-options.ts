import type { ConnectionChange } from '../federation/input.ts';
import { type PresetName, presetNames, presets } from '../federation/presets.ts';
import { given } from '../http/given.ts';
import { type Input, misused, type OptionSpec } from './command.ts';
import { fileJson, fileText } from './reading.ts';

/** What can be said of a connection, when it is added and when it is changed. */
export const connectionOptions = {
  from: { value: 'URL|FILE', about: 'Where the provider describes itself, or the file in which it does' },
  name: { value: 'NAME', about: 'What the button on the sign-in page says' },
  'client-id': { value: 'ID', about: 'How the provider calls us (OIDC)' },
  'client-secret-stdin': { about: 'Read the client secret from standard input' },
  'client-secret-file': { value: 'FILE', about: 'Read the client secret from a file' },
  auth: {
    value: 'METHOD',
    choices: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    about: 'How we prove ourselves to the provider (OIDC)',
  },
  scope: { value: 'S', repeat: true, about: 'The scopes that we ask for (OIDC)' },
  tenant: { value: 'GUID', repeat: true, about: 'A tenant that may sign in, where the address is for several (Entra)' },
  'bind-dn': { value: 'DN', about: 'The account that searches (LDAP)' },
  'bind-password-stdin': { about: 'Read its password from standard input' },
  'bind-password-file': { value: 'FILE', about: 'Read its password from a file' },
  'certificate-authority': { value: 'FILE', about: 'PEM of the authority behind the servers’ certificates (LDAP)' },
  provision: { value: 'P', choices: ['on', 'off'], about: 'Whether unknown people are taken in (default off)' },
  mfa: {
    value: 'MFA',
    choices: ['ignore', 'accept', 'require'],
    about: 'What a second factor at the provider counts (default ignore)',
  },
  'mfa-evidence': {
    value: 'KIND=VALUE',
    repeat: true,
    about: 'What proves it: amr=mfa, acr=…, acrs=c1, context=…, attribute:NAME=VALUE; replaces what the preset says',
  },
  'mfa-request': { value: 'KIND=VALUE', repeat: true, about: 'How it is asked for: acr=…, acrs=c1, context=…' },
  'map-group': {
    value: 'UPSTREAM=ROLE',
    repeat: true,
    about: 'A group there gives a role here, or membership of a group as UPSTREAM=group:NAME; * at the end: any',
  },
  map: {
    value: 'CLAIM=UPSTREAM',
    repeat: true,
    about: 'Where a claim comes from: email=mail; also groups and subject. Several: the first that is there counts',
  },
  'entity-id': { value: 'ID', repeat: true, about: 'Names under which the provider signs (SAML); its own first' },
  'our-entity-id': { value: 'ID', about: 'Our name, where the address of our metadata will not do (SAML)' },
  hidden: { about: 'Not among the buttons; found by hints and domains only' },
  'settings-file': { value: 'FILE', about: 'More settings as JSON, under the names of the configuration file' },
} as const satisfies Record<string, OptionSpec>;

type Value<S extends OptionSpec> = S extends { value: string }
  ? S extends { repeat: true }
    ? readonly string[]
    : string | undefined
  : boolean;

/** The options as they were typed. */
export type ConnectionOptions = {
  readonly [N in keyof typeof connectionOptions]: Value<(typeof connectionOptions)[N]>;
};

const many = (values: readonly string[]) => (values.length > 0 ? [...values] : undefined);

/** `NAME=VALUE`, split at the first `=` after which something stands; at the last one, where values may hold it. */
function pair(option: string, text: string, at: 'first' | 'last' = 'first'): [string, string] {
  const mark = at === 'first' ? text.indexOf('=') : text.lastIndexOf('=');
  if (mark < 1 || mark === text.length - 1)
    throw misused(`--${option} must be NAME=VALUE, not "${text.slice(0, 100)}"`);
  return [text.slice(0, mark), text.slice(mark + 1)];
}

function grouped(option: string, texts: readonly string[]): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const text of texts) {
    const [name, value] = pair(option, text);
    all[name] = [...(Object.hasOwn(all, name) ? (all[name] ?? []) : []), value];
  }
  return all;
}

/** Each kind of evidence is a choice of its own: any of its values will do. */
function evidenceOf(texts: readonly string[]): Record<string, unknown>[] | undefined {
  const rules = Object.entries(grouped('mfa-evidence', texts)).map(([kind, values]) => {
    const names: Record<string, string> = {
      amr: 'amrAnyOf',
      acr: 'acrIn',
      acrs: 'acrsIn',
      context: 'authnContextIn',
    };
    if (kind.startsWith('attribute:')) return { attribute: { name: kind.slice('attribute:'.length), anyOf: values } };
    const name = Object.hasOwn(names, kind) ? names[kind] : undefined;
    if (name === undefined) throw misused('--mfa-evidence knows amr, acr, acrs, context and attribute:NAME');
    return { [name]: values };
  });
  return rules.length > 0 ? rules : undefined;
}

function requestOf(texts: readonly string[]): Record<string, string[]> | undefined {
  const { acr, acrs, context, ...others } = grouped('mfa-request', texts);
  if (Object.keys(others).length > 0) throw misused('--mfa-request knows acr, acrs and context');
  return texts.length > 0 ? given({ acrValues: acr, acrs, authnContext: context }) : undefined;
}

/** Claims under the names of the mapping; groups and subject are settings of their own. */
function mappingOf(texts: readonly string[], preset: string | undefined): Record<string, unknown> {
  const { groups, subject, email_verified: emailVerified, ...claims } = grouped('map', texts);
  const mapping = given({ ...claims, emailVerified });
  const directory = preset !== undefined && presets[preset as PresetName]?.kind === 'ldap';
  if (directory && groups) throw misused('--map groups=… is not for directories; see groups in --settings-file');
  return given({
    mapping: Object.keys(mapping).length > 0 ? mapping : undefined,
    groups,
    subject: directory ? subject?.[0] : subject,
  });
}

/** A secret from standard input or from a file, never from an argument. */
async function secret(option: string, fromInput: boolean, file: string | undefined, stdin: Input['stdin']) {
  if (fromInput && file !== undefined) throw misused(`give --${option}-stdin or --${option}-file, not both`);
  const text = fromInput ? await stdin() : file && fileText(`${option}-file`, file).replace(/\r?\n$/, '');
  if (text === '') throw misused(`the text for --${option} is empty`);
  return text;
}

const isAddress = (from: string): boolean => /^(?:https?|ldaps?):\/\//i.test(from);

/** What was typed, under the names of the settings; what was not named is not in it. `preset` is the connection's. */
export async function settingsOf(
  options: ConnectionOptions,
  preset: string | undefined,
  stdin: Input['stdin'],
): Promise<ConnectionChange> {
  const file = options['settings-file'];
  const more = file === undefined ? {} : fileJson('settings-file', file);
  if (typeof more !== 'object' || more === null || Array.isArray(more)) {
    throw misused('--settings-file must hold a JSON object');
  }
  if (options['client-secret-stdin'] && options['bind-password-stdin']) {
    throw misused('standard input can hold one secret; give the other one by a file');
  }
  const { from } = options;
  const authority = options['certificate-authority'];
  const rules = options['map-group'].map((text) => {
    const [upstream, named] = pair('map-group', text, 'last');
    const [, group] = /^group:(.+)$/s.exec(named) ?? [];
    return group === undefined ? { upstream, role: named } : { upstream, group };
  });
  return {
    ...more,
    ...mappingOf(options.map, preset),
    ...given({
      from: from !== undefined && isAddress(from) ? from : undefined,
      metadata: from !== undefined && !isAddress(from) ? fileText('from', from) : undefined,
      name: options.name,
      clientId: options['client-id'],
      clientSecret: await secret('client-secret', options['client-secret-stdin'], options['client-secret-file'], stdin),
      auth: options.auth,
      scope: many(options.scope)?.join(' '),
      tenants: many(options.tenant),
      bindDn: options['bind-dn'],
      bindPassword: await secret('bind-password', options['bind-password-stdin'], options['bind-password-file'], stdin),
      certificateAuthority: authority === undefined ? undefined : fileText('certificate-authority', authority),
      provision: options.provision === undefined ? undefined : options.provision === 'on',
      mfa: options.mfa,
      evidence: evidenceOf(options['mfa-evidence']),
      strongRequest: requestOf(options['mfa-request']),
      groupRules: rules.length > 0 ? rules : undefined,
      entityIds: many(options['entity-id']),
      entityId: options['our-entity-id'],
      shown: options.hidden ? false : undefined,
    }),
  };
}

/** For the help: what `--from` is for each preset. */
export const presetOption = {
  value: 'P',
  choices: presetNames,
  required: true,
  about: 'What kind of provider it is',
} as const satisfies OptionSpec;
