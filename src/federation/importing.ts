import { invalid, Problem } from '../kernel/errors.ts';
import type { SamlConnection, Surroundings } from './connection.ts';
import type { Preset } from './presets.ts';
import { isSafe } from './surroundings.ts';

type Fetch = Surroundings['fetch'];

/** What SAML metadata says of a provider (SAML Metadata §2.4.3); times in seconds. */
export interface SamlMetadata {
  entityId: string;
  signOn: SamlConnection['signOn'];
  signOut: SamlConnection['signOut'];
  /** PEM, for signing. */
  certificates: string[];
  validUntil?: number | undefined;
  wantAuthnRequestsSigned: boolean;
  nameIdFormats: string[];
}

/** Reads metadata; throws a Problem for what is no metadata of one provider, has ended, or has no certificate to sign with. */
export type ReadMetadata = (
  xml: string,
  options: { now: number; expectedEntityId?: string | undefined },
) => SamlMetadata | Promise<SamlMetadata>;

/** Where a provider describes itself, or the description. */
export interface Source {
  from?: string | undefined;
  metadata?: string | undefined;
  tenants?: unknown;
  /** Whether the settings themselves say all that a description would. */
  told?: boolean;
  /** How we prove ourselves so far. */
  auth?: unknown;
  /** The entity id that is wanted, where metadata holds several. */
  entityId?: string | undefined;
}

/** What it takes to read one. */
export interface Reader {
  /** How the address that an administrator gave is asked. */
  fetch(address: string): Fetch;
  readMetadata: ReadMetadata;
  now(): number;
}

/** Settings that the provider's own description gives. Throws `invalid` with what to change. */
export function imported(preset: Preset, source: Source, reader: Reader): Promise<Record<string, unknown>> {
  const from = source.from ?? (source.metadata === undefined ? preset.at : undefined);
  if (preset.kind === 'ldap') return Promise.resolve(from === undefined ? {} : directory(from));
  if (from === undefined && source.metadata === undefined) {
    if (source.told) return Promise.resolve({});
    throw invalid(`It takes the address of the provider, or its description (--from): ${preset.from}`);
  }
  return preset.kind === 'oidc' ? oidc({ ...source, from }, reader) : saml(preset, { ...source, from }, reader);
}

async function oidc(source: Source, reader: Reader): Promise<Record<string, unknown>> {
  const { from, metadata } = source;
  const discovery = metadata === undefined ? await discovered(from ?? '', reader) : document(metadata, 'The file');
  const issuer = checkedIssuer(discovery, metadata === undefined ? from : undefined, source.tenants);
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri']) {
    const address = discovery[name];
    if (typeof address !== 'string' || !isSafe(address)) {
      throw invalid(`The discovery document of ${issuer} has no ${name} that is an https address`);
    }
  }
  const auth = authMethod(discovery.token_endpoint_auth_methods_supported, source.auth);
  return { issuer, ...(auth === undefined ? {} : { auth }), ...(metadata === undefined ? {} : { discovery }) };
}

const wellKnown = '/.well-known/openid-configuration';

async function discovered(from: string, reader: Reader): Promise<Record<string, unknown>> {
  const address = from.endsWith(wellKnown) ? from : `${from.replace(/\/$/, '')}${wellKnown}`;
  return document(await text(address, reader), address);
}

/** Far deeper than any provider's; whatever reads it later goes as deep as it is. */
const deepest = 20;

const isDeeper = (value: unknown, than: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (than === 0 || Object.values(value).some((one) => isDeeper(one, than - 1)));

function document(content: string, whose: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && !isDeeper(value, deepest))
      return { ...value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw invalid(`${whose} holds no discovery document (JSON, OpenID Connect Discovery §3)`);
}

/**
 * The issuer, which must be the one that was asked for, letter for letter (OpenID Connect Discovery §4.3). Only the
 * documents of Entra for several tenants say `{tenantid}` instead, and then the tenants must be named.
 */
function checkedIssuer(discovery: Record<string, unknown>, from: string | undefined, tenants: unknown): string {
  const { issuer } = discovery;
  if (typeof issuer !== 'string' || !isSafe(issuer)) {
    throw invalid('The discovery document has no issuer that is an https address');
  }
  if (issuer.includes('{tenantid}') && !(Array.isArray(tenants) && tenants.length > 0)) {
    throw invalid(
      'This address is for every tenant of Entra: give the address of your own tenant, or name those that may sign in (--tenant)',
    );
  }
  if (from === undefined) return issuer;
  const asked = from.endsWith(wellKnown) ? from.slice(0, -wellKnown.length) : from;
  const placed = asked.replace(/^(https:\/\/[^/]+\/)(?:common|organizations|consumers)(?=\/)/, '$1{tenantid}');
  // A discovery URL does not tell whether its issuer ends with a slash; an issuer that is given does.
  const same = [asked, placed, ...(from === asked ? [] : [`${asked}/`])].includes(issuer);
  if (!same) {
    throw invalid(
      `The provider calls itself ${issuer}, not ${asked}: give that address (--from), if that is whom you mean`,
    );
  }
  return issuer;
}

const authMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];

