import { mostOperations } from './bulk.ts';
import { mostResults } from './listing.ts';
import type { Resource } from './matching.ts';
import type { Tenant } from './person.ts';
import { type Attribute, type Kind, kinds, type Schema } from './schemas.ts';

/** So large may a request be (bytes); the edge refuses more. */
export const mostPayload = 1024 * 1024;

/** What this server can do (RFC 7643 §5). */
export const serviceProviderConfig = ({ base }: Tenant): Resource => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
  patch: { supported: true },
  bulk: { supported: true, maxOperations: mostOperations, maxPayloadSize: mostPayload },
  filter: { supported: true, maxResults: mostResults },
  changePassword: { supported: false },
  sort: { supported: true },
  etag: { supported: true },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'Bearer token',
      description: 'A token of the organization, which an administrator makes: sallyport organization scim-token',
      specUri: 'https://www.rfc-editor.org/info/rfc6750',
      primary: true,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
});

/** The kinds of resources (RFC 7643 §6). */
export const resourceTypes = (tenant: Tenant): Resource[] => kinds.map((kind) => resourceType(kind, tenant));

const resourceType = ({ name, endpoint, about, schema, extensions }: Kind, { base }: Tenant): Resource => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
  id: name,
  name,
  endpoint,
  description: about,
  schema: schema.id,
  ...(extensions.length === 0
    ? {}
    : { schemaExtensions: extensions.map(({ id }) => ({ schema: id, required: false })) }),
  meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
});

/** What the resources consist of (RFC 7643 §7). */
export const schemas = (tenant: Tenant): Resource[] =>
  kinds.flatMap(({ schema, extensions }) => [schema, ...extensions]).map((schema) => schemaDocument(schema, tenant));

const schemaDocument = ({ id, name, about, attributes }: Schema, { base }: Tenant): Resource => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
  id,
  name,
  description: about,
  attributes: attributes.map(attributeDocument),
  meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
});

const attributeDocument = (one: Attribute): Resource => ({
  name: one.name,
  type: one.type,
  multiValued: one.many ?? false,
  description: one.about,
  required: one.required ?? false,
  ...(one.values && one.values.length > 0 ? { canonicalValues: one.values } : {}),
  ...(one.type === 'string' || one.type === 'reference' ? { caseExact: one.exact ?? false } : {}),
  mutability: one.readOnly ? 'readOnly' : one.immutable ? 'immutable' : 'readWrite',
  returned: one.always ? 'always' : 'default',
  uniqueness: one.unique ? 'server' : 'none',
  ...(one.refers ? { referenceTypes: one.refers } : {}),
  ...(one.of ? { subAttributes: one.of.map(attributeDocument) } : {}),
});
