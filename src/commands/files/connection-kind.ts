import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { newConnectionBody } from '../../routes/connection-document.ts';
import type { Desk } from '../desk.ts';
import { type Address, type Doc, type Found, type Kind, type Member, picked, textOf, textsOf } from './kind.ts';

const reply = z.record(z.string(), z.unknown());
const names = Object.keys(newConnectionBody.shape).filter((name) => name !== 'from' && name !== 'metadata');
const domain = z.object({ name: z.string() });

/** What the provider says of itself and is read again: it would be old one day in a file. */
const facts: Record<string, readonly string[]> = {
  oidc: ['issuer', 'discovery'],
  saml: ['entity_ids', 'sign_on', 'sign_out', 'certificates', 'metadata_url'],
};

/** Where the provider describes itself; the tenants of Entra share one description. */
function source({ kind, issuer, discovery, metadata_url: url }: Doc): Doc {
  if (kind === 'oidc' && discovery !== undefined) return { metadata: JSON.stringify(discovery) };
  if (kind === 'oidc') return { from: textOf(issuer).replace('{tenantid}', 'organizations') };
  return kind === 'saml' && url !== undefined ? { from: url } : {};
}

function document(one: Doc): Doc {
  const from = source(one);
  const learnt = Object.keys(from).length > 0 ? (facts[textOf(one.kind)] ?? []) : [];
  const kept = names.filter((name) => !learnt.includes(name));
  const domains = z
    .array(domain)
    .parse(one.domains)
    .map(({ name }) => name);
  return { ...picked({ ...one, domains }, kept), ...from };
}

const has = (one: Doc): string[] => ['client_secret', 'bind_password'].filter((name) => one[`has_${name}`] === true);

async function found(desk: Desk): Promise<Found[]> {
  return (await desk.all('listConnections', reply)).map((one) => {
    const id = textOf(one.id);
    const foreign = one.declared === true ? 'is declared in the configuration file, which alone changes it' : undefined;
    return { key: id, address: { id }, document: document(one), foreign, held: has(one) };
  });
}

async function turned(desk: Desk, params: Address, { after }: Member, match = '') {
  const name = after === 'disabled' ? 'disableConnection' : 'enableConnection';
  return (await desk.read(name, { params, match })).etag;
}

/** Domains are added before others are removed; each counts once it is verified, which is done by hand. */
async function spoken(desk: Desk, { id = '' }: Address, { before, after }: Member): Promise<undefined> {
  const [now, wish] = [textsOf(before), textsOf(after)];
  for (const name of wish) {
    if (!now.includes(name)) await desk.tell('addConnectionDomain', { params: { id }, body: { name } });
  }
  for (const name of now) {
    if (!wish.includes(name)) await desk.tell('removeConnectionDomain', { params: { id, domain: name } });
  }
}

const plainAddress = (text: unknown): string =>
  textOf(text)
    .replace(/\/\.well-known\/openid-configuration$/, '')
    .replace(/\/$/, '')
    .replace(/^(https:\/\/[^/]+\/)(?:common|organizations|consumers)(?=\/)/, '$1organizations');

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(textOf(text));
  } catch {
    // Metadata of SAML is XML; whether it says what is there cannot be known.
    return undefined;
  }
}

const fitting = z.object({ fits: z.boolean() });

/** Connections to identity providers. What a document does not name stays: most of it the provider says. */
export const connections: Kind = {
  name: 'connections',
  noun: 'connection',
  schema: newConnectionBody,
  key: ({ id }) => textOf(id),
  found,
  document,
  settled(wanted, { document: now }) {
    const { from, metadata, ...rest } = wanted;
    const [servers, base] = [textsOf(now.servers), textOf(now.base)];
    const directory = servers.length === 1 && from === `${servers[0]}/${base}`;
    const same = from === undefined || directory || plainAddress(from) === plainAddress(now.from);
    const told = parsed(metadata);
    const news = told !== undefined && !isDeepStrictEqual(told, parsed(now.metadata));
    return { ...rest, ...(same ? {} : { from }), ...(news ? { metadata } : {}) };
  },
  operations: { add: 'addConnection', get: 'getConnection', change: 'changeConnection', remove: 'removeConnection' },
  deeds: { state: turned, domains: spoken },
  secrets: ['client_secret', 'bind_password'],
  async fits(desk, params, name, secret) {
    const { fits } = await desk.call('checkConnectionSecret', fitting, { params, body: { name, secret } });
    return fits;
  },
  referring: ['from', 'metadata', 'certificate_authority'],
  hint: ({ id, domains }) =>
    textsOf(domains).length > 0
      ? `the domains of ${textOf(id)} count once they are verified: sallyport connection show ${textOf(id)}`
      : undefined,
};