/** A way of authentication that the provider has, where it does not have the one that we use. */
function authMethod(offered: unknown, usual: unknown): string | undefined {
  if (!Array.isArray(offered) || offered.includes(usual ?? 'client_secret_basic')) return undefined;
  return authMethods.find((method) => offered.includes(method));
}

async function saml(preset: Preset, source: Source, reader: Reader): Promise<Record<string, unknown>> {
  const { from, metadata } = source;
  const answer = metadata === undefined ? await fetched(from ?? '', reader) : undefined;
  const xml = answer === undefined ? (metadata ?? '') : await answer.text();
  const facts = await reader.readMetadata(xml, { now: reader.now(), expectedEntityId: source.entityId });
  const etag = answer?.headers.get('etag') ?? undefined;
  return {
    ...samlFacts(facts, preset),
    ...(answer === undefined ? {} : { metadataUrl: from, refreshed: reader.now() }),
    ...(etag === undefined ? {} : { etag }),
  };
}

/**
 * Every name under which a SAML provider signs that says this one in its metadata. Entra's logout answers come under
 * another issuer than its assertions.
 */
function entityNames(entityId: string): string[] {
  const [, tenant] = /^https:\/\/sts\.windows\.net\/([\da-f-]{36})\/$/i.exec(entityId) ?? [];
  return tenant === undefined ? [entityId] : [entityId, `https://login.microsoftonline.com/${tenant}/`];
}

/** The settings that metadata gives. Throws `invalid` for metadata that would make signatures or the provider uncertain. */
export function samlFacts(facts: SamlMetadata, preset: Preset | undefined): Record<string, unknown> {
  if (facts.certificates.length === 0) {
    throw invalid(`The metadata of ${facts.entityId} has no certificate to sign with; ask for metadata that has one`);
  }
  const unsafe = [...facts.signOn, ...facts.signOut].find(({ location }) => !isSafe(location));
  if (unsafe) throw invalid(`The metadata of ${facts.entityId} names ${unsafe.location}, which is no https address`);
  const wanted = preset?.settings.nameIdFormat;
  // Only transient is what SimpleSAMLphp and Shibboleth say that have never been told; that one would be refused anyway.
  const others = facts.nameIdFormats.filter((format) => !format.endsWith(':transient'));
  const has = others.length === 0 || others.some((format) => format === wanted);
  return {
    entityIds: entityNames(facts.entityId),
    signOn: facts.signOn,
    signOut: facts.signOut,
    certificates: facts.certificates,
    ...(facts.validUntil === undefined ? {} : { validUntil: facts.validUntil }),
    // Who offers other names, but no persistent ones, is asked for none in particular.
    ...(wanted === undefined || has ? {} : { nameIdFormat: undefined }),
  };
}

/** `ldaps://HOST[:PORT]/BASE-DN`, or `ldap://…` with StartTLS. */
function directory(from: string): Record<string, unknown> {
  const [, scheme, authority, path = ''] = /^(ldaps?):\/\/([^\s/]+)\/?(.*)$/s.exec(from) ?? [];
  const base = decoded(path);
  if (scheme === undefined || base === undefined || !/^[\w.-]+\s*=/.test(base)) {
    throw invalid(
      'A directory is given as ldaps://HOST/BASE-DN, such as ldaps://ldap.example.com/dc=example,dc=com; ldap:// uses StartTLS',
    );
  }
  return { servers: [`${scheme}://${authority}`], base };
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

const text = async (address: string, reader: Reader): Promise<string> => (await fetched(address, reader)).text();

async function fetched(address: string, reader: Reader): Promise<Response> {
  if (!isSafe(address))
    throw invalid(
      'The address of the provider (--from) must be an https address (http only on this machine); or give its description as a file',
    );
  const answer = await asked(reader.fetch(address), address);
  if (answer.status === 200) return answer;
  throw invalid(`${address} answers with ${answer.status}; correct the address`);
}

/** The provider's answer. What the guard keeps to itself for strangers, an administrator may know. */
export async function asked(fetch: Fetch, address: string, headers: Record<string, string> = {}): Promise<Response> {
  try {
    return await fetch(address, { headers });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const reason = error.cause instanceof Error ? reasonOf(error.cause) : 'no reason was given';
    throw new Problem({
      code: 'invalid',
      status: 400,
      sentence: `${address} could not be read: ${reason}`,
      cause: error,
    });
  }
}

function reasonOf(cause: Error): string {
  const errors = cause instanceof AggregateError ? cause.errors : [];
  const [first] = errors.filter((one) => one instanceof Error);
  return first?.message || cause.message || cause.name;
}
